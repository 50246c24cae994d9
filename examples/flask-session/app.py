"""The session app of the second article, with Flask-Session: two lines differ from the one that kept its sessions in files.

    ./scripts/three-nodes.sh                                   # three nodes on this host
    $(./scripts/python.sh) examples/flask-session/app.py       # in another terminal: http://127.0.0.1:8482
"""

import os
import secrets
from html import escape

from flask import Flask, redirect, request, session

from sessnode.flask_session import Session  # was: from flask_session import Session

USERS = {"ada": "demo", "grace": "demo"}  # a real application keeps salted, slow hashes, and slows down who guesses

app = Flask(__name__)
app.config["SESSION_TYPE"] = "sessnode"  # was: "filesystem"
app.config["SESSION_COOKIE_NAME"] = "sessnode"  # the same in all examples, so that they share one login
app.config["SESSION_COOKIE_SAMESITE"] = "Lax"  # a page of another site cannot post our forms
Session(app)

FORM = """<form method="post" action="/login">
<p><label>Name <input name="username" autocomplete="username" required autofocus></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password" required></label></p>
<p><button>Sign in</button> as ada or grace, password demo</p>
</form>"""


def page(body: str) -> str:
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Reading Room</title><link rel="icon" href="data:,">{body}</html>'


@app.get("/")
def home():
    user = session.subject  # who is signed in, whatever framework signed them in; with one framework alone, session.get("username") does
    if not user:
        return redirect("/login")
    session["visits"] = session.get("visits", 0) + 1
    return page(f"<h1>Hello, {escape(user)}!</h1><p>Visits: {session['visits']}</p><form method=post action=/logout><button>Sign out</button></form>")


@app.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "GET":
        return page(FORM)
    name = request.form["username"]
    if name not in USERS or not secrets.compare_digest(USERS[name], request.form["password"]):
        return page("<p role=alert>Wrong name or password.</p>" + FORM), 401
    session["username"] = name  # signs in: a new session id, bound to the name; the old one is dead
    return redirect("/")


@app.post("/logout")
def logout():
    session.clear()  # signs out: the session is over on every node
    return redirect("/login")


@app.get("/whoami")
def whoami():
    """For scripts."""
    return (session.subject or "nobody") + "\n", 200 if session.subject else 401, {"Content-Type": "text/plain", "Cache-Control": "no-store"}


@app.get("/healthz")
def healthz():
    return "ok\n"


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "8482")))
