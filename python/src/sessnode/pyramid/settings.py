"""The factory out of the settings of an .ini file, and ``config.include("sessnode.pyramid")``.

============================  ==========================================================================================
setting                       meaning
============================  ==========================================================================================
``sessnode.nodes``            the nodes: ``http://n1:7480,http://n2:7480``; default ``SESSNODE_URL``, then those of ``sessnode demo``
``sessnode.app``              the app; default ``SESSNODE_APP``, then ``web``
``sessnode.key``              the API key; rather ``sessnode.key_file`` or ``SESSNODE_KEY``, which stay out of the .ini file
``sessnode.key_file``         a file that holds it
``sessnode.ca``               file with the certificate of a private authority
``sessnode.patience``         seconds for one operation of the store over all nodes; default 5
``sessnode.timeout``          seconds without activity until a session ends; default 1200; ``none`` = 400 days
``sessnode.lifetime``         seconds until it ends however active; default 400 days
``sessnode.cookie_name``      and ``cookie_max_age``, ``_path``, ``_domain``, ``_secure``, ``_httponly``, ``_samesite``
``sessnode.set_on_exception`` whether a view that raised keeps its changes; default true
``sessnode.subject_from``     the attributes that say who is signed in, separated by spaces
``sessnode.encryption_keys``  keys of ``sessnode.crypto.new_key()``, separated by spaces: the first encrypts values, all decrypt
============================  ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError
from pyramid.settings import asbool, aslist

from sessnode.crypto import Cipher
from sessnode.nearest import nearest
from sessnode.pyramid.factory import SessnodeSessionFactory
from sessnode.settings import client_from

SETTINGS_PREFIX = "sessnode."

_CLIENT = {"nodes": "NODES", "app": "APP", "key": "KEY", "key_file": "KEY_FILE", "ca": "CA", "patience": "TIMEOUT"}


def _text(value: Any) -> str | None:
    """A text, of which ``none`` and nothing say that there is none."""
    return None if value is None or str(value).strip().lower() in ("", "none") else str(value).strip()


_FACTORY: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "timeout": ("timeout", _text),
    "lifetime": ("lifetime", _text),
    "cookie_name": ("cookie_name", str),
    "cookie_max_age": ("max_age", _text),
    "cookie_path": ("path", str),
    "cookie_domain": ("domain", _text),
    "cookie_secure": ("secure", asbool),
    "cookie_httponly": ("httponly", asbool),
    "cookie_samesite": ("samesite", _text),
    "set_on_exception": ("set_on_exception", asbool),
    "subject_from": ("subject_from", lambda value: tuple(aslist(value))),
    "encryption_keys": ("cipher", lambda value: Cipher(aslist(value)) if value else None),
}


def session_factory_from_settings(settings: Mapping[str, Any], prefix: str = SETTINGS_PREFIX) -> SessnodeSessionFactory:
    """The factory that settings describe. Raises ConfigurationError for a setting that there is not, so that no slip of the pen goes unseen."""
    client: dict[str, Any] = {}
    options: dict[str, Any] = {}
    for full, value in settings.items():
        if not full.startswith(prefix):
            continue
        name = full[len(prefix) :]
        if name in _CLIENT:
            client[_CLIENT[name]] = value
        elif name in _FACTORY:
            option, convert = _FACTORY[name]
            options[option] = convert(value)
        else:
            known = sorted([*_CLIENT, *_FACTORY])
            hint = nearest(name, [other.upper() for other in known]).lower()
            raise ConfigurationError(f"there is no setting {full}{hint}; there are {', '.join(prefix + other for other in known)}")
    return SessnodeSessionFactory(client_from(client), **options)


def includeme(config: Configurator) -> None:
    """Sets the session factory out of the settings, and adds the tween that answers for a store that cannot."""
    config.set_session_factory(session_factory_from_settings(config.registry.settings))
    config.add_tween("sessnode.pyramid.errors.tween_factory")
