"""Beaker sessions in a sessnode cluster. Three ways, the first that fits:

WSGI: import the middleware from here, and say where the nodes are::

    from sessnode.beaker import SessionMiddleware      # was: from beaker.middleware import SessionMiddleware
    app = SessionMiddleware(app, {"session.url": "http://n1:7480,http://n2:7480,http://n3:7480"})

Pyramid with pyramid_beaker: ``pyramid.includes = sessnode.beaker.pyramid`` in the place of ``pyramid_beaker``, and ``session.url``.

Where only settings can be changed: ``session.type = sessnode``, ``session.data_serializer = json``, ``session.url = ...``. That has no
hold of the cookie: :class:`SessnodeNamespaceManager` says what it cannot do.
"""

from sessnode.beaker.middleware import SessionMiddleware
from sessnode.beaker.namespace import SessionEnded, SessnodeNamespaceManager
from sessnode.beaker.session import SessnodeSession

__all__ = ["SessionEnded", "SessionMiddleware", "SessnodeNamespaceManager", "SessnodeSession"]
