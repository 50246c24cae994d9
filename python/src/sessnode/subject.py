"""Who is signed in, as the attributes of a session tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

DEFAULT_SUBJECT_FROM: tuple[str, ...] = ("_auth_user_id", "_user_id", "user", "username")
"""Django's login, Flask-Login, and what tutorials call it. The first that is there counts."""

SubjectFrom = tuple[str, ...] | Callable[[Mapping[str, Any]], str]
"""Names of attributes, of which the first one that holds a subject counts; or a function of all attributes that returns it, "" for nobody.

What can be no subject (a dictionary, a list, a fraction, a text over 256 bytes or with control characters) counts as nobody under a name: where
``user`` is what an identity provider told, say ``lambda data: (data.get("user") or {}).get("sub", "")``. A function's text is sent as it is, and
one that can be no subject fails the commit with Invalid. It is called at each load and commit, and must depend on the attributes alone.
"""

MAX_BYTES = 256


def subject_of(data: Mapping[str, Any], subject_from: SubjectFrom) -> str:
    """The subject that attributes name; "" for nobody. With names, only texts and whole numbers that can be a subject count."""
    if callable(subject_from):
        return str(subject_from(data) or "")
    for name in subject_from:
        value = data.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and value and _valid(value):
            return value
    return ""


def _valid(text: str) -> bool:
    try:
        return len(text.encode()) <= MAX_BYTES and printable(text)
    except UnicodeEncodeError:
        return False


def printable(text: str) -> bool:
    """Whether a text is without control characters, as subjects and names of attributes are."""
    return not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in text)
