"""The session of one Pyramid request."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any, TypeVar

from pyramid.interfaces import ISession
from zope.interface import implementer

from sessnode.errors import SessnodeError
from sessnode.flashqueues import MOST_WAITING, PREFIX, Queues
from sessnode.pyramid.errors import exception_for, give_way
from sessnode.record import Device
from sessnode.request import KEEP, Cookie, Outcome, RequestSession, Standing, Steps
from sessnode.subject import subject_of

if TYPE_CHECKING:
    from sessnode.pyramid.factory import SessnodeSessionFactory

T = TypeVar("T")
log = logging.getLogger("sessnode.pyramid")

CSRF = "_csrft_"
_MISSING: Any = object()
SENT_AT = "_cookie_sent_at"  # the attribute that notes when a cookie that outlives the browser was sent, in seconds since 1970
RESENT = 14  # how often in its age such a cookie is sent again


@implementer(ISession)
class SessnodeSession(MutableMapping[str, Any]):
    """A dictionary of what can be said in JSON, which keeps itself.

    The store is asked at the first look, once; a request that never looks costs nothing. All changes go in one step after the view, and only
    what differs: also what was changed inside a value, so that `changed` need not be called. Nothing is stored for a new session that stays
    empty. Reading raises :class:`~sessnode.pyramid.SessionUnavailable` where the store cannot answer; Pyramid makes a 503 of it, and the
    cookie is left alone.

    When to commit: in a response callback, before the response leaves. A finished callback would be too late, since by then the browser may
    have acted on a change that failed, and no cookie can be sent any more. In the callback a failed change still becomes a 503 with
    ``Retry-After``. It runs after the other callbacks that were there when it was its turn, so what they change is kept too; what is changed
    later still, in a NewResponse subscriber, is not, and is told to the log.

    Not for use by several threads at once, as a request is not either.
    """

    def __init__(self, request: Any, factory: SessnodeSessionFactory) -> None:
        self._request, self._factory = request, factory
        self._session = RequestSession(
            factory.client,
            request.cookies.get(factory.cookie_name),
            codec=factory.codec,
            cipher=factory.cipher,
            subject_from=factory.subject_from,
            device=Device(ip=getattr(request, "remote_addr", None) or "", user_agent=getattr(request, "user_agent", None) or ""),
        )
        self._cookie_on_exception = factory.set_on_exception
        self._data: dict[str, Any] | None = None
        self._queues = Queues()
        self._stored: set[str] = set()  # attributes that the store has, as far as this request knows
        self._failure: SessnodeError | None = None
        self._bound = ""  # the subject that was found
        self._sent_at: int | None = None  # when the browser was last sent the cookie; 0 = nobody noted it
        self._rotate = self._invalidated = self._dirty = self._waited = False
        request.add_response_callback(self._respond)

    # -- what ISession asks for

    @property
    def created(self) -> int:
        """When the session began, in seconds since 1970."""
        self._found()
        record = self._session.record
        return int(time.time() if record is None else record.created.timestamp())

    @property
    def new(self) -> bool:
        """Whether this request found no session."""
        self._found()
        return self._session.standing is not Standing.LIVE

    def changed(self) -> None:
        """Nothing needs to be told: what changed is found by comparing."""
        self._dirty = True
        if self._request is None:
            log.warning("session: changed after the response was ready, in a NewResponse subscriber or a finished callback: that is not kept")

    def invalidate(self) -> None:
        """Ends the session, for good and at every node, when the response is ready. What is stored after it begins a new one, under a new token."""
        self._data, self._queues, self._stored, self._bound, self._sent_at = {}, Queues(), set(), "", None
        self._invalidated, self._rotate, self._dirty = True, False, True

    def flash(self, msg: Any, queue: str = "", allow_duplicate: bool = True) -> None:
        """Adds a message to a queue. Parallel requests lose none of each other's. A queue holds 100; then the oldest give way."""
        storage = self.setdefault(PREFIX + queue, [])
        if allow_duplicate or msg not in storage:
            storage.append(msg)
            del storage[:-MOST_WAITING]
        self.changed()

    def pop_flash(self, queue: str = "") -> list[Any]:
        """Takes a queue's messages out of the store, now. Of all requests that ask at the same time, one gets each message."""
        return self.pop(PREFIX + queue, [])  # type: ignore[no-any-return]

    def peek_flash(self, queue: str = "") -> list[Any]:
        """A queue's messages, which stay."""
        return self.get(PREFIX + queue, [])  # type: ignore[no-any-return]

    # -- CSRF, as LegacySessionCSRFStoragePolicy, Pyramid's default, asks for it

    def new_csrf_token(self) -> str:
        token = secrets.token_hex(20)
        self[CSRF] = token
        return token

    def get_csrf_token(self) -> str:
        """The session's token, made where there is none. Parallel requests of one session make the same, so that both their forms work."""
        token = self.get(CSRF)
        if token is None:
            bearer = self._session.token  # a secret of 256 bits, of which the result tells nothing
            token = hmac.new(bearer.encode(), b"sessnode csrf", hashlib.sha256).hexdigest()[:40] if bearer else secrets.token_hex(20)
            self[CSRF] = token
        return token  # type: ignore[no-any-return]

    # -- more than ISession

    @property
    def id(self) -> str:
        """The session's public name, the same for its whole life; "" for one that is not stored. Safe to show and to log."""
        self._found()
        record = self._session.record
        return "" if record is None else record.id

    @property
    def subject(self) -> str:
        """Who is signed in, also where another application that shares the login did it; "" = nobody."""
        named = subject_of(self._found(), self._factory.subject_from)
        record = self._session.record
        return named or ("" if record is None else record.subject)

    def rotate(self) -> None:
        """Gives the session a new token with this response. A change of who is signed in does so by itself."""
        self._found()
        self._rotate = True

    # -- a dictionary

    def __getitem__(self, key: str) -> Any:
        return self._found()[key]

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise TypeError(f"keys of a session are texts, not {type(key).__name__}")
        self._found()[key] = value
        self.changed()

    def __delitem__(self, key: str) -> None:
        del self._found()[key]
        self.changed()

    def __contains__(self, key: object) -> bool:
        return key in self._found()

    def __iter__(self) -> Iterator[str]:
        return iter(self._found())

    def __len__(self) -> int:
        return len(self._found())

    def get(self, key: str, default: Any = None) -> Any:
        return self._found().get(key, default)

    def pop(self, key: str, default: Any = _MISSING) -> Any:
        """Takes a value out of the store, now. Of all requests that pop the same stored value, one gets it.

        If this request fails later, the value is gone all the same: once at most beats twice. A pop that signs somebody out is a change
        like others, and ends the session when the response is ready.
        """
        data = self._found()
        if key in data:
            self.changed()
            value = data.pop(key)
            if key.startswith(PREFIX) and isinstance(value, list):
                return self._take_messages(key[len(PREFIX) :], value)
            if key not in self._stored or subject_of({key: value}, self._factory.subject_from):
                return value
            self._stored.discard(key)
            if key in self._ask(self._session.pop([key])):
                return value
        if default is _MISSING:
            raise KeyError(key)
        return default

    def popitem(self) -> tuple[str, Any]:
        """Takes out any value."""
        while self:
            key = next(iter(self))
            value = self.pop(key, _MISSING)
            if value is not _MISSING:
                return key, value
        raise KeyError("the session is empty")

    def clear(self) -> None:
        self._found().clear()
        self.changed()

    def __repr__(self) -> str:  # a session's contents have no business in a log
        return f"<{type(self).__name__}: {'not read' if self._data is None else f'{len(self._data)} attributes'}>"

    # -- the store

    def _found(self) -> dict[str, Any]:
        if self._data is None:
            stored = self._ask(self._session.load())
            self._bound = subject_of(stored, self._factory.subject_from)
            self._sent_at = stored.pop(SENT_AT, 0)
            self._stored = set(stored)
            self._data = self._queues.fold(stored)
        return self._data

    def _take_messages(self, queue: str, messages: list[Any]) -> list[Any]:
        """Those of a queue's messages that no other request has taken."""
        named = self._queues.named(queue, messages)
        taken = self._ask(self._session.pop(self._queues.forget(queue)))
        return [message for name, message in named if not name or name in taken]

    def _ask(self, steps: Steps[T]) -> T:
        """Asks the store, in a view. Once it could not answer, this request does not wait for it again."""
        try:
            if self._failure is not None:
                raise self._failure
            return self._factory.client.run(steps)
        except SessnodeError as err:
            self._failure = err
            raise exception_for(err) from err

    def _respond(self, request: Any, response: Any) -> None:
        """The response callback."""
        others = [callback for callback in request.response_callbacks or () if callback != self._respond]
        if others and not self._waited:
            self._waited = True  # once: somebody else may want to be the last too
            request.add_response_callback(self._respond)
            return
        self._set_cookie(response)
        self._request = None  # the request holds the session: without a cycle both go at once

    def _set_cookie(self, response: Any) -> bool:
        """Commits, and tells the response what is certain. Whether the response got a cookie."""
        if self._data is None:
            return False  # never looked at, or the store could not answer
        vary = response.vary or ()
        if "Cookie" not in vary and "*" not in vary:
            response.vary = (*vary, "Cookie")
        out = KEEP
        try:
            if self._invalidated:  # first, because it is always safe, whatever became of the view
                out = self._factory.client.run(self._session.revoke())
                self._invalidated = False
            if self._failed(response):
                if self._bound and not subject_of(self._data, self._factory.subject_from):
                    out = self._factory.client.run(self._session.revoke())
            else:
                out = self._commit(out)
        except SessnodeError as err:
            give_way(response, err)
        return self._factory.cookie.send(self._request, response, out)

    def _failed(self, response: Any) -> bool:
        """Whether the view failed: then no half of what it meant is kept, as Django does it."""
        on_exception = not self._cookie_on_exception and getattr(self._request, "exception", None) is not None
        return on_exception or getattr(response, "status_int", 200) >= 500

    def _commit(self, before: Outcome) -> Outcome:
        assert self._data is not None
        data, resend = self._queues.spread(self._data), self._resend()
        if data and self._factory.cookie.max_age is not None:
            known = self._session.standing is Standing.LIVE and not resend and not self._rotate
            data[SENT_AT] = self._sent_at if known else int(time.time())
        out = self._factory.client.run(self._session.commit(data, timeouts=self._factory.timeouts, rotate=self._rotate))
        if out.dropped is not None:
            log.info("session: changes were dropped, because the session ended or was rotated meanwhile: %s", out.dropped)
        if out.cookie is Cookie.KEEP and resend and out.dropped is None:
            return Outcome(Cookie.SET, self._session.token)
        return before if out.cookie is Cookie.KEEP else out

    def _resend(self) -> bool:
        """Whether the browser's cookie, which outlives it, is sent again: now and then, or it would end while the session goes on.

        Not with each use: this response may arrive after that of a login, whose new cookie it would replace by the old one.
        """
        age, record = self._factory.cookie.max_age, self._session.record
        if age is None or record is None or record.previous or self._sent_at is None:
            return False
        return time.time() - self._sent_at >= age / RESENT
