"""Flash messages and CSRF tokens of Pyramid's sessions: what parallel requests do to each other."""

from __future__ import annotations

from ast import literal_eval
from typing import Any

import pytest

from pyramid_site import Browser, Site
from sessnode.flashqueues import MOST_WAITING
from sessnode.testing import FakeStore


@pytest.fixture
def site(sessnode_store: FakeStore) -> Site:
    site = Site(sessnode_store)

    def say(request: Any) -> None:
        for message in request.params.getall("m"):
            request.session.flash(message, request.params.get("q", ""), allow_duplicate="once" not in request.params)

    site.view(say)
    site.view(lambda request: request.session.pop_flash(request.params.get("q", "")), "show")
    site.view(lambda request: request.session.peek_flash(request.params.get("q", "")), "peek")
    site.view(lambda request: dict(request.session), "look")
    site.view(lambda request: request.session.get_csrf_token(), "form")
    return site


@pytest.fixture
def browser(site: Site) -> Browser:
    return Browser(site.app)


def test_messages_are_shown_once_in_order(browser: Browser) -> None:
    browser.get("/say?m=one&m=two")
    browser.get("/say?m=three")
    assert browser.read("/peek") == "['one', 'two', 'three']"
    assert browser.read("/show") == "['one', 'two', 'three']"
    assert browser.read("/show") == "[]"


def test_queues_are_apart(browser: Browser) -> None:
    browser.get("/say?m=w&q=warn/ing")
    browser.get("/say?m=e&q=error")
    browser.get("/say?m=p")
    assert [browser.read("/show?q=" + q) for q in ("warn/ing", "error", "")] == ["['w']", "['e']", "['p']"]


def test_duplicates_only_where_they_are_allowed(browser: Browser) -> None:
    browser.get("/say?m=x")
    browser.get("/say?m=x&once")
    assert browser.read("/peek") == "['x']"
    browser.get("/say?m=x")
    assert browser.read("/show") == "['x', 'x']"


def test_parallel_requests_lose_none_of_each_others_messages(site: Site, browser: Browser) -> None:
    browser.get("/say?m=first")
    other = browser.copy()

    def slow(request: Any) -> None:
        request.session.flash("slow")
        other.get("/say?m=quick")

    site.view(slow)
    browser.read("/slow")
    assert sorted(literal_eval(browser.read("/show"))) == ["first", "quick", "slow"]


def test_two_pages_at_once_show_each_message_once(site: Site, browser: Browser) -> None:
    browser.get("/say?m=one&m=two")
    other, shown = browser.copy(), []

    def slow(request: Any) -> str:
        assert request.session.peek_flash() == ["one", "two"]  # both have read, and neither has taken
        shown.append(other.read("/show"))
        return str(request.session.pop_flash())

    site.view(slow)
    shown.append(browser.read("/slow"))
    assert shown == ["['one', 'two']", "[]"]


def test_message_that_came_while_the_page_was_made_stays(site: Site, browser: Browser) -> None:
    browser.get("/say?m=one")
    other = browser.copy()

    def slow(request: Any) -> str:
        request.session.peek_flash()
        other.get("/say?m=two")
        return str(request.session.pop_flash())

    site.view(slow)
    assert browser.read("/slow") == "['one']"
    assert browser.read("/show") == "['two']"


def test_queue_that_was_empty_costs_no_change(site: Site, browser: Browser) -> None:
    browser.get("/say?m=one&q=other")
    site.store.requests.clear()
    assert browser.read("/show") == "[]"
    assert site.store.requests == ["GET /session"]


def test_flash_and_pop_in_one_request(site: Site, browser: Browser) -> None:
    browser.get("/say?m=old")

    def both(request: Any) -> str:
        request.session.flash("new")
        shown = request.session.pop_flash()
        request.session.flash("next")
        return str(shown)

    site.view(both)
    assert browser.read("/both") == "['old', 'new']"
    assert browser.read("/show") == "['next']"


def test_messages_are_whatever_json_can_say_and_may_be_written_by_hand(site: Site, browser: Browser) -> None:
    site.view(lambda request: request.session.__setitem__("_f_", [{"level": 1}, "by hand"]), "hand")
    browser.get("/hand")
    browser.get("/say?m=more")
    assert browser.read("/look") == "{'_f_': [{'level': 1}, 'by hand', 'more']}"
    assert browser.read("/show") == "[{'level': 1}, 'by hand', 'more']"


def test_list_that_another_program_stored_is_shown_once(site: Site, browser: Browser) -> None:
    from sessnode import Value

    browser.get("/say?m=mine")
    site.store.client().patch(browser.cookies["session"], set={"_f_": Value.json(["theirs", "too"])})
    site.store.requests.clear()
    assert browser.read("/peek") == "['theirs', 'too', 'mine']"
    assert site.store.requests == ["GET /session"]
    assert browser.read("/show") == "['theirs', 'too', 'mine']"
    assert browser.read("/show") == "[]"


def test_queue_that_nobody_shows_does_not_fill_the_session(site: Site, browser: Browser) -> None:
    for i in range(3):
        browser.get("/say?" + "&".join(f"m={i}-{j}" for j in range(60)))
    shown = literal_eval(browser.read("/show"))
    assert (len(shown), shown[0], shown[-1]) == (MOST_WAITING, "1-20", "2-59")


def test_login_keeps_what_waits_to_be_shown(site: Site, browser: Browser) -> None:
    browser.get("/say?m=welcome")
    site.view(lambda request: request.session.__setitem__("user", "ada"), "login")
    browser.get("/login")
    assert browser.read("/show") == "['welcome']"


def test_token_stays_through_requests_and_login(site: Site, browser: Browser) -> None:
    first = browser.read("/form")
    assert len(first) == 40
    assert browser.read("/form") == first
    site.view(lambda request: request.session.__setitem__("user", "ada"), "login")
    browser.get("/login")
    assert browser.read("/form") == first
    site.view(lambda request: request.session.new_csrf_token(), "renew")
    second = browser.read("/renew")
    assert second != first
    assert browser.read("/form") == second


def test_forms_of_parallel_requests_have_the_same_token(site: Site, browser: Browser) -> None:
    browser.get("/say?m=hello")
    other, tokens = browser.copy(), []

    def slow(request: Any) -> str:
        assert "_csrft_" not in request.session
        tokens.append(other.read("/form"))
        return str(request.session.get_csrf_token())

    site.view(slow)
    tokens.append(browser.read("/slow"))
    assert tokens[0] == tokens[1] == browser.read("/form")
    assert tokens[0] not in browser.cookies["session"]


def test_csrf_of_pyramid_itself_works(site: Site, browser: Browser) -> None:
    from pyramid.csrf import check_csrf_token, get_csrf_token

    site.view(lambda request: get_csrf_token(request), "get")
    site.view(lambda request: check_csrf_token(request, raises=False), "check")
    token = browser.read("/get")
    assert browser.get("/check", HTTP_X_CSRF_TOKEN=token).text == "True"
    assert browser.get("/check", HTTP_X_CSRF_TOKEN="x" + token[1:]).text == "False"
