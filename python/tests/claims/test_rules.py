"""Operations, policies and questions, where a store in memory is easily kinder than nodes are."""

from __future__ import annotations

from typing import Any

import pytest

from sessnode import Client, Timeouts, Value, errors

ONE = {"a": Value.json(1)}


def test_a_name_of_an_operation_is_used_once(client: Client) -> None:
    token, _ = client.create()
    call, other = client.build.patch(token, ONE, [], {}, Timeouts(), ""), client.build.patch(token, {}, ["a"], {}, Timeouts(), "")
    other.operation = call.operation
    client.perform(call)
    with pytest.raises(errors.Conflict):
        client.perform(other)
    assert client.read(token).attrs == ONE


@pytest.mark.parametrize(
    "fields",
    [{"idel": "5m"}, {"idle": "soon"}, {"idle": "-5m"}, {"idle": 0}, {"subject_limit": -1}, {"min_token_length": 7}, {"on_limit": "both"},
     {"tombstone_time": "1m"}, {"lifetime": "500d"}, {"max_bytes": 1 << 20}, {"subject_limit": "5"}, {"rotation_grace": "1h"}],
)  # fmt: skip
def test_a_policy_that_makes_no_sense(client: Client, fields: dict[str, Any]) -> None:
    with pytest.raises(errors.Invalid):
        client.put_policy(**fields)
    assert not client.policy()["declared"]


def test_a_policy_is_told_as_it_holds(client: Client) -> None:
    told = client.put_policy(idle="1h30m", lifetime="14d", subject_limit=3, on_limit="evict-oldest", anonymous_idle=90)
    assert told["policy"] == {
        "idle": "5400s", "lifetime": "1209600s", "max_idle": "34560000s", "max_lifetime": "34560000s", "touch_resolution": "0s",
        "rotation_grace": "10s", "rotation_max": "120s", "tombstone_time": "3600s", "anonymous_idle": "90s", "anonymous_quota": 0,
        "subject_limit": 3, "min_token_length": 32, "max_name_bytes": 128, "max_attributes": 256, "max_bytes": 262144, "on_limit": "evict-oldest",
    }  # fmt: skip
    client.create()
    client.create(subject="ada")
    assert {name: client.policy()[name] for name in ("declared", "sessions", "anonymous")} == {"declared": True, "sessions": 2, "anonymous": 1}


def test_questions_about_nobody(client: Client) -> None:
    assert client.subject_sessions("nobody") == client.export_subject("nobody") == client.why(subject="nobody") == []
    assert client.why(id="A" * 21 + "Q") == []
    assert client.revoke_subject("nobody") == 0
    for bad in ("short", "é", "A" * 22):
        with pytest.raises(errors.Invalid):
            client.why(id=bad)
        with pytest.raises(errors.Invalid):
            client.revoke_subject("ada", except_id=bad)
    for id, subject in (("", ""), ("A" * 21 + "Q", "ada")):
        with pytest.raises(errors.Invalid):
            client.why(id=id, subject=subject)


def test_a_level_that_is_none(client: Client) -> None:
    token, _ = client.create(attrs=ONE)
    assert client.read(token, level="bounded=5").attrs == ONE
    with pytest.raises(errors.Invalid):
        client.read(token, level="whenever")
