"""The login app of the articles that sessnode began with, in Flask: home, login, logout.

    ./scripts/three-nodes.sh                           # three nodes on this host
    $(./scripts/python.sh) examples/flask/app.py       # in another terminal: http://127.0.0.1:8481
"""

import os
import secrets

from flask import Flask, flash, redirect, render_template, request, session, url_for

from sessnode.flask import Sessnode

USERS = {"ada": "demo", "grace": "demo"}  # a real application keeps salted, slow hashes, and slows down who guesses

app = Flask(__name__)
app.config["SESSION_COOKIE_NAME"] = "sessnode"  # the same in all examples, so that they share one login
app.config["SESSION_COOKIE_SAMESITE"] = "Lax"  # a page of another site cannot post our forms


def store_failed(err):
    """The page while the store cannot answer. Nobody is signed out, and the cookie stays what it is."""
    return render_template("wait.html"), {"Refresh": "2"}


Sessnode(app, on_error=store_failed)  # the nodes are those of SESSNODE_URL, or of three-nodes.sh; the app is "web"


@app.get("/")
def home():
    if not session.subject:
        return redirect(url_for("login"))
    session["visits"] = session.get("visits", 0) + 1
    return render_template("home.html", user=session.subject, visits=session["visits"], places=session.places(), here=session.id)


@app.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "GET":
        return render_template("login.html")
    name = request.form["username"]
    if name not in USERS or not secrets.compare_digest(USERS[name], request.form["password"]):
        return render_template("login.html", name=name, wrong=True), 401
    session["user"] = name  # signs in: a new token, bound to the name; the old one is dead
    return redirect(url_for("home"))


@app.post("/logout")
def logout():
    session.clear()  # signs out: the session is over on every node, whatever framework it was signed in with
    flash("Signed out")
    return redirect(url_for("login"))


@app.post("/logout-others")
def logout_others():
    flash(f"Signed out on {session.revoke_others()} other devices")
    return redirect(url_for("home"))


@app.get("/whoami")
def whoami():
    """For scripts."""
    return (session.subject or "nobody") + "\n", 200 if session.subject else 401, {"Content-Type": "text/plain", "Cache-Control": "no-store"}


@app.get("/healthz")
def healthz():
    return "ok\n"


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "8481")))
