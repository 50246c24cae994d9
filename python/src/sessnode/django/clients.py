"""The clients that a Django process uses: one of each kind, made when first needed out of ``settings.SESSNODE``.

==================  ===========================================================================================================
``NODES`` ... ``CA``  as in :mod:`sessnode.settings`
``ENCRYPTION_KEYS``  list of keys from ``sessnode.crypto.new_key()``: the first encrypts values, all decrypt
``SUBJECT_FROM``     which attribute says who is signed in; default ``_auth_user_id``, ``_user_id``, ``user``, ``username``
``OLD_ENGINE``       the engine to move away from (``docs/how-to/django.md``); default none
``TRANSPORT``        for tests: a ``sessnode.testing.FakeStore``, or what else both clients take as their transport
==================  ===========================================================================================================

Both kinds of client are safe under threads, forks and several event loops, so that one of each is enough.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from sessnode import AsyncClient, Client
from sessnode import settings as core
from sessnode.base import DEFAULT_TIMEOUT
from sessnode.crypto import Cipher
from sessnode.errors import Invalid
from sessnode.nearest import nearest
from sessnode.subject import DEFAULT_SUBJECT_FROM, SubjectFrom

T = TypeVar("T")

OWN = ("ENCRYPTION_KEYS", "SUBJECT_FROM", "OLD_ENGINE", "TRANSPORT")

_lock = threading.RLock()
_made: dict[str, Any] = {}


def options() -> Mapping[str, Any]:
    """``settings.SESSNODE``; nothing in it has to be set."""
    found = getattr(settings, "SESSNODE", {})
    if not isinstance(found, Mapping):
        raise ImproperlyConfigured("SESSNODE is no dictionary")
    return found


def sync_client() -> Client:
    """Raises ImproperlyConfigured, which names the setting and the cure."""
    transport = options().get("TRANSPORT")
    return _once("sync", lambda: core.client_from(_core()) if transport is None else _with_transport(Client, transport))


def async_client() -> AsyncClient:
    """Raises ImproperlyConfigured, which names the setting and the cure."""
    transport = options().get("TRANSPORT")
    if transport is not None and hasattr(transport, "async_transport"):
        transport = transport.async_transport()
    return _once("async", lambda: core.async_client_from(_core()) if transport is None else _with_transport(AsyncClient, transport))


def cipher() -> Cipher | None:
    """What encrypts values, if keys are set."""
    keys = options().get("ENCRYPTION_KEYS")
    return _once("cipher", lambda: Cipher(keys)) if keys else None


def subject_from() -> SubjectFrom:
    """Names of attributes, or a function of all of them."""
    given = options().get("SUBJECT_FROM", DEFAULT_SUBJECT_FROM)
    if isinstance(given, str):
        return (given,)
    return given if callable(given) else tuple(given)


def _core() -> dict[str, Any]:
    given = options()
    for name in given:
        if name not in core.NAMES and name not in OWN:
            raise Invalid(f"there is no setting {name!r}{nearest(name, core.NAMES + OWN)}")
    return {name: value for name, value in given.items() if name in core.NAMES}


def _with_transport(kind: Callable[..., T], transport: Any) -> T:
    given = options()
    _core()
    return kind(app=given.get("APP") or "", timeout=given.get("TIMEOUT") or DEFAULT_TIMEOUT, transport=transport)


def _once(name: str, make: Callable[[], T]) -> T:
    found = _made.get(name)
    if found is None:
        with _lock:
            found = _made.get(name)
            if found is None:
                try:
                    found = _made[name] = make()
                except Invalid as err:
                    raise ImproperlyConfigured(f"SESSNODE: {err.detail}") from None
    return found


def _forget(*, setting: str, **_: Any) -> None:
    """Tests change settings while the process runs."""
    if setting == "SESSNODE":
        with _lock:
            _made.clear()


setting_changed.connect(_forget, dispatch_uid="sessnode.django.clients")
