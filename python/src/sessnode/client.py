"""The client: sessions at any node, with failover."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Mapping
from typing import Any, TypeVar

from sessnode.base import DEFAULT_NODES, DEFAULT_TIMEOUT, ClientBase
from sessnode.calls import NO_TIMEOUTS
from sessnode.course import Pause
from sessnode.errors import SessnodeError
from sessnode.record import Device, Ended, Session, Timeouts, Value
from sessnode.tokens import new_token as _fresh
from sessnode.tokens import valid
from sessnode.transport import SocketTransport, Transport
from sessnode.wire import Call

T = TypeVar("T")


class Client(ClientBase):
    """A client of one cluster and app. It opens nothing until it is used, and starts no thread.

    One client serves a whole process: it is safe under threads, greenlets (with gevent's monkey patching) and forks (each child opens
    connections of its own).

    Every call asks one node after the other until one answers for good or `timeout` is over, under one operation id, so that a repeated
    change is made once. It raises a :class:`~sessnode.errors.SessnodeError`: :class:`~sessnode.errors.Unavailable` if the store could not
    answer (a change was certainly not made), :class:`~sessnode.errors.Unknown` if a change may have been made, and what each method says.

    :param nodes: ``"http://n1:7480,http://n2:7480"``, a list of such, or ``"sessnode://KEY@n1,n2/app"``. Default: where ``sessnode demo`` listens.
    :param app: default ``"web"``, or what the address says.
    :param key: the API key that nodes off loopback ask for.
    :param timeout: seconds for a whole call over all its tries; default 5.
    :param ca: file with the certificate of a private authority (``sessnode tls make``); default the system's.
    :param transport: another way to send requests, for tests and for special TLS settings.
    """

    def __init__(
        self,
        nodes: str | list[str] | tuple[str, ...] = DEFAULT_NODES,
        app: str = "",
        key: str = "",
        timeout: float = DEFAULT_TIMEOUT,
        ca: str | None = None,
        transport: Transport | None = None,
    ) -> None:
        super().__init__(nodes, app, key, timeout)
        self._transport: Transport = transport or SocketTransport(ca=ca)

    def perform(self, call: Call[T]) -> T:
        """Sends one call that `build` made."""
        course, got = self._course(call), None
        try:
            while True:
                want = course.send(got)
                if isinstance(want, Pause):
                    time.sleep(want.seconds)
                    got = None
                else:
                    got = self._transport.send(want)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        finally:
            course.close()

    def run(self, steps: Generator[Call[Any], Any, T]) -> T:
        """Drives steps, which yield calls, are sent the answers, and have the errors thrown in."""
        got: Any = None
        err: SessnodeError | None = None
        try:
            while True:
                call = steps.throw(err) if err is not None else steps.send(got)
                got, err = None, None
                try:
                    got = self.perform(call)
                except SessnodeError as raised:
                    err = raised
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]

    def close(self) -> None:
        """Closes the idle connections. The client can be used again."""
        self._transport.close()

    # -- one session, by its token

    def create(
        self,
        token: str | None = None,
        *,
        subject: str = "",
        attrs: Mapping[str, Value] = {},  # never written to
        device: Device | None = None,
        timeouts: Timeouts = NO_TIMEOUTS,
    ) -> tuple[str, Session]:
        """Makes a session and returns its token, a fresh one unless one is given, and the session without attributes.

        Raises Conflict for a token that is taken or was used by a session that ended lately, Limit where the policy allows the subject no
        more sessions, Invalid or TooLarge for what cannot be stored, UnknownApp, Full.
        """
        token = token or _fresh()
        return token, self.perform(self._calls.create(token, subject, attrs, device, timeouts))

    def read(self, token: str, *, touch: bool = True, level: str = "") -> Session:
        """The session with its attributes. It counts as activity, unless `touch` is False.

        Raises NotFound if the session certainly does not live, with a reason where one is known, and Unavailable in all other cases.

        :param level: ``"bounded=SECONDS"`` for an answer that may be that old; default linearizable.
        """
        return self.perform(self._calls.read(token, touch, level))

    def patch(
        self,
        token: str,
        *,
        set: Mapping[str, Value] = {},
        unset: Iterable[str] = (),
        incr: Mapping[str, int] = {},
        timeouts: Timeouts = NO_TIMEOUTS,
        if_match: str = "",
    ) -> Session:
        """Merges changes into what is stored; other attributes keep what other requests wrote meanwhile. The numbers after `incr` are in `values`.

        Raises NotFound if there is no such session (it never makes one), PreconditionFailed if `if_match`, an ETag, does not hold, Conflict
        (``not_integer``), and what create may raise.
        """
        return self.perform(self._calls.patch(token, set, unset, incr, timeouts, if_match))

    def rotate(
        self,
        token: str,
        *,
        new_token: str | None = None,
        subject: str | None = None,
        reauth: bool = False,
        set: Mapping[str, Value] = {},
        unset: Iterable[str] = (),
        device: Device | None = None,
        timeouts: Timeouts = NO_TIMEOUTS,
        if_match: str = "",
    ) -> tuple[str, Session]:
        """Gives the session a new token, and what changes with it in the same step. Returns the new token.

        Where the subject changes or proved itself again (`reauth`), the old token is dead at once; otherwise it answers for a short grace,
        for requests that are under way. Errors are those of patch and create.
        """
        fresh = new_token or _fresh()
        return fresh, self.perform(self._calls.rotate(token, fresh, subject, reauth, set, unset, device, timeouts, if_match))

    def pop(self, token: str, names: Iterable[str]) -> Session:
        """Takes attributes out, into `values`: of all who ask, one gets them. Absent ones are left out. Errors are those of patch."""
        return self.perform(self._calls.pop(token, names))

    def touch(self, token: str, timeouts: Timeouts = NO_TIMEOUTS) -> Session:
        """Records activity at once, and may change the session's own timeouts. Errors are those of patch."""
        return self.perform(self._calls.touch(token, timeouts))

    def revoke(self, token: str) -> None:
        """Ends the session, now and for good. It is no error if there is none."""
        if valid(token):  # else no session can ever have it
            self.perform(self._calls.revoke(token))

    # -- the sessions of a subject, and by id

    def subject_sessions(self, subject: str) -> list[Session]:
        """The subject's sessions without attributes, oldest first; none is no error."""
        return self.perform(self._calls.subject_sessions(subject))

    def revoke_subject(self, subject: str, *, except_id: str = "") -> int:
        """Ends all sessions of a subject, or all but one, in one step. Returns how many."""
        return self.perform(self._calls.revoke_subject(subject, except_id))

    def export_subject(self, subject: str) -> list[Session]:
        """The subject's sessions with their attributes."""
        return self.perform(self._calls.export_subject(subject))

    def why(self, *, id: str = "", subject: str = "") -> list[Ended]:
        """How sessions ended, newest first, by exactly one of id and subject."""
        return self.perform(self._calls.why(id, subject))

    def read_id(self, id: str) -> Session:
        """A session by its public name. It never counts as activity. Raises NotFound."""
        return self.perform(self._calls.read_id(id))

    def revoke_id(self, id: str) -> None:
        """Ends a session by its public name."""
        self.perform(self._calls.revoke_id(id))

    # -- the app

    def policy(self) -> dict[str, Any]:
        """The app's policy and totals, as the HTTP API answers them."""
        return self.perform(self._calls.policy())

    def put_policy(self, **fields: Any) -> dict[str, Any]:
        """Declares the app (with an operator's key). Fields are the policy's: ``idle="30m"``, ``subject_limit=5``, ...; left out = default."""
        return self.perform(self._calls.put_policy(fields))

    def drop_app(self) -> int:
        """Ends all sessions of the app and forgets its policy (with an operator's key). Returns how many ended."""
        return self.perform(self._calls.drop_app())
