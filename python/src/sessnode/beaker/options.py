"""What Beaker's options say about the store. Beaker makes a session a request and hands it all options each time, so clients are kept."""

from __future__ import annotations

import base64
import functools
import hashlib
from typing import Any

from sessnode.client import Client
from sessnode.crypto import Cipher
from sessnode.record import MAX_SECONDS, Timeouts
from sessnode.settings import client_from

CLIENT_OPTIONS = {"url": "NODES", "app": "APP", "api_key": "KEY", "api_key_file": "KEY_FILE", "ca": "CA", "patience": "TIMEOUT"}
"""Beaker's ``session.NAME`` to the setting of :mod:`sessnode.settings`. ``session.key`` is taken: it is the cookie's name."""


def take_client(options: dict[str, Any]) -> Client:
    """Takes what is about the store out of options, and returns its client: the one in ``client``, or one that all with the same options share."""
    given = options.pop("client", None)
    settings = {name: options.pop(option, None) for option, name in CLIENT_OPTIONS.items()}
    if given is not None:
        return given  # type: ignore[no-any-return]
    return _shared(tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in settings.items()))


@functools.lru_cache(maxsize=64)
def _shared(settings: tuple[tuple[str, Any], ...]) -> Client:
    return client_from({name: list(value) if isinstance(value, tuple) else value for name, value in settings})


@functools.lru_cache(maxsize=64)
def cipher_of(encrypt_key: str | bytes, validate_key: str | bytes | None) -> Cipher:
    """Beaker's encrypt_key and validate_key as a key of :mod:`sessnode.crypto`."""
    parts = [b"sessnode beaker", _bytes(encrypt_key), _bytes(validate_key or b"")]
    key = hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()
    return Cipher([base64.urlsafe_b64encode(key).decode()])


def timeouts_of(timeout: float | str | None, lifetime: float | str | None) -> Timeouts:
    """Beaker's timeout is an idle timeout, and none means never: 400 days, the longest that a policy allows by default."""
    return Timeouts(idle=float(timeout or MAX_SECONDS), lifetime=float(lifetime or MAX_SECONDS))


def asflag(value: bool | str) -> bool:
    """What an .ini file says."""
    return value if isinstance(value, bool) else value.strip().lower() in ("true", "yes", "on", "1", "y", "t")


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
