"""Flask-Session with SESSION_TYPE=redis, otherwise as it comes."""

import os

import redis
from flask_session import Session

from flaskapp import app

app.config.update(SESSION_TYPE="redis", SESSION_REDIS=redis.Redis.from_url(os.environ["TORTURE_REDIS"]))
Session(app)
