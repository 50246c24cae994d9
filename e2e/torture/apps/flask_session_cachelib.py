"""Stock Flask-Session with SESSION_TYPE=cachelib and sessnode's cache, otherwise as it comes."""

from flask_session import Session
from sessnode.flask_session import SessnodeCache

from flaskapp import app

cache = SessnodeCache()
app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=cache)
cache.init_app(app)
Session(app)
