"""Puts the cache in the place of every storage that the tests name: a pytest plugin, loaded before the tests import ``Session``."""

import flask_session

from sessnode.flask_session import SessnodeCache

stock = flask_session.Session


class EveryStorage(stock):
    """Takes "redis", "memcached" and so on for "cachelib". No SESSION_TYPE at all stays Flask-Session's business."""

    def init_app(self, app):
        if "SESSION_TYPE" in app.config:
            app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SessnodeCache())
        super().init_app(app)


flask_session.Session = EveryStorage
