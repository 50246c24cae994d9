"""Flash messages of which parallel requests lose none and show each once.

Flask keeps all messages in one list, ``session["_flashes"]``, so two requests that add one each would overwrite each other's. Here
the messages that one request adds are an attribute of their own; the list that Flask sees is put together from all of them.
"""

from __future__ import annotations

import secrets
import time
from typing import Any

LIST = "_flashes"
PREFIX = "_flashes."


class Flashes:
    """What one request knows of the messages of its session."""

    def __init__(self) -> None:
        self._stored: dict[str, list[Any]] = {}  # attribute -> its messages, oldest first

    def gather(self, data: dict[str, Any]) -> None:
        """Replaces the stored attributes by the one list, in place."""
        names = sorted(name for name in data if (name == LIST or name.startswith(PREFIX)) and isinstance(data[name], list))
        self._stored = {name: data.pop(name) for name in names}
        if names:
            data[LIST] = self._before()

    def scatter(self, data: dict[str, Any]) -> dict[str, Any]:
        """The attributes to store for what the request has left in `data`."""
        out = {name: value for name, value in data.items() if name != LIST}
        if LIST not in data:
            return out
        messages, before = data[LIST], self._before()
        if isinstance(messages, list) and messages[: len(before)] == before:
            out.update(self._stored)
            messages = messages[len(before) :]
        if messages:
            out[_name()] = messages
        return out

    @property
    def names(self) -> list[str]:
        """The attributes that hold messages from before this request."""
        return list(self._stored)

    def taken(self, messages: list[Any], won: set[str]) -> list[Any]:
        """The messages to show after the store was asked for all of :attr:`names`, and gave those in `won`."""
        own = messages[len(self._before()) :]
        shown = [m for name, stored in self._stored.items() if name in won for m in stored]
        self._stored = {}
        return shown + own

    def _before(self) -> list[Any]:
        return [message for messages in self._stored.values() for message in messages]


def _name() -> str:
    """Sorts by time; two requests never have the same."""
    return f"{PREFIX}{time.time_ns():016x}{secrets.token_hex(4)}"
