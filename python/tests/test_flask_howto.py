"""The code that docs/how-to/flask.md shows, run."""

from __future__ import annotations

from typing import Any

import pytest
from cachelib import FileSystemCache
from flask import Flask, flash, redirect, session
from flask.sessions import SecureCookieSessionInterface
from flask_session import Session
from flask_session.cachelib import CacheLibSessionInterface

from sessnode.errors import Limit, SessnodeError
from sessnode.flask import Sessnode
from sessnode.flask.shadow import Shadow
from sessnode.flask_session import SessnodeCache
from sessnode.flask_session.codec import FlaskSessionCodec

# mypy: ignore-errors


def login(name: str) -> Any:
    session["user"] = name
    try:
        session.commit()  # now, not when the request ends
    except Limit:
        del session["user"]
        flash("You are signed in on five devices. Sign out on one of them first.")
        return redirect("/login")
    return redirect("/")


def news() -> str:
    try:
        session.load()
    except SessnodeError:
        return "The news. (Who you are shows again in a moment.)"
    return f"The news, for {session.get('user', 'everybody')}"


def build(client) -> Flask:
    app = Flask(__name__)
    Sessnode(app, client=client)
    app.add_url_rule("/news", view_func=news)
    app.add_url_rule("/login/<name>", view_func=login)
    return app


@pytest.fixture
def app(sessnode_client):
    return build(sessnode_client)  # your factory, which hands the client to Sessnode(app, client=...)


def test_news_without_a_store(app, sessnode_store):
    browser = app.test_client()
    with browser.session_transaction() as session:
        session["user"] = "ada"
    sessnode_store.down = True
    assert "in a moment" in browser.get("/news").text
    sessnode_store.down = False
    assert browser.get("/news").text == "The news, for ada"


def test_a_limit(app: Flask, sessnode_client: Any) -> None:
    sessnode_client.put_policy(subject_limit=1)
    assert app.test_client().get("/login/ada").location == "/"
    second = app.test_client()
    assert second.get("/login/ada").location == "/login"
    with second.session_transaction() as session:
        assert "user" not in session and "_flashes" in session


def test_settings_for_moving_in() -> None:
    app = Flask(__name__)
    Sessnode(app, previous=SecureCookieSessionInterface())
    assert app.session_interface.previous is not None


def test_settings_for_moving_in_from_files(sessnode_client: Any, tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    app = Flask(__name__)
    app.config["SESSNODE_PREVIOUS"] = CacheLibSessionInterface(client=FileSystemCache("flask_session"))
    Sessnode(app, client=sessnode_client)
    assert app.session_interface.previous is not None
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=FileSystemCache("flask_session"))
    client = sessnode_client
    Session(app)
    app.session_interface = Shadow(app.session_interface, client, FlaskSessionCodec())


def test_the_stock_configuration() -> None:
    app = Flask(__name__)
    app.config["SESSION_TYPE"] = "cachelib"
    app.config["SESSION_CACHELIB"] = cache = SessnodeCache()
    cache.init_app(app)  # 503 instead of 500 while the store cannot answer
    Session(app)
    assert app.session_interface.cache is cache
