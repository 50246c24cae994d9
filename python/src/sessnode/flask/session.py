"""What ``flask.session`` is under sessnode."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

from flask import has_request_context
from flask.globals import request_ctx
from flask.sessions import SessionMixin

from sessnode.client import Client
from sessnode.errors import SessnodeError
from sessnode.flask.flashes import LIST, Flashes
from sessnode.record import Session, Timeouts
from sessnode.request import Cookie, Outcome, RequestSession, Standing
from sessnode.subject import SubjectFrom, subject_of

PERMANENT = "_permanent"
_raise: Any = object()


def current_session() -> Any:
    """The session object of this request, which does not count as looking into it; None outside of a request, or before it was opened."""
    if not has_request_context():
        return None
    name = "_session" if hasattr(request_ctx, "_session") else "session"  # before Flask 3.1.3
    return getattr(request_ctx, name)


class SessnodeSession(SessionMixin):
    """A mapping that is read from the store when it is first looked into, once, and whose changes are sent when the request ends.

    A request that does not look costs nothing. Changes inside of values are seen without ``modified = True``. Only attributes that changed are
    sent, so parallel requests that change different ones lose nothing. Any access may raise a :class:`~sessnode.errors.SessnodeError` while
    the store cannot answer; the interface turns that into a 503. It belongs to one request, and to the threads that this request starts
    only one at a time.
    """

    def __init__(
        self,
        client: Client,
        known: RequestSession,
        timeouts: Timeouts,
        subject_from: SubjectFrom,
        *,
        refreshable: bool = True,
        adopt: Callable[[], RequestSession | None] | None = None,
    ) -> None:
        self.accessed = False
        self.modified = False
        #: The response may renew the cookie's expiry. See SessnodeInterface.save_session.
        self.refreshable = refreshable
        #: Why the session could not be loaded when the application looked into it: its answer must not go out.
        self.failure: SessnodeError | None = None
        self.closed = False
        self._client, self._known, self._timeouts, self._subject_from = client, known, timeouts, subject_from
        self._sent = known.token  # what the browser came with
        self._adopt = adopt  # looks for the session in the store that was used before
        self._data: dict[str, Any] | None = None
        self._found: Session | None = None  # as it was when the request looked
        self._loaded: set[str] = set()  # attributes that the store has
        self._set: set[str] = set()  # attributes that this request has set
        self._removed = False  # this request has taken something out that is no flash message
        self._cleared = False
        self._error: SessnodeError | None = None
        self._wish: bool | None = None  # `permanent`, as set before anything was read
        self._was_permanent = False
        self._flashes = Flashes()
        self._rotate = False
        self.outcomes: list[Outcome] = []

    # -- loading

    def load(self) -> None:
        """Reads the session now, if it was not. Call it to handle the errors of the store yourself, on a page that can do without."""
        if self._error is not None:
            raise self._error
        if self._data is not None:
            return
        try:
            data = dict(self._client.run(self._known.load()))
            if self._adopt is not None and self._known.standing in (Standing.ENDED, Standing.ABSENT):
                data = self._from_before(self._adopt()) or data
        except SessnodeError as err:
            self._error = err
            raise
        self._found = self._known.record
        self._flashes.gather(data)
        self._loaded = set(data)
        self._was_permanent = bool(data.get(PERMANENT, False))
        if self._wish is not None:
            data[PERMANENT] = self._wish
        self._data = data

    def _from_before(self, moved: RequestSession | None) -> dict[str, Any]:
        """Goes on with a session that was moved into the store for this request."""
        if moved is None:
            return {}
        sent, self._known = self._sent, moved
        data = dict(self._client.run(moved.load()))
        if moved.token != sent and moved.record is not None:
            self.outcomes.append(Outcome(Cookie.SET, moved.token))
        return data

    def _ready(self) -> dict[str, Any]:
        """The values. The application takes them for the truth, so if they are missing, its answer is worth nothing."""
        try:
            self.load()
        except SessnodeError as err:
            self.failure = err
            raise
        assert self._data is not None
        return self._data

    @property
    def loaded(self) -> bool:
        """Whether anybody has looked into the session."""
        return self._data is not None

    # -- the mapping

    def __getitem__(self, name: str) -> Any:
        return self._ready()[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._ready()[name] = value
        self._set.add(name)
        self.modified = True

    def __delitem__(self, name: str) -> None:
        del self._ready()[name]
        self.modified = self._removed = True

    def __iter__(self) -> Iterator[str]:
        return iter(self._ready())

    def __len__(self) -> int:
        return len(self._ready())

    def __bool__(self) -> bool:
        """Whether there is anything worth storing. ``permanent`` alone is not."""
        return any(name != PERMANENT for name in self._ready())

    def __repr__(self) -> str:  # the contents have no business in a log
        return f"<{type(self).__name__} {self._known.record.id if self._known.record else self._known.standing.name.lower()}>"

    def clear(self) -> None:
        """Ends the session: it is revoked on every node when the request ends.

        What is set afterwards goes on under a new token, as in the login of Flask's tutorial: the token from before the login must not stay.
        """
        self._ready().clear()
        self.modified = self._removed = self._cleared = True

    def pop(self, name: str, default: Any = _raise) -> Any:
        """Takes a value out. Of parallel requests that pop the same stored value exactly one gets it: the store is asked at once."""
        data = self._ready()
        if name not in data:
            return self._missing(name, default)
        self.modified = True
        if name == LIST:
            return self._pop_flashes(data)
        self._removed = True
        signs_out = self._subject_of(data) != self._subject_of({key: value for key, value in data.items() if key != name})
        if signs_out or name not in self._loaded:
            return data.pop(name)  # a logout revokes when the request ends; what is only here, nobody else can pop
        won = name in self._take([name])
        self._loaded.discard(name)
        value = data.pop(name)
        return value if won or name in self._set else self._missing(name, default)

    def _subject_of(self, data: dict[str, Any]) -> str:
        return subject_of(data, self._subject_from)

    def _pop_flashes(self, data: dict[str, Any]) -> Any:
        """Flask pops without a default, so who loses gets no error but an empty list: another page is showing the messages."""
        messages = data[LIST]
        if isinstance(messages, list):
            names = self._flashes.names
            messages = self._flashes.taken(messages, set(self._take(names)) if names else set())
        data.pop(LIST)
        return messages

    def _take(self, names: list[str]) -> dict[str, Any]:
        try:
            return dict(self._client.run(self._known.pop(names)))
        except SessnodeError as err:
            self._error = self.failure = err
            raise

    @staticmethod
    def _missing(name: str, default: Any) -> Any:
        if default is _raise:
            raise KeyError(name)
        return default

    # -- what Flask asks of a session

    @property
    def permanent(self) -> bool:
        """Whether the cookie outlives the browser: ``PERMANENT_SESSION_LIFETIME`` instead of until the browser closes."""
        if self._data is None and self._wish is not None:
            return self._wish
        return bool(self._ready().get(PERMANENT, False))

    @permanent.setter
    def permanent(self, value: bool) -> None:
        if self._data is None:
            self._wish = bool(value)  # the common before_request line must not cost every static file a read
        else:
            self._data[PERMANENT] = bool(value)
        self.modified = True

    @property
    def permanent_changed(self) -> bool:
        """Whether the cookie in the browser has the other kind of expiry."""
        return self._data is not None and self._was_permanent != bool(self._data.get(PERMANENT, False))

    @property
    def new(self) -> bool:  # type: ignore[override]  # a plain attribute in the mixin
        """Whether the store had no session for this browser when the request looked."""
        self._ready()
        return self._known.record is None

    # -- what is only here

    @property
    def id(self) -> str:
        """The session's public name, which stays through rotations: for lists and logs. Empty = nothing is stored yet."""
        self._ready()
        return self._known.record.id if self._known.record else ""

    @property
    def subject(self) -> str:
        """Whom the store has as signed in here; empty = nobody. A login of this request counts from :meth:`commit` on."""
        self._ready()
        return self._known.record.subject if self._known.record else ""

    def rotate(self) -> None:
        """Gives the browser a new token when the request ends: after a change of rights, say. Signing in does that by itself."""
        self._ready()
        self._rotate = self.modified = True

    def places(self) -> list[Session]:
        """The sessions of who is signed in here, this one among them. Lists show ``device``, ``created`` and ``touched``."""
        return self._client.subject_sessions(self.subject) if self.subject else []

    def revoke_place(self, id: str) -> bool:
        """Signs out one of the places of who is signed in here; False = it is none of theirs, or has ended already."""
        if id not in {place.id for place in self.places()}:
            return False
        self._client.revoke_id(id)
        return True

    def revoke_others(self) -> int:
        """Signs out everywhere else; how many ended."""
        return self._client.revoke_subject(self.subject, except_id=self.id) if self.subject else 0

    def commit(self) -> Outcome | None:
        """Sends the changes now instead of at the end of the request, to learn what came of it: of a login against a limit, say.

        Raises what the store answers. None = there was nothing to send, since nobody looked.
        """
        if self._data is None:
            return None
        data = self._flashes.scatter(self._data) if self else {}
        if self._cleared and self.subject and not self._subject_of(data):  # bound by an application that names nobody in an attribute
            self.outcomes.append(self._client.run(self._known.revoke()))
        if self._removed and not data and self._known.record is not None:
            steps = self._known.revoke()
        else:
            steps = self._known.commit(data, timeouts=self._timeouts, rotate=self._rotate or self._cleared)
        outcome = self._client.run(steps)
        self._rotate = self._removed = self._cleared = False
        self._set.clear()
        self._loaded = set(self._data) if self.lives else set()
        self._flashes.gather(dict(data))
        self.outcomes.append(outcome)
        return outcome

    # -- what the interface asks

    @property
    def token(self) -> str:
        """The bearer secret that the browser sent or will get."""
        return self._known.token

    @property
    def lives(self) -> bool:
        """Whether the store has this session, and no answer since has said otherwise."""
        return self._known.record is not None

    @property
    def overtaken(self) -> bool:
        """Whether the browser's token was rotated away and answers for its grace only: it has, or is about to get, another cookie."""
        return self._found is not None and self._found.previous

    def idle_since(self, step: timedelta) -> bool:
        """Whether the request before this one was longer ago than `step`. A clock that is ahead of ours must not say never."""
        if self._found is None:
            return True
        ago = datetime.now(timezone.utc) - self._found.touched
        return ago > step or ago < -step

    def stands(self) -> bool:
        """Asks the store whether the token is still the session's; False where it cannot tell."""
        try:
            return not self._client.read(self.token, touch=False).previous
        except SessnodeError:
            return False

    @property
    def ends(self) -> bool:
        """Whether what the request has left in the session ends it: nothing, or nobody who was signed in."""
        if self._data is None or self._known.record is None:
            return False
        return (self._removed and not self) or (self.subject != "" and not self._subject_of(self._data))

    def end(self) -> None:
        """Revokes the session and stores nothing in its place."""
        self.outcomes.append(self._client.run(self._known.revoke()))
