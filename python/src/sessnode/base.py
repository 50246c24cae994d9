"""What both clients share: where the nodes are, how each has been doing, what was seen of the cluster's lives."""

from __future__ import annotations

import os
import weakref
from typing import Any

from sessnode.calls import Calls
from sessnode.course import course
from sessnode.errors import Invalid
from sessnode.nodes import History, Ring
from sessnode.target import parse_target, valid_app
from sessnode.wire import Call

DEFAULT_NODES = "http://127.0.0.1:7480,http://127.0.0.1:7490,http://127.0.0.1:7500"
"""Where `sessnode demo` and `scripts/three-nodes.sh` listen."""

DEFAULT_APP = "web"
DEFAULT_TIMEOUT = 5.0

_all: weakref.WeakSet[ClientBase] = weakref.WeakSet()


class ClientBase:
    """Not to be used by itself: see :class:`sessnode.Client` and :class:`sessnode.AsyncClient`."""

    def __init__(self, nodes: str | list[str] | tuple[str, ...], app: str, key: str, timeout: float) -> None:
        target = parse_target(nodes)
        self.app = app or target.app or DEFAULT_APP
        if not valid_app(self.app):
            raise Invalid("the app's name has other characters than a-z, 0-9, dot, underscore and dash, or more than 64 of them")
        if not 0 < timeout <= 300:
            raise Invalid(f"timeout is {timeout} seconds, allowed is more than 0 and at most 300")
        self.nodes = target.bases
        self.timeout = timeout
        self._key = key or target.key
        if not all("!" <= c <= "~" for c in self._key):
            raise Invalid("the API key has characters that no key has: was a line end read with it?")
        self._calls = Calls(self.app)
        self._ring, self._history = Ring(target.bases), History()
        _all.add(self)

    @property
    def build(self) -> Calls:
        """Builds calls for `perform` and for steps."""
        return self._calls

    def _course(self, call: Call[Any]) -> Any:
        return course(call, self._ring, self._history, self.timeout, self._key)

    def _forget(self) -> None:
        self._ring.reset()
        self._history.reset()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({','.join(self.nodes)}, app={self.app!r})"  # not the key


def _after_fork() -> None:
    for client in list(_all):
        client._forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
