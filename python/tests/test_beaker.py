"""Beaker's sessions over the fake store, through the middleware."""

from __future__ import annotations

from typing import Any

import pytest
from beaker.session import SessionObject

from beaker_site import BeakerSite, shown
from pyramid_site import Browser
from sessnode.beaker import SessnodeSession
from sessnode.testing import FakeStore

KEY = "beaker.session.id"


@pytest.fixture
def site(sessnode_store: FakeStore) -> BeakerSite:
    return BeakerSite(sessnode_store)


@pytest.fixture
def browser(site: BeakerSite) -> Browser:
    return Browser(site.app)


def test_what_is_saved_is_there_in_the_next_request(browser: Browser) -> None:
    browser.read("/keep?k=colour&v=blue")
    assert len(browser.cookies[KEY]) == 43
    assert browser.read("/look") == "{'colour': 'blue'}"


def test_page_that_does_not_look_costs_nothing_and_one_that_reads_writes_nothing(site: BeakerSite, browser: Browser) -> None:
    browser.get("/keep?k=a&v=1")
    site.store.requests.clear()
    browser.get("/idle")
    assert site.store.requests == []
    browser.get("/look")
    assert site.store.requests == ["GET /session"]
    browser.get("/keep?k=a&v=1")
    assert site.store.requests == ["GET /session"] * 2
    browser.get("/keep?k=b&v=2")
    assert site.store.requests[-1] == "PATCH /session"


def test_visitor_who_keeps_nothing_gets_nothing(site: BeakerSite, browser: Browser) -> None:
    browser.get("/look")
    assert (browser.told, site.store.requests) == ([], [])


def test_autosave_keeps_changes_inside_values_and_no_empty_sessions(sessnode_store: FakeStore) -> None:
    site = BeakerSite(sessnode_store, auto=True)
    site.view("add", lambda session, given: session._session().setdefault("cart", []).append(given["b"]))
    browser = Browser(site.app)
    browser.get("/look")
    assert (sessnode_store.sessions, browser.told) == (0, [])
    browser.get("/add?b=one")
    browser.get("/add?b=two")
    assert browser.read("/look") == "{'cart': ['one', 'two']}"


def test_parallel_requests_keep_both_changes(site: BeakerSite, browser: Browser) -> None:
    browser.get("/keep?k=a&v=0")
    other = browser.copy()

    def slow(session: Any, given: dict[str, str]) -> None:
        session["a"] = "1"
        other.get("/keep?k=b&v=2")
        session.save()

    site.view("slow", slow)
    browser.read("/slow")
    assert browser.read("/look") == "{'a': '1', 'b': '2'}"


@pytest.mark.parametrize("how", ["delete", "invalidate"])
def test_delete_and_invalidate_end_the_session(site: BeakerSite, browser: Browser, how: str) -> None:
    browser.get("/keep?k=a&v=1")
    old = browser.copy()
    browser.get("/" + how)
    assert (browser.cookies, site.store.sessions) == ({}, 0)
    assert old.read("/look") == "{}"


def test_request_under_way_does_not_bring_a_deleted_session_back(site: BeakerSite, browser: Browser) -> None:
    browser.get("/keep?k=user&v=ada")
    other = browser.copy()

    def slow(session: Any, given: dict[str, str]) -> None:
        session["seen"] = "page"
        session.save()
        other.get("/delete")

    site.view("slow", slow)
    late = browser.copy()
    late.read("/slow")
    assert (late.told, site.store.sessions) == ([], 0)
    assert browser.read("/look") == "{}"


@pytest.mark.parametrize("how", ["delete", "invalidate"])
def test_what_is_saved_after_the_end_begins_anew_under_another_id(site: BeakerSite, browser: Browser, how: str) -> None:
    browser.get("/keep?k=a&v=1")
    old = browser.copy()

    def again(session: Any, given: dict[str, str]) -> None:
        getattr(session, how)()
        session["b"] = "2"
        session.save()

    site.view("again", again)
    browser.read("/again")
    assert browser.cookies[KEY] != old.cookies[KEY]
    assert browser.read("/look") == "{'b': '2'}"
    assert old.read("/look") == "{}"
    assert site.store.sessions == 1


@pytest.mark.parametrize("saves", [True, False])
def test_regenerate_id_gives_another_id_and_the_old_one_dies(site: BeakerSite, browser: Browser, saves: bool) -> None:
    browser.get("/keep?k=a&v=1")
    old = browser.copy()

    def rotate(session: Any, given: dict[str, str]) -> str:
        session.regenerate_id()
        if saves:
            session.save()
        return str(session.id)

    site.view("rotate", rotate)
    assert browser.read("/rotate") == browser.cookies[KEY] != old.cookies[KEY]
    assert browser.read("/look") == "{'a': '1'}"
    assert old.read("/look") == "{'a': '1'}"  # a request that was under way
    site.store.advance(11)
    assert old.read("/look") == "{}"
    assert site.store.sessions == 1


def test_login_rotates_and_binds_and_logout_ends(site: BeakerSite, browser: Browser) -> None:
    browser.get("/keep?k=cart&v=book")
    visitor = browser.copy()
    browser.get("/keep?k=user&v=ada")
    assert browser.cookies[KEY] != visitor.cookies[KEY]
    client = site.store.client()
    assert len(client.subject_sessions("ada")) == 1
    assert visitor.read("/look") == "{}"
    site.view("logout", lambda session, given: (session.pop("user"), session.save())[1])
    browser.get("/logout")
    assert (client.subject_sessions("ada"), browser.cookies) == ([], {})


def test_login_over_somebody_elses_session_leaves_theirs_behind_however_often_it_saves(site: BeakerSite, browser: Browser) -> None:
    browser.get("/keep?k=user&v=ada")
    browser.get("/keep?k=cart&v=hers")
    browser.get("/keep?k=_f_&v=hers")

    def login(session: Any, given: dict[str, str]) -> None:
        session["user"] = "bob"
        session._session().save()
        assert "cart" not in session
        session["seen"] = "1"
        session.save()

    site.view("login", login)
    browser.read("/login")
    assert browser.read("/look") == "{'seen': '1', 'user': 'bob'}"
    record = site.store.client().read(browser.cookies[KEY])
    assert {name for name in record.attrs if name[:1] != "_" or name[:2] == "_f"} == {"seen", "user"}


def test_message_that_was_saved_twice_in_a_request_is_stored_once(site: BeakerSite, browser: Browser) -> None:
    def twice(session: Any, given: dict[str, str]) -> None:
        session["_f_"] = ["hello"]
        session._session().save()
        first = set(session._session()._session._base)
        session.save()
        session._session().save()
        assert set(session._session()._session._base) == first

    site.view("twice", twice)
    browser.read("/twice")
    site.view("show", lambda session, given: session._session().pop("_f_", []))
    assert browser.read("/show") == "['hello']"
    assert browser.read("/show") == "[]"


def test_new_id_that_was_not_given_is_not_sent(site: BeakerSite, browser: Browser) -> None:
    browser.get("/keep?k=a&v=1")
    other = browser.copy()

    def rotate(session: Any, given: dict[str, str]) -> None:
        session.regenerate_id()
        other.get("/delete")
        session.save()

    site.view("rotate", rotate)
    browser.read("/rotate")
    assert browser.told == []


def test_id_of_a_new_session_is_ours_from_the_beginning(site: BeakerSite) -> None:
    site.view("id", lambda session, given: session.id)
    assert Browser(site.app, {KEY: "f" * 43}).read("/id") != "f" * 43


def test_id_that_a_browser_brought_is_never_taken_over(site: BeakerSite) -> None:
    planted = Browser(site.app, {KEY: "f" * 43})
    planted.get("/keep?k=user&v=ada")
    assert planted.cookies[KEY] != "f" * 43
    assert Browser(site.app, {KEY: "f" * 43}).read("/look") == "{}"


def test_signed_cookies_still_work(sessnode_store: FakeStore) -> None:
    site = BeakerSite(sessnode_store, secret="s3cret")
    browser = Browser(site.app)
    browser.get("/keep?k=a&v=1")
    assert len(browser.cookies[KEY]) == 40 + 43
    assert browser.read("/look") == "{'a': '1'}"
    assert Browser(site.app, {KEY: browser.cookies[KEY][40:]}).read("/look") == "{}"


def test_pickle_only_where_it_is_asked_for(sessnode_store: FakeStore) -> None:
    site = BeakerSite(sessnode_store, data_serializer="pickle")
    site.view("set", lambda session, given: (session.__setitem__("user", "ada"), session.__setitem__("s", {1}), session.save())[2])
    browser = Browser(site.app)
    browser.get("/set")
    assert browser.read("/look") == "{'s': {1}, 'user': 'ada'}"
    plain = BeakerSite(sessnode_store)
    plain.view("type", lambda session, given: type(session["s"]).__name__)
    assert Browser(plain.app, browser.cookies).read("/type") == "Value"  # bytes that nobody unpickled


def test_timeout_is_an_idle_timeout(sessnode_store: FakeStore) -> None:
    site = BeakerSite(sessnode_store, timeout=600)
    browser = Browser(site.app)
    browser.get("/keep?k=a&v=1")
    for _ in range(3):
        sessnode_store.advance(500)
        assert browser.read("/look") == "{'a': '1'}"
    sessnode_store.advance(700)
    assert browser.read("/look") == "{}"


def test_session_is_found_by_its_id(site: BeakerSite, browser: Browser) -> None:
    browser.get("/keep?k=a&v=1")
    site.view("by_id", lambda session, given: shown(session.get_by_id(given["id"])))
    assert browser.read("/by_id?id=" + browser.cookies[KEY]) == "{'a': '1'}"


def test_times_and_revert(sessnode_store: FakeStore) -> None:
    client = sessnode_store.client()
    session = SessnodeSession({}, client=client, use_cookies=False)
    assert session.is_new and session.last_accessed is None
    session["a"] = 1
    session.save()
    began, created = sessnode_store.now.timestamp(), session.created
    sessnode_store.advance(60)
    session = SessnodeSession({}, id=session.id, client=client, use_cookies=False)
    assert (session.created, session.is_new, session.last_accessed >= began) == (created, False, True)
    session["a"] = 2
    session.revert()
    assert session["a"] == 1


def test_session_that_another_program_made_is_as_old_as_the_store_says(sessnode_store: FakeStore) -> None:
    from sessnode import Value

    client = sessnode_store.client()
    token, _ = client.create(attrs={"a": Value.json(1)})
    session = SessnodeSession({}, id=token, client=client, use_cookies=False)
    assert session.created == sessnode_store.now.timestamp()
    session["b"] = 2
    session.save()
    assert set(client.read(token).attrs) == {"a", "b"}


def test_what_was_not_saved_is_not_kept_but_inside_of_values(site: BeakerSite, browser: Browser) -> None:
    site.view("cart", lambda session, given: (session.__setitem__("cart", {"a": 1}), session.save())[1])
    browser.get("/cart")

    def unsaved(session: Any, given: dict[str, str]) -> None:
        session["new"] = 1
        session["cart"]["b"] = 2

    site.view("unsaved", unsaved)
    browser.get("/unsaved")
    assert browser.read("/look") == "{'cart': {'a': 1, 'b': 2}}"


def test_saved_in_the_middle_of_a_request_stays_saved(site: BeakerSite, browser: Browser) -> None:
    browser.get("/keep?k=a&v=1")
    site.view("middle", lambda session, given: (session.__setitem__("a", "2"), session._session().save())[1])
    browser.get("/middle")
    assert browser.read("/look") == "{'a': '2'}"


def test_two_requests_that_pop_a_value_share_it_not(site: BeakerSite, browser: Browser) -> None:
    browser.get("/keep?k=code&v=1234")
    other, got = browser.copy(), []

    def pop(session: Any, given: dict[str, str]) -> str:
        assert session["code"] == "1234"
        if "slow" in given:
            got.append(other.read("/pop"))
        value = session.pop("code", "none")
        session.save()
        return str(value)

    site.view("pop", pop)
    got.append(browser.read("/pop?slow"))
    assert got == ["1234", "none"]
    assert browser.read("/look") == "{}"


def test_no_cookie_where_none_is_wanted(sessnode_store: FakeStore) -> None:
    request: dict[str, Any] = {}
    session = SessnodeSession(request, client=sessnode_store.client(), use_cookies=False)
    session["user"] = "ada"
    session.save()
    session.regenerate_id()
    session.save()
    session.delete()
    assert request == {}


def test_session_object_takes_the_class(sessnode_store: FakeStore) -> None:
    proxy = SessionObject({}, session_class=SessnodeSession, client=sessnode_store.client())
    assert isinstance(proxy._session(), SessnodeSession)
