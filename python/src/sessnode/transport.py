"""HTTP over sockets: connections are kept, nothing runs in the background, nothing is opened before it is needed."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import ssl
import time
from typing import Protocol
from urllib.parse import urlsplit

from sessnode.course import Broke, Try
from sessnode.http1 import Answer, request
from sessnode.wire import Reply

CONNECT = 0.5  # seconds a node may take to accept: one that was paused must not eat the time of another


class Transport(Protocol):
    """Sends one request to one node. It never raises: what went wrong is a :class:`~sessnode.course.Broke`. Safe under threads."""

    def send(self, want: Try) -> Reply | Broke: ...

    def close(self) -> None: ...


class SocketTransport:
    """The default transport. Safe under threads, greenlets (with gevent's monkey patching) and forks.

    Each process has connections of its own: a child of a fork (gunicorn with preload, Celery) must not talk over its parent's. `pool` bounds
    the idle connections that are kept for each node; more are opened where more threads or greenlets ask at once. Redirects, proxies and
    cookies of the environment are never followed: they would see the tokens.

    :param ca: file with the certificate of a private authority; default the system's.
    :param context: TLS settings of your own, instead of `ca`.
    """

    def __init__(self, *, ca: str | None = None, context: ssl.SSLContext | None = None, pool: int = 64) -> None:
        self._ca, self._context, self._pool = ca, context, pool
        self._idle: dict[str, list[socket.socket]] = {}  # by node; lists, because their append and pop are atomic
        self._pid = os.getpid()

    def send(self, want: Try) -> Reply | Broke:
        end = time.monotonic() + want.seconds
        idle = self._idle_of(want.base)
        try:
            message = request(want)
        except ValueError:
            return Broke("a header of the request cannot be sent", sent=False)
        connection = _taken(idle) or self._open(want.base, min(CONNECT, want.seconds))
        if isinstance(connection, Broke):
            return connection
        reusable = False
        try:
            reply, reusable = _exchange(connection, message, end)
            return reply
        except TimeoutError:
            return Broke("no answer in time")
        except (OSError, EOFError):
            return Broke("connection closed before the answer")
        except ValueError:
            return Broke("the answer is no HTTP/1.1")
        finally:  # also of a greenlet that was killed: its connection has half an answer in it
            if reusable and len(idle) < self._pool:
                idle.append(connection)
            else:
                connection.close()

    def _idle_of(self, base: str) -> list[socket.socket]:
        if self._pid != os.getpid():
            inherited, self._idle, self._pid = self._idle, {}, os.getpid()
            _close(inherited)  # the parent's stay open
        return self._idle.setdefault(base, [])

    def _open(self, base: str, seconds: float) -> socket.socket | Broke:
        """A new connection. What fails here has sent nothing of the request."""
        url = urlsplit(base)
        raw = None
        try:
            context = self._tls() if url.scheme == "https" else None
            raw = socket.create_connection((url.hostname or "", url.port or 80), timeout=seconds)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return context.wrap_socket(raw, server_hostname=url.hostname) if context else raw
        except BaseException as err:
            if raw is not None:
                raw.close()
            if not isinstance(err, (OSError, ValueError)):
                raise
            return unopened(err)

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:  # not before it is needed: reading the system's authorities takes 50 ms
            self._context = ssl.create_default_context(cafile=self._ca)
        return self._context

    def close(self) -> None:
        """Closes the idle connections. The next request opens new ones."""
        idle, self._idle = self._idle, {}
        _close(idle)


def _close(idle: dict[str, list[socket.socket]]) -> None:
    for connections in idle.values():
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.close()


def _taken(idle: list[socket.socket]) -> socket.socket | None:
    """An idle connection that the node has not closed meanwhile."""
    while True:
        try:
            connection = idle.pop()
        except IndexError:
            return None
        if not _readable(connection):
            return connection
        connection.close()


def _readable(connection: socket.socket) -> bool:
    """Whether something arrived that nobody asked for: usually the end."""
    try:
        if hasattr(select, "poll"):
            poll = select.poll()
            poll.register(connection, select.POLLIN)
            return bool(poll.poll(0))
        return bool(select.select([connection], [], [], 0)[0])
    except (OSError, ValueError):
        return True


def _exchange(connection: socket.socket, message: bytes, end: float) -> tuple[Reply, bool]:
    """One request and its answer, and whether the connection may be used again."""
    connection.settimeout(_left(end))
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # a node refuses what is too long before it has read it all
        connection.sendall(message)
    answer = Answer()
    while True:
        data = connection.recv(65536)
        reply = answer.feed(data)
        if reply is not None:
            return reply, answer.reusable
        connection.settimeout(_left(end))


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def unopened(err: BaseException) -> Broke:
    """Why there is no connection, in words of our own. Nothing was sent."""
    if isinstance(err, ssl.SSLCertVerificationError):
        return Broke("the node's certificate is not to be trusted: is it of the authority given (ca), and for this name?", sent=False)
    if isinstance(err, ssl.SSLError):
        return Broke("the TLS handshake failed: check the certificates, and whether the node speaks TLS", sent=False)
    if isinstance(err, TimeoutError):
        return Broke("no connection in time", sent=False)
    if isinstance(err, (socket.gaierror, UnicodeError)):
        return Broke("no such host", sent=False)
    if isinstance(err, FileNotFoundError):
        return Broke("the file with the authority's certificate (ca) is missing", sent=False)
    return Broke("connection refused" if isinstance(err, ConnectionRefusedError) else "no connection", sent=False)
