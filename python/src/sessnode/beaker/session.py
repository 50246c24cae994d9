"""Beaker's session, kept in sessnode: ``session_class = SessnodeSession``."""

from __future__ import annotations

import logging
import time
from typing import Any

from beaker import util
from beaker.session import Session

from sessnode.beaker.codecs import codec_of
from sessnode.beaker.namespace import SessnodeNamespaceManager
from sessnode.beaker.options import cipher_of, take_client, timeouts_of
from sessnode.errors import SessnodeError, Undecipherable
from sessnode.flashqueues import PREFIX, Queues
from sessnode.record import Timeouts
from sessnode.request import Cookie, Outcome, RequestSession, Standing
from sessnode.subject import DEFAULT_SUBJECT_FROM, SubjectFrom, subject_of
from sessnode.tokens import new_token

log = logging.getLogger("sessnode.beaker")

_TIMES = ("_creation_time", "_accessed_time")


class SessnodeSession(Session):  # type: ignore[misc]
    """A session of Beaker whose `delete`, `invalidate` and `regenerate_id` do at the store what they say.

    - `save` sends only what changed, each key on its own, in one step; nothing where nothing did. ``save(accessed_only=True)``, which Beaker
      does after each request that looked, sends changes inside of values that were loaded, as it does with Beaker's own backends.
    - `delete` and `invalidate` end the session at once, at every node. What is saved after them begins a new one, under a new id.
    - `regenerate_id` gives it a new id at the next save; the old one is dead after a short grace for requests under way.
    - A key that says who is signed in (`subject_from`) rotates the id and binds the session when it appears, and ends it when it goes.
    - A session that ended meanwhile is never made again; an id that the store does not know is never taken over.
    - Errors of the store are raised as they are, whatever `invalidate_corrupt` says: an outage is no corrupt data.

    Options beside Beaker's own: those of :data:`~sessnode.beaker.options.CLIENT_OPTIONS`, `client`, `lifetime` (seconds, however active),
    `subject_from`, `cipher`. Values are written in JSON unless `data_serializer` says otherwise. `encrypt_key` encrypts each value with AES-GCM.
    """

    def __init__(
        self,
        request: dict[str, Any],
        id: str | None = None,
        invalidate_corrupt: bool = False,
        timeout: int | None = None,
        data_serializer: Any = "json",
        encrypt_key: str | None = None,
        validate_key: str | None = None,
        lifetime: float | None = None,
        subject_from: SubjectFrom = DEFAULT_SUBJECT_FROM,
        cipher: Any = None,
        **options: Any,
    ) -> None:
        self._client = take_client(options)
        self._codec = codec_of(data_serializer)
        self._cipher = cipher_of(encrypt_key, validate_key) if encrypt_key else cipher
        self._timeouts: Timeouts = timeouts_of(timeout, lifetime)
        self._subject_from, self._bound = subject_from, ""
        self._next_id = ""  # what the store is to call a session that begins or is rotated
        self._rotate = self._ready = self._forgone = False
        self._snapshot: dict[str, Any] = {}  # what Beaker keeps of a request that did not say save
        self._dated = True  # by Beaker, rather than by another program that shares the session
        self._trouble: SessnodeError | None = None
        self._stored: set[str] = set()  # attributes that the store has, as far as this request knows
        self._begin(None)
        options.pop("namespace_class", None)
        super().__init__(
            request, id=id, invalidate_corrupt=invalidate_corrupt, timeout=timeout, data_serializer=data_serializer,
            namespace_class=SessnodeNamespaceManager, **options,
        )  # fmt: skip
        self._ready = True
        if isinstance(self._trouble, Undecipherable) and invalidate_corrupt:
            util.warn(f"Invalidating corrupt session: {self._trouble}. Set invalidate_corrupt=False to propagate this exception.")
        elif self._trouble is not None:
            raise self._trouble

    # -- what Beaker calls

    def load(self) -> None:
        """Reads the session. Where there is none, this is a new one, under an id of ours: never under one that a browser brought."""
        if self.use_cookies:
            self.request["set_cookie"] = True
        self._begin(self.id)
        try:
            stored = self._client.run(self._session.load())
        except SessnodeError as err:
            if self._ready:
                raise
            self._trouble, stored = err, {}  # Beaker's __init__ would take it for corrupt data, and begin a new session over an outage
            self._begin(None)
        self.clear()
        self._bound = subject_of(stored, self._subject_from)
        self._queues = Queues()
        record = self._session.record
        self._stored = set(stored) - {"_creation_time"}
        self._dated = record is None or "_creation_time" in stored
        if record is None:
            self._create_id()
            self["_accessed_time"] = self["_creation_time"] = time.time()
        else:
            self._next_id = ""
            self.last_accessed: float | None = record.touched.timestamp()
            self["_creation_time"], self["_accessed_time"] = record.created.timestamp(), time.time()
            self.update(self._queues.fold(stored))
        self.accessed_dict, self._snapshot = self.copy(), self.copy()

    def save(self, accessed_only: bool = False) -> None:
        if self._forgone:
            return
        data = self._queues.spread(self._kept(self._snapshot if accessed_only else self))
        out = self._client.run(self._session.commit(data, timeouts=self._timeouts, rotate=self._rotate))
        if out.dropped is not None:
            log.info("session: changes were dropped, because the session ended or was rotated meanwhile: %s", out.dropped)
            if self._rotate and self.use_cookies:
                self.request["set_cookie"], self.request["cookie_out"] = False, None  # the new id was not given
        elif not accessed_only:
            self._adopt(data)
            self._snapshot = self.copy()
        self._rotate = False
        self._settle(out)

    def delete(self) -> None:
        """Ends the session, at once and for good, and takes the cookie away."""
        self._end()
        if self.use_cookies:
            self._delete_cookie()
        self.clear()

    def invalidate(self) -> None:
        """Ends the session, at once and for good. What is saved after it begins a new one."""
        out = self._end()
        self.clear()
        self.was_invalidated = True
        self._create_id()
        self["_accessed_time"] = self["_creation_time"] = time.time()
        self._settle(out)

    def regenerate_id(self) -> None:
        self._rotate = self._session.standing is Standing.LIVE
        self._create_id(set_new=not self._rotate)

    def pop(self, key: str, *default: Any) -> Any:
        """Takes a value out of the store, now. Of all requests that pop the same stored value, one gets it; flash messages too.

        If this request fails later, the value is gone all the same: once at most beats twice. A pop that signs somebody out is a change
        like others, for `save`.
        """
        if key in self:
            value = super().pop(key)
            if key.startswith(PREFIX) and isinstance(value, list):
                return self._take_messages(key[len(PREFIX) :], value)
            if key not in self._stored or subject_of({key: value}, self._subject_from):
                return value
            self._stored.discard(key)
            self.accessed_dict.pop(key, None)
            self._snapshot.pop(key, None)
            if key in self._client.run(self._session.pop([key])):
                return value
        if not default:
            raise KeyError(key)
        return default[0]

    def lock(self) -> None:
        """Nothing to lock: changes of different keys do not touch each other."""

    def unlock(self) -> None:
        """Nothing was locked."""

    def _create_id(self, set_new: bool = True) -> None:
        self.id = self._next_id = new_token()  # 256 bits; Beaker's own ids have 122
        if set_new:
            self.is_new, self.last_accessed = True, None
        if self.use_cookies:
            self._update_cookie_out(set_cookie=not set_new)

    def _delete_cookie(self) -> None:
        lasts: Any = self.cookie_expires
        super()._delete_cookie()
        self.cookie_expires: Any = lasts  # Beaker lets it stay in the past, for whatever is saved after it too

    # -- more than Beaker

    def forgo(self) -> None:
        """Drops what a request meant to change, because it failed. A logout is kept: it is always safe."""
        if self._bound and not subject_of(self, self._subject_from):
            self._settle(self._end())
        self._rotate, self._forgone = False, True

    # -- the store

    def _begin(self, token: str | None) -> None:
        self._session = RequestSession(
            self._client, token, codec=self._codec, cipher=self._cipher, subject_from=self._subject_from, new_token=self._take_id
        )
        self._queues = Queues()
        self._stored = set()

    def _take_id(self) -> str:
        taken, self._next_id = self._next_id or new_token(), ""
        return taken

    def _kept(self, data: dict[str, Any]) -> dict[str, Any]:
        """What is stored of the dictionary: not the last access, which the store notes, nor what the configuration says anyway.

        The time of creation is stored where Beaker made the session, so that it stays what the first request was told.
        """
        kept = {key: value for key, value in data.items() if key not in _TIMES and (key not in self._config or value != self._config[key])}
        if kept and self._dated and "_creation_time" in data:
            kept["_creation_time"] = data["_creation_time"]
        return kept

    def _take_messages(self, queue: str, messages: list[Any]) -> list[Any]:
        """Those of a queue's messages that no other request has taken."""
        self.accessed_dict.pop(PREFIX + queue, None)
        self._snapshot.pop(PREFIX + queue, None)
        named = self._queues.named(queue, messages)
        taken = self._client.run(self._session.pop(self._queues.forget(queue)))
        return [message for name, message in named if not name or name in taken]

    def _adopt(self, data: dict[str, Any]) -> None:
        """Goes on with what is stored now: a login over somebody else's session has left what was theirs behind."""
        self._stored = set(data)
        view = self._queues.fold(data)
        for key in [key for key in self._kept(self) if key not in view and key not in _TIMES]:
            del self[key]
        for key in [key for key in view if key.startswith(PREFIX) and self.get(key) != view[key]]:
            self[key] = view[key]

    def _end(self) -> Outcome:
        out = self._client.run(self._session.revoke())
        self._queues, self._bound, self.accessed_dict, self._snapshot, self._next_id = Queues(), "", {}, {}, ""
        self._rotate, self._dated, self._stored = False, True, set()
        return out

    def _settle(self, out: Outcome) -> None:
        """Tells the browser what is certain."""
        if out.cookie is Cookie.SET:
            self.id = out.token
            if self.use_cookies:
                self._update_cookie_out(set_cookie=True)
        elif out.cookie is Cookie.CLEAR and self.use_cookies:
            self._delete_cookie()
