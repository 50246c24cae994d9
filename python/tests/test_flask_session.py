"""Flask-Session over the store: its interface, and the stock configuration over a cache."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import flask
import flask_session
import pytest

from flaskapp import Meeting, Parallel, cookie, make, routes, slow, token
from sessnode.errors import NotFound
from sessnode.flask_session import Session, SessnodeCache, SessnodeServerSideSession, SessnodeSessionInterface

Build = Callable[..., flask.Flask]


@pytest.fixture(params=["interface", "cachelib"])
def build(request: Any, sessnode_store: Any, monkeypatch: Any) -> Build:
    """Makes the same application once over the interface and once over the cache."""

    def build(**config: Any) -> flask.Flask:
        app = flask.Flask("shop")
        app.config.update(config)
        client = sessnode_store.client(timeout=0.1)
        if request.param == "interface":
            monkeypatch.setattr("sessnode.flask_session.interface.client_of", lambda app: client)
            app.config["SESSION_TYPE"] = "sessnode"
            Session(app)
        else:
            app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SessnodeCache(client))
            flask_session.Session(app)
            app.config["SESSION_CACHELIB"].init_app(app)
        routes(app)
        app.add_url_rule("/sid", "sid", lambda: flask.session.sid)
        app.add_url_rule("/regenerate", "regenerate", lambda: str(app.session_interface.regenerate(flask.session)), methods=["POST"])
        return app

    return build


def test_values_come_back(build: Build) -> None:
    browser = build().test_client()
    browser.post("/set/theme/dark")
    assert browser.get("/get/theme").text == "dark"
    assert browser.get("/sid").text == token(browser)


def test_a_session_is_permanent_unless_told_otherwise(build: Build, sessnode_client: Any) -> None:
    browser = build(PERMANENT_SESSION_LIFETIME=timedelta(hours=2)).test_client()
    assert "Expires=" in cookie(browser.post("/set/a/1"))
    record = sessnode_client.read(token(browser))
    assert record.idle == 7200 and record.lifetime == 400 * 86400
    fleeting = build(SESSION_PERMANENT=False).test_client()
    assert "Expires=" not in cookie(fleeting.post("/set/a/1"))


def test_nothing_is_stored_for_who_stores_nothing(build: Build, sessnode_store: Any) -> None:
    browser = build().test_client()
    assert cookie(browser.get("/get/a")) == "" and browser.get("/sid").text != browser.get("/sid").text
    assert sessnode_store.sessions == 0


def test_a_read_writes_nothing(build: Build, sessnode_store: Any) -> None:
    browser = build().test_client()
    browser.post("/set/a/1")
    sessnode_store.requests.clear()
    browser.get("/get/a")
    assert set(sessnode_store.requests) == {"GET /session"}


def test_parallel_changes_are_both_kept(build: Build) -> None:
    app, meeting = build(), Meeting()
    slow(app, meeting)
    browser = app.test_client()
    browser.post("/set/a/1")
    other = Parallel(app, token(browser), "/slow")
    meeting.arrived.wait(10)
    browser.post("/set/b/2")
    meeting.go.set()
    assert other.join().status_code == 200
    assert browser.get("/all").json == {"_permanent": True, "a": "1", "b": "2", "late": "yes"}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_late_request_does_not_bring_back_who_signed_out(build: Build, sessnode_store: Any, method: str) -> None:
    app, meeting = build(), Meeting()
    slow(app, meeting)
    browser = app.test_client()
    browser.post("/set/user/ada")
    stolen = token(browser)
    other = Parallel(app, stolen, "/slow", method)
    meeting.arrived.wait(10)
    browser.post("/pop/user")
    meeting.go.set()
    other.join()
    thief = app.test_client()
    thief.set_cookie("session", stolen)
    assert thief.get("/get/user").text == "None" and sessnode_store.sessions == 0


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("change", ["/set/user/ada", "/regenerate", "/clear"])
def test_a_late_answer_does_not_replace_a_newer_cookie(build: Build, method: str, change: str) -> None:
    app, meeting = build(), Meeting()
    slow(app, meeting)
    browser = app.test_client()
    browser.post("/set/cart/full")
    other = Parallel(app, token(browser), "/slow", method)
    meeting.arrived.wait(10)
    browser.post(change)
    meeting.go.set()
    assert cookie(other.join()) == ""


def test_signing_in_gives_a_new_id_and_kills_the_old(build: Build, sessnode_client: Any) -> None:
    app = build()
    browser = app.test_client()
    browser.post("/set/cart/full")
    before = token(browser)
    browser.post("/set/user/ada")
    assert token(browser) != before and browser.get("/all").json == {"_permanent": True, "cart": "full", "user": "ada"}
    assert sessnode_client.read(token(browser)).subject == "ada"
    thief = app.test_client()
    thief.set_cookie("session", before)
    assert thief.get("/get/user").text == "None"


def test_regenerate_is_a_rotation(build: Build, sessnode_client: Any) -> None:
    app = build()

    @app.post("/login")
    def login() -> str:
        app.session_interface.regenerate(flask.session)  # type: ignore[attr-defined]
        flask.session["user"] = "ada"
        return "ok"

    browser = app.test_client()
    browser.post("/set/cart/full")
    before, id = token(browser), sessnode_client.read(token(browser)).id
    assert browser.post("/regenerate").status_code == 200
    between = token(browser)
    assert between not in ("", before) and sessnode_client.read(between).id == id, "the same session under another token"
    assert sessnode_client.read(before, touch=False).id == id, "the old token has its grace"
    browser.post("/login")
    assert sessnode_client.read(token(browser)).subject == "ada" and browser.get("/get/cart").text == "full"
    with pytest.raises(NotFound):
        sessnode_client.read(between)


def test_the_last_value_taken_out_ends_the_session(build: Build, sessnode_store: Any) -> None:
    browser = build().test_client()
    browser.post("/set/a/1")
    assert "Max-Age=0" in cookie(browser.post("/pop/a"))
    assert sessnode_store.sessions == 0


def test_while_the_store_is_down_nobody_is_signed_out(build: Build, sessnode_store: Any) -> None:
    app = build()
    browser = app.test_client()
    browser.post("/set/user/ada")
    sessnode_store.down = True
    for response in (browser.get("/get/user"), browser.post("/set/a/1"), browser.post("/pop/user")):
        assert response.status_code == 503 and "not been signed out" in response.text and cookie(response) == ""
    sessnode_store.down = False
    assert browser.get("/get/user").text == "ada"


class Colour(enum.Enum):
    RED = "red"


def test_values_that_msgspec_takes_are_taken(build: Build) -> None:
    app = build()

    @app.post("/fill")
    def fill() -> str:
        flask.session.update(t=(1, 2), b=b"\xff", u=uuid.UUID(int=7), s={1}, e=Colour.RED)
        return "ok"

    @app.get("/compare")
    def compare() -> str:
        return repr([flask.session[name] for name in "tbuse"])

    browser = app.test_client()
    browser.post("/fill")
    assert browser.get("/compare").text == repr([(1, 2), b"\xff", uuid.UUID(int=7), [1], "red"])


def test_a_value_that_cannot_be_stored(build: Build, caplog: Any) -> None:
    app = build()

    @app.post("/odd")
    def odd() -> str:
        flask.session["basket"] = object()
        return "ok"

    response = app.test_client().post("/odd")
    assert response.status_code == 500 and cookie(response) == "" and "Traceback" not in response.text
    assert "basket" in caplog.text


def test_session_transactions_of_flasks_test_client(build: Build) -> None:
    browser = build().test_client()
    for user in ("ada", "eve"):
        with browser.session_transaction() as session:
            session["user"] = user
        assert browser.get("/get/user").text == user


# -- the interface alone


def test_other_session_types_go_on(tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)  # where Flask-Session puts a folder for its files
    app = flask.Flask("old")
    app.config["SESSION_TYPE"] = "cachelib"
    with pytest.warns(RuntimeWarning):
        Session(app)
    assert not isinstance(app.session_interface, SessnodeSessionInterface)


def test_a_view_that_does_not_look_costs_nothing(sessnode_store: Any) -> None:
    app = routes(flask.Flask("shop"))
    app.session_interface = SessnodeSessionInterface(app, sessnode_store.client())
    browser = app.test_client()
    browser.post("/set/a/1")
    sessnode_store.requests.clear()
    assert browser.get("/nothing").status_code == 200 and sessnode_store.requests == []


def test_cookies_that_were_signed_stay_valid(sessnode_store: Any) -> None:
    app = routes(flask.Flask("shop"))
    app.secret_key = "signs"
    with pytest.warns(DeprecationWarning):
        app.session_interface = SessnodeSessionInterface(app, sessnode_store.client(), use_signer=True)
    browser = app.test_client()
    browser.post("/set/a/1")
    sid, dot, signature = token(browser).rpartition(".")
    assert dot and signature and browser.get("/get/a").text == "1"
    browser.set_cookie("session", f"{sid}.{signature[::-1]}")
    assert browser.get("/get/a").text == "None"


def test_a_session_of_flask_and_one_of_flask_session_are_the_same(sessnode_client: Any, sessnode_store: Any) -> None:
    app = routes(flask.Flask("shop"))
    app.session_interface = SessnodeSessionInterface(app, sessnode_client)
    one, other = app.test_client(), make(sessnode_client).test_client()
    one.post("/set/user/ada")
    other.set_cookie("session", token(one))
    assert other.get("/get/user").text == "ada"


def test_storage_methods_for_code_outside_of_a_request(sessnode_client: Any) -> None:
    app = flask.Flask("shop")
    interface = SessnodeSessionInterface(app, sessnode_client)
    key = "session:" + "k" * 43
    assert interface._retrieve_session_data(key) is None
    interface._upsert_session(timedelta(hours=1), {"a": 1}, key)
    interface._upsert_session(timedelta(hours=1), {"a": 1, "b": 2}, key)
    assert interface._retrieve_session_data(key) == {"a": 1, "b": 2}
    interface._delete_session(key)
    assert interface._retrieve_session_data(key) is None
    with app.test_request_context():
        session = interface.open_session(app, flask.request)
        assert isinstance(session, SessnodeServerSideSession) and not session and session.permanent


def test_the_cache_by_itself(sessnode_store: Any) -> None:
    cache = SessnodeCache(sessnode_store.client())
    key = "session:" + "k" * 43
    assert cache.get(key) is None and not cache.has(key)
    assert cache.add(key, {"a": 1}) and not cache.add(key, {"a": 2})
    assert cache.set(key, {"a": 1, "b": 2}) and cache.get(key) == {"a": 1, "b": 2}
    assert cache.delete(key) and cache.get(key) is None
    assert not cache.set(key, {"a": 1}), "what has ended stays over"
    assert not cache.clear()
