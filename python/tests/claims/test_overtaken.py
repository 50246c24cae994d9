"""Requests that are overtaken: what ended or was rotated while they were at work, and what they must not bring back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sessnode import Client, Value, errors
from sessnode.request import Cookie, RequestSession, Standing


def begin(client: Client, **attrs: object) -> str:
    """A session with attributes; returns its token."""
    request = RequestSession(client, None)
    return client.run(request.commit(dict(attrs))).token


def loaded(client: Client, token: str, **options: Any) -> tuple[RequestSession, dict[str, Any]]:
    request = RequestSession(client, token, **options)
    return request, client.run(request.load())


def overtaken_by_patch(client: Client, slow: RequestSession, data: dict[str, Any]) -> None:
    data["a"] = 2
    assert client.run(slow.commit(data)).dropped is not None


def overtaken_by_pop(client: Client, slow: RequestSession, data: dict[str, Any]) -> None:
    assert client.run(slow.pop(["flash"])) == {}
    del data["flash"]


def overtaken_by_load(client: Client, slow: RequestSession, data: dict[str, Any]) -> None:
    assert client.run(slow.load()) == {}


@pytest.mark.parametrize("overtake", [overtaken_by_patch, overtaken_by_pop, overtaken_by_load])
@pytest.mark.parametrize("subject_from", [("user",), lambda data: data.get("user", "")], ids=["names", "function"])
def test_who_was_signed_out_stays_so(client: Client, overtake: Callable[..., None], subject_from: Any) -> None:
    token = begin(client, user="ada", flash="hi")
    slow, data = loaded(client, token, subject_from=subject_from)
    client.revoke(token)
    overtake(client, slow, data)
    assert slow.standing is Standing.OVERTAKEN
    data["more"] = 1
    out = client.run(slow.commit(data))
    assert (out.cookie, out.dropped and out.dropped.reason) == (Cookie.KEEP, "revoked")
    assert client.subject_sessions("ada") == []


def test_an_overtaken_request_may_sign_somebody_in(client: Client) -> None:
    token = begin(client, cart=[1], flash="hi")
    slow, data = loaded(client, token)
    client.revoke(token)
    overtaken_by_pop(client, slow, data)
    data["user"] = "ada"
    out = client.run(slow.commit(data))
    assert out.cookie is Cookie.SET
    assert loaded(client, out.token)[1] == {"user": "ada"}


def test_whose_session_it_was_may_be_said_by_an_attribute_alone(client: Client) -> None:
    token, _ = client.create(attrs={"user": Value.json("ada"), "secret": Value.json(1)})
    request, data = loaded(client, token)
    data["user"] = "bob"
    out = client.run(request.commit(data))
    assert data == {"user": "bob"}
    assert loaded(client, out.token)[1] == {"user": "bob"}


def test_a_second_name_that_stays_signs_nobody_in(client: Client) -> None:
    """Flask-Login's logout takes ``_user_id`` away and leaves what the application has put beside it."""
    token = begin(client, _user_id="17", user="ada", cart=[1])
    request, data = loaded(client, token)
    del data["_user_id"]
    data["flash"] = "bye"
    out = client.run(request.commit(data))
    assert data == {"flash": "bye"}
    assert client.subject_sessions("17") == client.subject_sessions("ada") == []
    with pytest.raises(errors.NotFound) as no:
        client.read(token)
    assert no.value.reason == "revoked"
    request, data = loaded(client, out.token)
    assert data == {"flash": "bye"}


def test_a_second_name_that_is_set_signs_in(client: Client) -> None:
    token = begin(client, _user_id="17", cart=[1])
    request, data = loaded(client, token)
    del data["_user_id"]
    data["user"] = "bob"
    out = client.run(request.commit(data))
    assert client.read(out.token).subject == "bob"
    assert loaded(client, out.token)[1] == {"user": "bob"}


@pytest.mark.parametrize("value", [{"name": "ada"}, "x" * 300, "a\nb", 1.5, True, None, [], ""])
def test_what_can_be_no_subject_is_nobody(client: Client, value: object) -> None:
    token = begin(client, user="ada", secret=1)
    request, data = loaded(client, token)
    data["user"] = value
    out = client.run(request.commit(data))
    with pytest.raises(errors.NotFound):
        client.read(token)
    assert client.subject_sessions("ada") == []
    request, data = loaded(client, out.token)
    assert data == {"user": value}
    data["user"] = "ada"
    out = client.run(request.commit(data))
    assert client.read(out.token).subject == "ada"


def test_a_logout_without_a_look_leaves_a_newer_cookie_alone(client: Client) -> None:
    token = begin(client, a=1)
    fresh, _ = client.rotate(token, subject="ada")
    stale = RequestSession(client, token)
    assert client.run(stale.revoke()).cookie is Cookie.KEEP
    assert client.read(fresh).subject == "ada"
    assert client.run(RequestSession(client, fresh).revoke()).cookie is Cookie.CLEAR
    assert client.run(RequestSession(client, fresh).revoke()).cookie is Cookie.CLEAR
    with pytest.raises(errors.NotFound):
        client.read(fresh)


def test_a_parallel_request_in_grace_signs_out(client: Client) -> None:
    token = begin(client, user="ada")
    fresh, _ = client.rotate(token)
    request, data = loaded(client, token)
    del data["user"]
    assert client.run(request.commit(data)).cookie is Cookie.CLEAR
    with pytest.raises(errors.NotFound):
        client.read(fresh)


def test_one_request_commits_again_and_again(client: Client) -> None:
    request = RequestSession(client, None)
    data: dict[str, Any] = {"n": 1}
    first = client.run(request.commit(data))
    data["n"] = 2
    assert client.run(request.commit(data)).cookie is Cookie.KEEP
    data["user"] = "ada"
    second = client.run(request.commit(data))
    data["n"] = 3
    assert client.run(request.commit(data)).cookie is Cookie.KEEP
    assert (first.cookie, second.cookie, request.token) == (Cookie.SET, Cookie.SET, second.token)
    assert loaded(client, second.token)[1] == {"n": 3, "user": "ada"}
    del data["user"]
    assert client.run(request.commit(data)).cookie is Cookie.CLEAR
    assert data == {}
    data["m"] = 1
    third = client.run(request.commit(data))
    assert loaded(client, third.token)[1] == {"m": 1}
    assert client.subject_sessions("ada") == []


def test_what_cannot_be_written_again_is_no_change(client: Client) -> None:
    """A number that another language stored, and that is infinite here, must not spoil every request of its session."""
    token, _ = client.create(attrs={"huge": Value("json", b"1e999")})
    request, data = loaded(client, token)
    assert data == {"huge": float("inf")}
    assert client.run(request.commit(data)).cookie is Cookie.KEEP
    data["a"] = 1
    client.run(request.commit(data))
    assert client.read(token).attrs == {"huge": Value("json", b"1e999"), "a": Value.json(1)}
    data["huge"] = float("-inf")
    with pytest.raises(errors.Unserializable):
        client.run(request.commit(data))
