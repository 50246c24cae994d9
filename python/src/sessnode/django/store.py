"""The session engine: what ``request.session`` is.

All that is known of the stored session, and every decision about it, is in :class:`~sessnode.django.held.Held` and below. Methods come in
pairs, as Django has them; both drive the same steps, one through the client over sockets, one through the client for asyncio.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib.sessions.backends.base import CreateError, UpdateError

from sessnode.django import clients, expiry, moving
from sessnode.django.codec import SerializerCodec
from sessnode.django.extras import Extras
from sessnode.django.held import KEY_BYTES, LEAST_KEY, Cookie, Held, Standing, Steps
from sessnode.errors import NotFound, SessnodeError, Unserializable
from sessnode.record import Device, Session, Value
from sessnode.subject import subject_of
from sessnode.tokens import new_token, valid

T = TypeVar("T")


class SessionStore(Extras):
    """One browser's session, loaded when first looked at, and saved by sending what changed.

    Differences from Django's own engines, each on purpose:

    - Two requests that change different keys both keep their change: only changed keys are sent, and merged in the store.
    - Changes inside of values are seen without ``session.modified = True``.
    - ``cycle_key`` takes effect with the save: a login is one step that rotates, binds the subject and stores, or nothing at all.
    - When the key that names the signed-in user appears, the session gets a new key and is bound to the user; when it goes, the session is revoked.
    - ``pop`` of a stored value asks the store at once: of parallel requests that pop the same value exactly one gets it.
    - A store that cannot answer raises :class:`sessnode.errors.Unavailable`; it never looks like an empty session.

    :ivar device: what to remember of the browser at the next login; the middleware sets it.
    :ivar managed: set by SessnodeMiddleware, which can clear the cookie after a save that ended the session.
    :ivar failure: the first error of the store that this object met.
    """

    device: Device | None = None
    managed = False
    failure: SessnodeError | None = None
    _session_key: str | None  # Django's property, which takes no text of less than 8 characters

    def __init__(self, session_key: str | None = None) -> None:
        self._own: Held | None = None  # for the key `_own_key`
        self._own_key: str | None = None
        self._next: str | None = None  # the key that the next save gives the session
        self._left: set[str] = set()  # keys that this object rotated away or is about to
        self._deleted = False
        self._stale = False  # the browser may have a newer cookie than what this request knows
        self._new_rules = False  # this request has changed when the session expires
        self._seen: dict[str, Value] | None = None  # what `modified = False` declared to be no change
        super().__init__(session_key)

    # -- what Django's engines have to have

    def exists(self, session_key: str | None) -> bool:
        return self._run(self._exists(session_key))

    async def aexists(self, session_key: str | None) -> bool:
        return await self._arun(self._exists(session_key))

    def create(self) -> None:
        self._run(self._create())

    async def acreate(self) -> None:
        await self._arun(self._create())

    def load(self) -> dict[str, Any]:
        """Raises Unavailable where the store cannot answer. Creates nothing; an unknown key becomes None."""
        self.failure = None
        data = self._run(self._load())
        if self._unknown and (old := moving.old_engine()) is not None:
            return moving.adopt(self, old)
        return self._settled(data)

    async def aload(self) -> dict[str, Any]:
        self.failure = None
        data = await self._arun(self._load())
        if self._unknown and (old := moving.old_engine()) is not None:
            return await moving.aadopt(self, old)
        return self._settled(data)

    def save(self, must_create: bool = False) -> None:
        """Raises UpdateError if the session ended or got another key meanwhile, CreateError, and what a change may raise (sessnode.errors)."""
        self._run(self._save(must_create))

    async def asave(self, must_create: bool = False) -> None:
        await self._arun(self._save(must_create))

    def delete(self, session_key: str | None = None) -> None:
        """Ends the session at once, for good: no save of another request brings it back."""
        moving.forget(self._target(session_key))
        self._run(self._delete(session_key))

    async def adelete(self, session_key: str | None = None) -> None:
        await moving.aforget(self._target(session_key))
        await self._arun(self._delete(session_key))

    def flush(self) -> None:
        super().flush()
        self._begin_anew()

    async def aflush(self) -> None:
        await super().aflush()
        self._begin_anew()

    def cycle_key(self) -> None:
        self._get_session()
        self._cycle()

    async def acycle_key(self) -> None:
        await self._aget_session()
        self._cycle()

    @classmethod
    def clear_expired(cls) -> None:
        """Nothing to do: the store ends sessions by itself."""

    @classmethod
    async def aclear_expired(cls) -> None:
        """Nothing to do."""

    # -- what the middleware asks

    @property
    def keeps_cookie(self) -> bool:
        """Whether the browser may have a newer cookie than this request knows of: then this response must not touch it."""
        return self._stale or (self._own is not None and self._own_key == self.session_key and self._own.previous)

    @property
    def is_stored(self) -> bool:
        """Whether the store has the session under `session_key`, for certain."""
        held = self._own
        return held is not None and held.live and held.token == self.session_key and not held.previous and hasattr(self, "_session_cache")

    def cookie_due(self, age: int | None) -> bool:
        """Whether a cookie that the browser has should be sent again, so that it lives for `age` seconds from now (None = until it closes)."""
        return self._new_rules or expiry.cookie_due(self._own.record if self._own else None, age)

    # -- modified, which sees changes inside of values

    @property
    def modified(self) -> bool:
        return self._modified or self._changed_inside()

    @modified.setter
    def modified(self, value: bool) -> None:
        self._modified = value
        if not value and hasattr(self, "_session_cache"):
            try:
                self._seen = self._held().encode(self._data())
            except Unserializable:
                self._seen = None

    def _changed_inside(self) -> bool:
        if not hasattr(self, "_session_cache"):
            return False
        held = self._held()
        try:
            return held.differs(self._data()) if self._seen is None else held.encode(self._data()) != self._seen
        except Unserializable:
            return True

    # -- steps

    def _load(self) -> Steps[dict[str, Any]]:
        self._seen, self._deleted = None, False
        if self._next is None or self._own is None:  # else it is still stored under the old key
            self._own, self._next = None, None
        if self.session_key is None:
            return {}
        return (yield from self._held().load())

    def _save(self, must_create: bool) -> Steps[None]:
        self.accessed = True
        if must_create and self.session_key is not None:
            return (yield from self._insert())
        if self._deleted:
            raise UpdateError
        held = self._held()
        if held.standing is Standing.UNREAD:
            found = self._settled((yield from held.load()))
            if not hasattr(self, "_session_cache"):
                self._session_cache = found
        if not hasattr(self, "_session_cache"):
            self._session_cache = {}
        data = self._data()
        timeouts, refresh = expiry.rules(self, data, held.record)
        self._new_rules = self._new_rules or held.would_change("_session_expiry", data)
        outcome = yield from held.commit(data, timeouts=timeouts, rotate=self._next is not None, refresh=refresh)
        if outcome.dropped is not None:
            self._stale = True
            raise UpdateError from outcome.dropped
        if not held.live and not (self.managed and outcome.cookie is Cookie.CLEAR):
            outcome = yield from held.keep(self._next or self._new_key(), timeouts)
        if outcome.cookie is Cookie.SET:
            self._stale = False
        if self._next is not None and outcome.cookie is Cookie.KEEP:
            self._stale = True  # a parallel request was first to rotate
        self._adopt(held.token or None)

    def _insert(self) -> Steps[None]:
        if not hasattr(self, "_session_cache"):
            self._session_cache = {}
        key = self.session_key
        assert key is not None
        self._own, self._deleted, self._next = None, False, None
        data = self._data()
        timeouts, _ = expiry.rules(self, data, None)
        if not (yield from self._held().begin(key, data, subject_of(data, clients.subject_from()), timeouts)):
            raise CreateError
        self._stale = False
        self._adopt(key)

    def _create(self) -> Steps[None]:
        self._next = None
        self._session_key = self._new_key()
        yield from self._insert()
        self.modified = True

    def _exists(self, key: str | None) -> Steps[bool]:
        if not key or len(key) < LEAST_KEY or not valid(key) or key in self._left:
            return False
        if key == self._next:
            return True
        try:
            record: Session = yield clients.sync_client().build.read(key, False)
        except NotFound:
            return False
        return not record.previous

    def _delete(self, key: str | None) -> Steps[None]:
        own = key is None or key == self.session_key
        target = self._target(key)
        if target is not None and len(target) >= LEAST_KEY and valid(target):
            yield clients.sync_client().build.revoke(target)
        if own:
            self._deleted, self._next = self.session_key is not None, None
            if self._own is not None and self._own.standing is Standing.OVERTAKEN:
                self._stale = True

    def _target(self, key: str | None) -> str | None:
        """The key under which the store has the session that is meant: until the save, a promised key is not yet it."""
        if key is None or key == self.session_key:
            return (self._own.token or None) if self._next is not None and self._own is not None else self.session_key
        return key

    # -- state

    def _cycle(self) -> None:
        """Promises a new key. The save keeps the promise."""
        if self.session_key is not None:
            self._left.add(self.session_key)
        held = self._held()
        self._next = self._new_key()
        self._session_key = self._next
        self._own_key = self._next
        self._own = held
        self.modified = True

    def _begin_anew(self) -> None:
        self._own, self._own_key, self._next, self._seen, self._deleted = None, None, None, None, False

    def _adopt(self, key: str | None) -> None:
        self._session_key, self._next, self._seen = key, None, None
        self._own_key = self.session_key

    def _settled(self, data: dict[str, Any]) -> dict[str, Any]:
        """After a load: a key that certainly has no session is no key. One that was rotated away stays, and the cookie with it."""
        held = self._own
        if held is not None and held.standing in (Standing.ENDED, Standing.ABSENT):
            self._session_key = None
            self._own_key = None
        return data

    @property
    def _unknown(self) -> bool:
        """Whether the store never heard of the key, as far as it remembers."""
        return self._own is not None and self._own.standing is Standing.ENDED and self._own.reason == ""

    def _held(self) -> Held:
        if self._own is None or self._own_key != self.session_key:
            self._own_key = self.session_key
            self._own = Held(
                clients.sync_client(), self._own_key, codec=SerializerCodec(self.serializer), subject_from=clients.subject_from(),
                device=self.device, cipher=clients.cipher(), new_token=lambda: self._next or self._new_key(),
            )  # fmt: skip
        return self._own

    def _new_key(self) -> str:
        return new_token(KEY_BYTES)

    def _get_new_session_key(self) -> str:
        return self._new_key()  # 240 random bits: nobody has it

    async def _aget_new_session_key(self) -> str:
        return self._new_key()

    def _get_session(self, no_load: bool = False) -> dict[str, Any]:
        self._refuse_again()
        return super()._get_session(no_load)  # type: ignore[no-any-return]

    async def _aget_session(self, no_load: bool = False) -> dict[str, Any]:
        self._refuse_again()
        return await super()._aget_session(no_load)  # type: ignore[no-any-return]

    _session = property(_get_session)

    def _refuse_again(self) -> None:
        """One request asks once: what renders an error page must not wait for a dead store again."""
        if self.failure is not None and not hasattr(self, "_session_cache"):
            self.accessed = True
            raise self.failure

    def _data(self) -> dict[str, Any]:
        """What this object holds, with texts as names: other keys become what JSON makes of them, as in Django's own engines."""
        cache: dict[Any, Any] = self._session_cache
        if not all(isinstance(name, str) for name in cache):
            cache = self._session_cache = {_name(name): value for name, value in cache.items()}
        return cache

    # -- driving

    def _run(self, steps: Steps[T]) -> T:
        return self._noting(lambda: clients.sync_client().run(steps))

    async def _arun(self, steps: Steps[T]) -> T:
        try:
            return await clients.async_client().run(steps)
        except SessnodeError as err:
            self.failure = self.failure or err
            raise

    def _noting(self, drive: Callable[[], T]) -> T:
        try:
            return drive()
        except SessnodeError as err:
            self.failure = self.failure or err
            raise


def _name(name: Any) -> str:
    if isinstance(name, str):
        return name
    if name is None or isinstance(name, bool):
        return {None: "null", True: "true", False: "false"}[name]
    return str(name)
