"""Pyramid's sessions where the store cannot answer, and where cookies and values are bad."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from pyramid.response import Response

from pyramid_site import Browser, Hasty, Site
from sessnode import Client
from sessnode.crypto import Cipher, new_key
from sessnode.pyramid import SessionUnavailable
from sessnode.testing import FakeStore


def add_views(site: Site) -> Site:
    site.view(lambda request: "nothing", "idle")
    site.view(lambda request: dict(request.session), "look")
    site.view(lambda request: request.session.__setitem__("user", request.params["u"]), "login")
    site.view(lambda request: request.session.invalidate(), "end")
    return site


@pytest.fixture
def site(sessnode_store: FakeStore) -> Site:
    return add_views(Site(sessnode_store, client=Hasty(sessnode_store)))


@pytest.fixture
def browser(site: Site) -> Browser:
    browser = Browser(site.app)
    browser.get("/login?u=ada")
    return browser


def assert_gave_way(response: Response, browser: Browser, status: int = 503) -> None:
    assert response.status_int == status
    assert ("Retry-After" in response.headers) == (status == 503)
    assert response.headers["Cache-Control"] == "no-store"
    assert "Traceback" not in response.text
    assert browser.told == []
    assert "session" in browser.cookies


@pytest.mark.parametrize("tween", [True, False])
def test_reading_without_a_store_is_a_503_that_keeps_the_cookie(sessnode_store: FakeStore, tween: bool) -> None:
    site = add_views(Site(sessnode_store, client=Hasty(sessnode_store), tween=tween))
    browser = Browser(site.app)
    browser.get("/login?u=ada")
    sessnode_store.down = True
    response = browser.get("/look")
    assert_gave_way(response, browser)
    assert "You have not been signed out" in response.text
    assert browser.get("/idle").status_int == 200  # what needs no session goes on
    sessnode_store.down = False
    assert browser.read("/look") == "{'user': 'ada'}"


def test_change_that_could_not_be_kept_takes_the_place_of_the_response(site: Site, browser: Browser) -> None:
    def change(request: Any) -> Any:
        request.session["a"] = 1
        site.store.down = True
        response = Response(body=b"all is well", content_type="text/html", etag="x", headers={"X-Frame-Options": "DENY"})
        response.location = "/somewhere"
        response.set_cookie("language", "ko")
        return response

    site.view(change)
    response = browser.get("/change")
    assert response.status_int == 503
    assert "Retry-After" in response.headers
    assert b"all is well" not in response.body
    assert (response.content_type, response.etag, response.location) == ("text/plain", None, None)
    assert int(response.headers["Content-Length"]) == len(response.body)
    assert response.headers["X-Frame-Options"] == "DENY"
    assert len(browser.told) == 1 and browser.told[0].startswith("language=ko")
    site.store.down = False
    assert browser.read("/look") == "{'user': 'ada'}"


def test_login_and_logout_in_doubt_leave_the_cookie_alone(site: Site, browser: Browser) -> None:
    site.store.lose_answers = 1
    assert_gave_way(browser.get("/end"), browser)
    site.store.lose_answers = 1
    kept = dict(browser.cookies)
    assert browser.get("/login?u=bob").status_int == 503
    assert browser.cookies == kept


def test_new_session_that_fails_after_the_old_one_ended_still_takes_the_old_cookie_away(site: Site, browser: Browser) -> None:
    def again(request: Any) -> None:
        request.session.invalidate()
        request.session["big"] = "x" * (300 << 10)

    site.view(again)
    assert browser.get("/again").status_int == 500  # too large
    assert browser.cookies == {}  # which is certain


def test_page_of_ones_own_for_an_outage(sessnode_store: FakeStore) -> None:
    site = Site(sessnode_store, client=Hasty(sessnode_store))
    site.view(lambda request: dict(request.session), "look")
    site.config.add_view(lambda exc, request: Response(text="tea break", status=503), context=SessionUnavailable)
    site.config.commit()
    sessnode_store.down = True
    response = Browser(site.app, {"session": "x" * 43}).get("/look")
    assert (response.status_int, response.text) == (503, "tea break")


def test_second_look_does_not_wait_again(site: Site, browser: Browser) -> None:
    def stubborn(request: Any) -> str:
        for _ in range(3):
            with pytest.raises(SessionUnavailable):
                request.session.get("a")
            asked.append(len(site.store.requests))
        return "done"

    asked: list[int] = []
    site.view(stubborn)
    site.store.down = True
    browser.read("/stubborn")
    assert asked[0] == asked[1] == asked[2]


@pytest.mark.parametrize("trouble", ["nonsense", "key"])
def test_answers_of_something_else_sign_nobody_out(site: Site, browser: Browser, trouble: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from sessnode.errors import Unauthorized

    if trouble == "nonsense":
        site.store.nonsense = True
        assert_gave_way(browser.get("/look"), browser)
        return

    def refuse(self: Client, call: Any) -> Any:
        raise Unauthorized("the key was refused")

    monkeypatch.setattr(Client, "perform", refuse)
    response = browser.get("/look")
    assert_gave_way(response, browser, 500)
    assert "key" not in response.text


@pytest.mark.parametrize(
    "cookie",
    ["", "garbage", "\x00\x01", "%00%0d%0a", "a b", "x" * 5000, '"quoted"', "ÿþ", "session=session", "{}", "../../etc/passwd", "=;=", "🦄"],
)
def test_bad_cookies_are_anonymous(site: Site, cookie: str) -> None:
    browser = Browser(site.app)
    response = browser.get("/look", HTTP_COOKIE="session=" + cookie.encode().decode("latin-1"))
    assert (response.status_int, response.text) == (200, "{}")
    assert site.store.sessions == 0
    response = browser.get("/login?u=eve", HTTP_COOKIE="session=" + cookie.encode().decode("latin-1"))
    assert response.status_int == 200
    assert len(browser.cookies["session"]) == 43


def test_truncated_and_foreign_cookies_are_anonymous(site: Site, browser: Browser) -> None:
    from pyramid.session import SignedCookieSessionFactory
    from pyramid.testing import DummyRequest

    token = browser.cookies["session"]
    browser.cookies = {"session": token[:-1]}
    assert browser.read("/look") == "{}"
    before: Any = SignedCookieSessionFactory("secret" * 11)(DummyRequest())  # what the browser has from before the move
    before["user"] = "ada"
    response = Response()
    before._set_cookie(response)
    browser.cookies = {"session": response.headers["Set-Cookie"].split(";")[0].partition("=")[2]}
    assert browser.read("/look") == "{}"
    browser.get("/login?u=ada")
    assert browser.read("/look") == "{'user': 'ada'}"


class Opaque:
    """Nothing that can be stored."""


@pytest.mark.parametrize("value", [Opaque(), {1, 2}, b"bytes", float("nan"), "\ud800", {"deep": [object()]}], ids=repr)
def test_value_that_cannot_be_stored_is_named_in_the_log_only(site: Site, browser: Browser, value: Any, caplog: pytest.LogCaptureFixture) -> None:
    site.view(lambda request: request.session.update(good=1, bad=value), "keep")
    with caplog.at_level(logging.ERROR, "sessnode.pyramid"):
        response = browser.get("/keep")
    assert_gave_way(response, browser, 500)
    assert "bad" not in response.text
    assert "'bad'" in caplog.text
    assert browser.read("/look") == "{'user': 'ada'}"  # nothing of it was kept


def test_view_that_failed_keeps_nothing_but_a_logout(site: Site, browser: Browser) -> None:
    def fails(request: Any) -> Response:
        request.session["half"] = 1
        if "out" in request.params:
            request.session.invalidate()
        return Response("oh", status=500)

    site.view(fails)
    browser.get("/fails")
    assert browser.read("/look") == "{'user': 'ada'}"
    assert browser.get("/fails?out").status_int == 500
    assert (browser.cookies, site.store.sessions) == ({}, 0)


def test_limit_of_the_policy_is_no_outage(site: Site) -> None:
    site.store.client().put_policy(subject_limit=1, on_limit="reject")
    first, second = Browser(site.app), Browser(site.app)
    assert first.get("/login?u=ada").status_int == 200
    response = second.get("/login?u=ada")
    assert response.status_int == 409
    assert "too many places" in response.text
    assert second.cookies == {}


def test_wrong_encryption_key_signs_nobody_out(sessnode_store: FakeStore) -> None:
    right, wrong = new_key(), new_key()
    browser = Browser(add_views(Site(sessnode_store, cipher=Cipher([right]))).app)
    browser.get("/login?u=ada")
    (record,) = sessnode_store.client().export_subject("ada")
    assert b"ada" not in record.attrs["user"].data
    confused = Browser(add_views(Site(sessnode_store, cipher=Cipher([wrong]))).app, browser.cookies)
    assert_gave_way(confused.get("/look"), confused, 500)
    assert browser.read("/look") == "{'user': 'ada'}"


def test_no_token_in_any_log(site: Site, browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        browser.get("/look")
        site.store.down = True
        browser.get("/look")
        browser.get("/end")
        site.store.down = False
        copy = browser.copy()
        copy.get("/end")
        browser.get("/login?u=bob")
    assert caplog.text
    for token in (browser.cookies["session"], "ada"):
        assert token not in caplog.text
