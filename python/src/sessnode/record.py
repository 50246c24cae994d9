"""What the store keeps, as Python sees it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

JSON: Final = "json"
MSGPACK: Final = "msgpack"
BYTES: Final = "bytes"

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode  # made once: json.dumps makes one for each value

MAX_SECONDS: Final = 400 * 86400.0
"""The longest idle timeout and lifetime that a policy allows by default: 400 days. The nearest thing to "never"; nodes clamp to their policy."""


@dataclass(frozen=True, slots=True)
class Value:
    """One attribute as it is stored: bytes and what they are written in (``json``, ``msgpack`` or ``bytes``). The store never looks inside."""

    codec: str
    data: bytes

    @classmethod
    def json(cls, value: Any) -> Value:
        """A value in JSON. Raises TypeError or ValueError for what JSON cannot say (NaN too)."""
        return cls(JSON, _encode(value).encode())

    def __repr__(self) -> str:  # a session's contents have no business in a log
        return f"Value({self.codec}, {len(self.data)} bytes)"


@dataclass(frozen=True, slots=True)
class Device:
    """What the session keeps for its owner to recognise the browser by. Fields over 512 bytes are cut by the node."""

    ip: str = ""
    user_agent: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """A session's own rules, in seconds, up to the policy's maxima. None = leave as it is (a new session: the policy's); 0 = back to the policy's.

    :ivar idle: since the last touch. Reads count as touches.
    :ivar lifetime: since creation or re-authentication.
    :ivar expires: a moment, without slack; may lie in the past.
    """

    idle: float | None = None
    lifetime: float | None = None
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A session as a call returned it. Times are aware, in UTC."""

    id: str
    app: str
    version: int
    subject: str
    created: datetime
    touched: datetime
    idle_deadline: datetime
    end: datetime
    authenticated: datetime | None = None
    expires: datetime | None = None
    idle: float | None = None
    lifetime: float | None = None
    device: Device = Device()
    previous: bool = False
    """A read found it by a token that was rotated away and is in its grace: the browser has a newer one, or soon will."""
    etag: str = ""
    attrs: Mapping[str, Value] = field(default_factory=dict, repr=False)
    values: Mapping[str, Value] = field(default_factory=dict, repr=False)
    """What a change answered: the attributes that ``pop`` took out, the numbers after an ``incr``."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What is remembered of a session that ended."""

    id: str
    subject: str
    reason: str
    actor: str
    node: str
    at: datetime
