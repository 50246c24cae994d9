"""What one request does to its session: the promises that every adapter inherits."""

from __future__ import annotations

import pytest

from sessnode import Client, Device, Timeouts, errors
from sessnode.request import Cookie, RequestSession, Standing


def begin(client: Client, **attrs: object) -> str:
    """A session with attributes; returns its token."""
    request = RequestSession(client, None)
    client.run(request.load())
    return client.run(request.commit(dict(attrs))).token


def test_nothing_is_stored_for_nothing(client: Client) -> None:
    request = RequestSession(client, None)
    assert client.run(request.load()) == {}
    assert client.run(request.commit({})).cookie is Cookie.KEEP
    assert request.token == ""


def test_two_requests_keep_both_changes(client: Client) -> None:
    token = begin(client, cart=[1])
    one, two = RequestSession(client, token), RequestSession(client, token)
    first, second = client.run(one.load()), client.run(two.load())
    first["a"], second["b"] = 1, 2
    client.run(one.commit(first))
    client.run(two.commit(second))
    assert client.run(RequestSession(client, token).load()) == {"cart": [1], "a": 1, "b": 2}


def test_a_change_in_place_is_seen(client: Client) -> None:
    token = begin(client, cart={"items": [1]})
    request = RequestSession(client, token)
    data = client.run(request.load())
    data["cart"]["items"].append(2)
    client.run(request.commit(data))
    assert client.run(RequestSession(client, token).load()) == {"cart": {"items": [1, 2]}}


def test_a_request_that_changes_nothing_sends_nothing(client: Client) -> None:
    token = begin(client, a=1)
    request = RequestSession(client, token)
    data = client.run(request.load())
    before = client.read(token).version
    assert client.run(request.commit(data)).cookie is Cookie.KEEP
    assert client.read(token).version == before


def test_a_late_request_brings_nothing_back(client: Client) -> None:
    token = begin(client, a=1)
    slow = RequestSession(client, token)
    data = client.run(slow.load())
    client.revoke(token)
    data["a"] = 2
    out = client.run(slow.commit(data))
    assert out.cookie is Cookie.KEEP
    assert out.dropped is not None
    assert out.dropped.reason == "revoked"
    with pytest.raises(errors.NotFound):
        client.read(token)
    data["more"] = 1
    assert client.run(slow.commit(data)).dropped is not None


def test_a_cookie_of_an_ended_session_begins_a_new_one(client: Client) -> None:
    token = begin(client, a=1)
    client.revoke(token)
    request = RequestSession(client, token)
    assert client.run(request.load()) == {}
    assert request.standing is Standing.ENDED
    assert client.run(request.commit({})).cookie is Cookie.CLEAR
    out = client.run(request.commit({"b": 1}))
    assert out.cookie is Cookie.SET
    assert out.token != token


@pytest.mark.parametrize("cookie", ["", "garbage", "caf\xe9", "x" * 5000, "a b", "%00", "y" * 43])
def test_a_foreign_cookie_is_nobody(client: Client, cookie: str) -> None:
    request = RequestSession(client, cookie)
    assert client.run(request.load()) == {}
    out = client.run(request.commit({"a": 1}))
    assert out.cookie is Cookie.SET
    assert out.token != cookie


def test_a_login_binds_and_ends_the_old_token(client: Client) -> None:
    token = begin(client, cart=[1])
    request = RequestSession(client, token, device=Device(ip="127.0.0.1"))
    data = client.run(request.load())
    data["user"] = "ada"
    out = client.run(request.commit(data))
    assert out.cookie is Cookie.SET
    with pytest.raises(errors.NotFound):
        client.read(token)
    got = client.read(out.token)
    assert (got.subject, got.device.ip) == ("ada", "127.0.0.1")
    assert client.run(RequestSession(client, out.token).load()) == {"cart": [1], "user": "ada"}


def test_a_logout_ends_the_session(client: Client) -> None:
    token = begin(client, user="ada", cart=[1])
    request = RequestSession(client, token)
    data = client.run(request.load())
    del data["user"]
    assert client.run(request.commit(data)).cookie is Cookie.CLEAR
    assert data == {}
    with pytest.raises(errors.NotFound) as no:
        client.read(token)
    assert no.value.reason == "revoked"


def test_a_logout_may_leave_a_message(client: Client) -> None:
    token = begin(client, user="ada", secret=1)
    request = RequestSession(client, token)
    data = client.run(request.load())
    del data["user"]
    data["flash"] = "bye"
    out = client.run(request.commit(data))
    assert out.cookie is Cookie.SET
    got = RequestSession(client, out.token)
    assert client.run(got.load()) == {"flash": "bye"}
    assert got.record is not None
    assert got.record.subject == ""


def test_somebody_else_sees_nothing_of_the_one_before(client: Client) -> None:
    token = begin(client, user="ada", secret=1)
    request = RequestSession(client, token)
    data = client.run(request.load())
    data["user"] = "bob"
    data["own"] = 2
    client.patch(token, set={"late": request._base["secret"]})  # a parallel request of ada
    out = client.run(request.commit(data))
    assert client.run(RequestSession(client, out.token).load()) == {"user": "bob", "own": 2}
    assert data == {"user": "bob", "own": 2}
    with pytest.raises(errors.NotFound):
        client.read(token)


def test_a_double_click_on_login_ends_signed_in(client: Client) -> None:
    token = begin(client, cart=[1])
    one, two = RequestSession(client, token), RequestSession(client, token)
    first, second = client.run(one.load()), client.run(two.load())
    first["user"] = second["user"] = "ada"
    client.run(one.commit(first))
    out = client.run(two.commit(second))
    assert client.read(out.token).subject == "ada"
    assert client.run(RequestSession(client, out.token).load()) == {"user": "ada"}


def test_another_apps_login_is_not_undone(client: Client) -> None:
    """A session that was bound without an attribute, by the Go middleware for one, is not logged out by who knows nothing of it."""
    token, _ = client.create(subject="ada")
    request = RequestSession(client, token)
    data = client.run(request.load())
    data["lang"] = "ko"
    assert client.run(request.commit(data)).cookie is Cookie.KEEP
    assert client.read(token).subject == "ada"


def test_a_rotated_token_leaves_the_cookie_alone(client: Client) -> None:
    token = begin(client, a=1)
    client.rotate(token, subject="ada")
    request = RequestSession(client, token)
    assert client.run(request.load()) == {}
    assert request.standing is Standing.OVERTAKEN
    out = client.run(request.commit({"b": 1}))
    assert (out.cookie, out.dropped is not None) == (Cookie.KEEP, True)


def test_a_parallel_rotation_loses_nothing(client: Client) -> None:
    token = begin(client, a=1)
    one, two = RequestSession(client, token), RequestSession(client, token)
    first, second = client.run(one.load()), client.run(two.load())
    first["x"], second["y"] = 1, 2
    out = client.run(one.commit(first, rotate=True))
    assert client.run(two.commit(second, rotate=True)).cookie is Cookie.KEEP
    assert client.run(RequestSession(client, out.token).load()) == {"a": 1, "x": 1, "y": 2}


def test_a_message_is_popped_once(client: Client) -> None:
    token = begin(client, flash=["hi"], a=1)
    one, two = RequestSession(client, token), RequestSession(client, token)
    first, second = client.run(one.load()), client.run(two.load())
    assert client.run(one.pop(["flash"])) == {"flash": ["hi"]}
    assert client.run(two.pop(["flash"])) == {}
    del first["flash"], second["flash"]
    client.run(one.commit(first))
    client.run(two.commit(second))
    assert client.run(RequestSession(client, token).load()) == {"a": 1}


def test_timeouts_go_along(client: Client) -> None:
    request = RequestSession(client, None)
    client.run(request.load())
    out = client.run(request.commit({"a": 1}, timeouts=Timeouts(idle=600, lifetime=1200)))
    assert client.read(out.token).idle == 600
    later = RequestSession(client, out.token)
    data = client.run(later.load())
    client.run(later.commit(data, timeouts=Timeouts(idle=60)))
    assert client.read(out.token).idle == 600
    client.run(later.commit(data, timeouts=Timeouts(idle=60), refresh=True))
    assert client.read(out.token).idle == 60
    data["a"] = 2
    client.run(later.commit(data, timeouts=Timeouts(idle=90)))
    assert client.read(out.token).idle == 90


def test_what_cannot_be_written_sends_nothing(client: Client) -> None:
    token = begin(client, a=1)
    request = RequestSession(client, token)
    data = client.run(request.load())
    data["a"], data["bad"] = 2, object()
    with pytest.raises(errors.Unserializable, match="'bad', a object, cannot be stored"):
        client.run(request.commit(data))
    data["bad"] = float("nan")
    with pytest.raises(errors.Unserializable):
        client.run(request.commit(data))
    del data["bad"]
    data[1] = 1  # type: ignore[index]
    with pytest.raises(errors.Unserializable):
        client.run(request.commit(data))
    assert client.run(RequestSession(client, token).load()) == {"a": 1}
