"""Which name was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, names: Iterable[str]) -> str:
    """``": did you mean X?"``, or "" where nothing is near."""
    found = difflib.get_close_matches(name.upper(), list(names), 1)
    return f": did you mean {found[0]}?" if found else ""
