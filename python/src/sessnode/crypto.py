"""Encryption of values before they leave the application server: AES-256-GCM, with a ring of keys.

The store then holds names of attributes, subjects and times in the clear, and values that it, its disks and its backups cannot read. Needs
the extra ``sessnode[crypto]``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections.abc import Sequence

from sessnode.errors import Invalid, Undecipherable
from sessnode.record import BYTES, JSON, MSGPACK, Value

_MAGIC = b"SNE1"
_CODECS = (JSON, MSGPACK, BYTES)


def new_key() -> str:
    """A fresh key: 32 random bytes in base64url."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


class Cipher:
    """Seals and opens values. Safe for concurrent use.

    A sealed value is bound to the app and the name of its attribute, so that it cannot be moved to another name. It is not bound to its
    session, whose id does not exist yet when the first values are sealed. The nonce is random: take a new key, and leave the old one behind
    it, before 2**32 values were sealed with one (NIST SP 800-38D 8.3).

    :param keys: what :func:`new_key` makes. The first seals; all open. So a key is replaced without signing anybody out.
    :param strict: refuse values that are not encrypted. Off by default, so that encryption can be turned on while sessions live.
    """

    def __init__(self, keys: Sequence[str], *, strict: bool = False) -> None:
        try:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        except ImportError:
            raise Invalid("encryption needs the package cryptography: pip install 'sessnode[crypto]'") from None
        if isinstance(keys, str) or not keys:
            raise Invalid("encryption needs a list of at least one key; sessnode.crypto.new_key() makes one")
        raw = [_key(text) for text in keys]
        self._ring = {_name(key): AESGCM(key) for key in raw}
        self._first = _name(raw[0])
        self._strict = strict

    def seal(self, app: str, name: str, value: Value) -> Value:
        nonce = secrets.token_bytes(12)
        head = _MAGIC + self._first + nonce
        plain = bytes([_CODECS.index(value.codec)]) + value.data
        return Value(BYTES, head + self._ring[self._first].encrypt(nonce, plain, _bound(app, name)))

    def open(self, app: str, name: str, value: Value) -> Value:
        """Raises Undecipherable where no key fits or the bytes were changed. That is a fault of keys or of the store, never "signed out"."""
        if value.codec != BYTES or not value.data.startswith(_MAGIC):
            if self._strict:
                raise Undecipherable(f"the attribute {name!r} is not encrypted, and strict is on")
            return value
        key, nonce, sealed = value.data[4:8], value.data[8:20], value.data[20:]
        aead = self._ring.get(key)
        if aead is None:
            raise Undecipherable(f"the attribute {name!r} was sealed with a key that is not given: add it behind the first")
        from cryptography.exceptions import InvalidTag

        try:
            plain = aead.decrypt(nonce, sealed, _bound(app, name))
            return Value(_CODECS[plain[0]], plain[1:])
        except (InvalidTag, ValueError, IndexError):
            raise Undecipherable(f"the attribute {name!r} was changed since it was sealed, or moved from another name or app") from None

    def __repr__(self) -> str:
        return f"Cipher({len(self._ring)} keys)"


def _key(text: str) -> bytes:
    try:
        key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError, TypeError):
        key = b""
    if len(key) != 32:
        raise Invalid("an encryption key is not 32 bytes in base64url; sessnode.crypto.new_key() makes one")
    return key


def _name(key: bytes) -> bytes:
    """Tells keys apart without telling anything of them."""
    return hashlib.sha256(b"sessnode key name" + key).digest()[:4]


def _bound(app: str, name: str) -> bytes:
    return b"\0".join((b"sessnode value", app.encode(), name.encode()))
