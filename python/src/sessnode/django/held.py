"""What one SessionStore knows of its session: the common part of all adapters, with what Django asks for beyond it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sessnode.errors import Conflict, NotFound
from sessnode.record import Timeouts, Value
from sessnode.request import Cookie, Outcome, RequestSession, Standing, Steps
from sessnode.subject import subject_of

KEY_BYTES = 30  # 40 characters of base64url: as long as Django's session keys may be (django_session.session_key)
LEAST_KEY = 8  # what Django takes for a session key, and the least that any policy allows


class Held(RequestSession):
    """The session of one SessionStore. It does no I/O: its methods are steps."""

    reason = ""  # why the store says that there is no session, where it remembers

    def _over(self, err: NotFound) -> None:
        self.reason = err.reason
        super()._over(err)

    def differs(self, data: Mapping[str, Any]) -> bool:
        """Whether `data` is something else than what the store has, as far as this request knows. Sees changes inside of values.

        A value that cannot be written differs: saving it tells why.
        """
        return self.encode(data) != self._base

    def would_change(self, name: str, data: Mapping[str, Any]) -> bool:
        return self._base.get(name) != (self._codec.encode(name, data[name]) if name in data else None)

    def names_the_user(self, name: str, data: Mapping[str, Any]) -> bool:
        """Whether the subject is another one without this attribute."""
        return subject_of({k: v for k, v in data.items() if k != name}, self._subject_from) != self._subject

    def encode(self, data: Mapping[str, Any]) -> dict[str, Value]:
        """Raises Unserializable."""
        return {name: self._codec.encode(name, value) for name, value in data.items()}

    def begin(self, key: str, data: Mapping[str, Any], subject: str, timeouts: Timeouts) -> Steps[bool]:
        """Makes a session under a key that Django chose, even an empty one. False if the key is taken or was used by a session that ended."""
        attrs = self.encode(data)
        try:
            record = yield self._build.create(key, subject, self._seal(attrs), self._device, timeouts)
        except Conflict:
            return False
        self._adopt(key, record, attrs, subject)
        return True

    def overwrite(self, data: Mapping[str, Any], timeouts: Timeouts) -> Steps[None]:
        """Makes the stored session what `data` is, without a new key whatever changed: for the shadow of another engine."""
        now = self.encode(data)
        changed = {name: value for name, value in now.items() if self._base.get(name) != value}
        yield from self._patch(changed, [name for name in self._base if name not in now], timeouts, True)

    @property
    def stored(self) -> Mapping[str, Value]:
        """The attributes as this request found them, written as Django's serializer writes them."""
        return self._base

    def keep(self, key: str, timeouts: Timeouts) -> Steps[Outcome]:
        """Makes an empty session, where Django wants one and there is nothing in it."""
        record = yield self._build.create(key, "", {}, self._device, timeouts)
        return self._adopt(key, record, {}, "")

    @property
    def previous(self) -> bool:
        """Whether the key was rotated away, and answers for a grace only: the browser has a newer one."""
        return self.standing is Standing.OVERTAKEN or (self.record is not None and self.record.previous)

    @property
    def names(self) -> Collection[str]:
        """The attributes that the store has, as far as this request knows."""
        return self._base.keys()

    @property
    def live(self) -> bool:
        return self.standing is Standing.LIVE


__all__ = ["KEY_BYTES", "LEAST_KEY", "Cookie", "Held", "Outcome", "Standing", "Steps"]
