"""Moving in without signing anybody out: a session that our store does not know is looked for where sessions were kept before."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

from flask import Flask, Request
from flask.sessions import SessionInterface

from sessnode.client import Client
from sessnode.codec import Codec
from sessnode.errors import Conflict, Unavailable, Unserializable
from sessnode.record import Timeouts
from sessnode.request import RequestSession

Know = Callable[[str | None, Callable[[], str] | None], RequestSession]
"""Makes what a request knows of the session of a token; and of one that begins, with the token that it gets."""


class Previous:
    """The interface that kept the sessions before: Flask's own cookies, or one of Flask-Session's, filesystem included.

    A session is moved when its browser comes back: made in our store, then removed from the old one, so that it cannot return after a
    logout. Where the cookie holds nothing but Flask-Session's id, that stays the token; otherwise the browser gets a new cookie. Cookie sessions
    cannot be removed from anywhere: a stolen old cookie stays good for PERMANENT_SESSION_LIFETIME, as it was before, but for an hour after
    a logout. So take `previous` out again once that time is over.
    """

    def __init__(self, interface: SessionInterface) -> None:
        self._interface = interface
        self._by_id = hasattr(interface, "_retrieve_session_data") and not getattr(interface, "use_signer", False)

    def adopt(self, app: Flask, request: Request, cookie: str, client: Client, codec: Codec, timeouts: Timeouts, know: Know) -> RequestSession | None:
        """The session of the cookie, in our store now and not loaded yet; None = there is none. Raises Unavailable where that cannot be told."""
        token = cookie if self._by_id else _token_for(cookie)
        try:
            old = self._interface.open_session(app, request)
        except Exception as err:
            raise Unavailable(f"the previous store failed: {type(err).__name__}", op="read", app=client.app) from err
        if not old:  # there was none, or a parallel request has moved it since we looked in our store
            return know(token, None) if self._lives(client, know(token, None)) else None
        data = {name: value for name, value in old.items() if self._fits(app, codec, name, value)}
        try:
            client.run(know(None, lambda: token).commit(data, timeouts=timeouts))
        except Conflict:  # a parallel request has moved it, or it has ended here since
            return know(token, None) if self._lives(client, know(token, None)) else None
        self._forget(old)
        return know(token, None)

    @staticmethod
    def _lives(client: Client, known: RequestSession) -> bool:
        client.run(known.load())
        return known.record is not None

    @staticmethod
    def _fits(app: Flask, codec: Codec, name: str, value: Any) -> bool:
        try:
            codec.encode(name, value)
        except Unserializable as err:
            app.logger.warning("an attribute of a session stays behind in the previous store: %s", err)
            return False
        return True

    def _forget(self, old: Any) -> None:
        if hasattr(self._interface, "_delete_session"):
            self._interface._delete_session(self._interface._get_store_id(old.sid))  # type: ignore[attr-defined]  # Flask-Session's


def _token_for(cookie: str) -> str:
    """The token of a session whose old cookie is none. Who has the one has the other, and every request comes to the same."""
    return base64.urlsafe_b64encode(hashlib.sha256(b"sessnode previous\0" + cookie.encode()).digest()).decode().rstrip("=")
