"""Messages (``django.contrib.messages``) that two requests of one browser cannot lose or show twice.

``MESSAGE_STORAGE = "sessnode.django.messages.SessionStorage"``. Django's own storage in the session keeps all messages in one value: of two requests
that add one each, the later save wins, and two requests that show them both show them. Here each message is an attribute of its own,
and is taken out of the store in the moment in which it is shown.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from typing import Any

from django.contrib.messages.storage.base import Message
from django.contrib.messages.storage.session import SessionStorage as DjangosStorage
from django.http import HttpRequest

from sessnode.django.store import SessionStore

PREFIX = "_message."


class SessionStorage(DjangosStorage):
    """Shows each message at most once: where the store's answer is lost, so is the message. With another engine it is Django's own storage."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self._session: SessionStore | None = request.session if isinstance(request.session, SessionStore) else None
        self._taken = False

    def _get(self, *args: Any, **kwargs: Any) -> Any:
        if self._session is None:
            return super()._get(*args, **kwargs)
        session = self._session
        waiting = [m for name in self._names(session) for m in self._open(session[name])]
        return [*self._open(session.get(self.session_key)), *waiting], True  # the former is what Django's own storage left

    def __iter__(self) -> Iterator[Message]:
        if self._session is not None and not self._taken:
            self._taken = True
            loaded = self._loaded_messages  # before they are gone
            got = self._session.take(*self._names(self._session), self.session_key)
            mine = [m for name in sorted(got) if name != self.session_key for m in self._open(got[name])]
            loaded[:] = [*self._open(got.get(self.session_key)), *mine]
        return super().__iter__()  # type: ignore[no-any-return]

    def update(self, response: Any) -> Any:
        """Stores what was added and not shown. What was there already stays as it is."""
        if self._session is None:
            return super().update(response)
        self._prepare_messages(self._queued_messages)
        for place, message in enumerate(self._queued_messages):
            name = f"{PREFIX}{time.time_ns():020d}.{place:04d}.{secrets.token_hex(4)}"  # in the order of their time, and nobody else's
            self._session[name] = self.serialize_messages([message])
        return []

    def _names(self, session: SessionStore) -> list[str]:
        return sorted(name for name, _ in session.items() if isinstance(name, str) and name.startswith(PREFIX))

    def _open(self, data: Any) -> list[Message]:
        return self.deserialize_messages(data) or []
