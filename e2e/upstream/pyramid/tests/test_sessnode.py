"""Pyramid's tests of cookie sessions (SharedCookieSessionTests), with sessions in sessnode.

Their class leaves two methods to its heirs: one makes a session, the other the cookie of a session that is there already.
"""

import unittest
from datetime import datetime, timezone

from sessnode import Timeouts, Value, new_token
from sessnode.pyramid import SessnodeSessionFactory

from tests.test_session import SharedCookieSessionTests


class TestSessnodeSession(SharedCookieSessionTests, unittest.TestCase):
    def setUp(self):
        self.noted = {}

    def _serialize(self, value):
        """A token, and a note of what is to be stored under it: when the session was last used, when made, and its contents."""
        token = new_token()
        self.noted[token] = value
        return token

    def _makeOne(self, request, **kw):
        factory = SessnodeSessionFactory(**kw)
        for token in request.cookies.values():
            self._store(factory, token, kw.get("timeout", 1200))
        return factory(request)

    def _store(self, factory, token, timeout):
        """Stores what was noted as the factory would have, with the timeout that it is given, at the time that is noted."""
        noted = self.noted.get(token)
        if not isinstance(noted, tuple):
            return  # the cookie of no session
        used, _, state = noted
        attrs = {name: Value.json(value) for name, value in state.items()}
        ends = None if timeout is None else datetime.fromtimestamp(used + int(timeout), timezone.utc)
        factory.client.create(token, attrs=attrs, timeouts=Timeouts(expires=ends))
