"""Trying sessnode out beside the engine that you have: ``SESSION_ENGINE = "sessnode.django.shadow"`` with ``SESSNODE["OLD_ENGINE"]``.

The old engine decides everything. What it saves and deletes is written to sessnode too, and what it loads is compared with what sessnode has.
Differences, and errors of the store, go to the logger ``sessnode.django.shadow`` as warnings, by the names of attributes and never with
their values; no visitor notices any of it, but that each request takes as long as both stores together.
"""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from sessnode.django import clients, expiry, moving
from sessnode.django.codec import SerializerCodec
from sessnode.django.held import LEAST_KEY, Held, Standing, Steps
from sessnode.errors import SessnodeError
from sessnode.subject import subject_of
from sessnode.tokens import key_of, valid

log = logging.getLogger("sessnode.django.shadow")


class Shadowed:
    """Before an engine of Django in the order of bases: does what that engine does, and then the same to sessnode."""

    _quiet = False  # an asynchronous method of Django is at work through its synchronous twin

    def load(self) -> Any:
        key = self.session_key  # type: ignore[attr-defined]
        data = super().load()  # type: ignore[misc]
        if not self._quiet:
            self._run(self._compare(key, data))
        return data

    async def aload(self) -> Any:
        key = self.session_key  # type: ignore[attr-defined]
        self._quiet = True
        try:
            data = await super().aload()  # type: ignore[misc]
        finally:
            self._quiet = False
        await self._arun(self._compare(key, data))
        return data

    def save(self, must_create: bool = False) -> None:
        super().save(must_create)  # type: ignore[misc]
        if not self._quiet and not must_create:
            self._run(self._mirror())

    async def asave(self, must_create: bool = False) -> None:
        self._quiet = True
        try:
            await super().asave(must_create)  # type: ignore[misc]
        finally:
            self._quiet = False
        if not must_create:
            await self._arun(self._mirror())

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key  # type: ignore[attr-defined]
        super().delete(session_key)  # type: ignore[misc]
        if not self._quiet:
            self._run(self._end(key))

    async def adelete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key  # type: ignore[attr-defined]
        self._quiet = True
        try:
            await super().adelete(session_key)  # type: ignore[misc]
        finally:
            self._quiet = False
        await self._arun(self._end(key))

    # -- steps

    def _compare(self, key: str | None, data: dict[str, Any]) -> Steps[None]:
        held = self._held(key)
        if held is None:
            return
        yield from held.load()
        if held.standing is Standing.LIVE and not data:
            log.warning("session %s: sessnode has it, the old engine does not", _name(key))
        elif held.standing is Standing.LIVE:
            mine, theirs = held.stored, held.encode(data)
            if differing := sorted(name for name in mine.keys() | theirs.keys() if mine.get(name) != theirs.get(name)):
                log.warning("session %s: differs in %s", _name(key), ", ".join(differing))
        elif data and held.reason:
            log.warning("session %s: the old engine has it, in sessnode it is over (%s)", _name(key), held.reason)
        elif data:
            yield from self._begin(held, key, data)  # first seen

    def _mirror(self) -> Steps[None]:
        """A key that Django has only just made is not mirrored yet: with its first save it has its user, and the session can be made for them."""
        key, data = self.session_key, self._session_cache  # type: ignore[attr-defined]
        held = self._held(key)
        if held is None:
            return
        yield from held.load()
        if held.standing is Standing.LIVE:
            timeouts, _ = expiry.rules(self, data, held.record)
            yield from held.overwrite(data, timeouts)
        elif not held.reason:
            yield from self._begin(held, key, data)

    def _begin(self, held: Held, key: str | None, data: dict[str, Any]) -> Steps[None]:
        timeouts, _ = expiry.rules(self, data, None)
        yield from held.begin(key or "", data, subject_of(data, clients.subject_from()), timeouts)

    def _end(self, key: str | None) -> Steps[None]:
        if self._held(key) is not None:
            yield clients.sync_client().build.revoke(key or "")

    def _held(self, key: str | None) -> Held | None:
        if not key or len(key) < LEAST_KEY or not valid(key):
            return None
        codec = SerializerCodec(self.serializer)  # type: ignore[attr-defined]
        return Held(clients.sync_client(), key, codec=codec, subject_from=(), cipher=clients.cipher())

    # -- driving

    def _run(self, steps: Steps[None]) -> None:
        try:
            clients.sync_client().run(steps)
        except SessnodeError as err:
            log.warning("not mirrored: %s", err)

    async def _arun(self, steps: Steps[None]) -> None:
        try:
            await clients.async_client().run(steps)
        except SessnodeError as err:
            log.warning("not mirrored: %s", err)


def _name(key: str | None) -> str:
    return key_of(key or "")[:8]


def _engine() -> type[Any]:
    old = moving.old_engine()
    if old is None:
        raise ImproperlyConfigured("sessnode.django.shadow needs SESSNODE['OLD_ENGINE'], the engine that decides")
    return type("SessionStore", (Shadowed, old), {"__module__": __name__, "__qualname__": "SessionStore"})


SessionStore = _engine()
