"""What flask.session does over the store, when all goes well."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta, timezone
from typing import Any

import flask
import pytest
from flask.json.tag import JSONTag
from markupsafe import Markup

from flaskapp import cookie, make, token
from sessnode.errors import Invalid
from sessnode.flask import Sessnode, TaggedJSON
from sessnode.testing import FakeStore


@pytest.fixture
def app(sessnode_client: Any) -> flask.Flask:
    return make(sessnode_client)


def test_values_come_back(app: flask.Flask) -> None:
    browser = app.test_client()
    browser.post("/set/theme/dark")
    assert browser.get("/get/theme").text == "dark"
    assert app.test_client().get("/get/theme").text == "None"


def test_a_view_that_does_not_look_costs_nothing(app: flask.Flask, sessnode_store: Any) -> None:
    browser = app.test_client()
    browser.post("/set/a/1")
    sessnode_store.requests.clear()
    response = browser.get("/nothing")
    assert browser.get("/static/none.css").status_code == 404
    assert sessnode_store.requests == []
    assert "Vary" not in response.headers and cookie(response) == ""


def test_permanent_in_before_request_costs_nothing(sessnode_client: Any, sessnode_store: Any) -> None:
    app = make(sessnode_client)

    @app.before_request
    def stay() -> None:
        flask.session.permanent = True

    browser = app.test_client()
    assert browser.get("/nothing").status_code == 200
    assert sessnode_store.requests == [] and sessnode_store.sessions == 0
    browser.post("/set/a/1")
    assert "Max-Age=2678400" in cookie(browser.get("/get/a"))


def test_a_read_is_one_request_and_a_change_two(app: flask.Flask, sessnode_store: Any) -> None:
    browser = app.test_client()
    browser.post("/set/a/1")
    assert sessnode_store.requests == ["POST /sessions"]
    sessnode_store.requests.clear()
    browser.get("/get/a")
    assert sessnode_store.requests == ["GET /session"]
    sessnode_store.requests.clear()
    browser.post("/set/a/2")
    assert sessnode_store.requests == ["GET /session", "PATCH /session"]
    sessnode_store.requests.clear()
    browser.post("/set/a/2")
    assert sessnode_store.requests == ["GET /session"], "the same value again is no change"


def test_nothing_is_stored_for_who_stores_nothing(app: flask.Flask, sessnode_store: Any) -> None:
    browser = app.test_client()
    response = browser.get("/get/a")
    assert response.headers["Vary"] == "Cookie" and cookie(response) == ""
    assert sessnode_store.sessions == 0


def test_a_view_that_looked_varies_whatever_flask_notices(app: flask.Flask) -> None:
    with app.test_request_context():
        session = app.session_interface.open_session(app, flask.request)
        assert session is not None and "user" not in session
        session.accessed = False  # as before Flask 3.1.3
        response = flask.Response()
        app.session_interface.save_session(app, session, response)
        assert response.headers["Vary"] == "Cookie"


def test_types_of_flask_come_back_as_what_they_were(sessnode_client: Any) -> None:
    app = make(sessnode_client)
    stored = {
        "tuple": (1, ("two", b"\xff")), "markup": Markup("<b>"), "id": uuid.uuid4(), "set": datetime(2024, 2, 29, 12, tzinfo=timezone.utc),
        "tagged": {" t": [1]}, "nested": {"list": [Markup("<i>"), (1,)]}, "number": 1.0, "big": 2**70, "none": None,
    }  # fmt: skip

    @app.post("/fill")
    def fill() -> str:
        flask.session.update(stored)
        return "ok"

    @app.get("/compare")
    def compare() -> str:
        assert dict(flask.session) == stored
        assert isinstance(flask.session["markup"], Markup) and isinstance(flask.session["nested"]["list"][0], Markup)
        return "same"

    browser = app.test_client()
    browser.post("/fill")
    assert browser.get("/compare").text == "same"


def test_the_short_way_of_encoding_writes_what_the_long_one_does() -> None:
    class TagNothing(JSONTag):
        key = " nothing"

        def check(self, value: Any) -> bool:
            return False

    short, long = TaggedJSON(), TaggedJSON()
    long.serializer.register(TagNothing)
    for value in ("", "plain", 'quo"te\\ \n\x00\x7f', "한국어 \U0001f600", 0, -1, 2**70, True, False, None):
        assert short.encode("a", value) == long.encode("a", value)
        assert short.decode("a", short.encode("a", value)) == value


def test_a_tag_of_ones_own_may_be_for_a_text(sessnode_client: Any) -> None:
    class TagShout(JSONTag):
        key = " shout"

        def check(self, value: Any) -> bool:
            return isinstance(value, str) and value.isupper()

        def to_json(self, value: Any) -> Any:
            return value.lower()

        def to_python(self, value: Any) -> Any:
            return str(value).upper() + "!"

    app = make(sessnode_client)
    app.session_interface.serializer.register(TagShout, index=0)  # type: ignore[attr-defined]
    browser = app.test_client()
    browser.post("/set/word/HEY")
    assert browser.get("/get/word").text == "HEY!"


def test_a_change_inside_of_a_value_is_seen(sessnode_client: Any) -> None:
    app = make(sessnode_client)

    @app.post("/cart/<item>")
    def cart(item: str) -> list[str]:
        items = flask.session.setdefault("cart", {"items": []})["items"]
        items.append(item)
        return list(items)

    browser = app.test_client()
    browser.post("/cart/book")
    browser.post("/cart/pen")
    assert browser.post("/cart/cup").json == ["book", "pen", "cup"]


def test_signing_in_rotates_and_signing_out_revokes(app: flask.Flask, sessnode_client: Any, sessnode_store: Any) -> None:
    for name in ("user", "username", "_user_id"):
        browser = app.test_client()
        browser.post("/set/cart/full")
        before = token(browser)
        browser.post(f"/set/{name}/ada-{name}")
        inside = token(browser)
        assert inside != before
        assert sessnode_client.read(inside).subject == f"ada-{name}"
        assert browser.get("/get/cart").text == "full", "what an anonymous visitor had stays"
        thief = app.test_client()
        thief.set_cookie("session", before)
        assert thief.get("/get/cart").text == "None", "the token from before the login is dead"
        sessnode_store.requests.clear()
        response = browser.post(f"/pop/{name}")
        assert sessnode_store.requests == ["GET /session", "DELETE /session"]
        assert response.text == f"ada-{name}" and "Max-Age=0" in cookie(response)
        thief.set_cookie("session", inside)
        assert thief.get(f"/get/{name}").text == "None"
        assert [e.reason for e in sessnode_client.why(subject=f"ada-{name}")] == ["revoked"]


def test_flask_login_of_other_names(sessnode_client: Any) -> None:
    app = make(sessnode_client, SESSNODE_SUBJECT_FROM=["member"])
    browser = app.test_client()
    browser.post("/set/member/7")
    assert sessnode_client.read(token(browser)).subject == "7"
    browser.post("/set/user/ada")
    assert sessnode_client.read(token(browser)).subject == "7"


def test_clear_ends_the_session(app: flask.Flask, sessnode_store: Any) -> None:
    browser = app.test_client()
    browser.post("/set/a/1")
    assert "Max-Age=0" in cookie(browser.post("/clear"))
    assert sessnode_store.sessions == 0


def test_the_login_of_flasks_tutorial_gives_a_new_token(sessnode_client: Any) -> None:
    app = make(sessnode_client)

    @app.post("/login")
    def login() -> str:
        flask.session.clear()
        flask.session["user_id"] = 7
        return "ok"

    browser = app.test_client()
    browser.post("/set/cart/full")
    before = token(browser)
    browser.post("/login")
    assert token(browser) not in ("", before) and browser.get("/all").json == {"user_id": 7}
    assert sessnode_client.read(before).previous, "a request under way has its grace"
    bound = make(sessnode_client, SESSNODE_SUBJECT_FROM=["user_id"])
    bound.add_url_rule("/login", view_func=login, methods=["POST"])
    other = bound.test_client()
    other.post("/set/cart/full")
    before = token(other)
    other.post("/login")
    assert sessnode_client.read(token(other)).subject == "7"
    thief = bound.test_client()
    thief.set_cookie("session", before)
    assert thief.get("/all").json == {}


def test_clear_ends_a_login_that_no_attribute_names(sessnode_client: Any) -> None:
    app = make(sessnode_client)

    @app.post("/logout")
    def logout() -> str:
        flask.session.clear()
        flask.flash("signed out")
        return flask.session.subject

    browser = app.test_client()
    old, _ = sessnode_client.create(subject="ada")  # by an application in another language that shares the login
    browser.set_cookie("session", old)
    browser.post("/logout")
    assert sessnode_client.subject_sessions("ada") == []
    assert browser.get("/flashes").json == ["signed out"]


def test_timeouts_are_those_of_flask(sessnode_client: Any, sessnode_store: Any) -> None:
    app = make(sessnode_client, PERMANENT_SESSION_LIFETIME=timedelta(hours=2), SESSNODE_LIFETIME=timedelta(days=1))
    browser = app.test_client()
    browser.post("/set/a/1")
    record = sessnode_client.read(token(browser))
    assert (record.idle, record.lifetime) == (7200, 86400)
    sessnode_store.advance(7000)
    assert browser.get("/get/a").text == "1"
    sessnode_store.advance(7000)
    assert browser.get("/get/a").text == "1", "a read is activity"
    sessnode_store.advance(7300)
    response = browser.get("/get/a")
    assert response.text == "None" and "Max-Age=0" in cookie(response)


@pytest.mark.parametrize(("permanent", "each", "sent"), [(True, True, True), (True, False, False), (False, True, False)])
def test_the_expiry_is_renewed_as_configured(sessnode_client: Any, sessnode_store: Any, permanent: bool, each: bool, sent: bool) -> None:
    app = make(sessnode_client, SESSION_REFRESH_EACH_REQUEST=each)

    @app.post("/start")
    def start() -> str:
        flask.session["a"], flask.session.permanent = 1, permanent
        return "ok"

    browser = app.test_client()
    browser.post("/start")
    sessnode_store.requests.clear()
    assert bool(cookie(browser.get("/get/a"))) is sent
    assert cookie(browser.get("/get/a", headers={"Sec-Fetch-Mode": "cors"})) == "", "the answer of a script's request may come late"
    assert set(sessnode_store.requests) == {"GET /session"}, "without a write"


def test_the_expiry_is_not_renewed_more_often_than_activity_counts() -> None:
    store = FakeStore(start=datetime.now(timezone.utc))
    app = make(store.client())

    @app.post("/start")
    def start() -> str:
        flask.session["a"], flask.session.permanent = 1, True
        return "ok"

    browser = app.test_client()
    browser.post("/start")
    store.requests.clear()
    assert cookie(browser.get("/get/a")) == "" and store.requests == ["GET /session"]
    store.advance(3600)
    assert "Max-Age" in cookie(browser.get("/get/a"))


def test_the_cookie_has_all_of_flasks_options(sessnode_client: Any) -> None:
    app = make(
        sessnode_client, SESSION_COOKIE_NAME="sid", SESSION_COOKIE_DOMAIN="example.com", SESSION_COOKIE_PATH="/shop", SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_PARTITIONED=True,
    )  # fmt: skip
    browser = app.test_client()
    kept = cookie(browser.post("/set/a/1", base_url="https://example.com/shop/"))
    assert kept.startswith("sid=") and len(kept.split(";")[0]) == len("sid=") + 43
    cleared = cookie(browser.post("/clear", base_url="https://example.com/shop/", headers={"Cookie": kept.split(";")[0]}))
    for text in (kept, cleared):
        for option in ("Domain=example.com", "Path=/shop", "Secure", "HttpOnly", "SameSite=Lax", "Partitioned"):
            assert option in text


def test_a_response_with_a_token_is_not_for_shared_caches(app: flask.Flask) -> None:
    response = app.test_client().post("/set/a/1")
    assert response.headers["Cache-Control"] == "no-store" and response.headers["Vary"] == "Cookie"


def test_new_id_subject_and_rotate(sessnode_client: Any) -> None:
    app = make(sessnode_client)

    @app.post("/rotate")
    def rotate() -> dict[str, Any]:
        told = {"new": flask.session.new, "id": flask.session.id, "subject": flask.session.subject}
        flask.session.rotate()
        return told

    browser = app.test_client()
    browser.post("/set/user/ada")
    before = token(browser)
    told = browser.post("/rotate").json
    assert told is not None and told["new"] is False and told["subject"] == "ada"
    after = sessnode_client.read(token(browser))
    assert token(browser) != before and after.id == told["id"]


def test_places_of_the_person(sessnode_client: Any) -> None:
    app = make(sessnode_client)

    @app.get("/places")
    def places() -> list[str]:
        return [place.device.user_agent for place in flask.session.places()]

    @app.post("/others")
    def others() -> str:
        return str(flask.session.revoke_others())

    @app.post("/end/<id>")
    def end(id: str) -> str:
        return str(flask.session.revoke_place(id))

    here, there, stranger = app.test_client(), app.test_client(), app.test_client()
    here.post("/set/user/ada", headers={"User-Agent": "here"})
    there.post("/set/user/ada", headers={"User-Agent": "there"})
    stranger.post("/set/user/eve")
    assert here.get("/places").json == ["here", "there"]
    assert here.post("/end/" + sessnode_client.read(token(stranger)).id).text == "False"
    assert here.post("/others").text == "1"
    assert there.get("/get/user").text == "None" and here.get("/get/user").text == "ada" and stranger.get("/get/user").text == "eve"


def test_an_application_factory(sessnode_client: Any) -> None:
    sessions = Sessnode(client=sessnode_client)
    app = flask.Flask("late")
    sessions.init_app(app)
    assert app.extensions["sessnode"] is app.session_interface


def test_settings_make_the_client_and_misspelt_ones_are_named() -> None:
    app = flask.Flask("settings")
    app.config.update(SESSNODE_NODES="http://10.0.0.1:7480", SESSNODE_APP="shop", SESSNODE_TIMEOUT=2, SESSNODE_LIFETIME=60)
    Sessnode(app)
    client = app.extensions["sessnode"].client
    assert (client.nodes, client.app, client.timeout) == (["http://10.0.0.1:7480"], "shop", 2)
    app.config["SESSNODE_TIMEOUTS"] = 2
    with pytest.raises(Invalid, match="did you mean TIMEOUT"):
        Sessnode(app)


def test_session_transactions_of_flasks_test_client(app: flask.Flask) -> None:
    browser = app.test_client()
    with browser.session_transaction() as session:
        session["a"] = [1]
    with browser.session_transaction() as session:
        session["a"].append(2)
    with browser.session_transaction() as session:
        assert session["a"] == [1, 2]


def test_values_are_encrypted_with_keys(sessnode_client: Any) -> None:
    from sessnode.crypto import new_key

    old, new = new_key(), new_key()
    browser = make(sessnode_client, SESSNODE_ENCRYPTION_KEYS=[old]).test_client()
    browser.post("/set/secret/treasure")
    stored = sessnode_client.read(token(browser)).attrs["secret"]
    assert stored.codec == "bytes" and b"treasure" not in stored.data
    later = make(sessnode_client, SESSNODE_ENCRYPTION_KEYS=[new, old]).test_client()
    later.set_cookie("session", token(browser))
    assert later.get("/get/secret").text == "treasure"
