"""Flask-Session over a sessnode cluster. Three ways, by how much of an application may change::

    from sessnode.flask_session import Session    # was: from flask_session import Session
    app.config["SESSION_TYPE"] = "sessnode"       # was: "redis", "filesystem", ...
    Session(app)

or ``app.session_interface = SessnodeSessionInterface(app)``; or, with the stock ``Session``, ``SESSION_TYPE = "cachelib"`` and
``SESSION_CACHELIB = SessnodeCache()``, which does what a cache can: no lost update and no ghost, but it reads the session on every request,
cannot show a flash message exactly once, and answers an outage only with :meth:`SessnodeCache.init_app`.
"""

from sessnode.flask_session.cache import SessnodeCache
from sessnode.flask_session.interface import Session, SessnodeServerSideSession, SessnodeSessionInterface

__all__ = ["Session", "SessnodeCache", "SessnodeServerSideSession", "SessnodeSessionInterface"]
