"""What the fake store takes and what it refuses: the nodes' rules for bodies, names, subjects, timeouts and policies."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from sessnode import wire
from sessnode.record import JSON, MAX_SECONDS, Value
from sessnode.subject import printable

MAX_BODY = 512 << 10
MAX_DEPTH = 64
MAX_DEVICE = 512
MAX_INT = 2**63 - 1
DAY = 86400.0

# Fields of a policy: default, least and most. Durations in seconds.
DURATIONS: dict[str, tuple[float, float, float]] = {
    "idle": (1800.0, 1.0, 3650 * DAY), "lifetime": (43200.0, 1.0, 3650 * DAY), "max_idle": (MAX_SECONDS, 1.0, 3650 * DAY),
    "max_lifetime": (MAX_SECONDS, 1.0, 3650 * DAY), "touch_resolution": (0.0, 0.0, 60.0), "rotation_grace": (10.0, 0.0, 600.0),
    "rotation_max": (120.0, 0.0, 600.0), "tombstone_time": (3600.0, 300.0, 30 * DAY), "anonymous_idle": (0.0, 0.0, 3650 * DAY),
}  # fmt: skip
COUNTS: dict[str, tuple[int, int, int]] = {
    "anonymous_quota": (0, 0, 1 << 63), "subject_limit": (0, 0, 1 << 63), "min_token_length": (32, 8, 256),
    "max_name_bytes": (128, 1, 1024), "max_attributes": (256, 1, 4096), "max_bytes": (256 << 10, 1, 256 << 10),
}  # fmt: skip

FIELDS = {
    "create": {"attrs", "raw", "subject", "device", "token", "idle", "lifetime", "expires"},
    "patch": {"set", "raw", "unset", "incr", "if", "idle", "lifetime", "expires", "device"},
    "rotate": {"set", "raw", "unset", "incr", "if", "idle", "lifetime", "expires", "device", "token", "subject", "reauth"},
    "touch": {"idle", "lifetime", "expires"},
    "pop": {"names"},
    "policy": {*DURATIONS, *COUNTS, "on_limit"},
}


class Refused(Exception):
    """A problem."""

    def __init__(self, status: int, code: str, reason: str = "", detail: str = "") -> None:
        super().__init__(code)
        self.status, self.code, self.reason, self.detail = status, code, reason, detail


def invalid(detail: str) -> Refused:
    return Refused(400, "invalid", detail=detail)


# -- bodies


def body_of(raw: bytes | None, kind: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The body of a request, and the texts of its members."""
    if not raw:
        return {}, {}
    if len(raw) > MAX_BODY:
        raise Refused(413, "too_large", detail=f"a request's body has at most {MAX_BODY} bytes")
    try:
        text = raw.decode()
        body = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant, parse_int=_whole)
        json.dumps(body, ensure_ascii=False).encode()  # fails for lone surrogates
    except (ValueError, RecursionError) as err:
        raise invalid(f"the body is no JSON that can be stored: {type(err).__name__}") from None
    if not isinstance(body, dict):
        raise invalid("the body is no object")
    for name in body:
        if name not in FIELDS[kind]:
            raise invalid(f"there is no field {name!r}")
    return body, {name: part for name, part, _ in wire.members(text)}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return dict(pairs)


def _whole(text: str) -> Any:
    try:
        return int(text)
    except ValueError:  # more digits than Python reads: it is stored as it is
        return text


def _no_constant(text: str) -> Any:
    raise ValueError(text)


def values_of(plain: str, raw: Mapping[str, Any]) -> dict[str, Value]:
    """The attributes that a request sets."""
    try:
        members = wire.members(plain)
        for name, _, value in members:
            if name in raw:
                raise invalid("an attribute stands in two places of the request")
            if _depth(value) > MAX_DEPTH:
                raise invalid(f"nested more than {MAX_DEPTH} deep")
        return wire.parse_values(members, raw)
    except (ValueError, KeyError, TypeError):
        raise invalid("attributes that are none") from None


def _depth(value: Any) -> int:
    if isinstance(value, (dict, list)):
        return 1 + max((_depth(v) for v in (value.values() if isinstance(value, dict) else value)), default=0)
    return 0


def check_names(names: Iterable[str]) -> None:
    for name in names:
        if not isinstance(name, str) or not name or not printable(name):
            raise invalid("an attribute's name is empty or holds a control character")


def check_subject(text: str) -> str:
    if len(text.encode()) > 256 or not printable(text):
        raise invalid("a subject has at most 256 bytes and no control characters")
    return text


def check_id(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{21}[AQgw]", text) or text == "A" * 22:
        raise invalid("an id has 22 characters of base64url")
    return text


def device_of(given: dict[str, str]) -> dict[str, str]:
    """Fields that are too long are cut at a character."""
    return {name: text.encode()[:MAX_DEVICE].decode(errors="ignore") for name, text in given.items()}


def incremented(old: Value, by: Any) -> Value:
    """An attribute after an incr: both are whole numbers of 64 bits."""
    if not isinstance(by, int) or isinstance(by, bool) or not -MAX_INT - 1 <= by <= MAX_INT:
        raise invalid("incr takes whole numbers of 64 bits")
    if old.codec != JSON or not re.fullmatch(rb"0|-?[1-9][0-9]*", old.data) or not -MAX_INT - 1 <= int(old.data) + by <= MAX_INT:
        raise Refused(409, "conflict", "not_integer")
    return Value(JSON, str(int(old.data) + by).encode())


# -- times


def seconds_of(value: Any) -> float:
    """Durations as texts or numbers."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0:
        return float(value)
    units = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": DAY}
    number = r"\d+\.?\d*|\.\d+"
    if isinstance(value, str) and value and re.fullmatch(rf"0|(?:(?:{number})d)?(?:(?:{number})(?:ns|us|ms|s|m|h))*", value):
        return sum(float(n) * units[unit] for n, unit in re.findall(rf"({number})(ns|us|ms|s|m|h|d)", value))
    raise invalid("a duration is such as 30m, 1h30m, 14d or a number of seconds, and not negative")


def moment_of(value: Any) -> datetime | None:
    """A time; the year 1 stands for none."""
    try:
        at = datetime.fromisoformat(re.sub(r"(\.\d{1,6})\d*", r"\1", value).replace("Z", "+00:00")).astimezone(timezone.utc)
    except (ValueError, TypeError, OverflowError):
        raise invalid("a time is such as 2026-01-31T12:00:00Z") from None
    return at if at.year > 1 else None


# -- policies


def default_policy() -> dict[str, Any]:
    return {**{name: field[0] for name, field in (*DURATIONS.items(), *COUNTS.items())}, "on_limit": "reject"}


def policy_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """A policy out of its fields; left out = the default."""
    policy = default_policy()
    for name, value in body.items():
        if name in COUNTS and (not isinstance(value, int) or isinstance(value, bool)):
            raise invalid(f"{name} is no whole number")
        policy[name] = seconds_of(value) if name in DURATIONS else value
    most = {"idle": policy["max_idle"], "lifetime": policy["max_lifetime"], "anonymous_idle": policy["max_idle"]}
    for name, (_, least, highest) in (*DURATIONS.items(), *COUNTS.items()):
        if not least <= policy[name] <= min(highest, most.get(name, highest)):
            raise invalid(f"{name} is out of range")
    if policy["on_limit"] not in ("reject", "evict-oldest"):
        raise invalid("on_limit should be reject or evict-oldest")
    return policy


def told(policy: Mapping[str, Any]) -> dict[str, Any]:
    """A policy as an answer shows it."""
    return {name: wire.seconds(value) if name in DURATIONS else value for name, value in policy.items()}


def check_size(policy: Mapping[str, Any], new: Mapping[str, Value], old: Mapping[str, Value]) -> None:
    """What was over a limit already, because a larger one was allowed, may stay and shrink."""
    if len(new) > policy["max_attributes"] and len(new) > len(old):
        raise Refused(413, "too_large", detail=f"the session would have {len(new)} attributes, {policy['max_attributes']} are allowed")
    if size_of(new) > policy["max_bytes"] and size_of(new) > size_of(old):
        raise Refused(413, "too_large", detail=f"the session would have {size_of(new)} bytes, {policy['max_bytes']} are allowed")
    if any(len(name.encode()) > policy["max_name_bytes"] and name not in old for name in new):
        raise Refused(413, "too_large", detail=f"an attribute's name has more than {policy['max_name_bytes']} bytes")


def size_of(attrs: Mapping[str, Value]) -> int:
    return sum(len(name.encode()) + len(v.data) for name, v in attrs.items())
