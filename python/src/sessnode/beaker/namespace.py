"""The entry point ``beaker.backends``: ``session.type = sessnode``, for where only an .ini file can be changed."""

from __future__ import annotations

import base64
import json
import pickle
import threading
import time
import warnings
import zlib
from datetime import datetime, timezone
from typing import Any

from beaker.container import NamespaceManager
from beaker.exceptions import BeakerException, BeakerWarning
from beaker.synchronization import null_synchronizer

from sessnode.beaker.codecs import PICKLE_CODEC
from sessnode.beaker.options import asflag, take_client, timeouts_of
from sessnode.codec import JSON_CODEC
from sessnode.errors import Conflict, NotFound, SessnodeError
from sessnode.record import BYTES, JSON, Session, Value

KEY = "session"  # the only one that Beaker's sessions use
OPAQUE = "beaker.session"  # the attribute for what cannot be taken apart
CREATED = "_creation_time"
HOUSEKEEPING = (CREATED, "_accessed_time", "_domain", "_path")
AFTER = 120  # seconds that Beaker adds to the timeout that it tells a backend

_EPOCH = datetime.fromtimestamp(0, timezone.utc)
PAST = Session(id="", app="", version=0, subject="", created=_EPOCH, touched=_EPOCH, idle_deadline=_EPOCH, end=_EPOCH)

# Beaker warns with the session's id in full, which is the secret in the cookie: what it says about corrupt sessions must reach no log.
warnings.filterwarnings("ignore", "Invalidating corrupt session", BeakerWarning)

_lately = threading.local()  # the failure that this thread has just raised; see `_raise_again`


class SessionEnded(BeakerException):  # type: ignore[misc]
    """The session of this id was ended or has expired. With ``invalidate_corrupt = true``, as Beaker's middleware has it, a new one begins."""


class SessnodeNamespaceManager(NamespaceManager):  # type: ignore[misc]
    """One session of Beaker in sessnode.

    Beaker hands over the whole session as one value. Written by its json serializer it is taken apart, stored a key at a time, and only what
    differs from what this request found is sent: requests at the same time keep each other's changes, reading pages write nothing, and a
    session that ended meanwhile is not made again. The same with ``session.pickled = true`` for the pickle serializer. Anything else (pickles
    without that, encrypted sessions) is kept as it is, in one piece: the last one wins, but still nothing rises again.

    What only :class:`~sessnode.beaker.SessnodeSession` does, because it takes the cookie: to bind a session to who signs in, to end the old
    session in `invalidate` and `regenerate_id`, to refuse ids that a browser brought.

    Options: those of :data:`~sessnode.beaker.options.CLIENT_OPTIONS`, `client`, `lifetime`, `pickled`.
    """

    def __init__(
        self,
        namespace: str,
        timeout: int | None = None,
        lifetime: float | None = None,
        pickled: bool | str = False,
        **options: Any,
    ) -> None:
        super().__init__(namespace)
        self.timeout = timeout
        self._client = take_client(options)
        self._idle = max(1, int(timeout) - AFTER) if timeout else None
        self._timeouts = timeouts_of(self._idle, lifetime)
        self._pickled = asflag(pickled)
        self._codec = PICKLE_CODEC if self._pickled else JSON_CODEC
        self._record: Session | None = None
        self._found: dict[str, Value] = {}  # as this request would write what it found
        self._looked = self._over = False

    # -- what Beaker calls

    def get_creation_lock(self, key: str) -> Any:
        return null_synchronizer()

    def __getitem__(self, key: str) -> str:
        self._look(key)
        if self._record is None:
            raise KeyError(key)
        opaque = self._record.attrs.get(OPAQUE)
        if opaque is not None:
            return opaque.data.decode("ascii")
        return self._pack({name: self._codec.decode(name, value) for name, value in self._record.attrs.items() if self._ours(value)}, self._record)

    def __contains__(self, key: str) -> bool:
        self._look(key)
        return self._record is not None and self._record is not PAST

    def __setitem__(self, key: str, value: Any) -> None:
        _only_sessions(key)
        data = self._unpack(value)
        if data is None:
            self._keep({OPAQUE: Value(BYTES, value.encode() if isinstance(value, str) else bytes(value))})
            return
        cleared = CREATED not in data  # by Beaker's delete() or clear()
        attrs = {name: self._codec.encode(name, value) for name, value in data.items() if name not in HOUSEKEEPING}
        if attrs and not cleared and (self._record is None or CREATED in self._found):  # where Beaker made the session, so that it stays the same
            attrs[CREATED] = self._codec.encode(CREATED, data[CREATED])
        if cleared and not attrs:
            self.do_remove()
        else:
            self._keep(attrs)

    def __delitem__(self, key: str) -> None:
        _only_sessions(key)
        self.do_remove()

    def do_remove(self) -> None:
        """Ends the session, for good."""
        self._look(KEY)
        if self._record is not None:
            self._client.revoke(self.namespace)
        self._record, self._found, self._over = None, {}, True

    def keys(self) -> list[str]:
        return [KEY] if KEY in self else []

    # -- the store

    def _look(self, key: str) -> None:
        _only_sessions(key)
        if self._looked:
            return
        self._raise_again()
        try:
            record = self._client.read(self.namespace)
        except NotFound as err:
            self._looked = True
            self._over = bool(err.reason)
            if err.reason and err.reason != "rotated":
                self._record = self._aged(err)
            return
        except SessnodeError as err:
            _lately.failure = (err, time.monotonic(), self.namespace)
            raise
        self._looked, self._record = True, record
        self._found = {name: self._again(name, value) for name, value in record.attrs.items() if name == OPAQUE or self._ours(value)}

    def _raise_again(self) -> None:
        """With ``invalidate_corrupt`` Beaker takes an outage for corrupt data: it asks at once for a session under a new id, and forgets the old one.

        That second question, in the same thread, gets the answer of the first: the store might just be back, and somebody signed out.
        """
        err, at, namespace = getattr(_lately, "failure", (None, 0.0, ""))
        _lately.failure = (None, 0.0, "")
        if err is not None and namespace != self.namespace and time.monotonic() - at < 1:
            raise err

    def _aged(self, err: NotFound) -> Session | None:
        """Has Beaker begin a new session: one that is past its timeout, or an error, which `invalidate_corrupt` takes as that."""
        if self._idle is None:
            raise SessionEnded(f"the session ended ({err.reason}); with session.invalidate_corrupt = true a new one begins")
        return PAST

    def _ours(self, value: Value) -> bool:
        """Whether Beaker sees an attribute: what another program wrote in another way is left alone."""
        return value.codec == JSON or (self._pickled and value.codec == BYTES)

    def _again(self, name: str, value: Value) -> Value:
        return value if name == OPAQUE else self._codec.encode(name, self._codec.decode(name, value))

    def _keep(self, attrs: dict[str, Value]) -> None:
        """Sends what differs from what was found."""
        if self._over:
            return  # it ended, or got another id, since this request looked: its changes are dropped
        if self._record is None:
            self._create(attrs)
            return
        changed = {name: value for name, value in attrs.items() if self._found.get(name) != value}
        gone = [name for name in self._found if name not in attrs]
        if changed or gone:
            try:
                self._client.patch(self.namespace, set=changed, unset=gone, timeouts=self._timeouts)
            except NotFound:
                self._over = True
        self._found = attrs

    def _create(self, attrs: dict[str, Value]) -> None:
        if not attrs:
            return
        try:
            _, self._record = self._client.create(self.namespace, attrs=attrs, timeouts=self._timeouts)
        except Conflict as err:
            if err.reason in ("expired", "revoked", "evicted", "rotated"):
                raise SessionEnded("a session ended under this id, and none begins under it again") from err
            self._client.patch(self.namespace, set=attrs, timeouts=self._timeouts)  # a parallel request began it
        self._looked, self._found = True, attrs

    # -- Beaker's value

    def _pack(self, data: dict[str, Any], record: Session) -> str:
        touched, now = record.touched.timestamp(), time.time()
        if record is not PAST and self._idle is not None:
            touched = max(touched, now - self._idle / 2)  # the store judges: its note of the last touch lags behind, and Beaker would end it early
        data = {CREATED: record.created.timestamp(), **data, "_accessed_time": touched}
        raw = pickle.dumps(data) if self._pickled else zlib.compress(json.dumps(data).encode())
        return base64.b64encode(raw).decode("ascii")

    def _unpack(self, value: Any) -> dict[str, Any] | None:
        """The session as a dictionary; None where it is not to be taken apart."""
        try:
            raw = base64.b64decode(value, validate=True)
            data = pickle.loads(raw) if self._pickled else json.loads(zlib.decompress(raw))  # noqa: S301  # told to, and it is this process's own
        except Exception:
            return None
        return data if isinstance(data, dict) else None


def _only_sessions(key: str) -> None:
    if key != KEY:
        raise BeakerException("sessnode keeps sessions, not caches: set another type for beaker.cache")
