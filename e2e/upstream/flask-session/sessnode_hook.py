"""Puts the store in the place of every storage that the tests name: a pytest plugin, loaded before the tests import ``Session``."""

import flask_session

from sessnode.flask_session import Session


class EveryStorage(Session):
    """Takes "redis", "memcached" and so on for "sessnode". No SESSION_TYPE at all stays Flask-Session's business."""

    def init_app(self, app):
        if "SESSION_TYPE" in app.config:
            app.config["SESSION_TYPE"] = "sessnode"
        super().init_app(app)


flask_session.Session = EveryStorage
