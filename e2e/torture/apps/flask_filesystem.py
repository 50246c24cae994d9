"""Flask-Session with SESSION_TYPE=filesystem, otherwise as it comes."""

import os

from flask_session import Session

from flaskapp import app

app.config.update(SESSION_TYPE="filesystem", SESSION_FILE_DIR=os.environ["TORTURE_DIR"])
Session(app)
