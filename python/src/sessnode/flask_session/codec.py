"""The values that Flask-Session stores: all that Flask's tagged JSON keeps, and what msgspec would have flattened, flattened the same way."""

from __future__ import annotations

from typing import Any

import msgspec

from sessnode.errors import Unserializable
from sessnode.flask.codec import TaggedJSON
from sessnode.record import Value


class FlaskSessionCodec(TaggedJSON):
    """Tagged JSON first, so that tuples, bytes and Markup come back; sets become lists and enumerations their values, as under msgspec."""

    def encode(self, name: str, value: Any) -> Value:
        try:
            return super().encode(name, value)
        except Unserializable as err:
            try:
                flat = msgspec.to_builtins(value)
            except Exception:  # msgspec raises what the value's own methods raise, too
                raise err from None
            return super().encode(name, flat)
