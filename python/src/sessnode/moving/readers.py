"""What session libraries put into Redis, and how it becomes a session of the store."""

from __future__ import annotations

import base64
import hmac
import json
import pickle
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from sessnode.codec import JSON_CODEC, Codec
from sessnode.errors import Unserializable
from sessnode.moving.lines import Exported
from sessnode.record import MAX_SECONDS
from sessnode.subject import DEFAULT_SUBJECT_FROM, SubjectFrom, subject_of


class Skipped(Exception):
    """This entry is not carried over; the text says why, and holds nothing of what is in it."""


class Untrusted(Skipped):
    """The entry is pickled, and nobody said that the dump can be trusted: unpickling runs whatever the data says."""


@dataclass(frozen=True)
class Options:
    """What the stored data does not tell.

    :ivar idle: seconds of the app's idle timeout; None = what the framework has by default.
    :ivar trusted: unpickle. Whoever could write into the old store could run anything here.
    :ivar subject_from: where the signed-in user stands.
    :ivar secret: what the application signs its cookies with, where the new adapter knows nothing of the signature.
    """

    idle: float | None = None
    trusted: bool = False
    subject_from: SubjectFrom = DEFAULT_SUBJECT_FROM
    secret: bytes = field(default=b"", repr=False)


class Reader(ABC):
    """One library's way of storing sessions."""

    prefix: str
    """What the keys in Redis begin with, before the session's id."""
    idle: float
    """The framework's idle timeout by default, in seconds."""
    codec: Codec = JSON_CODEC
    """How the adapter that takes over reads an attribute."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.idle = options.idle or self.idle

    def read(self, key: str, data: bytes, left: float | None, now: datetime) -> Exported:
        """The session under a key of Redis, of which `left` seconds are left (None = no end). Raises Skipped."""
        values = self.values(data)
        if not isinstance(values, dict) or not all(isinstance(key, str) and key for key in values):
            raise Skipped("it is no dictionary of attributes")
        times = self.times(values, left, now)
        try:
            attrs = {key: self.codec.encode(key, value) for key, value in self.attributes(values).items()}
        except Unserializable as err:
            raise Skipped(str(err)) from None
        return Exported(token=self.token(key), attrs=attrs, subject=subject_of(self.attributes(values), self.options.subject_from), **times)

    def token(self, key: str) -> str:
        """What the browser's cookie will bring to the store."""
        return key[len(self.prefix) :]

    @abstractmethod
    def values(self, data: bytes) -> Any:
        """What was stored, decoded."""

    def attributes(self, values: dict[str, Any]) -> Mapping[str, Any]:
        """What of it the application put there."""
        return values

    def times(self, values: dict[str, Any], left: float | None, now: datetime) -> dict[str, Any]:
        """An idle timeout that every use begins anew: what is left of it tells when that was."""
        touched = None if left is None else now - timedelta(seconds=max(0.0, self.idle - left))
        return {"idle": self.idle if left is not None else MAX_SECONDS, "lifetime": MAX_SECONDS, "touched": touched}

    def unpickle(self, data: bytes) -> Any:
        if not self.options.trusted:
            raise Untrusted("it is pickled")
        try:
            return pickle.loads(data)  # noqa: S301  # only where the operator said that the dump is trusted
        except Exception as err:
            raise Skipped(f"it cannot be unpickled: {type(err).__name__}") from None


def _from_json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise Skipped("it is no JSON") from None


class FlaskSessionReader(Reader):
    """Flask-Session's Redis backend: msgpack or JSON, or what versions before 0.6 pickled. The cookie has the id, signed or not."""

    prefix = "session:"
    idle = 31 * 86400.0  # PERMANENT_SESSION_LIFETIME

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        try:
            import msgspec

            from sessnode.flask.codec import TaggedJSON
        except ImportError as err:
            raise SystemExit(f"error:  {err}\ntry:    pip install 'sessnode[flask-session]'") from None
        self.codec, self._unpack = TaggedJSON(), msgspec.msgpack.decode

    def values(self, data: bytes) -> Any:
        if data[:1] == b"{":
            return _from_json(data)
        if data[:1] == b"\x80" and len(data) > 1 and data[-1:] == b".":  # pickle; an empty dictionary in msgpack is \x80 alone
            return self.unpickle(data)
        try:
            return self._unpack(data)
        except Exception:
            raise Skipped("it is neither msgpack nor JSON") from None


class DjangoCacheReader(Reader):
    """Django's cache sessions in its own Redis cache, which pickles. ``manage.py sessnode_export`` knows more, and is to be preferred."""

    prefix = ":1:django.contrib.sessions.cache"
    idle = 14 * 86400.0  # SESSION_COOKIE_AGE

    def values(self, data: bytes) -> Any:
        return self.unpickle(data)

    def times(self, values: dict[str, Any], left: float | None, now: datetime) -> dict[str, Any]:
        """Django counts from the last save, so the end is fixed until then."""
        own = values.get("_session_expiry")
        idle = float(own) if isinstance(own, int) and own > 0 else MAX_SECONDS if isinstance(own, str) else self.idle
        return {"idle": min(idle, MAX_SECONDS), "lifetime": MAX_SECONDS, "expires": None if left is None else now + timedelta(seconds=left)}


class PyramidSessionRedisReader(Reader):
    """pyramid_session_redis: a dictionary with the attributes under "m", pickled unless the application chose JSON.

    Its cookies are signed, and the signature is always the same. So the whole text of the cookie is what Pyramid will bring to the store.
    """

    prefix = ""
    idle = 1200.0

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        if not options.secret:
            raise SystemExit(
                "error:  the cookies of pyramid_session_redis are signed\ntry:    --cookie-secret-file FILE, with the `secret` of its factory"
            )

    def token(self, key: str) -> str:
        text = key.encode("ascii")
        signature = hmac.new(b"pyramid_session_redis." + self.options.secret, text, "sha512").digest()
        return base64.urlsafe_b64encode(signature + text).rstrip(b"=").decode()

    def values(self, data: bytes) -> Any:
        return _from_json(data) if data[:1] == b"{" else self.unpickle(data)

    def attributes(self, values: dict[str, Any]) -> Mapping[str, Any]:
        inner = values.get("m")
        if not isinstance(inner, dict) or not all(isinstance(key, str) and key for key in inner):
            raise Skipped('it holds no attributes under "m"')
        return inner

    def times(self, values: dict[str, Any], left: float | None, now: datetime) -> dict[str, Any]:
        own, created = values.get("t"), values.get("c")
        idle = float(own) if isinstance(own, int) and own > 0 else self.idle
        times: dict[str, Any] = {"idle": idle, "lifetime": MAX_SECONDS}
        if isinstance(created, (int, float)) and created > 0:
            times["created"] = datetime.fromtimestamp(created, timezone.utc)
        if left is not None:
            times["touched"] = now - timedelta(seconds=max(0.0, idle - left))
        return times


class JSONReader(Reader):
    """Any store of JSON objects under a prefix. Where nothing else is said, what is left of an entry is its end."""

    prefix = ""
    idle = MAX_SECONDS

    def values(self, data: bytes) -> Any:
        return _from_json(data)

    def times(self, values: dict[str, Any], left: float | None, now: datetime) -> dict[str, Any]:
        if self.options.idle:
            return super().times(values, left, now)
        return {"idle": MAX_SECONDS, "lifetime": MAX_SECONDS, "expires": None if left is None else now + timedelta(seconds=left)}


class ConnectReader(JSONReader):
    """connect-redis and what else keeps sessions of Express: JSON, with the cookie's own settings beside the attributes."""

    prefix = "sess:"

    def attributes(self, values: dict[str, Any]) -> Mapping[str, Any]:
        return {key: value for key, value in values.items() if key != "cookie"}


READERS: dict[str, type[Reader]] = {
    "flask-session": FlaskSessionReader,
    "django-cache": DjangoCacheReader,
    "pyramid-session-redis": PyramidSessionRedisReader,
    "connect": ConnectReader,
    "json": JSONReader,
}

UNREADABLE = {
    "scs": "scs stores gob, which only a Go program that knows the application's types can read: "
    "go through scs's IterableStore there, and write the lines of docs/reference/import-format.md",
    "flask-session-filesystem": "Flask-Session's files keep only the MD5 of an id: let the application read both stores for a while",
}
