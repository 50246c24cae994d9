"""Flask-Session's interface, and its ``Session(app)``, over the store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask, Request
from flask.sessions import SessionMixin
from flask_session import Session as StockSession
from flask_session.base import ServerSideSessionInterface
from flask_session.defaults import Defaults
from itsdangerous import BadSignature

from sessnode.client import Client
from sessnode.errors import NotFound
from sessnode.flask.extension import client_of, install, options_of
from sessnode.flask.interface import SessnodeInterface
from sessnode.flask.session import PERMANENT, SessnodeSession
from sessnode.flask_session.codec import FlaskSessionCodec
from sessnode.record import Timeouts
from sessnode.request import RequestSession


class Sids:
    """Session ids that can be told before they are used, because Flask-Session's sessions have one from the beginning."""

    def __init__(self, make: Callable[[], str]) -> None:
        self._make = make
        self.next = make()

    def take(self) -> str:
        taken, self.next = self.next, self._make()
        return taken


class SessnodeServerSideSession(SessnodeSession):
    """``flask.session`` with what Flask-Session adds to it: a session id, and permanent sessions by default."""

    #: Whether a session that begins is permanent. Set by the interface (SESSION_PERMANENT).
    permanent_at_first = True
    #: The ids that the session gets when it begins or is regenerated. Set by the interface.
    sids: Sids

    def load(self) -> None:
        first = not self.loaded
        super().load()
        if first and self.permanent_at_first and not self.lives and self._data is not None:
            self._data.setdefault(PERMANENT, True)

    @property
    def sid(self) -> str:
        """The bearer secret in the cookie, as Flask-Session calls it. For lists and logs there is :attr:`id`."""
        self._ready()
        return self.sids.next if self._rotate or not self.lives else self.token

    def clear(self) -> None:
        """Ends the session when the request ends. What is set afterwards is as permanent as before, as in Flask-Session."""
        permanent = self._ready().get(PERMANENT)
        super().clear()
        if permanent is not None:
            self._ready()[PERMANENT] = permanent


class SessnodeSessionInterface(SessnodeInterface, ServerSideSessionInterface):  # type: ignore[misc]  # Flask-Session has no types
    """A :class:`~flask_session.base.ServerSideSessionInterface` with all that :class:`~sessnode.flask.SessnodeInterface` does.

    The arguments that Flask-Session's other interfaces take mean the same, but for `key_prefix`, which only matters to code that calls the storage
    methods itself: the app (``SESSNODE_APP``) keeps applications apart. Values are tagged JSON, whatever `serialization_format` says.
    """

    session_class = SessnodeServerSideSession
    serializer: Any = None  # set by Flask-Session; nothing here uses it

    def __init__(
        self,
        app: Flask,
        client: Client | None = None,
        key_prefix: str = Defaults.SESSION_KEY_PREFIX,
        use_signer: bool = Defaults.SESSION_USE_SIGNER,
        permanent: bool = Defaults.SESSION_PERMANENT,
        sid_length: int = Defaults.SESSION_ID_LENGTH,
        serialization_format: str = Defaults.SESSION_SERIALIZATION_FORMAT,
        **options: Any,
    ) -> None:
        ServerSideSessionInterface.__init__(self, app, key_prefix, use_signer, permanent, sid_length, serialization_format)
        options.setdefault("codec", FlaskSessionCodec())
        SessnodeInterface.__init__(self, client or client_of(app), **{**options_of(app), **options})

    def make_session(self, app: Flask, request: Request, token: str | None, make_token: Callable[[], str] | None = None) -> SessnodeSession:
        sids = Sids(lambda: str(self._generate_sid(self.sid_length)))
        session = super().make_session(app, request, token, make_token or sids.take)
        assert isinstance(session, SessnodeServerSideSession)
        session.permanent_at_first, session.sids = self.permanent, sids
        return session

    def regenerate(self, session: SessionMixin) -> None:
        """Gives the session a new id when the request ends; the old one answers for a short grace, for requests that are under way."""
        assert isinstance(session, SessnodeServerSideSession)
        if session:
            session.rotate()

    # -- the cookie, which Flask-Session can sign

    def token_of(self, app: Flask, request: Request) -> str | None:
        value = super().token_of(app, request)
        if value and self.use_signer:
            try:
                return str(self._unsign(app, value))
            except BadSignature:
                return None
        return value

    def cookie_value(self, app: Flask, token: str) -> str:
        return str(self._sign(app, token)) if self.use_signer else token

    # -- Flask-Session's storage methods, for code outside of a request

    def _retrieve_session_data(self, store_id: str) -> dict[str, Any] | None:
        found = self._known(store_id)
        data = self.client.run(found.load())
        return data if found.record is not None else None

    def _delete_session(self, store_id: str) -> None:
        self.client.revoke(store_id.removeprefix(self.key_prefix))

    def _upsert_session(self, session_lifetime: timedelta, session: Any, store_id: str) -> None:
        """Stores what differs. A session that is over stays over: NotFound."""
        found = self._known(store_id)
        self.client.run(found.load())
        timeouts = Timeouts(idle=session_lifetime.total_seconds(), lifetime=self.lifetime)
        outcome = self.client.run(found.commit(dict(session), timeouts=timeouts))
        if outcome.dropped is not None:
            raise NotFound(op="patch", app=self.client.app)

    def _known(self, store_id: str) -> RequestSession:
        sid = store_id.removeprefix(self.key_prefix)
        return RequestSession(self.client, sid, codec=self.codec, cipher=self.cipher, subject_from=(), new_token=lambda: sid)


class Session(StockSession):  # type: ignore[misc]
    """Flask-Session's ``Session`` that knows one more SESSION_TYPE: ``"sessnode"``. The others go on as they did."""

    def init_app(self, app: Flask) -> None:
        interface = self._get_interface(app)
        if isinstance(interface, SessnodeSessionInterface):
            install(app, interface)
        else:
            app.session_interface = interface

    def _get_interface(self, app: Flask) -> Any:
        config = app.config
        if str(config.get("SESSION_TYPE", "")).lower() != "sessnode":
            return super()._get_interface(app)
        return SessnodeSessionInterface(
            app,
            key_prefix=config.get("SESSION_KEY_PREFIX", Defaults.SESSION_KEY_PREFIX),
            use_signer=config.get("SESSION_USE_SIGNER", Defaults.SESSION_USE_SIGNER),
            permanent=config.get("SESSION_PERMANENT", Defaults.SESSION_PERMANENT),
            sid_length=config.get("SESSION_ID_LENGTH", Defaults.SESSION_ID_LENGTH),
            serialization_format=config.get("SESSION_SERIALIZATION_FORMAT", Defaults.SESSION_SERIALIZATION_FORMAT),
        )
