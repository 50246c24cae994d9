"""What ``request.session`` can do beyond what Django asks of an engine, and ``pop``."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any, TypeVar

from django.contrib.sessions.backends.base import SessionBase

from sessnode.django import clients
from sessnode.django.held import Held, Steps
from sessnode.errors import Unserializable
from sessnode.record import Session

T = TypeVar("T")

_missing: Any = object()


class Extras(SessionBase):
    """The part of :class:`sessnode.django.SessionStore` that is not about loading and saving."""

    _own: Held | None

    @abstractmethod
    def _held(self) -> Held: ...

    @abstractmethod
    def _run(self, steps: Steps[T]) -> T: ...

    @abstractmethod
    async def _arun(self, steps: Steps[T]) -> T: ...

    # -- who and where

    @property
    def subject(self) -> str:
        """Whose session it is, as the store has it; "" for nobody. An app that shares its logins with other frameworks greets by it."""
        record = self.record
        return record.subject if record else ""

    @property
    def record(self) -> Session | None:
        """What the store knows of the session as a whole: id, subject, device, times. None where there is none."""
        self._get_session()
        return self._own.record if self._own else None

    def places(self) -> list[Session]:
        """The sessions of who is signed in here, this one among them. Lists show ``device``, ``authenticated`` and ``touched``."""
        subject = self.subject
        return clients.sync_client().subject_sessions(subject) if subject else []

    async def aplaces(self) -> list[Session]:
        await self._aget_session()
        subject = self.subject
        return await clients.async_client().subject_sessions(subject) if subject else []

    def revoke_others(self) -> int:
        """Signs the user out everywhere else; how many sessions ended."""
        record = self.record
        return clients.sync_client().revoke_subject(record.subject, except_id=record.id) if record and record.subject else 0

    async def arevoke_others(self) -> int:
        await self._aget_session()
        record = self.record
        return await clients.async_client().revoke_subject(record.subject, except_id=record.id) if record and record.subject else 0

    # -- once only

    def take(self, *names: str) -> dict[str, Any]:
        """Takes keys out, exactly once over all requests of the session, and returns what this request got. For what may be used once only."""
        cache = self._get_session()
        return self._taken(cache, names, self._run(self._held().pop(names)))

    async def atake(self, *names: str) -> dict[str, Any]:
        cache = await self._aget_session()
        return self._taken(cache, names, await self._arun(self._held().pop(names)))

    def pop(self, key: str, default: Any = _missing) -> Any:
        """Takes a value out: at once, if it is stored, so that of parallel requests exactly one gets it. The others find it missing."""
        if not self._is_stored(key, self._get_session()):
            return super().pop(key) if default is _missing else super().pop(key, default)
        return self._popped(key, self.take(key), default)

    async def apop(self, key: str, default: Any = _missing) -> Any:
        if not self._is_stored(key, await self._aget_session()):
            return await (super().apop(key) if default is _missing else super().apop(key, default))
        return self._popped(key, await self.atake(key), default)

    def _taken(self, cache: dict[str, Any], names: Iterable[str], got: dict[str, Any]) -> dict[str, Any]:
        for name in names:
            cache.pop(name, None)
        return got

    def _is_stored(self, key: str, cache: dict[str, Any]) -> bool:
        """Whether a value can be popped in the store: it is there as it is here, and its end is no logout and no other expiry."""
        held = self._own
        if held is None or not held.live or key not in cache or key == "_session_expiry":
            return False
        try:
            return not held.would_change(key, cache) and not held.names_the_user(key, cache)
        except Unserializable:
            return False

    def _popped(self, key: str, got: dict[str, Any], default: Any) -> Any:
        if key in got:
            return got[key]
        if default is _missing:
            raise KeyError(key)
        return default
