"""The texts that name a cluster: ``http://n1:7480,http://n2:7480`` or ``sessnode://KEY@n1,n2:7480/app`` (``sessnodes://`` for TLS)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from sessnode.errors import Invalid

DEFAULT_PORT = 7480
_app = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Target:
    """What such a text says. `bases` are "scheme://host:port" without a slash at the end."""

    bases: list[str]
    key: str = ""
    app: str = ""

    def __repr__(self) -> str:
        return f"Target({','.join(self.bases)})"  # not the key


def parse_target(text: str | list[str] | tuple[str, ...]) -> Target:
    """Reads a list of nodes. Raises Invalid, which never quotes the text, because an API key may be part of it."""
    joined = text if isinstance(text, str) else ",".join(text)
    scheme, found, rest = joined.strip().partition("://")
    if not found:
        raise _bad("has no scheme: write http://HOST:PORT, several with commas between them")
    if scheme in ("sessnode", "sessnodes"):
        return _cluster("http" if scheme == "sessnode" else "https", rest)
    if scheme not in ("http", "https"):
        raise _bad("has another scheme than http, https, sessnode or sessnodes")
    return Target(_unique([_base(part) for part in joined.split(",") if part.strip()]))


def valid_app(name: str) -> bool:
    """Whether a text can name an app: up to 64 of a-z, 0-9, dot, underscore and dash, beginning with a letter or digit."""
    return _app.fullmatch(name) is not None


def _cluster(scheme: str, rest: str) -> Target:
    authority, _, path = rest.partition("/")
    key, _, hosts = authority.rpartition("@")
    app = path.rstrip("/")
    if app and not valid_app(app):
        raise _bad("has a path that cannot name an app")
    return Target(_unique([_base(f"{scheme}://{host}") for host in hosts.split(",")]), unquote(key), app)


def _base(part: str) -> str:
    try:
        url = urlsplit(part.strip())
        host, port = url.hostname, url.port
    except ValueError:
        raise _bad("has a malformed host or port") from None
    if url.scheme not in ("http", "https") or not host:
        raise _bad("is not a list of http:// and https:// URLs")
    if url.username or url.password or url.query or url.fragment or url.path.strip("/"):
        raise _bad("has more than scheme, host and port in one of its parts (the API key has a setting of its own)")
    return f"{url.scheme}://{f'[{host}]' if ':' in host else host}:{port or DEFAULT_PORT}"


def _unique(bases: list[str]) -> list[str]:
    if len(set(bases)) < len(bases):
        raise _bad("names a node twice")
    return bases


def _bad(what: str) -> Invalid:
    return Invalid(f"the address of the cluster {what}")
