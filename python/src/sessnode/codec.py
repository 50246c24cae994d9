"""How the values of attributes are written. Each attribute is written on its own, so that each can be changed on its own."""

from __future__ import annotations

import json
from typing import Any, Protocol

from sessnode.errors import Unserializable
from sessnode.record import JSON, Value


class Codec(Protocol):
    """Turns a value into bytes and back.

    `encode` must be deterministic: two encodings of equal values are equal, because what changed is found by comparing them. It raises
    :class:`~sessnode.errors.Unserializable`. `decode` returns what it does not understand as the :class:`~sessnode.record.Value` that it
    is, and `encode` takes such a one back: attributes of other languages and codecs pass through unharmed.
    """

    def encode(self, name: str, value: Any) -> Value: ...

    def decode(self, name: str, value: Value) -> Any: ...


class JsonCodec:
    """Plain JSON: what it cannot say (bytes, dates, sets, NaN) is refused, tuples become lists, keys of dictionaries become texts."""

    def encode(self, name: str, value: Any) -> Value:
        if isinstance(value, Value):
            return value
        try:
            return Value.json(value)
        except (TypeError, ValueError, RecursionError) as err:
            raise unserializable(name, value, err) from None

    def decode(self, name: str, value: Value) -> Any:
        if value.codec != JSON:
            return value
        try:
            return json.loads(value.data.decode())
        except ValueError:  # a number of more digits than Python reads
            return value


JSON_CODEC = JsonCodec()


def unserializable(name: str, value: Any, err: Exception) -> Unserializable:
    """The error for a value that cannot be written: it names the attribute and the type, and never quotes the value."""
    why = str(err) if isinstance(err, TypeError) else "it is nested too deeply, refers to itself, or holds NaN, an infinity or half a surrogate pair"
    return Unserializable(
        f"the attribute {name!r}, a {type(value).__name__}, cannot be stored as JSON: {why}; store texts, numbers, lists and dictionaries"
    )
