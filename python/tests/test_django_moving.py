"""Moving in: dual reading, the shadow and the export."""

from __future__ import annotations

import asyncio
import importlib
import io
import json
import logging
import os
import stat
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("django")

from django.contrib.sessions.backends import db
from django.core.management import CommandError, call_command
from django.test import override_settings

from django_fixtures import browser, database, store  # noqa: F401
from django_site import Browser, shop
from sessnode.django import SessionStore
from sessnode.testing import FakeStore
from sessnode.tokens import key_of

pytestmark = pytest.mark.usefixtures("database")


def old_sessions() -> Any:
    from django.contrib.sessions.models import Session  # needs the settings of django_site

    return Session.objects


CACHE = "django.contrib.sessions.backends.cache"
OLD = "django.contrib.sessions.backends.db"


@pytest.fixture(autouse=True)
def no_old_sessions(database: None) -> None:
    old_sessions().all().delete()


def before(**data: Any) -> str:
    """A session that the old engine has."""
    old = db.SessionStore()
    old.update(data)
    old.save()
    assert old.session_key is not None
    return str(old.session_key)


def test_an_old_session_moves_when_it_is_used(store: FakeStore, browser: Browser) -> None:
    key = before(cart=[1], _auth_user_id="7")
    with override_settings(SESSNODE=shop(store, OLD_ENGINE=OLD)):
        visitor = Browser(browser.kind, key)
        assert visitor.json() == {"cart": [1], "_auth_user_id": "7", "subject": "7"}
        assert old_sessions().count() == 0 and store.sessions == 1
        visitor.get("put/?a=1")
        assert visitor.json()["a"] == "1" and visitor.cookie == key  # nobody was signed out, nothing has a new name


def test_what_moved_and_ended_does_not_come_back(store: FakeStore, browser: Browser) -> None:
    key = before(user="ada")
    with override_settings(SESSNODE=shop(store, OLD_ENGINE=OLD)):
        Browser(browser.kind, key).json()
        store.client().revoke_subject("ada")
        store.advance(30 * 86400)  # the store has forgotten
        assert Browser(browser.kind, key).json() == {"subject": ""}


def test_the_old_engine_is_not_asked_about_what_ended(store: FakeStore, browser: Browser) -> None:
    key = before(user="ada")
    store.client().create(key)
    store.client().revoke(key)
    with override_settings(SESSNODE=shop(store, OLD_ENGINE=OLD)):
        assert Browser(browser.kind, key).json() == {"subject": ""}


def test_a_logout_ends_what_was_never_used_since(store: FakeStore, browser: Browser) -> None:
    key = before(user="ada")
    with override_settings(SESSNODE=shop(store, OLD_ENGINE=OLD)):
        if browser.kind == "wsgi":
            SessionStore(key).flush()
        else:
            asyncio.run(SessionStore(key).aflush())
        assert old_sessions().count() == 0
        assert Browser(browser.kind, key).json() == {"subject": ""}


def test_two_requests_move_it_once(store: FakeStore) -> None:
    key = before(a=1)
    with override_settings(SESSNODE=shop(store, OLD_ENGINE=OLD)):
        one, two = SessionStore(key), SessionStore(key)
        old_load = db.SessionStore.load

        def slow(self: Any) -> Any:
            data = old_load(self)
            db.SessionStore.load = old_load
            assert two.load() == {"a": 1}
            two["b"] = 2
            two.save()
            return data

        db.SessionStore.load = slow
        try:
            assert one.load() == {"a": 1, "b": 2}
        finally:
            db.SessionStore.load = old_load


def test_an_unknown_key_is_nobodys_in_both(store: FakeStore, browser: Browser) -> None:
    with override_settings(SESSNODE=shop(store, OLD_ENGINE=OLD)):
        stray = Browser(browser.kind, "x" * 32)
        assert stray.json() == {"subject": ""} and stray.cookie == ""
    assert store.sessions == 0


@pytest.fixture
def shadow(store: FakeStore) -> Any:
    with override_settings(SESSNODE=shop(store, OLD_ENGINE=OLD), SESSION_ENGINE="sessnode.django.shadow"):
        importlib.import_module("sessnode.django.shadow")
        yield store


def test_the_shadow_follows(shadow: FakeStore, browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    with (
        override_settings(SESSNODE=shop(shadow, OLD_ENGINE=OLD), SESSION_ENGINE="sessnode.django.shadow"),
        caplog.at_level(logging.WARNING, "sessnode"),
    ):
        visitor = Browser(browser.kind)
        visitor.get("login/?as=ada")
        visitor.get("put/?a=1")
        visitor.get("put/?a=2")
        found = shadow.client().read(visitor.cookie)
        assert found.subject and found.attrs["a"].data == b'"2"'
        assert caplog.records == []
        key = visitor.cookie
        visitor.get("logout/")
        assert shadow.sessions == 0 and key_of(key)[:8] not in caplog.text


def test_the_shadow_tells_what_differs(shadow: FakeStore, caplog: pytest.LogCaptureFixture) -> None:
    engine = importlib.import_module("sessnode.django.shadow").SessionStore
    s = engine()
    s["a"], s["b"] = 1, 2
    s.save()
    s.save()
    from sessnode import Value

    shadow.client().patch(s.session_key, set={"b": Value.json(3)}, unset=["a"])
    with caplog.at_level(logging.WARNING, "sessnode"):
        assert engine(s.session_key).load() == {"a": 1, "b": 2}  # the old engine decides
        assert "differs in a, b" in caplog.text and s.session_key not in caplog.text
        caplog.clear()
        shadow.down = True
        assert engine(s.session_key).load() == {"a": 1, "b": 2}
        assert "not mirrored" in caplog.text


def test_an_export_opens_no_session_and_is_imported(store: FakeStore, tmp_path: Path) -> None:
    key, over = before(cart=[1.5], user="ada"), before(x=1)
    old_sessions().filter(session_key=over).update(expire_date="2001-01-01T00:00:00Z")
    file, errors = tmp_path / "dump.jsonl", io.StringIO()
    call_command("sessnode_export", str(file), "--engine", OLD, stderr=errors)
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    head, *lines = (json.loads(line) for line in file.read_text().splitlines())
    assert (head["format"], head["version"], head["app"]) == ("sessnode-sessions", 1, "web")
    (line,) = lines
    assert line["key"] == key_of(key) and line["token_chars"] == 32 and key not in file.read_text()
    assert line["subject"] == "ada" and line["attrs"] == {"cart": [1.5], "user": "ada"} and line["expires"].endswith("Z")
    assert "1 written, 1 over" in errors.getvalue()
    with pytest.raises(CommandError, match="exists"):
        call_command("sessnode_export", str(file), "--engine", OLD)


def test_an_export_of_files(store: FakeStore, tmp_path: Path) -> None:
    from django.contrib.sessions.backends import file as files

    if hasattr(files.SessionStore, "_storage_path"):
        del files.SessionStore._storage_path
    with override_settings(SESSION_FILE_PATH=str(tmp_path)):
        kept, over = files.SessionStore(), files.SessionStore()
        kept["user"], over["user"] = "ada", "bob"
        over.set_expiry(-5)
        kept.save(), over.save()
        out = tmp_path / "out"
        errors = io.StringIO()
        call_command("sessnode_export", str(out), "--engine", "django.contrib.sessions.backends.file", "--with-tokens", stderr=errors)
        (line,) = (json.loads(text) for text in out.read_text().splitlines()[1:])
        assert line["token"] == kept.session_key and "live keys" in errors.getvalue()
        assert files.SessionStore(over.session_key).exists(over.session_key)  # an export changes nothing
    del files.SessionStore._storage_path


def test_a_cache_has_no_list(store: FakeStore, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="OLD_ENGINE"):
        call_command("sessnode_export", str(tmp_path / "x"), "--engine", CACHE, "--i-trust-this-dump")
    with pytest.raises(CommandError, match="pickle"):
        call_command("sessnode_export", str(tmp_path / "x"), "--engine", CACHE)
    assert not (tmp_path / "x").exists()
