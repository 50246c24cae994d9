"""The small application that the tests of the Flask adapters talk to."""

from __future__ import annotations

import threading
from typing import Any

import flask

from sessnode.client import Client
from sessnode.flask import Sessnode


class Meeting:
    """Lets a request wait in its middle, until the test has done something else."""

    def __init__(self) -> None:
        self.arrived, self.go = threading.Event(), threading.Event()

    def wait(self) -> None:
        self.arrived.set()
        assert self.go.wait(10), "the test never let the request go on"


def routes(app: flask.Flask) -> flask.Flask:
    """Routes that tell the session what to do."""

    @app.post("/set/<name>/<value>")
    def set_(name: str, value: str) -> str:
        flask.session[name] = value
        return "ok"

    @app.get("/get/<name>")
    def get(name: str) -> str:
        return str(flask.session.get(name))

    @app.get("/all")
    def everything() -> dict[str, Any]:
        return dict(flask.session)

    @app.post("/pop/<name>")
    def pop(name: str) -> str:
        return str(flask.session.pop(name, None))

    @app.post("/clear")
    def clear() -> str:
        flask.session.clear()
        return "ok"

    @app.get("/nothing")
    def nothing() -> str:
        return "nothing"

    @app.post("/flash/<text>")
    def flash(text: str) -> str:
        flask.flash(text)
        return "ok"

    @app.get("/flashes")
    def flashes() -> list[Any]:
        return flask.get_flashed_messages()

    return app


def slow(app: flask.Flask, meeting: Meeting, name: str = "late") -> None:
    """``POST /slow`` looks into the session, waits, and then sets an attribute; ``GET /slow`` only looks."""

    @app.route("/slow", methods=["GET", "POST"])
    def wait() -> str:
        flask.session.get("user")
        meeting.wait()
        if flask.request.method == "POST":
            flask.session[name] = "yes"
        return "ok"


def make(client: Client, **config: Any) -> flask.Flask:
    app = flask.Flask("shop")
    app.config.update(config)
    Sessnode(app, client=client)
    return routes(app)


def cookie(response: Any) -> str:
    """What Set-Cookie says, "" for nothing."""
    return str(response.headers.get("Set-Cookie", ""))


def token(browser: Any, name: str = "session") -> str:
    found = browser.get_cookie(name)
    return str(found.value) if found else ""


class Parallel:
    """One request in a thread of its own, as another tab of the same browser: with the cookie, but without a share in the cookie jar."""

    def __init__(self, app: flask.Flask, cookie_token: str, path: str, method: str = "POST", name: str = "session") -> None:
        self.response: Any = None
        self._thread = threading.Thread(target=self._run, args=(app, cookie_token, path, method, name))
        self._thread.start()

    def _run(self, app: flask.Flask, cookie_token: str, path: str, method: str, name: str) -> None:
        tab = app.test_client(use_cookies=False)
        self.response = tab.open(path, method=method, headers={"Cookie": f"{name}={cookie_token}"})

    def join(self) -> Any:
        self._thread.join(10)
        assert not self._thread.is_alive()
        return self.response
