"""The five routes in Flask. What the sessions are kept in is configured by the files beside this one."""

from flask import Flask, request, session

from gate import hold

app = Flask(__name__)


@app.post("/login")
def login():
    session.get("user")
    hold(request.args.get("hold"))
    # Flask-Session's documentation asks for this on login; Flask's own sessions have no such thing.
    regenerate = getattr(app.session_interface, "regenerate", None)
    if regenerate:
        regenerate(session)
    session["user"] = request.form["user"]
    return "ok"


@app.post("/logout")
def logout():
    session.clear()
    return "ok"


@app.post("/set")
def set_value():
    name, _, inner = request.args["k"].partition(".")
    value = request.args["v"]
    session.get(name)
    hold(request.args.get("hold"))
    if not inner:
        session[name] = value
    elif name in session:
        session[name][inner] = value
    else:
        session[name] = {inner: value}
    return "ok"


@app.get("/get")
def get_value():
    name, _, inner = request.args["k"].partition(".")
    value = session.get(name, "")
    hold(request.args.get("hold"))
    return value.get(inner, "") if inner and value else value


@app.post("/pop")
def pop_value():
    session.get(request.args["k"])
    hold(request.args.get("hold"))
    return session.pop(request.args["k"], "")
