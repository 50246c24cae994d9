"""Moving a Flask application in: nobody is signed out, and nothing comes back that was signed out."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import flask
import flask_session
import pytest
from cachelib import FileSystemCache
from flask.sessions import SecureCookieSessionInterface
from flask_session.cachelib import CacheLibSessionInterface

from flaskapp import Meeting, Parallel, cookie, routes, slow, token
from sessnode.flask import Sessnode, SessnodeInterface
from sessnode.flask.shadow import Shadow
from sessnode.flask_session.codec import FlaskSessionCodec


def old_app(kind: str, folder: Any) -> flask.Flask:
    """The application as it was: with Flask's cookies, or with Flask-Session's files, signed or not."""
    app = routes(flask.Flask("shop"))
    app.secret_key = "signs"
    if kind != "cookies":
        app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=FileSystemCache(str(folder)), SESSION_USE_SIGNER=kind == "signed")
        flask_session.Session(app)
    return app


def new_app(old: flask.Flask, client: Any) -> flask.Flask:
    app = routes(flask.Flask("shop"))
    app.secret_key = old.secret_key
    Sessnode(app, client=client, previous=old.session_interface)
    return app


KINDS = pytest.mark.parametrize("kind", ["cookies", "files", pytest.param("signed", marks=pytest.mark.filterwarnings("ignore::DeprecationWarning"))])


@KINDS
def test_who_was_signed_in_stays_signed_in(kind: str, tmp_path: Any, sessnode_client: Any, sessnode_store: Any) -> None:
    old = old_app(kind, tmp_path)
    before, after = old.test_client(), new_app(old, sessnode_client).test_client()
    before.post("/set/user/ada")
    before.post("/set/theme/dark")
    after.set_cookie("session", token(before))
    assert after.get("/get/user").text == "ada"
    assert sessnode_client.subject_sessions("ada")[0].idle == 31 * 86400, "bound, with Flask's own timeout"
    moved = token(after)
    assert (moved == token(before)) is (kind == "files"), "an id is a token already; anything else gives way to one"
    sessnode_store.requests.clear()
    assert after.get("/get/theme").text == "dark"
    assert set(sessnode_store.requests) == {"GET /session"}, "once moved, the old store is not asked any more"
    if kind != "cookies":
        assert old.test_client(use_cookies=False).get("/get/user", headers={"Cookie": f"session={token(before)}"}).text == "None", "moved, not copied"


@KINDS
def test_a_logout_holds_against_the_old_cookie(kind: str, tmp_path: Any, sessnode_client: Any, sessnode_store: Any) -> None:
    old = old_app(kind, tmp_path)
    before, app = old.test_client(), new_app(old, sessnode_client)
    before.post("/set/user/ada")
    header = {"Cookie": f"session={token(before)}"}
    after = app.test_client()
    after.set_cookie("session", token(before))
    after.post("/pop/user")
    assert sessnode_store.sessions == 0
    thief = app.test_client(use_cookies=False)
    assert thief.get("/get/user", headers=header).text == "None" and sessnode_store.sessions == 0


@KINDS
def test_parallel_first_requests_share_one_session(kind: str, tmp_path: Any, sessnode_client: Any, sessnode_store: Any) -> None:
    old = old_app(kind, tmp_path)
    before, app = old.test_client(), new_app(old, sessnode_client)
    before.post("/set/user/ada")
    tabs = [Parallel(app, token(before), f"/set/a{i}/1") for i in range(4)]
    assert {tab.join().status_code for tab in tabs} == {200}
    assert sessnode_store.sessions == 1
    late = app.test_client(use_cookies=False).get("/all", headers={"Cookie": f"session={token(before)}"})
    assert late.json is not None and set(late.json) >= {"user", "a0", "a1", "a2", "a3"}, "and so does one whose browser has no new cookie yet"


def test_a_move_between_two_looks_is_found(tmp_path: Any, sessnode_client: Any, sessnode_store: Any, monkeypatch: Any) -> None:
    """The other request moves the session after ours looked into the store, and before it looks into the old one."""
    old = old_app("files", tmp_path)
    before, app = old.test_client(), new_app(old, sessnode_client)
    before.post("/set/user/ada")
    other = app.test_client()
    other.set_cookie("session", token(before))
    read = CacheLibSessionInterface._retrieve_session_data

    def later(self: Any, store_id: str) -> Any:
        monkeypatch.undo()
        assert other.get("/get/user").text == "ada"
        return read(self, store_id)

    monkeypatch.setattr(CacheLibSessionInterface, "_retrieve_session_data", later)
    slow_one = app.test_client()
    slow_one.set_cookie("session", token(before))
    slow_one.post("/set/a/1")
    assert sessnode_store.sessions == 1 and other.get("/get/a").text == "1"


def test_strangers_cookies_are_anonymous(tmp_path: Any, sessnode_client: Any, sessnode_store: Any) -> None:
    for kind in ("cookies", "files"):
        browser = new_app(old_app(kind, tmp_path), sessnode_client).test_client()
        browser.set_cookie("session", "x" * 43)
        assert browser.get("/get/user").text == "None"
    assert sessnode_store.sessions == 0


def test_an_old_store_that_fails_signs_nobody_out(tmp_path: Any, sessnode_client: Any, monkeypatch: Any) -> None:
    old = old_app("files", tmp_path)
    before, after = old.test_client(), new_app(old, sessnode_client).test_client()
    before.post("/set/user/ada")
    after.set_cookie("session", token(before))
    monkeypatch.setattr(CacheLibSessionInterface, "_retrieve_session_data", lambda *_: 1 / 0)
    response = after.get("/get/user")
    assert response.status_code == 503 and cookie(response) == ""
    monkeypatch.undo()
    assert after.get("/get/user").text == "ada"


def test_what_cannot_be_stored_stays_behind_and_the_rest_moves(tmp_path: Any, sessnode_client: Any, caplog: Any) -> None:
    old = old_app("files", tmp_path)
    old.session_interface.cache.set("session:" + "k" * 43, {"user": "ada", "odd": {1, 2}})  # type: ignore[attr-defined]
    after = new_app(old, sessnode_client).test_client()
    after.set_cookie("session", "k" * 43)
    assert after.get("/get/user").text == "ada" and "odd" in caplog.text


# -- shadow mode


def shadowed(folder: Any, client: Any) -> tuple[flask.Flask, Shadow]:
    app = old_app("files", folder)
    app.session_interface = shadow = Shadow(app.session_interface, client, FlaskSessionCodec())
    return app, shadow


def test_the_shadow_has_what_the_old_store_has(tmp_path: Any, sessnode_client: Any, sessnode_store: Any) -> None:
    app, shadow = shadowed(tmp_path, sessnode_client)
    browser = app.test_client()
    browser.post("/set/user/ada")
    browser.post("/set/theme/dark")
    browser.get("/get/user")
    assert shadow.counts == {"same": 2}
    over = routes(flask.Flask("shop"))
    Sessnode(over, client=sessnode_client)
    later = over.test_client()
    later.set_cookie("session", token(browser))
    assert later.get("/get/theme").text == "dark"
    browser.post("/clear")
    assert sessnode_store.sessions == 0


def test_the_shadow_tells_a_lost_update(tmp_path: Any, sessnode_client: Any, caplog: Any) -> None:
    app, shadow = shadowed(tmp_path, sessnode_client)
    meeting = Meeting()
    slow(app, meeting)
    browser = app.test_client()
    browser.post("/set/a/1")
    other = Parallel(app, token(browser), "/slow")
    meeting.arrived.wait(10)
    browser.post("/set/lost/2")
    meeting.go.set()
    other.join()
    with caplog.at_level(logging.WARNING, "sessnode.shadow"):
        browser.get("/get/a")
    assert shadow.counts["differs"] >= 1 and "'lost'" in caplog.text and "yes" not in caplog.text


def test_a_shadow_that_fails_disturbs_nobody(tmp_path: Any, sessnode_store: Any) -> None:
    app, shadow = shadowed(tmp_path, sessnode_store.client(timeout=0.05))
    browser = app.test_client()
    sessnode_store.down = True
    browser.post("/set/user/ada")
    assert browser.get("/get/user").text == "ada" and shadow.counts == {"failed": 2}
    sessnode_store.down = False
    browser.get("/get/user")
    browser.get("/get/user")
    assert shadow.counts == {"failed": 2, "missing": 1, "same": 1}


def test_cookie_sessions_cast_no_shadow(sessnode_client: Any) -> None:
    with pytest.raises(ValueError, match="with an id"):
        Shadow(SecureCookieSessionInterface(), sessnode_client, FlaskSessionCodec())


# -- export


class Row:
    def __init__(self, session_id: str, data: bytes, expiry: Any) -> None:
        self.session_id, self.data, self.expiry = session_id, data, expiry


def test_export_writes_keys_and_times_and_refuses_pickles(sessnode_client: Any, monkeypatch: Any, tmp_path: Any) -> None:
    import pickle
    from datetime import datetime, timezone

    import msgspec

    from sessnode.flask import commands
    from sessnode.tokens import key_of

    app = flask.Flask("shop")
    app.config["PERMANENT_SESSION_LIFETIME"] = timedelta(hours=2)
    app.session_interface = type("SqlAlchemySessionInterface", (SessnodeInterface,), {"key_prefix": "session:"})(sessnode_client)
    soon = datetime.now(timezone.utc).replace(tzinfo=None) + timedelta(hours=1)
    rows = [
        Row("session:" + "a" * 43, msgspec.msgpack.encode({"user": "ada", "_permanent": True}), soon),
        Row("session:" + "b" * 43, pickle.dumps({"user": "eve"}), soon),
        Row("session:" + "c" * 43, msgspec.msgpack.encode({"user": "old"}), soon - timedelta(hours=2)),
    ]

    class Database:
        session = property(lambda self: self)
        select = staticmethod(lambda model: model)
        execute = scalars = lambda self, *_: self
        yield_per = staticmethod(lambda count: iter(rows))

    monkeypatch.setattr(app.session_interface, "client", Database())
    app.session_interface.sql_session_model = None  # type: ignore[attr-defined]
    app.cli.add_command(commands.group)
    file = tmp_path / "sessions.jsonl"
    result = app.test_cli_runner().invoke(args=["sessnode", "export", str(file)])
    assert result.exit_code == 1 and "1 sessions written, 1 left out" in result.output and "pickled" in result.output
    assert file.stat().st_mode & 0o777 == 0o600
    header, line = (json.loads(text) for text in file.read_text().splitlines())
    assert header["app"] == "web" and header["format"] == "sessnode-sessions"
    assert line["key"] == key_of("a" * 43) and line["token_chars"] == 43 and line["subject"] == "ada"
    assert line["attrs"] == {"user": "ada", "_permanent": True} and line["idle"] == "7200s" and "a" * 43 not in file.read_text()
    again = app.test_cli_runner().invoke(args=["sessnode", "export", str(file)])
    assert again.exit_code == 2 and "not there yet" in again.output


@pytest.mark.parametrize(("kind", "why"), [("cookies", "in the browsers' cookies"), ("files", "only a hash")])
def test_export_says_what_to_do_where_it_cannot(kind: str, why: str, tmp_path: Any) -> None:
    from sessnode.flask import commands

    app = old_app(kind, tmp_path)
    app.cli.add_command(commands.group)
    result = app.test_cli_runner().invoke(args=["sessnode", "export"])
    assert result.exit_code == 2 and why in result.output and "previous=" in result.output
