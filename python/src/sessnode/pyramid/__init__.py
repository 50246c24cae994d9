"""Pyramid sessions in a sessnode cluster.

In the .ini file, or the settings of the Configurator::

    pyramid.includes = sessnode.pyramid
    sessnode.nodes = http://n1:7480,http://n2:7480,http://n3:7480

or in code, in place of Pyramid's own factory::

    config.set_session_factory(SessnodeSessionFactory(nodes="http://n1:7480,http://n2:7480,http://n3:7480"))

`request.session` stays what it was. What is new: requests at the same time lose nothing of each other, ``session.invalidate()`` ends a
session at every node for good, an attribute that says who is signed in binds the session to that person, and a store that cannot answer
is a 503 that signs nobody out. :class:`SessnodeSession` says when it is read and kept, :mod:`sessnode.pyramid.settings` what can be set.
"""

from sessnode.pyramid.errors import SessionFailed, SessionLimit, SessionUnavailable
from sessnode.pyramid.factory import SUBJECT_FROM, SessnodeSessionFactory
from sessnode.pyramid.session import SessnodeSession
from sessnode.pyramid.settings import includeme, session_factory_from_settings

__all__ = [
    "SUBJECT_FROM",
    "SessionFailed",
    "SessionLimit",
    "SessionUnavailable",
    "SessnodeSession",
    "SessnodeSessionFactory",
    "includeme",
    "session_factory_from_settings",
]
