"""Sessions by their token, as the HTTP API promises them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest

from sessnode import Client, Device, Timeouts, Value, errors, new_token


def test_what_is_created_is_read(client: Client) -> None:
    attrs = {
        "n": Value("json", b"1.0"),
        "big": Value("json", b"123456789012345678901234567890"),
        "raw": Value("bytes", b"\0\xff"),
        "m": Value("msgpack", b"\x01"),
    }
    token, made = client.create(subject="ada", attrs=attrs, device=Device(ip="127.0.0.1", user_agent="x"))
    got = client.read(token)
    assert dict(got.attrs) == attrs
    assert (got.id, got.subject, got.device.ip, got.version) == (made.id, "ada", "127.0.0.1", 1)
    assert got.etag == made.etag != ""


def test_times_are_those_of_the_session(client: Client) -> None:
    token, _ = client.create(timeouts=Timeouts(idle=3600, lifetime=7200))
    got = client.read(token)
    assert (got.idle, got.lifetime) == (3600, 7200)
    assert (got.end - got.created).total_seconds() == 7200
    assert (got.idle_deadline - got.touched).total_seconds() == 3600


def test_a_token_is_taken_once(client: Client) -> None:
    token, _ = client.create()
    with pytest.raises(errors.Conflict) as no:
        client.create(token)
    assert no.value.reason == "taken"


@pytest.mark.parametrize("token", ["x" * 43, "", "short", "caf\xe9" * 10, "a" * 300, "line\nbreak" * 5, "\0"])
def test_a_token_that_nobody_has_is_not_found(client: Client, token: str) -> None:
    with pytest.raises(errors.NotFound):
        client.read(token)
    client.revoke(token)


def test_a_short_token_is_refused(client: Client) -> None:
    with pytest.raises(errors.Invalid):
        client.create("short-but-visible")


def test_changes_are_merged(client: Client) -> None:
    token, _ = client.create(attrs={"a": Value.json(1), "b": Value.json(2)})
    client.patch(token, set={"c": Value.json([3])}, unset=["b"])
    changed = client.patch(token, set={"d": Value("bytes", b"4")}, incr={"n": 5})
    assert changed.values == {"n": Value("json", b"5")}
    assert client.read(token).attrs == {"a": Value.json(1), "c": Value("json", b"[3]"), "d": Value("bytes", b"4"), "n": Value.json(5)}


def test_incr_needs_an_integer(client: Client) -> None:
    token, _ = client.create(attrs={"n": Value.json("x")})
    with pytest.raises(errors.Conflict) as no:
        client.patch(token, incr={"n": 1})
    assert no.value.reason == "not_integer"


def test_a_version_that_is_over_is_refused(client: Client) -> None:
    token, made = client.create()
    client.patch(token, set={"a": Value.json(1)})
    with pytest.raises(errors.PreconditionFailed):
        client.patch(token, set={"a": Value.json(2)}, if_match=made.etag)
    assert client.read(token).attrs["a"] == Value.json(1)


def test_one_of_all_pops(client: Client) -> None:
    token, _ = client.create(attrs={"flash": Value.json("hi"), "raw": Value("bytes", b"\1"), "rest": Value.json(0)})
    assert client.pop(token, ["flash", "raw", "absent"]).values == {"flash": Value.json("hi"), "raw": Value("bytes", b"\1")}
    assert client.pop(token, ["flash", "raw"]).values == {}
    assert client.read(token).attrs == {"rest": Value.json(0)}


def test_what_is_revoked_stays_ended(client: Client) -> None:
    token, made = client.create(attrs={"a": Value.json(1)})
    client.revoke(token)
    client.revoke(token)
    late = [
        lambda: client.read(token), lambda: client.patch(token, set={"a": Value.json(2)}), lambda: client.touch(token),
        lambda: client.pop(token, ["a"]), lambda: client.rotate(token),
    ]  # fmt: skip
    for try_it in late:
        with pytest.raises(errors.NotFound) as no:
            try_it()
        assert no.value.reason == "revoked"
    with pytest.raises(errors.Conflict):
        client.create(token)
    assert [(e.id, e.reason) for e in client.why(id=made.id)] == [(made.id, "revoked")]


def test_the_old_token_answers_for_a_while(client: Client) -> None:
    token, made = client.create(attrs={"a": Value.json(1)})
    fresh, rotated = client.rotate(token, set={"b": Value.json(2)})
    assert rotated.id == made.id
    assert client.read(token).attrs == client.read(fresh).attrs == {"a": Value.json(1), "b": Value.json(2)}
    assert (client.read(token).previous, client.read(fresh).previous) == (True, False)
    client.patch(token, set={"c": Value.json(3)})
    with pytest.raises(errors.Conflict) as no:
        client.rotate(token)
    assert no.value.reason == "rotated"


@pytest.mark.parametrize("change", [{"subject": "ada"}, {"reauth": True}])
def test_a_login_ends_the_old_token(client: Client, change: dict[str, object]) -> None:
    token, _ = client.create(subject="ada" if "reauth" in change else "")
    fresh, _ = client.rotate(token, **change)  # type: ignore[arg-type]
    with pytest.raises(errors.NotFound) as no:
        client.read(token)
    assert no.value.reason == "rotated"
    got = client.read(fresh)
    assert got.subject == "ada"
    assert got.authenticated is not None


def test_a_moment_in_the_past_ends_at_once(client: Client) -> None:
    token, _ = client.create(timeouts=Timeouts(expires=datetime.now(timezone.utc) - timedelta(days=10 * 366)))
    with pytest.raises(errors.NotFound) as no:
        client.read(token)
    assert no.value.reason == "expired"


def test_an_idle_session_ends(client: Client, passes: Callable[[float], None]) -> None:
    token, _ = client.create(timeouts=Timeouts(expires=None, idle=1))
    kept, _ = client.create(timeouts=Timeouts(idle=60))
    passes(8)
    with pytest.raises(errors.NotFound) as no:
        client.read(token)
    assert no.value.reason == "expired"
    client.read(kept)


def test_a_subject_signs_out_everywhere(client: Client) -> None:
    tokens = [client.create(subject="a/../%2F ada")[0] for _ in range(3)]
    other, _ = client.create(subject="bob")
    kept = client.read(tokens[0]).id
    assert client.subject_sessions("a/../%2F ada")[0].id == kept
    assert client.revoke_subject("a/../%2F ada", except_id=kept) == 2
    client.read(tokens[0])
    client.read(other)
    assert client.revoke_subject("a/../%2F ada") == 1
    assert client.subject_sessions("a/../%2F ada") == []
    for token in tokens:
        with pytest.raises(errors.NotFound):
            client.read(token)


def test_a_session_is_found_by_its_id(client: Client) -> None:
    token, made = client.create(attrs={"a": Value.json(1)})
    assert client.read_id(made.id).attrs == {"a": Value.json(1)}
    client.revoke_id(made.id)
    with pytest.raises(errors.NotFound):
        client.read(token)


def test_an_export_has_the_attributes(client: Client) -> None:
    client.create(subject="ada", attrs={"a": Value.json({"x": [1, "]}"]})})
    client.create(subject="ada", attrs={"b": Value("bytes", b"\2")})
    assert [dict(s.attrs) for s in client.export_subject("ada")] == [{"a": Value.json({"x": [1, "]}"]})}, {"b": Value("bytes", b"\2")}]


def test_the_policy_limits_a_subject(client: Client) -> None:
    client.put_policy(subject_limit=1)
    client.create(subject="ada")
    with pytest.raises(errors.Limit):
        client.create(subject="ada")
    token, _ = client.create()
    with pytest.raises(errors.Limit):
        client.rotate(token, subject="ada")
    client.read(token)


def test_the_policy_allows_shorter_tokens(client: Client) -> None:
    client.put_policy(min_token_length=8, idle="20m")
    client.create("12345678")
    assert client.read("12345678").touched
    assert client.policy()["declared"]


def test_sizes_are_held(client: Client) -> None:
    token, _ = client.create()
    with pytest.raises(errors.TooLarge):
        client.patch(token, set={"a": Value.json("x" * (257 << 10))})
    with pytest.raises(errors.TooLarge):
        client.patch(token, set={"n" * 200: Value.json(1)})
    with pytest.raises(errors.Invalid):
        client.patch(token, set={"half": Value("json", '"\ud800"'.encode("utf-8", "surrogatepass"))})
    assert client.read(token).attrs == {}


def test_a_repeated_change_is_made_once(client: Client) -> None:
    token, _ = client.create()
    call = client.build.patch(token, {}, [], {"n": 1}, Timeouts(), "")
    assert client.perform(call).version == client.perform(call).version
    assert client.read(token).attrs["n"] == Value.json(1)


def test_no_error_tells_a_token(client: Client) -> None:
    token, _ = client.create()
    client.revoke(token)
    for try_it in (lambda: client.read(token), lambda: client.create(token), lambda: client.create(new_token()[:20])):
        with pytest.raises(errors.SessnodeError) as no:
            try_it()
        assert token not in str(no.value)
