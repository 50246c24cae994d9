"""Both clients over real sockets, before nodes that die, hang, lie and come back."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from nodes import http, listening, node, refused
from sessnode import AsyncClient, Client, Value, errors
from sessnode.testing import FakeStore

Ask = Callable[..., Any]


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Calls one method of a client with these nodes."""

    def sync(nodes: list[str], method: str, *args: Any, timeout: float = 2.0, **named: Any) -> Any:
        client = Client(nodes, timeout=timeout)
        try:
            return getattr(client, method)(*args, **named)
        finally:
            client.close()

    def through_asyncio(nodes: list[str], method: str, *args: Any, timeout: float = 2.0, **named: Any) -> Any:
        async def story() -> Any:
            client = AsyncClient(nodes, timeout=timeout)
            try:
                return await getattr(client, method)(*args, **named)
            finally:
                await client.close()

        return asyncio.run(story())

    return sync if request.param == "sync" else through_asyncio


PROBLEM = {"content-type": "application/problem+json", "session-index": "1-1", "session-generation": "1"}


def problem(status: int, code: str, **more: Any) -> bytes:
    return http(status, json.dumps({"code": code, "status": status, "outcome": "not_done", **more}).encode(), **PROBLEM)


def test_a_dead_node_is_passed_over(ask: Ask) -> None:
    with listening(node(FakeStore())) as alive:
        for _ in range(4):  # whichever is asked first
            token, _made = ask([refused(), alive.url, refused()], "create", attrs={"a": Value.json(1)})
            assert ask([refused(), alive.url], "read", token).attrs == {"a": Value.json(1)}


def test_nobody_there_is_unavailable(ask: Ask) -> None:
    with pytest.raises(errors.Unavailable, match="connection refused"):
        ask([refused(), refused()], "create", timeout=0.6)


@pytest.mark.parametrize("method", ["create", "read"])
def test_a_node_that_hangs_does_not_eat_the_time(ask: Ask, method: str) -> None:
    done = threading.Event()

    def hang(_: bytes) -> bytes:
        done.wait(30)
        return b""

    store = FakeStore()
    token, _ = store.client().create()
    with listening(hang) as hanging, listening(node(store)) as alive:
        for _ in range(2):
            ask([hanging.url, alive.url], method, *([token] if method == "read" else []), timeout=3)
        done.set()


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"", errors.Unknown),
        (http(200, b"<html>"), errors.Unknown),
        (http(404, b"not here", **{"content-type": "text/plain"}), errors.Unknown),
        (http(502, b"bad gateway"), errors.Unknown),
        (b"SSH-2.0-x\r\n\r\n", errors.Unknown),
        (http(201, b"[1]", **PROBLEM), errors.Unknown),
        (http(201, b"{" * 100_000, **PROBLEM), errors.Unknown),
        (http(201, b'{"id":"x"', **PROBLEM), errors.Unknown),
        (problem(503, "unavailable"), errors.Unavailable),
        (problem(504, "unknown"), errors.Unknown),
        (problem(507, "full"), errors.Full),
        (problem(409, "limit"), errors.Limit),
        (problem(418, "teapot"), errors.Invalid),
        (problem(401, "unauthorized"), errors.Unauthorized),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", errors.Unknown),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", errors.Unknown),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", errors.Unknown),
    ],
)
def test_what_an_answer_to_a_change_means(ask: Ask, answer: bytes, outcome: type[Exception]) -> None:
    with listening(lambda _: answer) as strange, pytest.raises(outcome) as got:
        ask([strange.url], "create", timeout=0.6)
    assert type(got.value) is outcome


@pytest.mark.parametrize("answer", [b"", http(200, b"<html>"), http(404, b"not here"), http(200, b"{}", **PROBLEM)])
def test_nonsense_is_never_nobody(ask: Ask, answer: bytes) -> None:
    """No false logout: only a node of the cluster can say that a session does not exist."""
    with listening(lambda _: answer) as strange, pytest.raises(errors.Unavailable):
        ask([strange.url], "read", "x" * 43, timeout=0.6)


def test_another_life_is_not_believed(ask: Ask) -> None:
    """A node restored from an old backup knows nobody."""
    store = FakeStore()
    token, _ = store.client().create()
    lost = problem(404, "not_found").replace(b"session-generation: 1", b"session-generation: 2")
    with listening(node(store)) as right, listening(lambda _: lost) as wrong:
        client = Client([right.url], timeout=0.5)
        client.read(token)
        client._ring.nodes[0].base = wrong.url
        with pytest.raises(errors.Unavailable) as no:
            client.read(token)
        assert no.value.reason == "generation"
        client.close()


def test_a_lost_answer_is_asked_for_again_under_the_same_name(ask: Ask) -> None:
    store = FakeStore()
    lose = iter([True])

    def answer(request: bytes) -> bytes:
        whole = node(store)(request)
        return b"" if next(lose, False) else whole

    with listening(answer) as losing:
        token, made = ask([losing.url], "create", attrs={"a": Value.json(1)})
        names = {line for request in losing.seen for line in request.split(b"\r\n") if line.startswith(b"Idempotency-Key")}
        assert (len(losing.seen), len(names), store.sessions) == (2, 1, 1)
        assert store.client().read(token).id == made.id


def test_retry_after_is_told(ask: Ask) -> None:
    with (
        listening(lambda _: problem(503, "unavailable", reason="overload", retry_after=7.5, detail="busy")) as busy,
        pytest.raises(errors.Unavailable) as no,
    ):
        ask([busy.url], "read", "x" * 43, timeout=0.6)
    assert (no.value.reason, no.value.retry_after, errors.retry_after_of(no.value)) == ("overload", 7.5, "8")


def test_an_overloaded_cluster_is_not_asked_several_times() -> None:
    busy_answer = problem(503, "unavailable", reason="overload", retry_after=0.01, detail="busy")
    with listening(lambda _: busy_answer) as one, listening(lambda _: busy_answer) as two, closing(Client([one.url, two.url], timeout=2)) as client:
        calls = 60
        for _ in range(calls):
            with pytest.raises(errors.Unavailable):
                client.read("x" * 43)
        tries = len(one.seen) + len(two.seen)
        assert calls <= tries <= calls + calls / 10 + 10
        assert len(one.seen) > calls / 3, "a node that has too much to do is left alone"


def test_a_logout_is_tried_again_all_the_same() -> None:
    busy_answer = problem(503, "unavailable", reason="overload", retry_after=0.01, detail="busy")
    store = FakeStore()
    turns = iter([busy_answer] * 34)
    alive = node(store)
    with listening(lambda request: next(turns, b"") or alive(request)) as one, closing(Client([one.url], timeout=2)) as client:
        token, _made = store.client().create(attrs={})
        for _ in range(20):  # until nothing is left to spend
            with pytest.raises(errors.Unavailable):
                client.read(token)
        client.revoke(token)
        assert store.sessions == 0


def test_secrets_do_not_come_back(ask: Ask) -> None:
    secret = "s" * 43
    with listening(lambda _: problem(400, "invalid", detail=f"the token {secret}\nis bad")) as leaky, pytest.raises(errors.Invalid) as no:
        ask([leaky.url], "read", secret)
    assert secret not in str(no.value)
    assert "\n" not in str(no.value)


def test_connections_are_kept(ask: Ask) -> None:
    store = FakeStore()
    with listening(node(store)) as one:
        client = Client([one.url])
        token, _ = client.create()
        for _ in range(5):
            client.read(token)
        assert one.connections == 1
        client.close()


def test_a_connection_that_the_node_closed_is_no_failure() -> None:
    store = FakeStore()
    with listening(node(store)) as one:
        client = Client([one.url], timeout=2)
        token, _ = client.create()
        for connection in one._open:
            connection.shutdown(2)
        assert client.read(token).id
        client.close()


def test_threads_share_a_client() -> None:
    store = FakeStore()
    with listening(node(store)) as one:
        client = Client([one.url], timeout=5)
        token, _ = client.create()
        workers = [threading.Thread(target=lambda: [client.patch(token, incr={"n": 1}) for _ in range(20)]) for _ in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert client.read(token).attrs["n"] == Value.json(160)
        client.close()


def test_a_child_has_connections_of_its_own() -> None:
    """gunicorn with preload forks a process that has used the client already, maybe while a lock was held."""
    store = FakeStore()
    with listening(node(store)) as one:
        client = Client([one.url], timeout=5)
        token, _ = client.create(attrs={"who": Value.json("parent")})
        client._ring.nodes[0]._lock.acquire()
        client._history._lock.acquire()
        child = os.fork()
        if child == 0:
            ok = client.patch(token, set={"who": Value.json("child")}).id
            os._exit(0 if ok else 1)
        client._ring.nodes[0]._lock.release()
        client._history._lock.release()
        assert os.waitpid(child, 0)[1] == 0
        assert client.read(token).attrs["who"] == Value.json("child")
        assert one.connections == 2
        client.close()


def test_a_cancelled_call_leaves_no_half_answer() -> None:
    store = FakeStore()
    gate = threading.Event()
    slow = iter([True])

    def answer(request: bytes) -> bytes:
        if next(slow, False):
            gate.wait(10)
        return node(store)(request)

    async def story(url: str) -> None:
        client = AsyncClient([url], timeout=5)
        call = asyncio.create_task(client.create(attrs={"first": Value.json(1)}))
        while not one.seen:
            await asyncio.sleep(0.001)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        gate.set()
        token, _ = await client.create(attrs={"second": Value.json(2)})
        assert (await client.read(token)).attrs == {"second": Value.json(2)}
        await client.close()

    with listening(answer) as one:
        asyncio.run(story(one.url))


def test_a_node_left_alone_is_tried_again() -> None:
    store = FakeStore()
    down = [True]
    with listening(lambda request: b"" if down[0] else node(store)(request)) as one:
        client = Client([one.url], timeout=0.4)
        for _ in range(2):
            with pytest.raises(errors.Unavailable):
                client.read("x" * 43)
        down[0] = False
        with pytest.raises(errors.NotFound):
            client.read("x" * 43)
        client.close()
