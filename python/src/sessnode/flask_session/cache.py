"""A ``cachelib`` cache for the stock configuration ``SESSION_TYPE="cachelib"``.

Flask-Session hands a cache the whole session as one value and writes it back whole, on every request. This one takes it apart again: it
remembers what the request found, sends only the attributes that differ, and never makes a session again that the request had found before.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

from cachelib.base import BaseCache
from flask import Flask, Response
from werkzeug.exceptions import InternalServerError

from sessnode.client import Client
from sessnode.codec import Codec
from sessnode.errors import Conflict, NotFound, SessnodeError
from sessnode.flask.failure import answer, plain
from sessnode.flask.session import current_session
from sessnode.flask_session.codec import FlaskSessionCodec
from sessnode.record import MAX_SECONDS, Timeouts
from sessnode.request import Cookie, RequestSession
from sessnode.settings import client_from
from sessnode.subject import DEFAULT_SUBJECT_FROM, SubjectFrom, subject_of
from sessnode.tokens import new_token


class _Found:
    """What this request has found under a key."""

    def __init__(self, cache: SessnodeCache, key: str, token: str | None) -> None:
        self.key = key
        self.regenerated = False  # Flask-Session has dropped the key, to store the same session under another
        self.next = ""  # the token to use when one is asked for; empty = a fresh one
        self.told = True  # a new token would reach the browser, so a login may give one
        self._subject_from, self._subject = cache.subject_from, ""
        self.known = RequestSession(
            cache.client, token, codec=cache.codec, subject_from=self._who, new_token=lambda: self.next or new_token()
        )  # fmt: skip

    def _who(self, data: Mapping[str, Any]) -> str:
        if self.told:
            self._subject = subject_of(data, self._subject_from)
        return self._subject


class SessnodeCache(BaseCache):
    """The store as a cache of sessions. It is no cache for anything else. Safe under threads.

    :param client: default: what ``SESSNODE_URL``, ``SESSNODE_APP`` and so on say.
    :param key_prefix: Flask-Session's SESSION_KEY_PREFIX, which is not part of the token.
    :param lifetime: seconds after which a session ends however active it is.
    """

    def __init__(
        self,
        client: Client | None = None,
        *,
        key_prefix: str = "session:",
        codec: Codec | None = None,
        subject_from: SubjectFrom = DEFAULT_SUBJECT_FROM,
        lifetime: float = MAX_SECONDS,
        default_timeout: int = 31 * 86400,
    ) -> None:
        super().__init__(default_timeout)
        self.client = client or client_from({})
        self.codec: Codec = codec or FlaskSessionCodec()
        self.subject_from = subject_from
        self._prefix, self._lifetime = key_prefix, lifetime
        self._found: ContextVar[_Found | None] = ContextVar("sessnode_found", default=None)

    def init_app(self, app: Flask) -> None:
        """Gives the application the 503 page for a store that cannot answer; without it, that is Flask's own 500. The cookie stays either way."""

        def page(err: InternalServerError) -> Response | InternalServerError:
            cause = err.original_exception
            return answer(app, plain, cause) if isinstance(cause, SessnodeError) else err

        app.register_error_handler(InternalServerError, page)

    # -- what Flask-Session calls

    def get(self, key: str) -> Any:
        """The session's attributes as a dict; None = it certainly does not exist. Raises what a read raises but NotFound."""
        found = _Found(self, key, self._token(key))
        data = self.client.run(found.known.load())
        lives = found.known.record is not None
        self._found.set(found if lives else None)
        return data if lives else None

    def set(self, key: str, value: Any, timeout: int | timedelta | None = None) -> bool:
        """Sends what differs from what :meth:`get` found. False = the session is over, and stays over.

        Where somebody signs in, the session gets a new token, which Flask-Session then puts into the cookie.
        """
        found = self._found.get()
        if found is None or not (found.regenerated or found.key == key):
            found = _Found(self, key, None)  # a session that begins
        if found.regenerated or not found.known.token:
            found.next = self._token(key)
        session = _session_of(self._token(key), value)
        found.told = session is not None or not found.known.token
        timeouts = Timeouts(idle=float(self._normalize_timeout(timeout)), lifetime=self._lifetime)
        try:
            outcome = self.client.run(found.known.commit(dict(value), timeouts=timeouts, rotate=found.regenerated))
        except Conflict:
            return not found.known.token and self.get(key) is not None and self.set(key, value, timeout)
        self._found.set(None)
        if session is not None and outcome.cookie is Cookie.SET:
            session.sid = outcome.token
        elif session is not None and (outcome.dropped is not None or not self._stands(key)):
            _keep_cookie(session)
        return outcome.dropped is None

    def _stands(self, key: str) -> bool:
        """Whether the token is still the session's. Flask-Session is about to send it again, perhaps after the answer to a login has sent another."""
        try:
            return not self.client.read(self._token(key), touch=False).previous
        except SessnodeError:
            return False

    def delete(self, key: str) -> bool:
        """Revokes the session: at once, on every node. Under ``session_interface.regenerate(session)`` it waits for the new id instead."""
        found = self._found.get()
        if found is not None and (found.key == key or found.regenerated) and _regenerates(self._token(key)):
            found.regenerated = True
            return True
        self._found.set(None)
        self.client.revoke(self._token(key))
        return True

    def has(self, key: str) -> bool:
        """Whether the session lives. It does not count as activity."""
        try:
            self.client.read(self._token(key), touch=False)
        except NotFound:
            return False
        return True

    def add(self, key: str, value: Any, timeout: int | timedelta | None = None) -> bool:
        """Begins a session; False = there is one, or was."""
        return not self.has(key) and self.set(key, value, timeout)

    def clear(self) -> bool:
        """Does nothing: to end all sessions of an app is the operators' business."""
        return False

    def _token(self, key: str) -> str:
        return key.removeprefix(self._prefix)


def _session_of(sid: str, value: Any) -> Any:
    """The session object whose values these are, if this is its request: Flask-Session puts its `sid` into the cookie afterwards."""
    session = current_session()
    return session if session is not None and getattr(session, "sid", None) == sid and dict(session) == value else None


def _keep_cookie(session: Any) -> None:
    """Lets Flask-Session send no cookie: it does for sessions that were changed, and for permanent ones."""
    dict.pop(session, "_permanent", None)
    session.modified = False


def _regenerates(sid: str) -> bool:
    """Whether Flask-Session drops a session that is full, which it only does to give it another id."""
    session = current_session()
    return bool(session) and getattr(session, "sid", None) == sid
