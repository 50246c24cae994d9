"""Things on loopback that answer HTTP as nodes do, or as nodes never would."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any

from sessnode.testing import FakeStore
from sessnode.wire import Call


class Script:
    """A listener that treats each connection as it is told: a function from the request's bytes to the answer's. b"" = close.

    :param early: answer when the head is there, take in the rest of the body and close.
    :param rude: leave the rest of the body unread, which resets the connection.
    :param greet: say this as soon as somebody connects, and close.
    :param pace: seconds between the bytes of an answer.
    :ivar seen: the requests, as they came.
    """

    def __init__(
        self,
        answer: Callable[[bytes], bytes],
        *,
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
        early: bool = False,
        rude: bool = False,
        greet: bytes = b"",
        pace: float = 0,
    ) -> None:
        self.answer, self.tls, self.early, self.rude, self.greet, self.pace = answer, tls, early or rude, rude, greet, pace
        self.seen: list[bytes] = []
        self.connections = 0
        self._socket = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.url = f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{self._socket.getsockname()[1]}"
        self._closed = threading.Event()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()  # ends when close() closes the listener

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.connections += 1
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()  # ends with its connection

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection, self._secured(connection) as connection:
            if self.greet:
                connection.sendall(self.greet)
                return
            while request := self._request(connection):
                self.seen.append(request)
                answer = self.answer(request)
                if not answer:
                    return
                self._send(connection, answer)
                if self.rude:
                    return
                if self.early:
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(65536):  # else the answer would be lost with the connection
                        pass
                    return

    def _secured(self, connection: socket.socket) -> socket.socket:
        return self.tls.wrap_socket(connection, server_side=True) if self.tls else connection

    def _send(self, connection: socket.socket, answer: bytes) -> None:
        if not self.pace:
            connection.sendall(answer)
            return
        for at in range(len(answer)):
            connection.sendall(answer[at : at + 1])
            if self._closed.wait(self.pace):
                return

    def _request(self, connection: socket.socket) -> bytes:
        got = b""
        while b"\r\n\r\n" not in got:
            part = connection.recv(65536)
            if not part:
                return b""
            got += part
        head, _, body = got.partition(b"\r\n\r\n")
        if self.early:
            return head + b"\r\n\r\n"
        size = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
        while len(body) < size:
            body += connection.recv(65536)
        return head + b"\r\n\r\n" + body

    def close(self) -> None:
        self._closed.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # else the thread that accepts would take one more
        self._socket.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def listening(answer: Callable[[bytes], bytes], **how: Any) -> Iterator[Script]:
    script = Script(answer, **how)
    try:
        yield script
    finally:
        script.close()


def node(store: FakeStore) -> Callable[[bytes], bytes]:
    """A node over real sockets, in front of a store in memory."""

    def answer(request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ")
        headers = dict(line.split(": ", 1) for line in lines)
        call = Call("", path.split("/")[3], method, path, lambda _: None, body=body or None, operation=headers.get("Idempotency-Key", ""))
        with store._lock:
            reply = store._node.answer(call, headers)
        return http(reply.status, reply.body, **reply.headers)

    return answer


def http(status: int, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if status in (204, 304) else body)


def refused() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}"
