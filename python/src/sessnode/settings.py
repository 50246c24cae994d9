"""A client out of a framework's settings and the environment.

===============  ======================  ===================================================================================
setting          environment             meaning
===============  ======================  ===================================================================================
``NODES``        ``SESSNODE_URL``        the nodes: ``"http://n1:7480,http://n2:7480"`` or a list; default the three of ``sessnode demo``
``APP``          ``SESSNODE_APP``        the app; default ``web``
``KEY``          ``SESSNODE_KEY``        the API key that nodes off loopback ask for
``KEY_FILE``     ``SESSNODE_KEY_FILE``   a file that holds it
``TIMEOUT``      ``SESSNODE_TIMEOUT``    seconds for a whole call; default 5
``CA``           ``SESSNODE_CA``         file with the certificate of a private authority
===============  ======================  ===================================================================================

A setting wins over the environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from sessnode.aio import AsyncClient
from sessnode.base import DEFAULT_NODES, DEFAULT_TIMEOUT
from sessnode.client import Client
from sessnode.errors import Invalid
from sessnode.nearest import nearest

NAMES = ("NODES", "APP", "KEY", "KEY_FILE", "TIMEOUT", "CA")
_ENVIRONMENT = {"NODES": "SESSNODE_URL"}


def client_from(settings: Mapping[str, Any]) -> Client:
    """A client for these settings. Raises Invalid, which names the setting and the cure; names that it does not know are refused."""
    return Client(**_arguments(settings))


def async_client_from(settings: Mapping[str, Any]) -> AsyncClient:
    """The same for asyncio."""
    return AsyncClient(**_arguments(settings))


def _arguments(settings: Mapping[str, Any]) -> dict[str, Any]:
    for name in settings:
        if name not in NAMES:
            raise Invalid(f"there is no setting {name!r}{nearest(name, NAMES)}; there are {', '.join(NAMES)}")

    keyed = any(settings.get(name) not in (None, "") for name in ("KEY", "KEY_FILE"))  # either way to give the key wins over the environment

    def look(name: str) -> Any:
        given = settings.get(name)
        if given not in (None, "") or (keyed and name in ("KEY", "KEY_FILE")):
            return given
        return os.environ.get(_ENVIRONMENT.get(name, "SESSNODE_" + name))

    timeout, ca = look("TIMEOUT"), look("CA")
    try:
        seconds = DEFAULT_TIMEOUT if timeout is None else float(timeout)
    except (TypeError, ValueError):
        raise Invalid("TIMEOUT is no number of seconds") from None
    if ca and not os.path.isfile(ca):
        raise Invalid(f"CA: there is no file {ca}")
    return {"nodes": look("NODES") or DEFAULT_NODES, "app": look("APP") or "", "key": look("KEY") or _key_of(look("KEY_FILE")),
            "timeout": seconds, "ca": ca or None}  # fmt: skip


def _key_of(path: str | None) -> str:
    if not path:
        return ""
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except (OSError, UnicodeDecodeError):
        raise Invalid(f"KEY_FILE: the file {path} cannot be read") from None
