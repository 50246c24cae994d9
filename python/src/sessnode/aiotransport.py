"""HTTP for asyncio: connections are kept, one set for each event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import sys
from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from sessnode.course import Broke, Try
from sessnode.http1 import Answer, request
from sessnode.transport import CONNECT, unopened
from sessnode.wire import Reply

T = TypeVar("T")

IDLE = 64  # connections that are kept for each node and loop


class AsyncTransport(Protocol):
    """Sends one request to one node. What went wrong is a :class:`~sessnode.course.Broke`; only cancellation is raised."""

    async def send(self, want: Try) -> Reply | Broke: ...

    async def close(self) -> None: ...


class _Connection:
    """One connection. It is used by one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @property
    def stale(self) -> bool:
        return self.reader.at_eof() or self.writer.is_closing()

    async def exchange(self, message: bytes) -> tuple[Reply, bool]:
        """One request and its answer, and whether the connection may be used again."""
        self.writer.write(message)
        with contextlib.suppress(ConnectionError):  # a node refuses what is too long before it has read it all
            await self.writer.drain()
        answer = Answer()
        while True:
            reply = answer.feed(await self.reader.read(65536))
            if reply is not None:
                return reply, answer.reusable

    def close(self) -> None:
        self.writer.close()

    def orphaned(self) -> None:
        """Lets go of a connection whose loop is closed and can close nothing any more: the node hears it now, the rest is freed with the objects."""
        end = self.writer.get_extra_info("socket")
        with contextlib.suppress(OSError, AttributeError):
            end.shutdown(socket.SHUT_RDWR)


class AsyncioTransport:
    """The default transport. Safe for any number of tasks, and of event loops in any threads; a loop belongs to one process.

    :param ca: file with the certificate of a private authority; default the system's.
    :param context: TLS settings of your own, instead of `ca`.
    """

    def __init__(self, *, ca: str | None = None, context: ssl.SSLContext | None = None) -> None:
        self._ca, self._context = ca, context
        self._idle: dict[asyncio.AbstractEventLoop, dict[str, list[_Connection]]] = {}

    async def send(self, want: Try) -> Reply | Broke:
        loop = asyncio.get_running_loop()
        end = loop.time() + want.seconds
        try:
            message = request(want)
        except ValueError:
            return Broke("a header of the request cannot be sent", sent=False)
        idle = self._idle_of(loop).setdefault(want.base, [])
        connection = _taken(idle)
        if connection is None:
            try:
                connection = await _within(min(2 * CONNECT, want.seconds), self._connect(want.base))
            except asyncio.TimeoutError:
                return unopened(TimeoutError())
            except (OSError, ValueError) as err:
                return unopened(err)
        reusable = False
        try:
            reply, reusable = await _within(end - loop.time(), connection.exchange(message))
            return reply
        except (asyncio.TimeoutError, TimeoutError):
            return Broke("no answer in time")
        except (OSError, EOFError):
            return Broke("connection closed before the answer")
        except ValueError:
            return Broke("the answer is no HTTP/1.1")
        finally:  # a cancelled request leaves a connection with half an answer in it
            if reusable and len(idle) < IDLE:
                idle.append(connection)
            else:
                connection.close()

    def _idle_of(self, loop: asyncio.AbstractEventLoop) -> dict[str, list[_Connection]]:
        known = self._idle.get(loop)
        if known is None:
            for other in list(self._idle):  # asyncio.run, and Django's async_to_sync, make a loop for each call
                if other.is_closed():
                    for connections in self._idle.pop(other, {}).values():
                        for connection in connections:
                            connection.orphaned()
            known = self._idle.setdefault(loop, {})
        return known

    async def _connect(self, base: str) -> _Connection:
        url = urlsplit(base)
        tls = url.scheme == "https"
        if tls and self._context is None:
            self._context = ssl.create_default_context(cafile=self._ca)
        return _Connection(*await asyncio.open_connection(url.hostname or "", url.port or 80, ssl=self._context if tls else None))

    async def close(self) -> None:
        """Closes the idle connections of the running loop, and waits until they are."""
        for connections in self._idle.pop(asyncio.get_running_loop(), {}).values():
            for connection in connections:
                connection.close()
            for connection in connections:
                with contextlib.suppress(OSError):
                    await connection.writer.wait_closed()


async def _within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """Raises asyncio.TimeoutError when the time is over."""
    if sys.version_info >= (3, 11):  # wait_for needs a task for it, and may swallow a cancellation before 3.12 (python/cpython#86296)
        async with asyncio.timeout(seconds):
            return await work
    return await asyncio.wait_for(work, seconds)


def _taken(idle: list[_Connection]) -> _Connection | None:
    """An idle connection that the node has not closed meanwhile."""
    while idle:
        connection = idle.pop()
        if not connection.stale:
            return connection
        connection.close()
    return None
