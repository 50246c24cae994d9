"""Connections: TLS, IPv6, loops, what is never followed, and answers that come in pieces."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import socket
from typing import Any

import pytest

from certificates import Authority
from nodes import Script, http, listening, node, refused
from sessnode import AsyncClient, Client, Value, errors
from sessnode.course import Try, course
from sessnode.http1 import Answer
from sessnode.testing import FakeStore
from test_failover import PROBLEM, Ask, ask, problem

__all__ = ["ask"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_private_authority_is_trusted_when_it_is_given(authority: Authority, kind: type[Any]) -> None:
    with listening(node(FakeStore()), tls=authority.server) as one:
        token, _ = call(kind([one.url], ca=str(authority.ca), timeout=3), "create", attrs={"a": Value.json(1)})
        assert call(kind([one.url], ca=str(authority.ca), timeout=3), "read", token).attrs == {"a": Value.json(1)}
        with pytest.raises(errors.Unavailable, match="certificate is not to be trusted"):  # a change, certainly not made
            call(kind([one.url], timeout=1.5), "create")
        with pytest.raises(errors.Unavailable, match="ca\\) is missing"):
            call(kind([one.url], ca="/nowhere/ca.pem", timeout=0.5), "create")


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_tls_to_a_node_without_it_sends_nothing(authority: Authority, kind: type[Any]) -> None:
    with (
        listening(node(FakeStore()), greet=http(400, b"what?")) as plain,
        pytest.raises(errors.Unavailable, match="TLS handshake failed"),
    ):
        call(kind([plain.url.replace("http:", "https:")], ca=str(authority.ca), timeout=1.5), "create")


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_handshake_that_hangs_has_sent_nothing(authority: Authority, kind: type[Any]) -> None:
    with listening(node(FakeStore())) as plain, pytest.raises(errors.Unavailable, match="no connection in time"):
        call(kind([plain.url.replace("http:", "https:")], ca=str(authority.ca), timeout=0.5), "create")


def test_connections_over_tls_are_kept_and_not_shared_with_a_child(authority: Authority) -> None:
    store = FakeStore()
    with listening(node(store), tls=authority.server) as one:
        client = Client([one.url], ca=str(authority.ca), timeout=5)
        token, _ = client.create()
        child = os.fork()
        if child == 0:
            os._exit(0 if client.patch(token, incr={"n": 1}).id else 1)
        assert os.waitpid(child, 0)[1] == 0
        for _ in range(3):
            client.patch(token, incr={"n": 1})
        assert client.read(token).attrs["n"] == Value.json(4)
        assert one.connections == 2
        client.close()


def test_ipv6(ask: Ask) -> None:
    with listening(node(FakeStore()), host="::1") as one:
        token, _ = ask([one.url], "create")
        assert ask([one.url], "read", token).id
        assert b"Host: [::1]:" in one.seen[0]


def test_proxies_of_the_environment_see_nothing(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, refused())
    monkeypatch.setenv("no_proxy", "")
    with listening(node(FakeStore())) as one:
        assert ask([one.url], "create")


def test_a_redirect_is_not_followed(ask: Ask) -> None:
    with listening(node(FakeStore())) as other, listening(lambda _: http(307, b"", Location=other.url + "/v1/apps/web/session")) as one:
        with pytest.raises(errors.Unavailable):
            ask([one.url], "read", "x" * 43, timeout=0.4)
        assert other.seen == []


@pytest.mark.parametrize("named", [{"level": "local\r\nIf-Match: x"}, {"level": "bounded=\xe9"}])
def test_a_header_ends_where_it_ends(ask: Ask, named: dict[str, str]) -> None:
    with listening(node(FakeStore())) as one:
        with pytest.raises(errors.Invalid):
            ask([one.url], "read", "x" * 43, **named)
        with pytest.raises(errors.Invalid):
            ask([one.url], "patch", "x" * 43, if_match='"1-1"\r\nX: y')
        assert one.seen == []


def test_a_value_is_one_value(ask: Ask) -> None:
    """Or a text that calls itself JSON could sign somebody in."""
    with listening(node(FakeStore())) as one:
        for text in (b'1},"subject":"root","device":{', b"", b"1 2", b"[", b'"\xff"'):
            with pytest.raises(errors.Invalid):
                ask([one.url], "create", attrs={"a": Value("json", text)})
        with pytest.raises(errors.Invalid):
            ask([one.url], "create", attrs={"a": Value('x","data":""}},"subject":"root","raw":{"b":{"codec":"json', b"1")})
        token, _ = ask([one.url], "create", attrs={"a": Value("json", b' {"b": [1.0]} ')})
        assert json.loads(ask([one.url], "read", token).attrs["a"].data) == {"b": [1.0]}


def test_what_is_refused_unread_is_understood(ask: Ask) -> None:
    """A node answers a request that is too long before it has read it, and closes."""
    with listening(lambda _: problem(413, "too_large"), early=True) as one, pytest.raises(errors.TooLarge):
        ask([one.url], "create", attrs={"a": Value.json("x" * 200_000)})


def test_an_answer_before_a_reset_is_read() -> None:
    with listening(lambda _: problem(413, "too_large"), rude=True) as one:
        client = Client([one.url], timeout=2)
        with pytest.raises(errors.TooLarge):
            client.create(attrs={"a": Value.json("x" * 8_000_000)})
        client.close()


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_change_is_not_sent_into_a_connection_that_is_over(kind: type[Any]) -> None:
    async def story(client: Any, one: Script) -> None:
        async def ask(method: str, *args: Any) -> Any:
            got = getattr(client, method)(*args)
            return await got if asyncio.iscoroutine(got) else got

        await ask("create")
        one.close()
        for _ in range(3):  # asyncio looks at its connections when it is its turn; on loopback the end is there at once
            await asyncio.sleep(0)
        with pytest.raises(errors.Unavailable, match="connection refused"):  # certainly not made; else it would be Unknown
            await ask("create")

    with listening(node(FakeStore())) as one:
        asyncio.run(story(kind([one.url], timeout=0.5), one))


def test_a_call_that_is_given_up_gives_its_probe_back() -> None:
    """Or a node that was ill once would be left alone for ever."""
    client = Client(["http://127.0.0.1:1"], transport=FakeStore())
    sick = client._ring.nodes[0]
    for _ in range(3):
        sick.failure(-100.0, 0.0)
    steps = course(client.build.read("x" * 43, True), client._ring, client._history, 1.0, "")
    assert isinstance(next(steps), Try)
    assert not sick.allow(1e12), "a probe is under way"
    steps.close()
    assert sick.allow(1e12)


def test_an_answer_that_trickles_ends_with_the_time(ask: Ask) -> None:
    slow = http(200, b"x" * 10_000, **PROBLEM)
    with listening(lambda _: slow, pace=0.02) as one, pytest.raises(errors.Unavailable):
        ask([one.url], "read", "x" * 43, timeout=0.6)


def test_an_answer_that_makes_no_sense_spoils_no_node() -> None:
    """One session that this client cannot read must not keep it from reading others."""
    bad = http(200, b'{"id":1', **PROBLEM)
    with listening(lambda _: bad) as one:
        client = Client([one.url], timeout=2)
        for _ in range(4):
            with pytest.raises(errors.Unavailable, match="makes no sense"):
                client.read("x" * 43)
        assert len(one.seen) == 4
        assert client._ring.nodes[0].allow(0.0)
        client.close()


@pytest.mark.parametrize("wait", ["Infinity", "-1", "1e300", '"soon"', '"²"', "true"])
def test_a_wait_that_is_none_is_passed_over(ask: Ask, wait: str) -> None:
    body = f'{{"code":"unavailable","outcome":"not_done","retry_after":{wait}}}'.encode()
    with listening(lambda _: http(503, body, **PROBLEM)) as busy, pytest.raises(errors.Unavailable) as no:
        ask([busy.url], "read", "x" * 43, timeout=0.4)
    assert 1 <= int(errors.retry_after_of(no.value)) <= 2


def test_loops_that_are_over_keep_no_connection() -> None:
    """asyncio.run makes a loop for each call, and so does Django's async_to_sync."""
    with listening(node(FakeStore())) as one:
        client = AsyncClient([one.url], timeout=5)

        def open_files() -> int:
            gc.collect()
            return len(os.listdir("/proc/self/fd"))

        asyncio.run(client.create())
        before = open_files()
        for _ in range(10):
            asyncio.run(client.create())
        assert open_files() <= before + 2
        assert len(client._transport._idle) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("whole", "body", "reusable"),
    [
        (b"HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 3\r\n\r\nabc", b"abc", True),
        (b"HTTP/1.1 200 OK\r\nconnection: Close\r\nContent-Length: 3\r\n\r\nabc", b"abc", False),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n10;x=y\r\n0123456789abcdef\r\n0\r\n\r\n", b"abc0123456789abcdef", True),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"until the end", False),
    ],
)
def test_an_answer_is_the_same_in_any_pieces(whole: bytes, body: bytes, reusable: bool) -> None:
    for size in range(1, len(whole) + 1):
        answer, reply = Answer(), None
        for at in range(0, len(whole), size):
            assert reply is None
            reply = answer.feed(whole[at : at + size])
        reply = reply or answer.feed(b"")
        assert (reply and reply.body, answer.reusable) == (body, reusable)


@pytest.mark.parametrize(
    "bad", [b"SSH-2.0", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", b"HTTP/1.1 x\r\n\r\n"]
)
def test_what_is_no_answer(bad: bytes) -> None:
    with pytest.raises(ValueError):
        Answer().feed(bad)


def test_bytes_after_an_answer_end_the_connection() -> None:
    answer = Answer()
    reply = answer.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na" + b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb")
    assert (reply and reply.body, answer.reusable) == (b"a", False)
    with pytest.raises(EOFError):
        Answer().feed(b"")


def test_nothing_that_is_printed_has_a_token(ask: Ask) -> None:
    """Error reporters print the local variables of every frame."""
    token, key = "t" * 43, "k" * 20
    seen: list[object] = []

    class Seeing(FakeStore):
        def send(self, want: Any) -> Any:
            seen.extend([want, want.call, got := super().send(want)])
            return got

    client = Client(transport=Seeing(), key=key)
    client.create(token, attrs={"secret": Value.json("s3cret")})
    client.read(token)
    text = repr(seen)
    assert not [secret for secret in (token, key, "s3cret") if secret in text]


def call(client: Any, method: str, *args: Any, **named: Any) -> Any:
    got = getattr(client, method)(*args, **named)
    return asyncio.run(got) if asyncio.iscoroutine(got) else got


def test_a_script_is_a_listener() -> None:
    """The tests above would prove nothing if nobody listened."""
    with listening(lambda _: b"hello") as one:
        assert isinstance(one, Script)
        with socket.create_connection(("127.0.0.1", int(one.url.rsplit(":", 1)[1]))) as raw:
            raw.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert raw.recv(100) == b"hello"
