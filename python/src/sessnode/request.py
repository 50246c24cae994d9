"""What one request knows of its browser's session, and what it changes: the part that all adapters share.

The decisions are those of the Go middleware (``client/sessionhttp/DESIGN.md``): the cookie changes only for what is certain; all changes
go in one step, before the response leaves; a session that ended meanwhile is never made again.

It does no I/O. Its methods are steps (generators of calls), which ``Client.run(...)`` or ``await AsyncClient.run(...)`` drives.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Generator, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sessnode.base import ClientBase
from sessnode.codec import JSON_CODEC, Codec
from sessnode.crypto import Cipher
from sessnode.errors import Conflict, NotFound, PreconditionFailed, SessnodeError, Unavailable, Unserializable
from sessnode.record import Device, Session, Timeouts, Value
from sessnode.subject import DEFAULT_SUBJECT_FROM, SubjectFrom, subject_of
from sessnode.tokens import new_token as fresh_token
from sessnode.tokens import valid
from sessnode.wire import Call

T = TypeVar("T")
Steps = Generator[Call[Any], Any, T]

NO_TIMEOUTS = Timeouts()
WIPE_TRIES = 5  # how often a login over somebody else's session is tried anew because that session changed meanwhile


class Standing(enum.Enum):
    """What is known of the session that the cookie names."""

    UNREAD = "the store was not asked yet"
    ABSENT = "there is no cookie, or one that can hold no token, or this request has ended the session"
    LIVE = "loaded"
    ENDED = "it was over for certain when this request looked"
    OVERTAKEN = "a parallel request rotated the token away, or ended the session"


class Cookie(enum.Enum):
    """What is certain about the cookie."""

    KEEP = "leave it alone: send no Set-Cookie"
    SET = "send the token"
    CLEAR = "take it away: the session is over for certain"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a commit.

    :ivar token: of the session, with Cookie.SET; else "".
    :ivar dropped: why the changes were dropped: the session ended, or got a new token, while the request was at work. None = they were not.
    """

    cookie: Cookie
    token: str = ""
    dropped: NotFound | None = None

    def __repr__(self) -> str:
        return f"Outcome({self.cookie.name})"


KEEP = Outcome(Cookie.KEEP)


class RequestSession:
    """The session of one request. Not for use by several threads at once.

    Where `record.previous` is true, the token is the old one of a session that was rotated a moment ago: a parallel request has sent the new
    one. An adapter that refreshes the cookie's age must not do so then.

    :param client: a Client or an AsyncClient; it is only asked how to write calls.
    :param token: what the cookie holds, whatever it is; None = there is no cookie.
    :param codec: how values are written; the same for all requests of an application. Default: plain JSON.
    :param subject_from: which attribute says who is signed in. When it appears the session is rotated and bound, when it goes it is revoked.
        ``()`` = none does.
    :param device: what the session keeps for its owner to recognise the browser by.
    :param cipher: encrypts values before they leave the process.
    :param new_token: makes tokens of the form that the framework takes.
    """

    def __init__(
        self,
        client: ClientBase,
        token: str | None,
        *,
        codec: Codec = JSON_CODEC,
        subject_from: SubjectFrom = DEFAULT_SUBJECT_FROM,
        device: Device | None = None,
        cipher: Cipher | None = None,
        new_token: Callable[[], str] = fresh_token,
    ) -> None:
        self._build, self._codec, self._cipher = client.build, codec, cipher
        self._subject_from, self._device, self._new_token = subject_from, device, new_token
        self.token: str = token if token and valid(token) else ""
        self.standing = Standing.UNREAD if self.token else Standing.ABSENT
        self.record: Session | None = None
        self._base: dict[str, Value] = {}  # as this request would have written what it found
        self._fixed: dict[str, Any] = {}  # values among it that the codec reads and cannot write
        self._subject = ""  # that the attributes named when it was last sent or loaded
        self._lost: NotFound | None = None  # why the session was overtaken

    # -- reading

    def load(self) -> Steps[dict[str, Any]]:
        """Asks the store for the session and returns its attributes; {} where there is none. A second load asks again.

        Raises what a read raises but NotFound. Then nothing is known, and the cookie is to be left alone.
        """
        if self.standing not in (Standing.UNREAD, Standing.LIVE):
            return {}
        try:
            record: Session = yield self._build.read(self.token, True)
        except NotFound as err:
            if self.standing is Standing.LIVE:  # it ended while this request was at work, not before
                self._overtake(err)
            else:
                self._over(err)
            return {}
        return self._take_in(record)

    def _take_in(self, record: Session) -> dict[str, Any]:
        values = {name: self._open(name, value) for name, value in record.attrs.items()}
        data = {name: self._codec.decode(name, value) for name, value in values.items()}
        self._fixed = {}
        self._base = {name: self._again(name, data[name], values[name]) for name in data}
        self._subject = subject_of(data, self._subject_from)
        self.record, self.standing = record, Standing.LIVE
        return data

    def _again(self, name: str, value: Any, stored: Value) -> Value:
        """The stored value as this codec writes it: other spaces or another order are no change."""
        try:
            return self._codec.encode(name, value)
        except Unserializable:
            self._fixed[name] = value
            return stored

    def _written(self, name: str, value: Any) -> Value:
        """A value as it is sent. One that could not be written when it was loaded, and is still the same object, is no change and no fault."""
        if name in self._fixed and self._fixed[name] is value and name in self._base:
            return self._base[name]
        return self._codec.encode(name, value)

    def pop(self, names: Iterable[str]) -> Steps[dict[str, Any]]:
        """Takes attributes out of the store, exactly once over all requests, and returns what this one got.

        Where the answer of the store is lost, so is what it held: once at most beats twice. Take the names out of the data too.
        """
        names = [name for name in names if name in self._base]
        if self.standing is not Standing.LIVE or not names:
            return {}
        try:
            record: Session = yield self._build.pop(self.token, names)
        except NotFound as err:
            self._overtake(err)
            return {}
        self._keep(record)
        for name in names:
            self._base.pop(name, None)
        return {name: self._codec.decode(name, self._open(name, value)) for name, value in record.values.items()}

    # -- changing

    def commit(
        self, data: MutableMapping[str, Any], *, timeouts: Timeouts = NO_TIMEOUTS, rotate: bool = False, refresh: bool = False
    ) -> Steps[Outcome]:
        """Sends what differs between `data` and what was loaded, in one step; nothing where nothing does.

        What is not to be seen any more, because somebody else signed in or the session was ended, is taken out of `data`.

        `timeouts` are the framework's own. They go with every change, and by themselves with `refresh`: two applications
        that share a login, each with rules of its own, must not write in turns. `rotate` gives the session a new token in the same step.

        Raises Unserializable before anything is sent; Unavailable, Unknown and Full, where the cookie is to be left alone; Limit where the
        policy allows the subject no more sessions; Invalid and TooLarge.
        """
        if self.standing is Standing.UNREAD:
            raise RuntimeError("load the session before you commit changes of it")
        now = {name: self._written(_text(name), value) for name, value in data.items()}
        changed = {name: value for name, value in now.items() if self._base.get(name) != value}
        subject = subject_of(data, self._subject_from)
        comes = self._comes(data, changed, subject)
        if self.standing is not Standing.LIVE:
            return (yield from self._create(changed, comes, timeouts))
        unset = [name for name in self._base if name not in now]
        if subject != self._subject:
            if subject and comes == subject:
                outcome = yield from self._login(changed, unset, subject, timeouts)
                _only(data, {**self._base, **changed})
                return outcome
            yield from self.revoke()
            _only(data, changed)
            return (yield from self._create(changed, comes, timeouts, over=Cookie.CLEAR))
        if rotate:
            return (yield from self._rotate(changed, unset, timeouts))
        return (yield from self._patch(changed, unset, timeouts, refresh))

    def _comes(self, data: Mapping[str, Any], changed: Mapping[str, Value], subject: str) -> str:
        """Who signs in by what this request has set, "" for nobody.

        Whom the attributes named before does not come, nor does a second name that was there all the time and is left when the first goes.
        """
        if subject == self._subject:
            return ""
        return subject if callable(self._subject_from) else subject_of({name: data[name] for name in changed}, self._subject_from)

    def revoke(self) -> Steps[Outcome]:
        """Ends the session. It goes on without one: a later commit begins a new session, if there is anything to keep in it.

        A session that was not loaded is looked for first: a token that was rotated away ends nothing, and the browser has a newer cookie.
        Raises what a read and a revoke raise but NotFound; then the session may live, and the cookie is to be left alone.
        """
        if self.standing is Standing.UNREAD:
            try:
                yield self._build.read(self.token, False)
            except NotFound as err:
                self._over(err)
        if self.standing in (Standing.UNREAD, Standing.LIVE):
            yield self._build.revoke(self.token)
            self._leave(Standing.ABSENT)
            return Outcome(Cookie.CLEAR)
        return Outcome(Cookie.CLEAR) if self.standing is Standing.ENDED else KEEP

    def _create(self, attrs: dict[str, Value], subject: str, timeouts: Timeouts, over: Cookie = Cookie.KEEP) -> Steps[Outcome]:
        """Begins a session, if there is anything to keep in it."""
        if self.standing is Standing.ENDED:
            over = Cookie.CLEAR
        if not attrs and not subject:
            return Outcome(over)
        if self.standing is Standing.OVERTAKEN and not subject:
            return Outcome(Cookie.KEEP, dropped=self._lost or NotFound(op="patch", app=self._build.app, reason="rotated"))
        token = self._new_token()
        record = yield self._build.create(token, subject, self._seal(attrs), self._device, timeouts)
        return self._adopt(token, record, attrs, subject)

    def _patch(self, changed: dict[str, Value], unset: list[str], timeouts: Timeouts, refresh: bool) -> Steps[Outcome]:
        if not changed and not unset and not refresh:
            return KEEP
        try:
            record = yield self._build.patch(self.token, self._seal(changed), unset, {}, timeouts, "")
        except NotFound as err:
            return self._overtake(err)
        self._keep(record)
        self._merge(changed, unset)
        return KEEP

    def _rotate(self, changed: dict[str, Value], unset: list[str], timeouts: Timeouts) -> Steps[Outcome]:
        token = self._new_token()
        try:
            record = yield self._build.rotate(self.token, token, None, False, self._seal(changed), unset, None, timeouts, "")
        except NotFound as err:
            return self._overtake(err)
        except Conflict as err:
            if err.reason != "rotated":
                raise
            return (yield from self._patch(changed, unset, timeouts, False))  # a parallel request has just done it
        self._merge(changed, unset)
        return self._adopt(token, record, self._base, self._subject)

    def _login(self, changed: dict[str, Value], unset: list[str], subject: str, timeouts: Timeouts) -> Steps[Outcome]:
        """Somebody signs in: a new token, bound to the subject, in one step with what else this request set; the old token is dead.

        What an anonymous visitor had stays. What another subject had does not, whether the store or an attribute alone says whose it was.
        """
        for _ in range(WIPE_TRIES):
            assert self.record is not None
            wipe = any(one not in ("", subject) for one in (self.record.subject, self._subject))
            gone = [name for name in self._base if name not in changed] if wipe else unset
            token = self._new_token()
            try:
                record = yield self._build.rotate(
                    self.token, token, subject, True, self._seal(changed), gone, self._device, timeouts, self.record.etag if wipe else ""
                )
            except (NotFound, Conflict) as err:
                if isinstance(err, Conflict) and err.reason != "rotated":
                    raise
                self._leave(Standing.OVERTAKEN, err)  # a double click: the other request has the session, and its answer may never be read
                return (yield from self._create(changed, subject, timeouts))
            except PreconditionFailed:
                yield from self.load()
                if self.standing is not Standing.LIVE:
                    return (yield from self._create(changed, subject, timeouts))
                continue
            self._merge(changed, gone)
            return self._adopt(token, record, self._base, subject)
        raise Unavailable("the session kept changing while somebody else signed in on it", op="rotate", app=self._build.app)

    # -- what is known

    def _over(self, err: NotFound) -> None:
        """The store knew no session of the cookie's token when it was first asked."""
        self._leave(Standing.OVERTAKEN if err.reason == "rotated" else Standing.ENDED, err)

    def _overtake(self, err: NotFound) -> Outcome:
        """A parallel request rotated the token away or ended the session. The browser may have another cookie by now: leave it alone."""
        self._leave(Standing.OVERTAKEN, err)
        return Outcome(Cookie.KEEP, dropped=err)

    def _leave(self, standing: Standing, err: SessnodeError | None = None) -> None:
        self.standing, self.token, self.record = standing, "", None
        if standing is Standing.OVERTAKEN:  # what was found, who was signed in too, must not begin another session
            self._lost = err if isinstance(err, NotFound) else None
        else:
            self._base, self._subject = {}, ""

    def _adopt(self, token: str, record: Session, attrs: dict[str, Value], subject: str) -> Outcome:
        """Takes over a session with a new token."""
        self.standing, self.token, self.record, self._base, self._subject = Standing.LIVE, token, record, dict(attrs), subject
        return Outcome(Cookie.SET, token)

    def _keep(self, record: Session) -> None:
        """Takes over what a change answered. Only a read says whether the token was rotated away."""
        known = self.record is not None and self.record.previous
        self.record = replace(record, previous=True) if known else record

    def _merge(self, changed: Mapping[str, Value], unset: Iterable[str]) -> None:
        self._base.update(changed)
        for name in unset:
            self._base.pop(name, None)

    # -- encryption

    def _seal(self, attrs: Mapping[str, Value]) -> Mapping[str, Value]:
        if self._cipher is None:
            return attrs
        return {name: self._cipher.seal(self._build.app, name, value) for name, value in attrs.items()}

    def _open(self, name: str, value: Value) -> Value:
        return value if self._cipher is None else self._cipher.open(self._build.app, name, value)


def _only(data: MutableMapping[str, Any], names: Mapping[str, Value]) -> None:
    """Takes everything else out."""
    for name in [name for name in data if name not in names]:
        del data[name]


def _text(name: Any) -> str:
    if not isinstance(name, str):
        raise Unserializable(f"the name of an attribute is a {type(name).__name__}: names are texts")
    return name
