"""Run by test_gevent.py in a process of its own: a patched process, as gunicorn's gevent workers are."""

# ruff: noqa: E402
from gevent import monkey

monkey.patch_all()

import gevent
from gevent.event import Event

from nodes import listening, node
from sessnode import Client, Value
from sessnode.testing import FakeStore

store = FakeStore()
gate = Event()


def answer(request: bytes) -> bytes:
    if b"Session-Token: " + b"slow" * 10 in request:
        gate.wait()
    return node(store)(request)


with listening(answer) as one:
    client = Client([one.url], timeout=20)
    token, _ = client.create(attrs={"n": Value.json(0)})
    client.create("slow" * 10, attrs={"a": Value.json("slow")})

    waits = gevent.spawn(client.read, "slow" * 10)
    killed = gevent.spawn(client.read, "slow" * 10)
    while len(one.seen) < 4:
        gevent.sleep(0)
    killed.kill()
    gevent.joinall([gevent.spawn(lambda: [client.patch(token, incr={"n": 1}) for _ in range(10)]) for _ in range(20)], raise_error=True)
    assert not waits.ready(), "one greenlet that waits stops no other"
    gate.set()
    assert waits.get().attrs["a"] == Value.json("slow")
    for _ in range(30):  # no connection has the answer to the killed greenlet's request in it
        assert client.read(token).attrs["n"] == Value.json(200)
    assert len(client._transport._idle[one.url]) <= 22, "connections are kept"
    client.close()
print("told")
