"""How values are written: JSON, or what `data_serializer` says, each value on its own."""

from __future__ import annotations

import pickle
from typing import Any

from sessnode.codec import JSON_CODEC, Codec
from sessnode.errors import Undecipherable, Unserializable
from sessnode.record import BYTES, Value


class SerializerCodec:
    """Writes each value with an object that has `loads` and `dumps`, as Beaker takes one for `data_serializer`.

    What it writes is opaque to the store and to applications in other languages. JSON that is there already is read as JSON.
    """

    def __init__(self, serializer: Any) -> None:
        self._serializer = serializer

    def encode(self, name: str, value: Any) -> Value:
        if isinstance(value, Value):
            return value
        try:
            data = self._serializer.dumps(value)
        except Exception as err:
            raise Unserializable(f"the attribute {name!r}, a {type(value).__name__}, cannot be serialized: {type(err).__name__}") from None
        return Value(BYTES, data if isinstance(data, bytes) else str(data).encode())

    def decode(self, name: str, value: Value) -> Any:
        if value.codec != BYTES:
            return JSON_CODEC.decode(name, value)
        try:
            return self._serializer.loads(value.data)
        except Exception as err:
            raise Undecipherable(f"the attribute {name!r} cannot be read with the serializer given: {type(err).__name__}") from None


PICKLE_CODEC = SerializerCodec(pickle)
"""Only where the application says ``data_serializer = pickle``: whoever can write to the store can then run code in the application."""


def codec_of(data_serializer: Any) -> Codec:
    """The codec for Beaker's option."""
    if data_serializer == "json":
        return JSON_CODEC
    return PICKLE_CODEC if data_serializer == "pickle" else SerializerCodec(data_serializer)
