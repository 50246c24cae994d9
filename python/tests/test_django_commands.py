"""System checks and management commands."""

from __future__ import annotations

import io
import secrets
from typing import Any

import pytest

pytest.importorskip("django")

from django.core.management import CommandError, call_command
from django.test import override_settings

from django_fixtures import browser, database, store  # noqa: F401
from django_site import Browser, shop
from sessnode.django import checks
from sessnode.testing import FakeStore

pytestmark = pytest.mark.usefixtures("store", "database")

AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"


def said(*args: str) -> str:
    out = io.StringIO()
    call_command(*args, stdout=out)
    return out.getvalue()


def test_a_users_sessions_are_listed_revoked_and_explained(store: FakeStore) -> None:
    one, two = Browser(), Browser()
    one.get("login/?as=ada"), two.get("login/?as=ada")
    listed = said("sessnode_list", "ada")
    assert listed.count("127.0.0.1") == 2 and one.cookie not in listed
    first = listed.splitlines()[1].split()[0]
    assert said("sessnode_revoke", "ada", "--except", first) == "Ended 1 session.\n"
    assert said("sessnode_revoke", "--id", first) == "Ended.\n"
    assert said("sessnode_list", "ada") == "Signed in nowhere.\n"
    why = said("sessnode_why", "ada")
    assert why.count("revoked") == 2 and first in why
    assert "revoked" in said("sessnode_why", "--id", first)


def test_an_id_may_begin_with_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    made = iter(["-" * 21 + "A", "--exceptAAAAAAAAAAAAAA", "-n" + "A" * 20])
    token_urlsafe = secrets.token_urlsafe
    monkeypatch.setattr("sessnode.fakenode.secrets.token_urlsafe", lambda size: next(made) if size == 16 else token_urlsafe(size))
    for visitor in (Browser(), Browser(), Browser()):
        visitor.get("login/?as=ada")
    assert said("sessnode_revoke", "ada", "--except", "--exceptAAAAAAAAAAAAAA") == "Ended 2 sessions.\n"
    assert said("sessnode_revoke", "--id", "--exceptAAAAAAAAAAAAAA") == "Ended.\n"
    assert "revoked" in said("sessnode_why", "--id", "-" * 21 + "A")


def test_who_is_meant_has_to_be_said() -> None:
    with pytest.raises(CommandError, match="Whose"):
        said("sessnode_list")
    with pytest.raises(CommandError, match="no user 'nobody'"):
        said("sessnode_list", "nobody")
    assert said("sessnode_why", "--subject", "nobody").startswith("Nothing ended")


def test_commands_say_that_the_store_is_down(store: FakeStore) -> None:
    store.down = True
    for command in ("sessnode_list", "sessnode_revoke", "sessnode_why"):
        with pytest.raises(CommandError, match="unavailable"):
            said(command, "--subject", "ada")


def test_the_site_of_the_tests_is_fine() -> None:
    assert checks.check_settings() == [] and checks.check_policy() == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"SESSION_ENGINE": "django.contrib.sessions.backends.db"}, "W001"),
        ({"SESSNODE": {"NODE": "x"}}, "E001"),
        ({"SESSNODE": {"NODES": "https://sessions.example.com:7480"}}, "W002"),
        ({"SESSNODE": {"NODES": "http://sessions.example.com:7480", "KEY": "abc"}}, "W003"),
        ({"MIDDLEWARE": [checks.DJANGOS, AUTH]}, "W006"),
        ({"MIDDLEWARE": [AUTH]}, "W006"),
        ({"MIDDLEWARE": [checks.OURS, checks.DJANGOS, AUTH]}, "E003"),
        ({"MIDDLEWARE": [AUTH, checks.OURS]}, "E004"),
        ({"SESSION_SERIALIZER": "test_django_engine.Shouting"}, "W007"),
        ({"SESSNODE": {"OLD_ENGINE": "no.such.engine"}}, "E005"),
        ({"SESSNODE": {"OLD_ENGINE": "sessnode.django"}}, "E005"),
        ({"SESSNODE": {"OLD_ENGINE": "django.contrib.sessions.backends.signed_cookies"}}, "E006"),
    ],
)
def test_a_mistake_is_found(change: dict[str, Any], expected: str) -> None:
    with override_settings(**change):
        assert [found.id for found in checks.check_settings()] == ["sessnode." + expected]


def test_a_policy_that_cuts_sessions_short_is_found(store: FakeStore) -> None:
    store.client().put_policy(max_idle="1h", max_lifetime="12h")
    assert [found.id for found in checks.check_policy()] == ["sessnode.W005", "sessnode.W005"]
    store.down = True
    assert [found.id for found in checks.check_policy()] == ["sessnode.W004"]
    with override_settings(SESSNODE=shop(store, NODE="x")):
        assert checks.check_policy() == []
