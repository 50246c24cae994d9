"""Flask's own sessions: everything in a signed cookie."""

from flaskapp import app

app.secret_key = "only for trials"
