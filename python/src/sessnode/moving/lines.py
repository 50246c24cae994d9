"""The lines that ``sessnode import`` reads."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, TextIO

from sessnode import tokens
from sessnode.record import JSON, Device, Value

FORMAT = "sessnode-sessions"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Exported:
    """One session on its way. Durations are seconds; None = the app's policy. Times are aware.

    :ivar token: what the app will send as ``Session-Token``: the cookie's text without a signature that the adapter takes off.
    :ivar created: with `lifetime`, tells when it ends. :ivar touched: with `idle`, tells whether it has expired.
    """

    token: str = field(repr=False)
    attrs: Mapping[str, Value] = field(default_factory=dict, repr=False)
    subject: str = ""
    created: datetime | None = None
    touched: datetime | None = None
    idle: float | None = None
    lifetime: float | None = None
    expires: datetime | None = None
    device: Device = field(default_factory=Device)

    @property
    def name(self) -> str:
        """How texts call it: the first eight digits of its key, never its token."""
        return tokens.key_of(self.token)[:8]


class Writer:
    """Writes sessions, a line each, behind a header.

    :param out: where to; see :func:`open_private`.
    :param source: what they were read from, in words.
    :param with_tokens: write tokens instead of their keys. The file is then one of live secrets.
    """

    def __init__(self, out: TextIO, app: str, source: str, *, with_tokens: bool = False) -> None:
        self._out, self._with_tokens = out, with_tokens
        self.count = 0
        now = _moment(datetime.now(timezone.utc).replace(microsecond=0))
        self._write({"format": FORMAT, "version": VERSION, "app": app, "source": source, "exported": now})

    def write(self, session: Exported) -> None:
        """Writes one session. Raises ValueError, without the token, for a token that none can be."""
        if not tokens.valid(session.token):
            raise ValueError("a token has 1 to 256 visible ASCII characters")
        line: dict[str, Any] = (
            {"token": session.token} if self._with_tokens else {"key": tokens.key_of(session.token), "token_chars": len(session.token)}
        )
        raw = {name: _raw(value) for name, value in session.attrs.items() if not _plain(value)}
        rest: dict[str, Any] = {
            "subject": session.subject,
            "raw": raw,
            "created": _moment(session.created),
            "touched": _moment(session.touched),
            "idle": _span(session.idle),
            "lifetime": _span(session.lifetime),
            "expires": _moment(session.expires),
            "device": {k: v for k in ("ip", "user_agent", "label") if (v := getattr(session.device, k))},
        }
        line |= {name: value for name, value in rest.items() if value}
        # JSON values go out as the very text that they are: 1.0 stays 1.0.
        plain = (f"{json.dumps(name)}: {value.data.decode()}" for name, value in session.attrs.items() if _plain(value))
        self._out.write(_text(line)[:-1] + ', "attrs": {' + ", ".join(plain) + "}}\n")
        self.count += 1

    def _write(self, line: dict[str, Any]) -> None:
        self._out.write(_text(line) + "\n")


def open_private(path: str) -> TextIO:
    """Makes a file that only this user can read. Raises FileExistsError rather than replace one."""
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8")


def _plain(value: Value) -> bool:
    return value.codec == JSON and b"\n" not in value.data and b"\r" not in value.data


def _raw(value: Value) -> dict[str, str]:
    return {"codec": value.codec, "data": base64.b64encode(value.data).decode()}


def _text(line: dict[str, Any]) -> str:
    return json.dumps(line, ensure_ascii=False)


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(timezone.utc).isoformat().replace("+00:00", "Z") if at else None


def _span(seconds: float | None) -> str | None:
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s" if seconds else None
