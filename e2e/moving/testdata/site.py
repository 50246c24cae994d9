"""The app before and after the move. Usage: site.py before REDIS_PORT PEOPLE | site.py after < COOKIES

before signs people in, each with their own browser, and prints "COOKIE NAME" lines; after tells who each cookie is, by the app on sessnode.
"""

from __future__ import annotations

import sys

from flask import Flask, request, session


def make(kind: str, **config: object) -> Flask:
    if kind == "sessnode":
        from sessnode.flask_session import Session
    else:
        from flask_session import Session
    app = Flask(__name__)
    app.config.update(SESSION_TYPE=kind, **config)
    Session(app)

    @app.post("/login")
    def login() -> str:
        session["user"] = request.form["name"]
        session["cart"] = [request.form["name"], (1, 2.5)]
        return ""

    @app.get("/")
    def home() -> str:
        return f"{session.get('user', '-')} {session.get('cart', ['-'])[0]}"

    return app


def before(port: str, people: str) -> None:
    from redis import Redis

    app = make("redis", SESSION_REDIS=Redis(port=int(port)))
    for i in range(int(people)):
        browser = app.test_client()
        assert browser.post("/login", data={"name": f"p{i}"}).status_code == 200
        cookie = browser.get_cookie("session")
        assert cookie is not None
        print(cookie.value, f"p{i}")


def after() -> None:
    app = make("sessnode")
    for line in sys.stdin:
        browser = app.test_client()
        browser.set_cookie("session", line.split()[0])
        answer = browser.get("/")
        print(answer.status_code, answer.text)


if sys.argv[1] == "before":
    before(*sys.argv[2:])
else:
    after()
