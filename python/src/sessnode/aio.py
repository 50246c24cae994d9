"""The client for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterable, Mapping
from typing import Any, TypeVar

from sessnode.aiotransport import AsyncioTransport, AsyncTransport
from sessnode.base import DEFAULT_NODES, DEFAULT_TIMEOUT, ClientBase
from sessnode.calls import NO_TIMEOUTS
from sessnode.course import Pause
from sessnode.errors import SessnodeError
from sessnode.record import Device, Ended, Session, Timeouts, Value
from sessnode.tokens import new_token as _fresh
from sessnode.tokens import valid
from sessnode.wire import Call

T = TypeVar("T")


class AsyncClient(ClientBase):
    """:class:`sessnode.Client` for asyncio: the same methods, parameters and errors, with ``await``.

    One client serves a whole process, whatever its event loops: each loop has connections of its own. A call that is cancelled leaves no
    half-read connection behind; the fate of its change is then unknown.
    """

    def __init__(
        self,
        nodes: str | list[str] | tuple[str, ...] = DEFAULT_NODES,
        app: str = "",
        key: str = "",
        timeout: float = DEFAULT_TIMEOUT,
        ca: str | None = None,
        transport: AsyncTransport | None = None,
    ) -> None:
        super().__init__(nodes, app, key, timeout)
        self._transport: AsyncTransport = transport or AsyncioTransport(ca=ca)

    async def perform(self, call: Call[T]) -> T:
        """Sends one call that `build` made."""
        course, got = self._course(call), None
        try:
            while True:
                want = course.send(got)
                if isinstance(want, Pause):
                    await asyncio.sleep(want.seconds)
                    got = None
                else:
                    got = await self._transport.send(want)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        finally:
            course.close()

    async def run(self, steps: Generator[Call[Any], Any, T]) -> T:
        """Drives steps, which yield calls, are sent the answers, and have the errors thrown in."""
        got: Any = None
        err: SessnodeError | None = None
        try:
            while True:
                call = steps.throw(err) if err is not None else steps.send(got)
                got, err = None, None
                try:
                    got = await self.perform(call)
                except SessnodeError as raised:
                    err = raised
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]

    async def close(self) -> None:
        """Closes the idle connections of the running loop. The client can be used again."""
        await self._transport.close()

    # -- one session, by its token

    async def create(
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
        return token, await self.perform(self._calls.create(token, subject, attrs, device, timeouts))

    async def read(self, token: str, *, touch: bool = True, level: str = "") -> Session:
        """The session with its attributes. It counts as activity, unless `touch` is False.

        Raises NotFound if the session certainly does not live, with a reason where one is known, and Unavailable in all other cases.

        :param level: ``"bounded=SECONDS"`` for an answer that may be that old; default linearizable.
        """
        return await self.perform(self._calls.read(token, touch, level))

    async def patch(
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
        return await self.perform(self._calls.patch(token, set, unset, incr, timeouts, if_match))

    async def rotate(
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
        return fresh, await self.perform(self._calls.rotate(token, fresh, subject, reauth, set, unset, device, timeouts, if_match))

    async def pop(self, token: str, names: Iterable[str]) -> Session:
        """Takes attributes out, into `values`: of all who ask, one gets them. Absent ones are left out. Errors are those of patch."""
        return await self.perform(self._calls.pop(token, names))

    async def touch(self, token: str, timeouts: Timeouts = NO_TIMEOUTS) -> Session:
        """Records activity at once, and may change the session's own timeouts. Errors are those of patch."""
        return await self.perform(self._calls.touch(token, timeouts))

    async def revoke(self, token: str) -> None:
        """Ends the session, now and for good. It is no error if there is none."""
        if valid(token):  # else no session can ever have it
            await self.perform(self._calls.revoke(token))

    # -- the sessions of a subject, and by id

    async def subject_sessions(self, subject: str) -> list[Session]:
        """The subject's sessions without attributes, oldest first; none is no error."""
        return await self.perform(self._calls.subject_sessions(subject))

    async def revoke_subject(self, subject: str, *, except_id: str = "") -> int:
        """Ends all sessions of a subject, or all but one, in one step. Returns how many."""
        return await self.perform(self._calls.revoke_subject(subject, except_id))

    async def export_subject(self, subject: str) -> list[Session]:
        """The subject's sessions with their attributes."""
        return await self.perform(self._calls.export_subject(subject))

    async def why(self, *, id: str = "", subject: str = "") -> list[Ended]:
        """How sessions ended, newest first, by exactly one of id and subject."""
        return await self.perform(self._calls.why(id, subject))

    async def read_id(self, id: str) -> Session:
        """A session by its public name. It never counts as activity. Raises NotFound."""
        return await self.perform(self._calls.read_id(id))

    async def revoke_id(self, id: str) -> None:
        """Ends a session by its public name."""
        await self.perform(self._calls.revoke_id(id))

    # -- the app

    async def policy(self) -> dict[str, Any]:
        """The app's policy and totals, as the HTTP API answers them."""
        return await self.perform(self._calls.policy())

    async def put_policy(self, **fields: Any) -> dict[str, Any]:
        """Declares the app (with an operator's key). Fields are the policy's: ``idle="30m"``, ``subject_limit=5``, ...; left out = default."""
        return await self.perform(self._calls.put_policy(fields))

    async def drop_app(self) -> int:
        """Ends all sessions of the app and forgets its policy (with an operator's key). Returns how many ended."""
        return await self.perform(self._calls.drop_app())
