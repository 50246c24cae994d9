"""Tokens: the bearer secrets in cookies. The store keeps only their hash."""

from __future__ import annotations

import hashlib
import re
import secrets

MAX_LENGTH = 256
_visible = re.compile(r"[!-~]*")


def new_token(size: int = 32) -> str:
    """A fresh token: `size` bytes of the operating system's randomness in base64url (32 bytes: 43 characters; 30: 40, as Django's column holds)."""
    return secrets.token_urlsafe(size)


def valid(token: str, least: int = 1) -> bool:
    """Whether a text can be a token at all: `least` to 256 visible ASCII characters. A cookie may hold anything."""
    return least <= len(token) <= MAX_LENGTH and _visible.fullmatch(token) is not None


def key_of(token: str) -> str:
    """The only form of a token that is stored: SHA-256 of its text, in hex."""
    return hashlib.sha256(token.encode("ascii")).hexdigest()
