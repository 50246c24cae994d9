"""Requests and answers of the HTTP API as bytes: no connection, no clock, no retry.

Bodies are written by hand where attributes are concerned, because a JSON value has to arrive, and to come back, as the very text
that it is (``docs/reference/wire.md``).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from json.decoder import scanstring  # type: ignore[attr-defined]  # the standard decoder's own, in C
from typing import Any, Generic, TypeVar

from sessnode.errors import Invalid
from sessnode.record import BYTES, JSON, MSGPACK, Device, Session, Timeouts, Value

T = TypeVar("T")

_scan_once = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # the standard decoder's own, in C
_scan_any = json.JSONDecoder(parse_int=str).scan_once  # type: ignore[attr-defined]  # Python reads no number of more than 4,300 digits
CODECS = (JSON, MSGPACK, BYTES)
_space = re.compile(r"[ \t\n\r]*")
_BLANK = frozenset(" \t\n\r")
_DEEP = frozenset(("attrs", "values"))


@dataclass(frozen=True, slots=True)
class Reply:
    """What a node answered, whole."""

    status: int
    headers: Mapping[str, str]  # lower-case names
    body: bytes = field(repr=False)


@dataclass(slots=True)
class Call(Generic[T]):
    """One call before it is sent: the same for every try, at whatever node."""

    op: str
    app: str
    method: str
    path: str  # percent-encoded, with the query, from "/v1" on
    parse: Callable[[Reply], T] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)  # a token is in it, or in the headers: neither may be logged with a local variable
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    operation: str = ""  # the operation id; empty for reads
    secrets: tuple[str, ...] = field(default=(), repr=False)  # tokens that are in it: they must not come back in an error
    fault: Exception | None = None  # why it must not even be sent

    @property
    def changes(self) -> bool:
        """Whether it may change what is stored. Then its fate matters when no answer comes."""
        return self.method != "GET"


def object_of(**members: str | None) -> bytes:
    """An object out of members that are JSON texts already; None leaves one out."""
    return ("{" + ",".join(f'"{name}":{text}' for name, text in members.items() if text is not None) + "}").encode()


def quote(text: str) -> str:
    """A JSON string. Lone surrogates, which no node takes, are refused here."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Invalid("a text holds half of a surrogate pair, which UTF-8 cannot say") from None
    return json.dumps(text, ensure_ascii=False)


def values(attrs: Mapping[str, Value]) -> tuple[str | None, str | None]:
    """Attributes as the members ``attrs`` (or ``set``) and ``raw``.

    Raises Invalid for what calls itself JSON and is not one value: its text stands in the body as it is, where more than a value could
    bring fields of the request along.
    """
    plain = [f"{quote(name)}:{_one_value(name, v.data.decode())}" for name, v in attrs.items() if v.codec == JSON]
    if any(v.codec not in CODECS for v in attrs.values()):
        raise Invalid("a value has another codec than json, msgpack and bytes")
    raw = [f"{quote(name)}:{raw_value(v)}" for name, v in attrs.items() if v.codec != JSON]
    return (
        "{" + ",".join(plain) + "}" if plain else None,
        "{" + ",".join(raw) + "}" if raw else None,
    )


def _one_value(name: str, text: str) -> str:
    try:
        _, end = _scan_any(text, _space.match(text).end())  # type: ignore[union-attr]  # the pattern matches everywhere
    except StopIteration:
        end = -1
    if end < 0 or _space.match(text, end).end() != len(text):  # type: ignore[union-attr]
        raise Invalid(f"the attribute {name!r} is not one value in JSON")
    return text


def raw_value(v: Value) -> str:
    return f'{{"codec":"{v.codec}","data":"{base64.b64encode(v.data).decode()}"}}'


def names(texts: Iterable[str]) -> str | None:
    quoted = [quote(text) for text in texts]
    return "[" + ",".join(quoted) + "]" if quoted else None


def device(d: Device | None) -> str | None:
    """What is known of the browser. It comes from request headers, which may hold anything."""
    if d is None or d == Device():
        return None
    clean = {name: getattr(d, name).encode("utf-8", "replace").decode() for name in ("ip", "user_agent", "label")}
    return json.dumps({name: text for name, text in clean.items() if text}, ensure_ascii=False)


def timeouts(t: Timeouts) -> dict[str, str | None]:
    return {
        "idle": None if t.idle is None else quote(seconds(t.idle)),
        "lifetime": None if t.lifetime is None else quote(seconds(t.lifetime)),
        "expires": None if t.expires is None else quote(instant(t.expires)),
    }


def seconds(s: float) -> str:
    """A duration as every version of the nodes reads it."""
    return f"{max(s, 0):.9f}".rstrip("0").rstrip(".") + "s"


def instant(t: datetime) -> str:
    """RFC 3339. A naive time is taken for local time, as the standard library does."""
    return t.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_instant(text: str) -> datetime:
    """RFC 3339 with up to nine decimals; Python keeps six."""
    head, _, rest = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{head}.{(rest + '000000')[:6]}+00:00")


def parse_seconds(text: str | None) -> float | None:
    return None if text is None else float(text.removesuffix("s"))


Member = tuple[str, str, Any]
"""Of a JSON object: name, the value's own text, the value."""


def members(text: str) -> list[Member]:
    """The members of a JSON object; whole numbers stay texts. Raises ValueError for anything else."""
    return _object_at(text, 0, scan=_scan_any)[0]


def _object_at(text: str, at: int, deep: frozenset[str] = frozenset(), scan: Any = _scan_once) -> tuple[list[Member], int]:
    """The members of the object that begins at `at`, and where it ends. For names in `deep` the value is its list of members in turn."""
    found: list[Member] = []
    at = _begin(text, at)
    if text[at : at + 1] != "{":
        raise ValueError("no object")
    at = _begin(text, at + 1)
    if text[at : at + 1] == "}":
        return found, at + 1
    while True:
        if text[at : at + 1] != '"':
            raise ValueError("no name")
        name, at = scanstring(text, at + 1)
        at = _begin(text, at)
        if text[at : at + 1] != ":":
            raise ValueError("no colon")
        start = _begin(text, at + 1)
        try:
            value, end = _object_at(text, start, scan=scan) if name in deep else scan(text, start)
        except StopIteration:
            raise ValueError("no value") from None
        found.append((name, text[start:end], value))
        at = _begin(text, end)
        if text[at : at + 1] == "}":
            return found, at + 1
        if text[at : at + 1] != ",":
            raise ValueError("no comma")
        at = _begin(text, at + 1)


def _begin(text: str, at: int) -> int:
    """Where what is no white space begins. Nodes write none."""
    if text[at : at + 1] in _BLANK:
        return _space.match(text, at).end()  # type: ignore[union-attr]  # the pattern matches everywhere
    return at


def parse_values(plain: Iterable[Member], raw: Mapping[str, Any]) -> dict[str, Value]:
    """Attributes out of the members of ``attrs`` (or ``values``), as their very text, and ``raw``."""
    found = {name: Value(JSON, text.encode()) for name, text, _ in plain}
    for name, entry in raw.items():
        found[name] = Value(entry["codec"], base64.b64decode(entry["data"], validate=True))
    return found


def parse_session(reply: Reply) -> Session:
    """A session. Raises ValueError, KeyError or TypeError for what no node writes."""
    return session_of(reply.body.decode(), reply.headers.get("etag", ""))


def session_of(text: str, etag: str = "") -> Session:
    try:
        found = {name: value for name, _, value in _object_at(text, 0, _DEEP)[0]}
    except ValueError:
        found = {name: value for name, _, value in _object_at(text, 0, _DEEP, _scan_any)[0]}
        found["version"] = int(found["version"])
    raw = found.get("raw", {})
    popped = "values" in found or "attrs" not in found
    return Session(
        id=found["id"],
        app=found["app"],
        version=found["version"],
        subject=found.get("subject", ""),
        created=parse_instant(found["created"]),
        touched=parse_instant(found["touched"]),
        idle_deadline=parse_instant(found["idle_deadline"]),
        end=parse_instant(found["end"]),
        authenticated=parse_instant(found["authenticated"]) if "authenticated" in found else None,
        expires=parse_instant(found["expires"]) if "expires" in found else None,
        idle=parse_seconds(found.get("idle")),
        lifetime=parse_seconds(found.get("lifetime")),
        device=Device(**{k: v for k, v in found.get("device", {}).items() if k in ("ip", "user_agent", "label")}),
        previous=found.get("previous", False),
        etag=etag,
        attrs=parse_values(found.get("attrs", ()), {} if popped else raw),
        values=parse_values(found.get("values", ()), raw if popped else {}),
    )


def list_of(member: str) -> Callable[[Reply], list[Session]]:
    """A parser of answers that hold sessions."""

    def parse(reply: Reply) -> list[Session]:
        for name, part, _ in members(reply.body.decode()):
            if name == member:
                return [session_of(text) for text in elements(part)]
        return []

    return parse


def elements(text: str) -> Iterable[str]:
    """The texts of the elements of a JSON array of objects."""
    at = 1
    while True:
        at = _space.match(text, at).end()  # type: ignore[union-attr]
        if text[at : at + 1] in ("]", ""):
            return
        if text[at] == ",":
            at += 1
            continue
        _, end = _scan_any(text, at)
        yield text[at:end]
        at = end
