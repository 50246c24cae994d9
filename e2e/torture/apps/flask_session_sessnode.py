"""sessnode.flask_session, otherwise as it comes."""

from sessnode.flask_session import Session

from flaskapp import app

app.config.update(SESSION_TYPE="sessnode")
Session(app)
