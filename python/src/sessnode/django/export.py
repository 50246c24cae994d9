"""Writes the sessions of Django's own engines as JSONL, for ``sessnode import`` (``docs/reference/import-format.md``)."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from importlib import import_module
from typing import Any, TextIO

from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache
from django.core.signing import JSONSerializer
from django.utils import timezone as django_timezone
from django.utils.module_loading import import_string

from sessnode.django import clients
from sessnode.django.codec import SerializerCodec
from sessnode.errors import Unserializable
from sessnode.record import JSON
from sessnode.subject import subject_of
from sessnode.tokens import key_of, valid
from sessnode.wire import instant, quote

DB, CACHED_DB, FILE = (f"django.contrib.sessions.backends.{name}" for name in ("db", "cached_db", "file"))
FOREVER = "400d"  # Django has an end for each session, and no idle timeout


class CannotExport(Exception):
    """The engine has no list of its sessions."""


@dataclass
class Tally:
    """What became of the sessions. Names are the first digits of keys, never tokens."""

    written: int = 0
    over: int = 0
    unreadable: int = 0
    refused: dict[str, str] | None = None

    def refuse(self, token: str, why: str) -> None:
        self.refused = {**(self.refused or {}), key_of(token)[:8]: why}


def unpickles(engine: str) -> bool:
    """Whether reading the sessions may run code that they hold."""
    store = import_module(engine).SessionStore
    pickled = hasattr(store, "cache_key_prefix") and not hasattr(store, "get_model_class")
    kind = import_string(settings.SESSION_SERIALIZER)
    return pickled or not (isinstance(kind, type) and issubclass(kind, JSONSerializer))


def write(out: TextIO, engine: str, *, with_tokens: bool) -> Tally:
    """Writes a header and a line a session. Sessions that are over, or that the engine itself cannot read, are counted and left out.

    Raises CannotExport.
    """
    tally, now = Tally(), datetime.now(timezone.utc)
    sessions = _sessions(engine)
    head = {"format": "sessnode-sessions", "version": 1, "app": clients.sync_client().app, "source": f"django {engine}", "exported": instant(now)}
    out.write(json.dumps(head) + "\n")
    codec = SerializerCodec(import_module(engine).SessionStore().serializer)
    for token, data, end in sessions:
        if end is not None and end <= now:
            tally.over += 1
        elif not data:
            tally.unreadable += 1
        elif not valid(token):
            tally.refuse("?", "its key is no text that a cookie can hold")
        else:
            try:
                line = _line(token, data, end, codec, with_tokens)
            except Unserializable as err:
                tally.refuse(token, err.detail)
                continue
            out.write(line + "\n")
            tally.written += 1
    return tally


def _line(token: str, data: dict[str, Any], end: datetime | None, codec: SerializerCodec, with_tokens: bool) -> str:
    cipher, app = clients.cipher(), clients.sync_client().app
    plain, raw = [], {}
    for name, value in data.items():
        stored = codec.encode(name, value)
        if cipher is not None:
            stored = cipher.seal(app, name, stored)
        if stored.codec == JSON:
            plain.append(f"{quote(name)}:{stored.data.decode()}")
        else:
            raw[name] = {"codec": stored.codec, "data": base64.b64encode(stored.data).decode()}
    fields: dict[str, Any] = {"token": token} if with_tokens else {"key": key_of(token), "token_chars": len(token)}
    fields |= {"subject": subject_of(data, clients.subject_from()), "idle": FOREVER, "lifetime": FOREVER}
    if end is not None:
        fields["expires"] = instant(end)
    if raw:
        fields["raw"] = raw
    return json.dumps({name: value for name, value in fields.items() if value != ""})[:-1] + ', "attrs": {' + ",".join(plain) + "}}"


def _sessions(engine: str) -> Iterator[tuple[str, dict[str, Any], datetime | None]]:
    """Key, values and end of every session of an engine."""
    store = import_module(engine).SessionStore
    if hasattr(store, "get_model_class"):
        return _rows(store.get_model_class())
    if hasattr(store, "_key_to_file"):
        return _files(store)
    if hasattr(store, "cache_key_prefix") and (cache := _redis_cache()) is not None:
        return _cached(store.cache_key_prefix, cache)
    raise CannotExport(
        f"{engine} cannot list its sessions. Set SESSNODE['OLD_ENGINE'] instead: each session moves when its browser comes (docs/how-to/django.md)."
    )


def _rows(model: Any) -> Iterator[tuple[str, dict[str, Any], datetime | None]]:
    for row in model._default_manager.order_by("session_key").iterator(chunk_size=1000):
        yield row.session_key, row.get_decoded(), _aware(row.expire_date)


def _files(store: Any) -> Iterator[tuple[str, dict[str, Any], datetime | None]]:
    prefix = settings.SESSION_COOKIE_NAME
    for name in sorted(os.listdir(store._get_storage_path())):
        if name.startswith(prefix):
            session = store(name.removeprefix(prefix))
            data = _read_file(session)
            end = session.get_expiry_date(modification=session._last_modification(), expiry=data.get("_session_expiry")) if data else None
            yield name.removeprefix(prefix), data, _aware(end)


def _redis_cache() -> Any:
    """The cache of sessions, if it is Django's own on Redis: of the others none can list its keys."""
    cache = caches[settings.SESSION_CACHE_ALIAS]
    return cache if isinstance(cache, RedisCache) else None


def _cached(prefix: str, cache: Any) -> Iterator[tuple[str, dict[str, Any], datetime | None]]:
    redis, head = cache._cache.get_client(), cache.make_key(prefix)
    pattern = "".join(f"[{c}]" if c in "*?[" else c for c in head) + "*"
    for name in redis.scan_iter(match=pattern, count=1000):
        token, left = name.decode().removeprefix(head), redis.pttl(name)
        data = cache.get(prefix + token)  # unpickles, as every request of the project does
        yield token, data if isinstance(data, dict) else {}, datetime.now(timezone.utc) + timedelta(milliseconds=left) if left >= 0 else None


def _read_file(session: Any) -> dict[str, Any]:
    """What load() does, but for one thing: load() of a session that is over removes it, and an export changes nothing."""
    try:
        with open(session._key_to_file(), encoding="ascii") as file:
            return dict(session.decode(file.read()))
    except (OSError, ValueError):
        return {}


def _aware(moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=django_timezone.get_default_timezone())
