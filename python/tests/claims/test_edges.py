"""Where a store in memory is easily kinder, or harsher, than nodes are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from sessnode import Client, Device, Timeouts, Value, errors, new_token
from sessnode.request import Cookie, RequestSession

ONE = {"a": Value.json(1)}


def why_not(client: Client, token: str) -> str:
    with pytest.raises(errors.NotFound) as no:
        client.read(token)
    return no.value.reason


# -- versions


def test_every_change_is_a_version_and_a_touch_is_none(client: Client) -> None:
    token, made = client.create(attrs=ONE)
    assert made.version == 1
    assert client.touch(token).version == 1
    assert client.pop(token, ["absent"]).version == client.pop(token, []).version == 1
    assert client.patch(token, set=ONE).version == 2
    assert client.patch(token).version == 3
    assert client.touch(token, Timeouts(idle=600)).version == 4
    assert client.pop(token, ["a"]).version == 5
    fresh, rotated = client.rotate(token, set=ONE, unset=["b"])
    assert rotated.version == client.read(fresh).version == 6


def test_an_etag_is_taken_as_it_was_given(client: Client) -> None:
    token, made = client.create()
    assert client.patch(token, if_match=made.etag).version == 2
    for other in (made.etag, "W/" + client.read(token).etag, '"never-given"', '""', '"é"'.encode().decode("latin-1")):
        with pytest.raises((errors.PreconditionFailed, errors.Invalid)):
            client.patch(token, if_match=other)
    for none in ("1", 'x"1-1"', "nonsense", '"a", "b"'):
        with pytest.raises(errors.Invalid):
            client.patch(token, if_match=none)
    assert client.patch(token, if_match="*").version == 3
    with pytest.raises(errors.PreconditionFailed):
        client.rotate(token, if_match=made.etag)
    assert client.rotate(token, if_match=client.read(token).etag)[1].version == 4
    with pytest.raises(errors.Conflict):  # it has a newer token, whatever its version
        client.rotate(token, if_match=made.etag)


def test_a_read_of_a_known_state_is_short(client: Client) -> None:
    token, made = client.create(attrs=ONE)
    call = client.build.read(token, False)
    call.headers["If-None-Match"] = made.etag
    call.parse = lambda reply: reply  # type: ignore[assignment, return-value]
    reply: Any = client.perform(call)
    assert (reply.status, reply.body, reply.headers["etag"]) == (304, b"", made.etag)
    assert reply.headers["session-end"].endswith("Z")
    assert reply.headers["session-idle-deadline"].endswith("Z")
    client.patch(token)
    reply = client.perform(call)
    assert reply.status == 200


# -- time


def test_a_read_may_leave_no_trace(client: Client, passes: Callable[[float], None]) -> None:
    token, made = client.create()
    passes(1.1)
    client.read_id(made.id)
    assert client.read(token, touch=False).touched == made.touched
    touched = client.touch(token).touched
    assert touched > made.touched
    assert client.read(token, touch=False).touched == touched


def test_the_grace_begins_with_the_first_use(client: Client, passes: Callable[[float], None]) -> None:
    client.put_policy(rotation_grace="1s")
    token, _ = client.create()
    fresh, _ = client.rotate(token)
    client.read(fresh, touch=False)
    passes(2)
    assert client.read(token, touch=False).previous
    client.touch(fresh)
    passes(2)
    assert why_not(client, token) == "rotated"


def test_anonymous_sessions_may_end_earlier(client: Client, passes: Callable[[float], None]) -> None:
    client.put_policy(anonymous_idle="1s")
    visitor, made = client.create()
    ada, _ = client.create(subject="ada")
    own, _ = client.create(timeouts=Timeouts(idle=60))
    assert (made.idle_deadline - made.touched).total_seconds() == 1
    passes(8)
    assert why_not(client, visitor) == "expired"
    client.read(ada)
    client.read(own)
    with pytest.raises(errors.Conflict) as no:
        client.create(visitor)
    assert no.value.reason == "expired"


def test_zero_goes_back_to_the_policy(client: Client) -> None:
    token, made = client.create(timeouts=Timeouts(idle=600, lifetime=700))
    assert (made.idle, made.lifetime) == (600, 700)
    got = client.touch(token, Timeouts(idle=0, lifetime=0))
    assert (got.idle, got.lifetime) == (None, None)
    assert (got.idle_deadline - got.touched, got.end - got.created) == (timedelta(minutes=30), timedelta(hours=12))


def test_a_policy_bounds_what_sessions_bring(client: Client) -> None:
    client.put_policy(idle="5m", max_idle="10m", lifetime="1h", max_lifetime="2h")
    token, _ = client.create(timeouts=Timeouts(idle=86400, lifetime=86400))
    got = client.read(token)
    assert (got.idle_deadline - got.touched, got.end - got.created) == (timedelta(minutes=10), timedelta(hours=2))


def test_an_end_of_its_own_takes_the_place_of_the_lifetime(client: Client) -> None:
    client.put_policy(lifetime="1h", max_lifetime="3h")
    token, made = client.create()
    for hours, ends in ((2, 2), (9, 3)):
        got = client.patch(token, timeouts=Timeouts(expires=made.created + timedelta(hours=hours)))
        assert got.end - made.created == timedelta(hours=ends)
    got = client.patch(token, timeouts=Timeouts(lifetime=5400))
    assert got.end - made.created == timedelta(minutes=90)


def test_an_end_may_be_set_and_be_over(client: Client) -> None:
    token, made = client.create()
    end = made.created + timedelta(hours=1)
    got = client.patch(token, timeouts=Timeouts(expires=end))
    assert (got.expires, got.end) == (end, end)
    client.patch(token, timeouts=Timeouts(expires=made.created - timedelta(days=999)))
    assert why_not(client, token) == "expired"


# -- ends


def test_a_token_without_a_session_can_be_revoked_beforehand(client: Client) -> None:
    """A create that is still under way comes too late."""
    token = new_token()
    client.revoke(token)
    with pytest.raises(errors.Conflict) as no:
        client.create(token)
    assert no.value.reason == "revoked"
    other, _ = client.create()
    with pytest.raises(errors.Conflict) as no:
        client.rotate(other, new_token=token)
    assert no.value.reason == "revoked"
    with pytest.raises(errors.Conflict) as no:
        client.rotate(other, new_token=other)
    assert no.value.reason == "taken"


def test_old_tokens_share_the_end_of_their_session(client: Client) -> None:
    token, _ = client.create()
    signed_in, _ = client.rotate(token, subject="ada")
    assert why_not(client, token) == "rotated"
    client.revoke(signed_in)
    assert why_not(client, token) == why_not(client, signed_in) == "revoked"


def test_signing_out_without_an_end(client: Client) -> None:
    token, made = client.create(subject="ada")
    assert made.authenticated == made.created
    _, got = client.rotate(token, subject="")
    assert (got.subject, client.subject_sessions("ada")) == ("", [])
    assert why_not(client, token) == "rotated"
    assert got.authenticated == made.authenticated


def test_a_proof_moves_the_end(client: Client, passes: Callable[[float], None]) -> None:
    token, made = client.create(subject="ada")
    passes(1.1)
    fresh, got = client.rotate(token, reauth=True)
    assert got.authenticated is not None and made.authenticated is not None
    assert got.authenticated > made.authenticated
    assert got.end - made.end == got.authenticated - made.authenticated
    fresh, same = client.rotate(fresh, subject="ada")
    assert same.authenticated == got.authenticated
    visitor, _ = client.create()
    _, nobody = client.rotate(visitor, reauth=True)
    assert nobody.authenticated is None


def test_an_id_that_is_over_is_not_found(client: Client) -> None:
    _, made = client.create()
    client.revoke_id(made.id)
    for id in (made.id, "A" * 21 + "A", "x", "a/b", "..", "é"):
        with pytest.raises(errors.NotFound) as no:
            client.revoke_id(id)
        with pytest.raises(errors.NotFound) as also:
            client.read_id(id)
        assert no.value.reason == also.value.reason == ("revoked" if id == made.id else "")


def test_the_one_that_signed_in_first_gives_way(client: Client) -> None:
    client.put_policy(subject_limit=2, on_limit="evict-oldest")
    first, made = client.create(subject="ada")
    second, _ = client.create(subject="ada")
    third, _ = client.create(subject="ada")
    assert why_not(client, first) == "evicted"
    visitor, _ = client.create()
    client.rotate(visitor, subject="ada")
    assert why_not(client, second) == "evicted"
    assert len(client.subject_sessions("ada")) == 2
    client.read(third)
    assert [e.reason for e in client.why(id=made.id)] == ["evicted"]
    assert [e.reason for e in client.why(subject="ada")] == ["evicted", "evicted"]


def test_a_dropped_app_has_no_sessions_and_no_rules(client: Client) -> None:
    client.put_policy(min_token_length=8)
    token, _ = client.create()
    assert client.drop_app() == 1
    assert why_not(client, token) == "revoked"
    assert client.policy()["policy"]["min_token_length"] == 32
    assert not client.policy()["declared"]
    with pytest.raises(errors.Conflict):
        client.create(token)


# -- what is stored


@pytest.mark.parametrize("subject", [".", "..", "a.b", "%2F", "a/b?c#d", 'quo"te\\', "日本 語", "ü" * 128, "a+b&c=d", "-"])
def test_a_subject_is_any_text(client: Client, subject: str) -> None:
    token, made = client.create(subject=subject)
    assert client.read(token).subject == subject
    assert [s.id for s in client.subject_sessions(subject)] == [s.id for s in client.export_subject(subject)] == [made.id]
    assert client.revoke_subject(subject) == 1
    assert [e.subject for e in client.why(subject=subject)] == [subject]


@pytest.mark.parametrize("subject", ["x" * 257, "ü" * 129, "a\nb", "\x7f", "\x85", "\0"])
def test_some_texts_are_no_subject(client: Client, subject: str) -> None:
    with pytest.raises(errors.Invalid):
        client.create(subject=subject)
    token, _ = client.create()
    with pytest.raises(errors.Invalid):
        client.rotate(token, subject=subject)
    client.read(token)


def test_a_device_is_cut(client: Client) -> None:
    token, _ = client.create(device=Device(ip="x" * 600, user_agent="é" * 300, label="a" + "é" * 300))
    got = client.read(token).device
    assert got == Device(ip="x" * 512, user_agent="é" * 256, label="a" + "é" * 255)


def test_a_name_is_any_text_that_can_be_shown(client: Client) -> None:
    names = ["a b", 'quo"te', "日本", ".", "__proto__", "x" * 128, "{}"]
    token, _ = client.create(attrs={name: Value.json(name) for name in names})
    assert client.read(token).attrs == {name: Value.json(name) for name in names}
    client.patch(token, unset=names)
    assert client.read(token).attrs == {}
    for bad in ("", "a\nb", "\x7f", "\x85"):
        with pytest.raises(errors.Invalid):
            client.patch(token, set={bad: Value.json(1)})
        with pytest.raises(errors.Invalid):
            client.patch(token, unset=[bad])
        with pytest.raises(errors.Invalid):
            client.patch(token, incr={bad: 1})
        with pytest.raises(errors.Invalid):
            client.pop(token, [bad])


def test_an_attribute_is_changed_in_one_way_at_a_time(client: Client) -> None:
    token, _ = client.create(attrs=ONE)
    with pytest.raises(errors.Invalid):
        client.patch(token, set=ONE, unset=["a"])
    with pytest.raises(errors.Invalid):
        client.patch(token, set=ONE, incr={"a": 1})
    with pytest.raises(errors.Invalid):
        client.rotate(token, unset=["a"], set={"a": Value("bytes", b"1")})
    with pytest.raises(errors.Invalid):
        client.patch(token, incr={"a": 1}, unset=["a"])
    assert client.patch(token, unset=["a", "a", "absent"]).version == 2


@pytest.mark.parametrize("text", ['{"b": 1,\n "a": [1.0, 1e5]}', '"\\u00e9"', "-0", "1E400", " 1", "[ ]", "null", "true"])
def test_json_stays_the_text_that_it_was(client: Client, text: str) -> None:
    token, _ = client.create(attrs={"v": Value("json", text.encode())})
    assert client.read(token).attrs["v"] == Value("json", text.strip().encode())


@pytest.mark.parametrize("text", ["NaN", "Infinity", "01", "1 2", "", "{'a':1}", '{"a":1,"a":2}', '"\\ud800"', "[" * 65 + "]" * 65])
def test_what_is_no_json(client: Client, text: str) -> None:
    token, _ = client.create()
    with pytest.raises(errors.Invalid):
        client.patch(token, set={"v": Value("json", text.encode())})
    assert client.read(token).version == 1


def test_a_number_that_python_cannot_read_spoils_no_session(client: Client) -> None:
    huge = Value("json", b"1" * 5000)
    token, made = client.create(subject="ada", attrs={"huge": huge})
    client.patch(token, set=ONE)
    assert client.read(token).attrs == {"huge": huge, **ONE}
    request = RequestSession(client, token)
    data = client.run(request.load())
    assert data == {"huge": huge, "a": 1}
    assert client.run(request.commit(data)).cookie is Cookie.KEEP
    assert client.read_id(made.id).version == 2
    assert client.export_subject("ada")[0].attrs["huge"] == client.pop(token, ["huge"]).values["huge"] == huge


def test_other_codecs_are_kept(client: Client) -> None:
    attrs = {"b": Value("bytes", b""), "all": Value("bytes", bytes(range(256))), "m": Value("msgpack", b"\x81\xa1a\xc4\x01\0")}
    token, _ = client.create(attrs=attrs)
    client.patch(token, set=ONE)
    assert client.read(token).attrs == {**attrs, **ONE}
    assert client.pop(token, ["all", "m"]).values == {"all": attrs["all"], "m": attrs["m"]}
    with pytest.raises(errors.Conflict):
        client.patch(token, incr={"b": 1})


def test_a_counter_stays_within_64_bits(client: Client) -> None:
    most = 2**63 - 1
    token, _ = client.create(attrs={"n": Value.json(most - 1), "f": Value("json", b"1.0"), "z": Value("json", b"-0")})
    assert client.patch(token, incr={"n": 1, "m": -3}).values == {"n": Value.json(most), "m": Value.json(-3)}
    for bad in ({"n": 1}, {"f": 1}, {"z": 1}, {"m": -most}):
        with pytest.raises(errors.Conflict) as no:
            client.patch(token, incr=bad)
        assert no.value.reason == "not_integer"
    with pytest.raises(errors.Invalid):
        client.patch(token, incr={"m": 2**63})
    assert client.read(token).attrs["m"] == Value.json(-3)


def test_what_was_too_large_already_may_shrink(client: Client) -> None:
    token, _ = client.create(attrs={"big": Value.json("x" * 200), "b": Value.json(1), "c": Value.json(2)})
    client.put_policy(max_bytes=100, max_attributes=2, max_name_bytes=2)
    client.patch(token, unset=["c"])
    client.patch(token, set={"big": Value.json("x" * 150)})
    with pytest.raises(errors.TooLarge):
        client.patch(token, set={"b": Value.json("y" * 200)})
    with pytest.raises(errors.TooLarge):
        client.patch(token, set={"d": Value.json(1)})
    with pytest.raises(errors.TooLarge):
        client.patch(token, unset=["big", "b"], set={"long": Value.json(1)})
    client.rotate(token, subject="ada")
