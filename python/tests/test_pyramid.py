"""Pyramid's sessions over the fake store."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid import testing
from pyramid.httpexceptions import HTTPFound
from pyramid.interfaces import ISession, ISessionFactory
from zope.interface.verify import verifyObject

from pyramid_site import Browser, Site
from sessnode.pyramid import SessnodeSession, SessnodeSessionFactory
from sessnode.testing import FakeStore


@pytest.fixture
def site(sessnode_store: FakeStore) -> Site:
    site = Site(sessnode_store)
    site.view(lambda request: "nothing", "idle")
    site.view(lambda request: dict(request.session), "look")
    site.view(lambda request: request.session.__setitem__(request.params["k"], request.params["v"]), "keep")
    site.view(lambda request: request.session.invalidate(), "end")
    site.view(lambda request: request.session.pop("user"), "logout")
    return site


@pytest.fixture
def browser(site: Site) -> Browser:
    return Browser(site.app)


def test_session_and_factory_are_what_pyramid_asks_for(sessnode_store: FakeStore) -> None:
    factory = SessnodeSessionFactory(sessnode_store.client())
    session = factory(testing.DummyRequest())
    assert verifyObject(ISession, session)
    assert verifyObject(ISessionFactory, factory)
    assert sessnode_store.requests == []


def test_what_is_kept_is_there_in_the_next_request(browser: Browser) -> None:
    browser.get("/keep?k=colour&v=blue")
    assert browser.read("/look") == "{'colour': 'blue'}"


def test_view_that_never_looks_costs_nothing(site: Site, browser: Browser) -> None:
    browser.get("/keep?k=a&v=1")
    site.store.requests.clear()
    response = browser.get("/idle")
    assert site.store.requests == []
    assert browser.told == []
    assert "Vary" not in response.headers


def test_visitor_who_keeps_nothing_gets_nothing(site: Site, browser: Browser) -> None:
    assert browser.read("/look") == "{}"
    assert browser.told == []
    assert (site.store.requests, site.store.sessions) == ([], 0)


def test_reading_page_reads_once_and_changing_page_changes_once(site: Site, browser: Browser) -> None:
    browser.get("/keep?k=a&v=1")
    site.store.requests.clear()
    browser.get("/look")
    assert site.store.requests == ["GET /session"]
    browser.get("/keep?k=a&v=1")  # what is there already
    assert site.store.requests == ["GET /session"] * 2
    browser.get("/keep?k=a&v=2")
    assert site.store.requests == ["GET /session"] * 3 + ["PATCH /session"]


def test_responses_with_a_session_vary_by_cookie_and_those_with_a_cookie_are_not_stored(browser: Browser) -> None:
    response = browser.get("/keep?k=a&v=1")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Vary"] == "Cookie"
    response = browser.get("/look")
    assert "Cache-Control" not in response.headers
    assert response.headers["Vary"] == "Cookie"


def test_change_inside_a_value_is_kept_without_a_word(site: Site, browser: Browser) -> None:
    site.view(lambda request: request.session.setdefault("cart", {"books": []})["books"].append(request.params["b"]), "add")
    for book in ("one", "two"):
        browser.get("/add?b=" + book)
    assert browser.read("/look") == "{'cart': {'books': ['one', 'two']}}"


def test_parallel_requests_keep_both_changes(site: Site, browser: Browser) -> None:
    browser.get("/keep?k=a&v=0")
    other = browser.copy()

    def slow(request: Any) -> str:
        request.session["a"] = "1"
        other.get("/keep?k=b&v=2")  # from begin to end while this one is at work
        return "slow"

    site.view(slow, "slow")
    browser.read("/slow")
    assert browser.read("/look") == "{'a': '1', 'b': '2'}"


def test_invalidate_ends_the_session_and_use_after_it_begins_a_new_one(site: Site, browser: Browser) -> None:
    browser.get("/keep?k=a&v=1")
    old = browser.copy()

    def again(request: Any) -> str:
        request.session.invalidate()
        assert dict(request.session) == {}
        assert request.session.new
        request.session["b"] = "2"
        return "again"

    site.view(again, "again")
    browser.read("/again")
    assert browser.cookies != old.cookies
    assert browser.read("/look") == "{'b': '2'}"
    assert old.read("/look") == "{}"
    assert site.store.sessions == 1


def test_invalidate_takes_the_cookie_away(site: Site, browser: Browser) -> None:
    browser.get("/keep?k=a&v=1")
    browser.get("/end")
    assert (browser.cookies, site.store.sessions) == ({}, 0)
    assert "Max-Age=0" in browser.told[0]


@pytest.mark.parametrize("name", ["user", "username", "auth.userid", "_user_id"])
def test_login_rotates_and_binds_and_logout_revokes(site: Site, browser: Browser, name: str) -> None:
    browser.get("/keep?k=cart&v=book")
    visitor = browser.copy()
    browser.get(f"/keep?k={name}&v=ada")
    assert browser.cookies != visitor.cookies
    client = site.store.client()
    (session,) = client.subject_sessions("ada")
    assert (session.device.ip, session.device.user_agent) == ("192.0.2.7", "Browser/1")
    assert visitor.read("/look") == "{}"
    assert "cart" in browser.read("/look")
    old = browser.copy()
    site.view(lambda request: request.session.pop(name), "out")
    browser.get("/out")
    assert client.subject_sessions("ada") == []
    assert (browser.cookies, old.read("/look")) == ({}, "{}")


def test_request_under_way_does_not_bring_a_logged_out_session_back(site: Site, browser: Browser) -> None:
    browser.get("/keep?k=user&v=ada")
    other = browser.copy()

    def slow(request: Any) -> str:
        request.session["seen"] = "page"
        other.get("/logout")
        return "slow"

    site.view(slow, "slow")
    late = browser.copy()
    late.read("/slow")
    assert late.told == []  # it knows no better than the request that logged out
    assert site.store.sessions == 0
    assert browser.read("/look") == "{}"


def test_session_that_ended_before_is_cleared_and_begins_anew(site: Site, browser: Browser) -> None:
    browser.get("/keep?k=user&v=ada")
    site.store.client().revoke_subject("ada")
    stale = dict(browser.cookies)
    browser.get("/look")
    assert browser.cookies == {}
    browser.cookies = dict(stale)
    browser.get("/keep?k=user&v=ada")
    assert browser.cookies["session"] != stale["session"]
    assert browser.read("/look") == "{'user': 'ada'}"


def test_rotate_gives_a_new_token_and_parallel_requests_stay_in(site: Site, browser: Browser) -> None:
    browser.get("/keep?k=user&v=ada")
    other = browser.copy()
    site.view(lambda request: request.session.rotate(), "rotate")
    browser.get("/rotate")
    assert browser.cookies != other.cookies
    assert browser.read("/look") == other.read("/look") == "{'user': 'ada'}"


def test_sessions_end_after_pyramids_twenty_minutes_and_reads_count(site: Site, browser: Browser) -> None:
    browser.get("/keep?k=a&v=1")
    for _ in range(3):
        site.store.advance(1100)
        assert browser.read("/look") == "{'a': '1'}"
    site.store.advance(1300)
    assert browser.read("/look") == "{}"


def test_timeout_none_means_as_long_as_the_policy_allows(sessnode_store: FakeStore) -> None:
    site = Site(sessnode_store, timeout=None)
    site.view(lambda request: request.session.setdefault("a", 1), "keep")
    site.view(lambda request: dict(request.session), "look")
    browser = Browser(site.app)
    browser.get("/keep")
    sessnode_store.advance(300 * 86400)
    assert browser.read("/look") == "{'a': 1}"


def test_created_new_and_id(site: Site, browser: Browser) -> None:
    site.view(lambda request: (request.session.new, request.session.created, len(request.session.id)), "facts")
    assert browser.read("/facts").startswith("(True, ")
    browser.get("/keep?k=a&v=1")
    began = int(site.store.now.timestamp())
    site.store.advance(60)
    assert browser.read("/facts") == f"(False, {began}, 22)"


def test_subject_is_told_whoever_signed_in(site: Site, browser: Browser) -> None:
    site.view(lambda request: request.session.subject, "who")
    assert browser.read("/who") == ""
    browser.get("/keep?k=cart&v=book")
    token, _ = site.store.client().rotate(browser.cookies["session"], subject="grace")  # by an application in another language
    browser.cookies["session"] = token
    assert browser.read("/who") == "grace"
    browser.get("/keep?k=user&v=ada")
    assert browser.read("/who") == "ada"
    browser.get("/end")
    assert browser.read("/who") == ""


def test_redirect_that_was_raised_keeps_its_changes(site: Site, browser: Browser) -> None:
    def login(request: Any) -> Any:
        request.session["user"] = "ada"
        raise HTTPFound("/look")

    site.view(login)
    assert browser.get("/login").status_int == 302
    assert browser.read("/look") == "{'user': 'ada'}"


def test_set_on_exception_false_keeps_only_a_logout(sessnode_store: FakeStore) -> None:
    site = Site(sessnode_store, set_on_exception=False)
    site.view(lambda request: request.session.__setitem__("user", "ada"), "keep")

    def raises(request: Any) -> Any:
        request.session["more"] = 1
        if "out" in request.params:
            del request.session["user"]
        raise HTTPFound("/look")

    site.view(raises)
    site.view(lambda request: dict(request.session), "look")
    browser = Browser(site.app)
    browser.get("/keep")
    browser.get("/raises")
    assert browser.read("/look") == "{'user': 'ada'}"
    browser.get("/raises?out")
    assert (browser.cookies, sessnode_store.sessions) == ({}, 0)


def test_what_callbacks_change_after_it_is_kept(site: Site, browser: Browser) -> None:
    def view(request: Any) -> str:
        request.session["a"] = "1"
        request.add_response_callback(lambda request, response: request.session.__setitem__("b", "2"))
        return "view"

    site.view(view)
    browser.read("/view")
    assert browser.read("/look") == "{'a': '1', 'b': '2'}"


def test_change_that_comes_too_late_is_told_to_the_log(site: Site, browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    def late(request: Any) -> str:
        request.add_finished_callback(lambda request: request.session.__setitem__("b", "2"))
        request.session["a"] = "1"
        return "late"

    site.view(late)
    browser.read("/late")
    assert "changed after the response was ready" in caplog.text
    assert browser.read("/look") == "{'a': '1'}"


def test_two_requests_that_pop_a_value_share_it_not(site: Site, browser: Browser) -> None:
    browser.get("/keep?k=code&v=1234")
    browser.get("/keep?k=a&v=1")
    other, got = browser.copy(), []

    def pop(request: Any) -> str:
        assert request.session["code"] == "1234"
        if "slow" in request.params:
            got.append(other.read("/pop"))
        return str(request.session.pop("code", "none"))

    site.view(pop)
    got.append(browser.read("/pop?slow"))
    assert got == ["1234", "none"]
    assert browser.read("/look") == "{'a': '1'}"


def test_pop_as_dictionaries_have_it(site: Site, browser: Browser) -> None:
    def view(request: Any) -> str:
        session = request.session
        with pytest.raises(KeyError):
            session.pop("none")
        session["new"] = 1
        return f"{session.pop('none', 0)} {session.pop('new')} {sorted(session.popitem() for _ in range(2))} {len(session)}"

    site.view(view)
    browser.get("/keep?k=a&v=1")
    browser.get("/keep?k=b&v=2")
    assert browser.read("/view") == "0 1 [('a', '1'), ('b', '2')] 0"
    assert browser.read("/look") == "{}"


def test_keys_are_texts(site: Site, sessnode_store: FakeStore) -> None:
    session: Any = SessnodeSession(testing.DummyRequest(), SessnodeSessionFactory(sessnode_store.client()))
    with pytest.raises(TypeError, match="keys of a session are texts, not int"):
        session[1] = "x"


def test_repr_tells_no_contents(sessnode_store: FakeStore) -> None:
    session = SessnodeSession(testing.DummyRequest(), SessnodeSessionFactory(sessnode_store.client()))
    assert repr(session) == "<SessnodeSession: not read>"
    session["user"] = "ada"
    assert repr(session) == "<SessnodeSession: 1 attributes>"
