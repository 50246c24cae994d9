"""What a request does about its cookie while the store cannot answer, or its answers are lost."""

from __future__ import annotations

from typing import Any

import pytest

from sessnode import Client, Timeouts, errors
from sessnode.request import Cookie, RequestSession, Standing
from sessnode.testing import FakeStore


def begin(client: Client, **attrs: object) -> str:
    return client.run(RequestSession(client, None).commit(dict(attrs))).token


def loaded(client: Client, token: str) -> tuple[RequestSession, dict[str, Any]]:
    request = RequestSession(client, token)
    return request, client.run(request.load())


def test_a_login_in_doubt_loses_no_session(sessnode_store: FakeStore, sessnode_client: Client) -> None:
    """Made or not, the old cookie stays; the next request is anonymous, and signing in once more works."""
    client = sessnode_client
    token = begin(client, cart=[1])
    request, data = loaded(client, token)
    data["user"] = "ada"
    sessnode_store.lose_answers = 1
    with pytest.raises(errors.Unknown):
        client.run(request.commit(data))
    later, data = loaded(client, token)
    assert (data, later.standing) == ({}, Standing.OVERTAKEN)
    assert client.run(later.commit(data)).cookie is Cookie.KEEP
    data["user"] = "ada"
    out = client.run(later.commit(data))
    assert out.cookie is Cookie.SET
    assert client.read(out.token).subject == "ada"


def test_a_commit_in_doubt_may_be_repeated(sessnode_store: FakeStore, sessnode_client: Client) -> None:
    client = sessnode_client
    token = begin(client, cart=[1])
    request, data = loaded(client, token)
    data["user"] = "ada"
    sessnode_store.lose_answers = 1
    with pytest.raises(errors.Unknown):
        client.run(request.commit(data))
    out = client.run(request.commit(data))  # finds its own rotation, and takes it for a double click
    assert client.read(out.token).subject == "ada"
    data["n"] = 1
    sessnode_store.lose_answers = 1
    with pytest.raises(errors.Unknown):
        client.run(request.commit(data))
    assert client.run(request.commit(data)).cookie is Cookie.KEEP
    assert client.read(out.token).attrs["n"].data == b"1"


@pytest.mark.parametrize("change", ["change", "logout", "login", "create", "pop", "rotate"])
def test_while_the_store_is_down_nothing_is_certain(sessnode_store: FakeStore, sessnode_client: Client, change: str) -> None:
    client = sessnode_client
    token = begin(client, user="ada", flash="hi") if change != "login" else begin(client, flash="hi")
    request, data = loaded(client, token) if change != "create" else (RequestSession(client, None), {})
    if change == "logout":
        del data["user"]
    data["more"] = 1
    if change == "login":
        data["user"] = "ada"
    sessnode_store.down = True
    with pytest.raises(errors.Unavailable):
        client.run(request.pop(["flash"]) if change == "pop" else request.commit(data, rotate=change == "rotate"))
    with pytest.raises(errors.Unavailable):
        client.run(RequestSession(client, token).load())
    with pytest.raises(errors.Unavailable):
        client.run(RequestSession(client, token).revoke())
    sessnode_store.down = False
    again, _ = loaded(client, token)
    assert again.standing is Standing.LIVE
    assert sessnode_store.sessions == 1


def test_a_logout_that_was_made_stays_made_when_the_rest_fails(sessnode_store: FakeStore, sessnode_client: Client) -> None:
    client = sessnode_client
    token = begin(client, user="ada", secret=1)
    request, data = loaded(client, token)
    del data["user"]
    data["flash"] = "bye"
    steps = request.commit(data)
    client.perform(next(steps))  # revoked
    create = steps.send(None)
    assert create.op == "create"
    with pytest.raises(errors.Unavailable):
        steps.throw(errors.Unavailable())
    assert data == {"flash": "bye"}
    assert loaded(client, token)[0].standing is Standing.ENDED
    out = client.run(request.commit(data))
    assert loaded(client, out.token)[1] == {"flash": "bye"}


def test_what_was_never_loaded_is_not_committed(sessnode_client: Client) -> None:
    with pytest.raises(RuntimeError):
        sessnode_client.run(RequestSession(sessnode_client, "x" * 43).commit({"a": 1}))


def test_the_stores_memory_passes(sessnode_store: FakeStore, sessnode_client: Client) -> None:
    """In memory only: nodes would need hours for it. What is remembered of an ended session is forgotten in the end."""
    client = sessnode_client
    token, made = client.create()
    client.revoke(token)
    call = client.build.create(token, "", {}, None, Timeouts())
    with pytest.raises(errors.Conflict):
        client.perform(call)
    sessnode_store.advance(3601)
    assert client.why(id=made.id) == []
    client.create(token)
