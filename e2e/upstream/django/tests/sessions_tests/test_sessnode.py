"""Django's tests of session engines and of the session middleware, with sessnode as the engine.

Copied to `tests/sessions_tests/`. What is inherited is Django's, unmodified.
"""

from unittest import mock

from django.test import SimpleTestCase, override_settings

from sessnode.django import SessionStore
from sessnode.django.middleware import SessnodeMiddleware

from . import tests as upstream


class SessnodeSessionTests(upstream.SessionTestsMixin, SimpleTestCase):
    """Everything that Django asks of an engine: 65 tests in 5.2."""

    backend = SessionStore


@override_settings(USE_TZ=True)
class SessnodeSessionWithTimeZoneTests(SessnodeSessionTests):
    pass


@override_settings(SESSION_SAVE_EVERY_REQUEST=True)
class SessnodeSessionSavedEveryRequestTests(SessnodeSessionTests):
    pass


@override_settings(SESSION_ENGINE="sessnode.django")
class DjangosMiddlewareTests(upstream.SessionMiddlewareTests):
    """Django's own SessionMiddleware over our engine."""


@override_settings(SESSION_ENGINE="sessnode.django")
class SessnodeMiddlewareTests(upstream.SessionMiddlewareTests):
    """Our middleware in its place."""

    def setUp(self):
        super().setUp()
        patch = mock.patch.object(upstream, "SessionMiddleware", SessnodeMiddleware)
        patch.start()
        self.addCleanup(patch.stop)
