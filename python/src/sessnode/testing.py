"""A store in the memory of a test, with a clock of its own.

    from sessnode.testing import FakeStore

    store = FakeStore()
    client = store.client()            # or AsyncClient(transport=store.async_transport())
    store.advance(3600)                # time passes
    store.down = True                  # every call raises Unavailable
    store.lose_answers = 1             # the next change is made, and its answer lost: Unknown

It answers the HTTP API's requests about sessions as nodes do, behind the whole client: a test of the repository holds the two to the same
claims (``python/tests/claims``). What it leaves out: events, byte budgets, paging, ``PUT`` and ``if``, the cluster's own routes. A read that counts
as activity counts at once, where nodes gather touches for about a second; and it does not look into msgpack.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone
from typing import Any

from sessnode.aio import AsyncClient
from sessnode.client import Client
from sessnode.course import Broke, Try
from sessnode.fakenode import FakeNode
from sessnode.wire import Reply


class FakeStore:
    """The store. Safe under threads. Use it as a transport: ``Client(transport=store)``.

    :ivar down: while True nothing is answered, as when no node can be reached.
    :ivar nonsense: while True answers are those of something that is no sessnode.
    :ivar lose_answers: that many changes are made and their answers lost, with those of all repetitions.
    :ivar requests: what was asked, as ``"PATCH /session"``, oldest first; clear it when you like.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._lock = threading.Lock()
        self._node = FakeNode(start or datetime(2024, 1, 1, 12, tzinfo=timezone.utc))
        self.down = False
        self.nonsense = False
        self.lose_answers = 0
        self.requests: list[str] = []
        self._lost: set[str] = set()

    def client(self, app: str = "web", **options: Any) -> Client:
        """A client of this store."""
        return Client(app=app, transport=self, **{"timeout": 1.0, **options})

    def async_client(self, app: str = "web", **options: Any) -> AsyncClient:
        """A client of this store for asyncio."""
        return AsyncClient(app=app, transport=self.async_transport(), **{"timeout": 1.0, **options})

    def async_transport(self) -> AsyncFakeTransport:
        return AsyncFakeTransport(self)

    @property
    def now(self) -> datetime:
        """The store's time."""
        return self._node.now

    def advance(self, seconds: float) -> None:
        """Lets time pass."""
        with self._lock:
            self._node.now += timedelta(seconds=seconds)

    @property
    def sessions(self) -> int:
        """How many sessions live, in all apps."""
        with self._lock:
            return self._node.count()

    def send(self, want: Try) -> Reply | Broke:
        with self._lock:
            route = want.call.path.removeprefix(f"/v1/apps/{want.call.app}").split("?")[0]
            if want.call.operation not in self._lost:
                self.requests.append(f"{want.call.method} {route}")
            if self.down:
                return Broke("connection refused", sent=False)
            if self.nonsense:
                return Reply(200, {"content-type": "text/html"}, b"<html>It works!</html>")
            if want.call.changes and self.lose_answers and want.call.operation not in self._lost:
                self.lose_answers -= 1
                self._lost.add(want.call.operation)
            reply = self._node.answer(want.call, want.headers)
            return Broke("connection closed before the answer") if want.call.operation in self._lost else reply

    def close(self) -> None:
        """Nothing to close."""


class AsyncFakeTransport:
    """The same store for an AsyncClient."""

    def __init__(self, store: FakeStore) -> None:
        self._store = store

    async def send(self, want: Try) -> Reply | Broke:
        return self._store.send(want)

    async def close(self) -> None:
        """Nothing to close."""
