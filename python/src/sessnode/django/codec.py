"""How Django's ``SESSION_SERIALIZER`` writes single attributes."""

from __future__ import annotations

import json
from typing import Any

from django.core.signing import JSONSerializer

from sessnode.codec import unserializable
from sessnode.record import BYTES, JSON, Value


class SerializerCodec:
    """Writes each value with a serializer of Django: a class with ``dumps(value) -> bytes`` and ``loads(bytes) -> value``.

    What comes out as JSON is stored as JSON, so that other frameworks on the same app read it; anything else as bytes. What this serializer
    cannot read stays the :class:`~sessnode.record.Value` that it is, and is never dropped.
    """

    def __init__(self, serializer: type[Any]) -> None:
        self._serializer = serializer()
        self._plain = serializer is JSONSerializer

    def encode(self, name: str, value: Any) -> Value:
        if isinstance(value, Value):
            return value
        try:
            data = self._serializer.dumps(value)
        except Exception as err:  # a serializer raises what it likes
            raise unserializable(name, value, err) from None
        return Value(JSON if self._is_json(data) else BYTES, data)

    def decode(self, name: str, value: Value) -> Any:
        if value.codec not in (JSON, BYTES):
            return value
        try:
            return self._serializer.loads(value.data)
        except Exception:
            return json.loads(value.data) if value.codec == JSON else value

    def _is_json(self, data: bytes) -> bool:
        """Whether the nodes take it for JSON. Python writes NaN and half surrogate pairs too, which is none: stored as bytes, they come back."""
        if self._plain and b"NaN" not in data and b"Infinity" not in data and b"\\ud" not in data:
            return True
        try:
            json.dumps(json.loads(data), ensure_ascii=False, allow_nan=False).encode()
        except (ValueError, RecursionError):
            return False
        return True
