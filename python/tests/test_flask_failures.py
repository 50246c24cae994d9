"""When things go wrong: nobody loses a cookie, nobody sees a stack trace."""

from __future__ import annotations

import logging
from typing import Any

import flask
import pytest

from flaskapp import cookie, make, token
from sessnode.errors import SessnodeError, Unserializable
from sessnode.flask import Sessnode

SENTENCE = "You have not been signed out"


@pytest.fixture
def app(sessnode_store: Any) -> flask.Flask:
    return make(impatient(sessnode_store))


def impatient(store: Any) -> Any:
    """A client that gives a store up soon that will not come back."""
    return store.client(timeout=0.1)


@pytest.fixture
def inside(sessnode_client: Any) -> str:
    """The cookie of somebody who is signed in, given by another process of the same application."""
    browser = make(sessnode_client).test_client()
    browser.post("/set/user/ada")
    return token(browser)


@pytest.fixture
def browser(app: flask.Flask, inside: str) -> Any:
    return signed_in(app, inside)


def signed_in(app: flask.Flask, inside: str) -> Any:
    browser = app.test_client()
    browser.set_cookie("session", inside)
    return browser


def refused(response: Any) -> bool:
    return (
        response.status_code == 503 and int(response.headers["Retry-After"]) >= 1 and SENTENCE in response.text
        and cookie(response) == "" and "Traceback" not in response.text and response.headers["Cache-Control"] == "no-store"
    )  # fmt: skip


def test_while_the_store_is_down_nobody_is_signed_out(browser: Any, sessnode_store: Any, caplog: Any) -> None:
    sessnode_store.down = True
    for response in (browser.get("/get/user"), browser.post("/set/a/1"), browser.post("/pop/user"), browser.post("/clear")):
        assert refused(response)
    assert browser.get("/nothing").text == "nothing", "what needs no session goes on"
    assert "Traceback" not in caplog.text
    sessnode_store.down = False
    assert browser.get("/get/user").text == "ada"


def test_a_store_that_talks_nonsense_is_down(browser: Any, sessnode_store: Any) -> None:
    sessnode_store.nonsense = True
    assert refused(browser.get("/get/user"))


def test_down_between_reading_and_writing(app: flask.Flask, browser: Any, sessnode_store: Any) -> None:
    @app.post("/cut/<name>")
    def cut(name: str) -> Any:
        flask.session[name] = "x"
        sessnode_store.down = True
        response = flask.make_response("all is well")
        response.set_cookie("remember", "me")
        return response

    for path in ("/cut/a", "/cut/_user_id"):
        sessnode_store.down = False
        response = browser.post(path)
        assert refused(response) and "all is well" not in response.text
    sessnode_store.down = False
    assert browser.get("/all").json == {"user": "ada"}


def test_a_login_whose_outcome_is_unknown_keeps_the_cookie(app: flask.Flask, sessnode_store: Any) -> None:
    browser = app.test_client()
    browser.post("/set/cart/full")
    sessnode_store.lose_answers = 1
    assert refused(browser.post("/set/user/ada"))


def test_a_view_that_swallows_the_error_does_not_get_through(app: flask.Flask, browser: Any, sessnode_store: Any) -> None:
    @app.get("/careless")
    def careless() -> str:
        try:
            return "hello " + str(flask.session.get("user"))
        except Exception:
            return "hello stranger, sign up!"

    @app.get("/careful")
    def careful() -> str:
        try:
            flask.session.load()
        except SessnodeError:
            return "the news, for whoever you are"
        return "the news, " + str(flask.session["user"])

    sessnode_store.down = True
    assert refused(browser.get("/careless"))
    assert browser.get("/careful").text == "the news, for whoever you are"


def test_a_page_of_ones_own(sessnode_store: Any, inside: str) -> None:
    app = flask.Flask("own")
    Sessnode(app, client=impatient(sessnode_store), on_error=lambda err: (f"<h1>{type(err).__name__}</h1>", {"X-Page": "own", "Retry-After": "9"}))
    app.add_url_rule("/", view_func=lambda: str(flask.session.get("user")))
    app.add_url_rule("/set", "set", view_func=lambda: str(flask.session.update(a=1)))
    sessnode_store.down = True
    for path in ("/", "/set"):
        response = signed_in(app, inside).get(path)
        assert response.status_code == 503 and response.text == "<h1>Unavailable</h1>"
        assert response.headers["X-Page"] == "own" and response.headers["Retry-After"] == "9"


def test_a_page_that_looks_into_the_session_is_replaced(sessnode_store: Any, inside: str) -> None:
    app = flask.Flask("own")
    Sessnode(app, client=impatient(sessnode_store), on_error=lambda err: "Sorry " + flask.session["user"])
    app.add_url_rule("/", view_func=lambda: str(flask.session.get("user")))
    sessnode_store.down = True
    assert refused(signed_in(app, inside).get("/"))


def test_an_error_handler_of_the_application(app: flask.Flask, browser: Any, sessnode_store: Any) -> None:
    @app.errorhandler(SessnodeError)
    def mine(err: SessnodeError) -> Any:
        return "a moment, please", 503

    sessnode_store.down = True
    response = browser.get("/get/user")
    assert response.text == "a moment, please" and int(response.headers["Retry-After"]) >= 1 and cookie(response) == ""


def test_other_errors_of_the_store_are_the_applications_own(app: flask.Flask, sessnode_client: Any) -> None:
    @app.get("/lookup")
    def lookup() -> str:
        return sessnode_client.read_id("nobody").id  # type: ignore[no-any-return]

    response = app.test_client().get("/lookup")
    assert response.status_code == 500 and SENTENCE not in response.text


COOKIES = [
    "", " ", "x", "x" * 43, "x" * 300, "x" * 20000, "%00%01", "a b c", "eyJ1c2VyIjoiYWRhIn0.aBcDeF.signature", "\u00e9\u00ff", '"quoted"',
    "../../etc/passwd", "ada;Path=/",
]  # fmt: skip


@pytest.mark.parametrize("garbage", COOKIES)
def test_foreign_cookies_are_anonymous(app: flask.Flask, sessnode_store: Any, garbage: str) -> None:
    browser = app.test_client(use_cookies=False)
    response = browser.get("/get/user", headers={"Cookie": f"session={garbage}"})
    assert response.status_code == 200 and response.text == "None"
    assert sessnode_store.sessions == 0
    started = browser.post("/set/a/1", headers={"Cookie": f"session={garbage}"})
    assert len(cookie(started).split(";")[0]) == len("session=") + 43, "a new token, never the visitor's"


@pytest.mark.parametrize("cut", [1, 20, 42])
def test_truncated_cookies_are_anonymous(app: flask.Flask, browser: Any, cut: int) -> None:
    tab = app.test_client(use_cookies=False)
    assert tab.get("/get/user", headers={"Cookie": f"session={token(browser)[:cut]}"}).text == "None"


class Odd:
    def __repr__(self) -> str:
        return "the secret of it"


@pytest.mark.parametrize("value", [Odd(), {1, 2}, float("nan"), "\ud800", {"a": {(1, 2): 3}}])
def test_a_value_that_cannot_be_stored(app: flask.Flask, browser: Any, caplog: Any, value: Any) -> None:
    @app.post("/odd")
    def odd() -> str:
        flask.session["good"], flask.session["basket"] = 1, value
        return "ok"

    with caplog.at_level(logging.ERROR):
        response = browser.post("/odd")
    assert response.status_code == 500 and SENTENCE in response.text and cookie(response) == ""
    assert "basket" in caplog.text and "the secret of it" not in caplog.text and "Traceback" not in response.text
    assert browser.get("/all").json == {"user": "ada"}, "nothing of the request was stored"
    app.testing = True
    with pytest.raises(Unserializable, match="basket"):
        browser.post("/odd")


def test_a_name_that_is_no_text(app: flask.Flask, browser: Any) -> None:
    @app.post("/odd")
    def odd() -> str:
        flask.session[7] = 1
        return "ok"

    assert browser.post("/odd").status_code == 500
    assert browser.get("/get/user").text == "ada"


def test_a_value_that_is_too_large(app: flask.Flask, browser: Any) -> None:
    @app.post("/large")
    def large() -> str:
        flask.session["large"] = "x" * (300 << 10)
        return "ok"

    response = browser.post("/large")
    assert response.status_code == 500 and SENTENCE in response.text and cookie(response) == ""
    assert browser.get("/get/user").text == "ada"


def test_a_page_that_broke_stores_nothing_but_a_logout(app: flask.Flask, browser: Any, sessnode_store: Any) -> None:
    @app.post("/broken/<what>")
    def broken(what: str) -> str:
        flask.session["half"] = "done"
        if what == "logout":
            flask.session.pop("user")
        raise ZeroDivisionError

    assert browser.post("/broken/set").status_code == 500
    assert browser.get("/all").json == {"user": "ada"}
    assert browser.post("/broken/logout").status_code == 500
    assert sessnode_store.sessions == 0 and browser.get("/all").json == {}


def test_a_limit_is_told_and_can_be_caught(sessnode_client: Any) -> None:
    sessnode_client.put_policy(subject_limit=1)
    app = make(sessnode_client)
    app.test_client().post("/set/user/ada")
    second = app.test_client()
    second.post("/set/cart/full")
    response = second.post("/set/user/ada")
    assert response.status_code == 409 and "too many places" in response.text
    assert second.get("/all").json == {"cart": "full"}


def test_commit_tells_at_once(app: flask.Flask, browser: Any, sessnode_store: Any) -> None:
    @app.post("/two")
    def two() -> str:
        flask.flash("one")
        flask.session["a"] = 1
        flask.session.commit()
        flask.flash("two")
        flask.session["b"] = 2
        return "ok"

    browser.post("/two")
    assert browser.get("/flashes").json == ["one", "two"]
    assert browser.get("/all").json == {"user": "ada", "a": 1, "b": 2}


def test_a_stranger_of_a_value_passes_through(app: flask.Flask, browser: Any, sessnode_client: Any) -> None:
    from sessnode import Value

    odd = {"blob": Value("bytes", b"\x00\xff"), "tag": Value.json({" u": "no uuid"})}
    sessnode_client.patch(token(browser), set=odd)
    assert browser.get("/get/blob").text == "Value(bytes, 2 bytes)"
    browser.post("/set/a/1")
    stored = sessnode_client.read(token(browser)).attrs
    assert {name: stored[name] for name in odd} == odd
