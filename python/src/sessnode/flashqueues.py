"""Pyramid's flash queues, stored one attribute a message.

Pyramid (and pyramid_beaker) keeps a queue as one list under ``_f_QUEUE``: of two requests that flash at the same time one message is lost,
and two requests that show the queue show it twice. So each message is an attribute of its own, ``_f_QUEUE/STAMP``, and is taken out by the
store's pop. The application sees the list that it knows.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from typing import Any

PREFIX = "_f_"

MOST_WAITING = 100
"""Messages that a queue holds; the oldest give way. A queue that nobody shows must not fill the session (256 attributes) and fail its logins."""

_STORED = re.compile(r"_f_(.*)/([0-9a-f]{24})", re.DOTALL)


class Queues:
    """Translates between the attributes of one session and the lists that the application sees. Of one request, so of one thread."""

    def __init__(self) -> None:
        self._stored: dict[str, list[tuple[str, Any]]] = {}  # by queue: attribute and message, in order
        self._lists: dict[str, list[Any]] = {}  # by queue: a whole list in one attribute, which comes first
        self._last = 0

    def fold(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """What the application sees of what is stored."""
        data: dict[str, Any] = {}
        self._stored, self._lists = {}, {}
        for name in sorted(stored):  # stamps sort as time does
            match, value = _STORED.fullmatch(name), stored[name]
            if match is not None:
                self._stored.setdefault(match[1], []).append((name, value))
                continue
            data[name] = value
            if name.startswith(PREFIX) and isinstance(value, list):  # by whoever wrote the session before
                self._lists[name[len(PREFIX) :]] = list(value)
        for queue, messages in self._stored.items():
            data[PREFIX + queue] = self._lists.get(queue, []) + [message for _, message in messages]
        return data

    def spread(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """What is to be stored for what the application sees."""
        stored: dict[str, Any] = {}
        for key, value in data.items():
            if not (isinstance(key, str) and key.startswith(PREFIX) and isinstance(value, list)):
                stored[key] = value
                continue
            for name, message in self.named(key[len(PREFIX) :], value):
                if name == key:
                    stored.setdefault(key, []).append(message)
                else:
                    stored[name or self._fresh(key)] = message
        return stored

    def named(self, queue: str, messages: list[Any]) -> list[tuple[str, Any]]:
        """The messages of a list with the attributes they are stored in, which are empty for those that are not stored."""
        first = self._lists.get(queue, [])
        if messages[: len(first)] != first:
            first = []  # changed by hand: its messages become attributes of their own
        named = [(PREFIX + queue, message) for message in first]
        left = list(self._stored.get(queue, ()))
        for message in messages[len(first) :]:
            at = next((i for i, (_, known) in enumerate(left) if known == message), None)
            named.append(("" if at is None else left[at][0], message))
            del left[: 0 if at is None else at + 1]
        return named

    def forget(self, queue: str) -> list[str]:
        """The attributes of a queue that is going to be taken."""
        whole = [PREFIX + queue] if self._lists.pop(queue, None) else []
        return whole + [name for name, _ in self._stored.pop(queue, ())]

    def _fresh(self, key: str) -> str:
        self._last = max(time.time_ns(), self._last + 1)  # in order within a request, whatever the clock does
        return f"{key}/{self._last:016x}{secrets.token_hex(4)}"
