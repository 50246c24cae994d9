"""Flask's session interface over the store: when it is asked, and what happens to the cookie."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin

from sessnode.client import Client
from sessnode.codec import Codec
from sessnode.crypto import Cipher
from sessnode.errors import SessnodeError, retry_after_of, status_of
from sessnode.flask.codec import TaggedJSON
from sessnode.flask.failure import OnError, answer, give_way, plain
from sessnode.flask.previous import Previous
from sessnode.flask.session import SessnodeSession, current_session
from sessnode.record import MAX_SECONDS, Device, Timeouts
from sessnode.request import Cookie, RequestSession
from sessnode.subject import DEFAULT_SUBJECT_FROM, SubjectFrom
from sessnode.tokens import new_token

ACTIVITY_STEP = timedelta(minutes=1)  # the coarsest in which the store counts activity


class SessnodeInterface(SessionInterface):
    """Sessions in a sessnode cluster for ``app.session_interface``. :class:`~sessnode.flask.Sessnode` makes one out of ``app.config``.

    One rule for the cookie: it changes only for what is certain. A session that the store acknowledged gives a new one, one that is over
    takes it away, and everything else (the store is down, the outcome is unknown, a parallel request rotated or ended the session)
    leaves it alone. A request that is under way while its session ends does not bring it back. Safe under threads.

    :param subject_from: attributes that say who is signed in. When one appears the session is rotated and bound, when it goes it is revoked.
    :param lifetime: seconds after which a session ends however active it is, counted from its creation or the last login.
    :param previous: where sessions were kept before, and are moved from as their browsers come back.
    :param on_error: makes the page for an error of the store; may be any view's return value. Its status is set here.
    """

    session_class: type[SessnodeSession] = SessnodeSession

    def __init__(
        self,
        client: Client,
        *,
        codec: Codec | None = None,
        cipher: Cipher | None = None,
        subject_from: SubjectFrom = DEFAULT_SUBJECT_FROM,
        lifetime: float = MAX_SECONDS,
        on_error: OnError = plain,
        make_token: Callable[[], str] = new_token,
        previous: SessionInterface | None = None,
    ) -> None:
        self.client = client
        self.tagged = TaggedJSON()
        self.codec: Codec = codec or self.tagged
        self.cipher = cipher
        self.subject_from = subject_from
        self.lifetime = lifetime
        self.on_error = on_error
        self.make_token = make_token
        self.previous = Previous(previous) if previous is not None else None

    @property
    def serializer(self) -> Any:
        """Where tags for types of your own are registered, as with Flask's cookie sessions."""
        return self.tagged.serializer

    # -- the beginning of a request

    def open_session(self, app: Flask, request: Request) -> SessnodeSession:
        """Called for every request, static files too: it asks nobody anything."""
        return self.make_session(app, request, self.token_of(app, request))

    def make_session(self, app: Flask, request: Request, token: str | None, make_token: Callable[[], str] | None = None) -> SessnodeSession:
        """The session of a request that came with `token`."""

        def know(token: str | None, make_token: Callable[[], str] | None) -> RequestSession:
            return RequestSession(
                self.client, token, codec=self.codec, subject_from=self.subject_from, device=device_of(request),
                cipher=self.cipher, new_token=make_token or fresh,
            )  # fmt: skip

        def adopt() -> RequestSession | None:
            cookie = request.cookies.get(self.get_cookie_name(app))
            if self.previous is None or not cookie:
                return None
            return self.previous.adopt(app, request, cookie, self.client, self.codec, timeouts, know)

        fresh = make_token or self.make_token
        timeouts = Timeouts(idle=app.permanent_session_lifetime.total_seconds(), lifetime=self.lifetime)
        # Of what a browser sends in parallel, only a navigation may renew the cookie: the answer to a slow background request could
        # replace the cookie of a login that came in between. Clients that do not say are taken for navigating.
        navigates = request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
        return self.session_class(
            self.client, know(token, None), timeouts, self.subject_from, refreshable=navigates, adopt=adopt if self.previous else None
        )

    def token_of(self, app: Flask, request: Request) -> str | None:
        """The token in the request's cookie."""
        return request.cookies.get(self.get_cookie_name(app))

    def cookie_value(self, app: Flask, token: str) -> str:
        """What the cookie says for a token."""
        return token

    # -- its end

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Sends what changed, in one request, and gives the browser its cookie. Where that fails, a 503 takes the response's place."""
        assert isinstance(session, SessnodeSession)
        if session.accessed or session.loaded:  # before Flask 3.1.3 nobody else notices that a view looked
            response.vary.add("Cookie")
        if session.closed or not (session.loaded or session.failure):
            return
        session.closed = True  # Flask comes here once more for the page of an error
        failure = session.failure
        if failure is None:
            try:
                self._commit(session, response.status_code)
            except SessnodeError as err:
                failure = err
        if failure is not None:
            self._fail(app, response, failure, answered=failure is session.failure and response.status_code == status_of(failure))
        self._cookie(app, session, response)

    def _commit(self, session: SessnodeSession, status: int) -> None:
        """A response that says that something broke stores nothing: it would be half of what was meant. Ending is always safe."""
        if status < 500:
            session.commit()
        elif session.ends:
            session.end()

    def _fail(self, app: Flask, response: Response, err: SessnodeError, answered: bool) -> None:
        """`answered`: an error handler, ours or the application's, has made a page of it already."""
        if not answered:
            give_way(response, answer(app, self.on_error, err))
        elif response.status_code == 503 and "Retry-After" not in response.headers:
            response.headers["Retry-After"] = retry_after_of(err)
        response.vary.add("Cookie")

    def handle(self, app: Flask, err: SessnodeError) -> Response:
        """For ``app.register_error_handler``: the page for a session that a view could not load. Other errors of the store go on their way."""
        session = current_session()
        if not isinstance(session, SessnodeSession) or session.failure is not err:
            raise err
        return answer(app, self.on_error, err)

    def _cookie(self, app: Flask, session: SessnodeSession, response: Response) -> None:
        token, cleared = "", False
        for outcome in session.outcomes:
            if outcome.cookie is Cookie.SET:
                token, cleared = outcome.token, False
            elif outcome.cookie is Cookie.CLEAR:
                token, cleared = "", True
        if token:
            self._set(app, session, response, token)
        elif cleared:
            response.delete_cookie(self.get_cookie_name(app), **self._options(app))
            response.vary.add("Cookie")
        elif self._renews(app, session) and session.token:
            self._set(app, session, response, session.token)

    def _renews(self, app: Flask, session: SessnodeSession) -> bool:
        """Whether the browser gets the same token again, with another expiry. The store is not written to: the read has counted as activity.

        A late answer must not put this token over the one of a login that came in between. So the expiry is renewed where it makes a
        difference, once for each step in which the store counts activity, and only after the store was asked whether the token still stands.
        """
        if not session.lives or session.overtaken:
            return False
        if session.permanent_changed:
            return session.stands()
        if not (session.refreshable and session.permanent and self.should_set_cookie(app, session)):
            return False
        step = min(ACTIVITY_STEP, app.permanent_session_lifetime / 30)
        return session.idle_since(step) and session.stands()

    def _set(self, app: Flask, session: SessnodeSession, response: Response, token: str) -> None:
        response.set_cookie(
            self.get_cookie_name(app),
            self.cookie_value(app, token),
            max_age=int(app.permanent_session_lifetime.total_seconds()) if session.permanent else None,
            expires=self.get_expiration_time(app, session),
            **self._options(app),
        )
        response.vary.add("Cookie")
        if not response.headers.get("Cache-Control"):
            response.headers["Cache-Control"] = "no-store"  # a shared cache must not hand the token to others

    def _options(self, app: Flask) -> dict[str, Any]:
        options: dict[str, Any] = {
            "domain": self.get_cookie_domain(app),
            "path": self.get_cookie_path(app),
            "secure": self.get_cookie_secure(app),
            "httponly": self.get_cookie_httponly(app),
            "samesite": self.get_cookie_samesite(app),
        }
        partitioned = getattr(self, "get_cookie_partitioned", None)  # since Flask 3.1
        if partitioned is not None:
            options["partitioned"] = partitioned(app)
        return options


def device_of(request: Request) -> Device:
    """What the session's owner will recognise this browser by. Behind a proxy, ``werkzeug.middleware.proxy_fix`` makes the address right."""
    return Device(ip=request.remote_addr or "", user_agent=request.user_agent.string)
