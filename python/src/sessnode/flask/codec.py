"""Flask's tagged JSON, one attribute at a time: tuples, bytes, Markup, UUIDs and datetimes come back as what they were."""

from __future__ import annotations

from collections.abc import Callable
from json.encoder import encode_basestring
from typing import Any

from flask import json
from flask.json.tag import TaggedJSONSerializer

from sessnode.errors import Unserializable
from sessnode.record import JSON, Value

# Most attributes are one of these, and every request that looks encodes all of them: the long way takes five times as long. A tag of the
# application's own might be for one of them, so it is gone around only where there is none.
SIMPLE: dict[type, Callable[[Any], str]] = {
    str: encode_basestring,
    int: repr,
    bool: lambda value: "true" if value else "false",
    type(None): lambda value: "null",
}
UNTAGGED = len(TaggedJSONSerializer.default_tags)


class TaggedJSON:
    """A codec over a :class:`~flask.json.tag.TaggedJSONSerializer`; register tags of your own with ``session_interface.serializer.register``.

    What Flask's cookie sessions lose is lost here too: a datetime comes back in whole seconds and in UTC, and the keys of a dict as text.
    A value in another codec than JSON, which some other program stored, is handed out as the :class:`~sessnode.Value` that it is, and
    written back the same. Safe under threads once all tags are registered.
    """

    def __init__(self, serializer: TaggedJSONSerializer | None = None) -> None:
        self.serializer = serializer or TaggedJSONSerializer()

    def encode(self, name: str, value: Any) -> Value:
        """Raises Unserializable, naming the attribute but not its value, for what Flask's JSON cannot say."""
        if isinstance(value, Value):
            return value
        try:
            if len(self.serializer.order) == UNTAGGED and type(value) in SIMPLE:
                text = SIMPLE[type(value)](value)
            else:
                text = json.dumps(self.serializer.tag(value), separators=(",", ":"), allow_nan=False, ensure_ascii=False)
            return Value(JSON, text.encode())
        except (TypeError, ValueError, RecursionError) as err:
            raise Unserializable(f"session[{name!r}] is of type {type(value).__name__}: {_reason(err)}") from err

    def decode(self, name: str, value: Value) -> Any:
        if value.codec != JSON:
            return value
        try:
            return self.serializer.loads(value.data.decode())
        except Exception:  # another program's object that looks like a tag of ours, but is none
            return value


def _reason(err: Exception) -> str:
    if isinstance(err, UnicodeError):
        return "its text holds half of a surrogate pair"
    if isinstance(err, RecursionError):
        return "it contains itself, or is nested too deep"
    return str(err)
