"""Several requests of one browser at once: no lost update, no ghost, nothing shown twice."""

from __future__ import annotations

import threading
from typing import Any

import flask
import pytest

from flaskapp import Meeting, Parallel, cookie, make, slow, token


@pytest.fixture
def meeting() -> Meeting:
    return Meeting()


@pytest.fixture
def app(sessnode_client: Any, meeting: Meeting) -> flask.Flask:
    app = make(sessnode_client)
    slow(app, meeting)
    return app


def test_changes_of_different_attributes_are_both_kept(app: flask.Flask, meeting: Meeting) -> None:
    browser = app.test_client()
    browser.post("/set/a/1")
    other = Parallel(app, token(browser), "/slow")
    meeting.arrived.wait(10)
    browser.post("/set/b/2")
    browser.post("/set/a/changed")
    meeting.go.set()
    assert other.join().status_code == 200
    assert browser.get("/all").json == {"a": "changed", "b": "2", "late": "yes"}


def test_a_late_request_does_not_bring_back_who_signed_out(app: flask.Flask, meeting: Meeting, sessnode_store: Any) -> None:
    browser = app.test_client()
    browser.post("/set/user/ada")
    stolen = token(browser)
    other = Parallel(app, stolen, "/slow")
    meeting.arrived.wait(10)
    browser.post("/pop/user")
    meeting.go.set()
    assert cookie(other.join()) == "", "neither a new session, nor a cookie that could replace a newer one"
    assert sessnode_store.sessions == 0
    thief = app.test_client()
    thief.set_cookie("session", stolen)
    assert thief.get("/get/user").text == "None" and thief.get("/get/late").text == "None"


def test_a_late_answer_does_not_replace_the_cookie_of_a_login(app: flask.Flask, meeting: Meeting) -> None:
    browser = app.test_client()
    browser.post("/set/cart/full")
    other = Parallel(app, token(browser), "/slow")
    meeting.arrived.wait(10)
    browser.post("/set/user/ada")
    meeting.go.set()
    assert cookie(other.join()) == ""
    assert browser.get("/all").json == {"cart": "full", "user": "ada"}


@pytest.mark.parametrize("change", ["/set/user/ada", "/rotate", "/clear"])
def test_a_late_page_does_not_renew_a_cookie_that_is_no_longer_right(app: flask.Flask, meeting: Meeting, change: str) -> None:
    @app.before_request
    def stay() -> None:
        flask.session.permanent = True

    @app.post("/rotate")
    def rotate() -> str:
        flask.session.rotate()  # type: ignore[attr-defined]
        return "ok"

    browser = app.test_client()
    browser.post("/set/cart/full")
    other = Parallel(app, token(browser), "/slow", "GET")
    meeting.arrived.wait(10)
    browser.post(change)
    meeting.go.set()
    assert cookie(other.join()) == ""


def test_a_token_that_was_rotated_away_is_anonymous_and_keeps_its_cookie(app: flask.Flask) -> None:
    browser = app.test_client()
    browser.post("/set/cart/full")
    late = app.test_client(use_cookies=False)
    header = {"Cookie": f"session={token(browser)}"}
    browser.post("/set/user/ada")
    response = late.get("/get/cart", headers=header)
    assert response.text == "None" and cookie(response) == ""
    assert cookie(late.post("/set/cart/other", headers=header)) == ""


def test_a_double_click_on_login_signs_in_twice(app: flask.Flask) -> None:
    browser = app.test_client()
    browser.post("/set/cart/full")
    header = {"Cookie": f"session={token(browser)}"}
    browser.post("/set/user/ada")
    second = app.test_client(use_cookies=False).post("/set/user/ada", headers=header)
    assert "session=" in cookie(second)


def test_one_of_many_pops_gets_the_value(sessnode_client: Any) -> None:
    app = make(sessnode_client)
    gate = threading.Barrier(6)

    @app.post("/race/<name>")
    def race(name: str) -> str:
        assert name in flask.session
        gate.wait(10)
        return str(flask.session.pop(name, None))

    browser = app.test_client()
    browser.post("/set/code/4711")
    browser.post("/set/keep/1")
    tabs = [Parallel(app, token(browser), "/race/code") for _ in range(6)]
    assert sorted(tab.join().text for tab in tabs) == ["4711"] + ["None"] * 5
    assert browser.get("/all").json == {"keep": "1"}


def test_flash_messages_are_shown_once_and_none_is_lost(sessnode_client: Any) -> None:
    app = make(sessnode_client)
    both, shown = threading.Barrier(2), threading.Barrier(4)

    @app.post("/notice/<text>")
    def notice(text: str) -> str:
        flask.session.get("user")
        both.wait(10)
        flask.flash(text)
        return "ok"

    @app.get("/show")
    def show() -> list[Any]:
        flask.session.get("user")
        shown.wait(10)
        return list(flask.get_flashed_messages(with_categories=True))

    browser = app.test_client()
    browser.post("/flash/first")
    for tab in [Parallel(app, token(browser), f"/notice/{text}") for text in ("second", "third")]:
        assert tab.join().status_code == 200
    answers = [tab.join() for tab in [Parallel(app, token(browser), "/show", "GET") for _ in range(4)]]
    assert [a.status_code for a in answers] == [200] * 4
    messages = [text for a in answers for _, text in a.json]
    assert messages[0] == "first" and sorted(messages) == ["first", "second", "third"]


def test_a_flash_of_this_request_is_shown_with_those_before_it(app: flask.Flask) -> None:
    @app.get("/both")
    def both() -> list[Any]:
        flask.flash("now")
        return list(flask.get_flashed_messages())

    browser = app.test_client()
    browser.post("/flash/before")
    assert browser.get("/both").json == ["before", "now"]
    assert browser.get("/flashes").json == []


def test_showing_the_last_message_does_not_end_a_session_that_others_write_to(app: flask.Flask, meeting: Meeting) -> None:
    browser = app.test_client()
    browser.post("/flash/bye")
    other = Parallel(app, token(browser), "/slow")
    meeting.arrived.wait(10)
    assert browser.get("/flashes").json == ["bye"]
    meeting.go.set()
    other.join()
    assert browser.get("/get/late").text == "yes"


def test_many_threads_with_one_client(sessnode_client: Any) -> None:
    app = make(sessnode_client)
    browser = app.test_client()
    browser.post("/set/start/1")
    tabs = [Parallel(app, token(browser), f"/set/a{i}/{i}") for i in range(24)]
    assert {tab.join().status_code for tab in tabs} == {200}
    assert browser.get("/all").json == {"start": "1"} | {f"a{i}": str(i) for i in range(24)}


def test_who_was_popped_keeps_what_this_request_set(app: flask.Flask, sessnode_client: Any) -> None:
    @app.post("/mine")
    def mine() -> str:
        flask.session["code"] = "mine"
        sessnode_client.pop(flask.request.cookies["session"], ["code"])
        return str(flask.session.pop("code"))

    browser = app.test_client()
    browser.post("/set/code/theirs")
    browser.post("/set/keep/1")
    assert browser.post("/mine").text == "mine"
    assert browser.get("/all").json == {"keep": "1"}
