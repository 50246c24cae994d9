"""Beaker's sessions where the store cannot answer, the application fails, and cookies and values are bad."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from beaker.exceptions import BeakerWarning

from beaker_site import BeakerSite, shown
from pyramid_site import Browser, Hasty
from sessnode.beaker import SessionMiddleware
from sessnode.testing import FakeStore

KEY = "beaker.session.id"


@pytest.fixture
def site(sessnode_store: FakeStore) -> BeakerSite:
    return BeakerSite(sessnode_store)


@pytest.fixture
def browser(site: BeakerSite) -> Browser:
    return Browser(site.app)


@pytest.mark.parametrize("cookie", ["", "garbage", "x" * 5000, '"', "a b", "%00", "ÿþ", "../../x", "=;="])
def test_bad_cookies_are_anonymous(site: BeakerSite, cookie: str) -> None:
    browser = Browser(site.app)
    response = browser.get("/look", HTTP_COOKIE=f"{KEY}={cookie}")
    assert (response.status_int, response.text) == (200, "{}")
    assert browser.get("/keep?k=a&v=1", HTTP_COOKIE=f"{KEY}={cookie}").status_int == 200
    assert len(browser.cookies[KEY]) == 43


@pytest.mark.parametrize("corrupt", [True, False])
def test_store_that_is_down_is_a_503_that_keeps_the_cookie(sessnode_store: FakeStore, corrupt: bool) -> None:
    site = BeakerSite(sessnode_store, client=Hasty(sessnode_store), invalidate_corrupt=corrupt)
    browser = Browser(site.app)
    browser.get("/keep?k=user&v=ada")
    site.view("change", lambda session, given: (session.__setitem__("b", 1), session.save(), setattr(sessnode_store, "down", True))[2])
    for page in ("/change", "/look", "/delete", "/keep?k=user&v=bob"):
        response = browser.get(page)
        assert response.status_int == 503, page
        assert "Retry-After" in response.headers
        assert browser.told == []
        assert b"Traceback" not in response.body
    sessnode_store.down = False
    assert browser.read("/look") == "{'user': 'ada'}"


def test_answers_of_something_else_sign_nobody_out(site: BeakerSite, browser: Browser) -> None:
    browser.get("/keep?k=user&v=ada")
    site.store.nonsense = True
    assert browser.get("/look").status_int == 503
    assert browser.told == []


def test_application_that_streams_gets_its_503_too(sessnode_store: FakeStore) -> None:
    def stream(environ: Any, start_response: Any) -> Any:
        text = str(shown(environ["beaker.session"])).encode()
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield text

    app = SessionMiddleware(stream, {}, client=Hasty(sessnode_store))
    assert Browser(app).read("/") == "{}"
    sessnode_store.down = True
    assert Browser(app, {KEY: "x" * 43}).get("/").status_int == 503


def test_request_that_fails_keeps_nothing_but_a_logout(site: BeakerSite, browser: Browser) -> None:
    browser.get("/keep?k=user&v=ada")

    def fails(session: Any, given: dict[str, str]) -> Any:
        session["half"] = 1
        if "out" in given:
            del session["user"]
        session.save()
        return "500 Oh", "oh"

    site.view("fails", fails)
    browser.get("/fails")
    assert browser.read("/look") == "{'user': 'ada'}"
    browser.get("/fails?out")
    assert (browser.cookies, site.store.sessions) == ({}, 0)


def test_value_that_cannot_be_stored_is_named_in_the_log_only(site: BeakerSite, browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    site.view("bad", lambda session, given: (session.__setitem__("bad", object()), session.save())[1])
    with caplog.at_level(logging.ERROR, "sessnode.beaker"):
        response = browser.get("/bad")
    assert (response.status_int, b"bad" in response.body, "'bad'" in caplog.text) == (500, False, True)


@pytest.mark.parametrize("corrupt", [True, False])
def test_encrypt_key_hides_values_and_a_wrong_one_ends_no_session(sessnode_store: FakeStore, corrupt: bool) -> None:
    browser = Browser(BeakerSite(sessnode_store, encrypt_key="k1", validate_key="v").app)
    browser.get("/keep?k=user&v=ada-lovelace")
    (record,) = sessnode_store.client().export_subject("ada-lovelace")
    assert b"lovelace" not in record.attrs["user"].data
    wrong = Browser(BeakerSite(sessnode_store, encrypt_key="k2", validate_key="v", invalidate_corrupt=corrupt).app, browser.cookies)
    if corrupt:
        with pytest.warns(BeakerWarning, match="Invalidating corrupt session"):
            assert wrong.read("/look") == "{}"
    else:
        assert wrong.get("/look").status_int == 500
    assert browser.read("/look") == "{'user': 'ada-lovelace'}"


def test_value_that_was_popped_by_a_request_that_failed_does_not_come_back(site: BeakerSite, browser: Browser) -> None:
    browser.get("/keep?k=code&v=1234")
    browser.get("/keep?k=a&v=1")
    site.view("fails", lambda session, given: ("500 Oh", str(session.pop("code"))))
    browser.get("/fails")
    assert browser.read("/look") == "{'a': '1'}"
