"""The Python of docs/how-to/django.md, which quotes this file."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("django")

from django.test import override_settings

from django_fixtures import database  # noqa: F401
from django_site import fresh_store
from sessnode.testing import FakeStore

SETTINGS: dict[str, Any] = {}

exec(  # settings are names of a module
    """
SESSNODE = {
    "NODES": "https://n1:7480,https://n2:7480,https://n3:7480",
    "APP": "web",
    "KEY_FILE": "/etc/shop/sessnode.key",
    "CA": "/etc/shop/sessnode-ca.pem",
}
""",
    SETTINGS,
)


def pages(request: Any) -> dict[str, Any]:
    request.session["cart"] = {"books": []}
    request.session["cart"]["books"].append("Emma")  # seen, without request.session.modified = True
    request.session.set_expiry(3600)  # as before

    code = request.session.pop("one_time_code", None)  # of two parallel requests one gets it
    user = request.session.subject  # whose session it is, "" for nobody
    request.session.places()  # where else that user is signed in: id, device, times
    request.session.revoke_others()  # signs the user out everywhere else
    return {"code": code, "user": user}


def test_the_pages_work() -> None:
    from sessnode.django import SessionStore

    class Request:
        session = SessionStore()

    with override_settings(SESSNODE={"TRANSPORT": fresh_store()}):
        assert pages(Request) == {"code": None, "user": ""}


def test_the_settings_are_settings() -> None:
    from sessnode.settings import NAMES

    assert set(SETTINGS["SESSNODE"]) <= set(NAMES)


@pytest.fixture
def sessions():
    store = FakeStore()
    with override_settings(SESSNODE={"TRANSPORT": store}):
        yield store


@pytest.mark.usefixtures("database")
def test_an_outage_signs_nobody_out(client, sessions):
    client.get("/login/?as=ada")
    sessions.down = True
    assert client.get("/read/").status_code == 503
    sessions.down = False
    assert client.get("/read/").json()["subject"]


@pytest.fixture
def client():
    from django.test import Client

    return Client()
