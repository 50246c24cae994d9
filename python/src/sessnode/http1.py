"""HTTP/1.1 as bytes: as much of it as the nodes speak, since both ends are ours. No connection, no clock.

Anything else that may listen on a node's port is read just as far as it takes to say that it is no node.
"""

from __future__ import annotations

from sessnode.course import MAX_ANSWER, Try
from sessnode.wire import Reply

MAX_HEAD = 64 << 10


def request(want: Try) -> bytes:
    """A request, head and body, to be sent in one piece. Raises ValueError for a header that would begin another one."""
    call, body = want.call, want.call.body or b""
    lines = [f"{call.method} {call.path} HTTP/1.1", f"Host: {want.base.partition('://')[2]}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in want.headers.items()]
    head = "\r\n".join(lines).encode("latin-1")
    if head.count(b"\n") != len(lines) - 1 or head.count(b"\r") != len(lines) - 1:
        raise ValueError("a line break in a header")
    return b"%b\r\n\r\n%b" % (head, body)


class Answer:
    """One answer, put together from what arrives.

    :ivar reusable: once it is whole: whether the connection may carry another request.
    """

    def __init__(self) -> None:
        self.reusable = False
        self._got: bytes | bytearray = b""
        self._headers: dict[str, str] | None = None
        self._status = 0
        self._need = -1  # bytes of the body; -1 = until the connection closes
        self._body: bytearray | None = None  # while it comes in chunks

    def feed(self, data: bytes) -> Reply | None:
        """Takes in what arrived, b"" for the end of the connection; returns the answer once it is whole.

        Raises ValueError for what is no HTTP/1.1, and EOFError where it broke off.
        """
        if not data:
            return self._end()
        if self._got:
            if isinstance(self._got, bytes):
                self._got = bytearray(self._got)
            self._got += data
        else:
            self._got = data
        if self._headers is None:
            at = self._got.find(b"\r\n\r\n")
            if at < 0:
                if len(self._got) > MAX_HEAD or not b"HTTP/1.1".startswith(self._got[:8]):
                    raise ValueError("no answer of HTTP/1.1")
                return None
            self._read_head(bytes(self._got[:at]))
            self._got = self._got[at + 4 :]
        if self._body is not None:
            return self._chunks()
        if len(self._got) > MAX_ANSWER:
            raise ValueError("the answer is too long")
        return None if self._need < 0 or len(self._got) < self._need else self._whole()

    def _read_head(self, block: bytes) -> None:
        first, *lines = block.decode("latin-1").split("\r\n")
        version, _, rest = first.partition(" ")
        self._status = int(rest[:3])
        if version != "HTTP/1.1" or self._status < 200:
            raise ValueError("no answer of HTTP/1.1")
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        self.reusable = headers.get("connection", "").lower() != "close"
        if self._status in (204, 304):
            self._need = 0
        elif headers.get("transfer-encoding", "").lower() == "chunked":
            self._body = bytearray()
        elif "content-length" in headers:
            self._need = int(headers["content-length"])
            if not 0 <= self._need <= MAX_ANSWER:
                raise ValueError("the answer is too long")
        self._headers = headers

    def _whole(self) -> Reply:
        assert self._headers is not None
        if len(self._got) > self._need:
            self.reusable = False  # bytes that nobody asked for
        return Reply(self._status, self._headers, bytes(self._got[: self._need]))

    def _chunks(self) -> Reply | None:
        assert self._body is not None and self._headers is not None
        at = 0
        while (line := self._got.find(b"\r\n", at)) >= 0:
            size = int(self._got[at:line].split(b";")[0], 16)
            if size < 0 or len(self._body) + size > MAX_ANSWER:
                raise ValueError("the answer is too long")
            if len(self._got) < line + 2 + size + 2:
                break
            self._body += self._got[line + 2 : line + 2 + size]
            at = line + 2 + size + 2
            if size == 0:
                self.reusable = self.reusable and at == len(self._got)
                return Reply(self._status, self._headers, bytes(self._body))
        self._got = self._got[at:]
        if len(self._got) > MAX_ANSWER + MAX_HEAD:
            raise ValueError("the answer is too long")
        return None

    def _end(self) -> Reply:
        self.reusable = False
        if self._headers is None or self._body is not None or self._need >= 0:
            raise EOFError
        return Reply(self._status, self._headers, bytes(self._got))
