"""System checks: what is set wrongly, before a visitor meets it. ``manage.py check`` asks no node, ``manage.py check --deploy`` does."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured
from django.core.signing import JSONSerializer
from django.utils.module_loading import import_string

from sessnode.django import clients, moving
from sessnode.errors import SessnodeError
from sessnode.wire import parse_seconds

ENGINE = "sessnode.django"
SHADOW = "sessnode.django.shadow"
DJANGOS = "django.contrib.sessions.middleware.SessionMiddleware"
OURS = "sessnode.django.middleware.SessnodeMiddleware"
NEED_SESSION = (
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.locale.LocaleMiddleware",
)
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def check_settings(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """What the settings alone tell."""
    if settings.SESSION_ENGINE not in (ENGINE, SHADOW):
        return [Warning(f"sessnode.django is installed, but SESSION_ENGINE is {settings.SESSION_ENGINE!r}.", id="sessnode.W001",
                        hint=f'Set SESSION_ENGINE = "{ENGINE}", or take "sessnode.django" out of INSTALLED_APPS.')]  # fmt: skip
    found: list[CheckMessage] = []
    try:
        client = clients.sync_client()
        clients.async_client()
        clients.cipher()
    except ImproperlyConfigured as err:
        return [Error(str(err), id="sessnode.E001", hint="docs/how-to/django.md lists the settings.")]
    if not client._key and (remote := [node for node in client.nodes if urlsplit(node).hostname not in LOOPBACK]):
        found.append(Warning(f"There is no API key, and {remote[0]} is not on loopback: nodes there ask for one.", id="sessnode.W002",
                             hint='Set SESSNODE["KEY_FILE"] or SESSNODE["KEY"] (sessnode key, docs/how-to/run-three-nodes.md).'))  # fmt: skip
    if any(urlsplit(node).scheme == "http" and urlsplit(node).hostname not in LOOPBACK for node in client.nodes):
        found.append(Warning("Session keys travel to the nodes over plain HTTP.", id="sessnode.W003",
                             hint="Use https:// in NODES where the network is not yours alone (docs/how-to/tls.md)."))  # fmt: skip
    return [*found, *_middleware(), *_serializer(), *_old_engine()]


def check_policy(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """What the app's policy makes of the settings. Asks a node."""
    if settings.SESSION_ENGINE != ENGINE:
        return []
    try:
        policy = clients.sync_client().policy().get("policy", {})
    except ImproperlyConfigured:
        return []  # check_settings says it
    except SessnodeError as err:
        return [
            Warning(f"The app's policy cannot be read: {err}", id="sessnode.W004", hint="Is a node running? sessnode doctor finds what is wrong.")
        ]
    found: list[CheckMessage] = []
    for name in ("max_idle", "max_lifetime"):
        limit = parse_seconds(str(policy[name])) if name in policy else None
        if limit is not None and limit < settings.SESSION_COOKIE_AGE:
            found.append(Warning(
                f"SESSION_COOKIE_AGE is {settings.SESSION_COOKIE_AGE} s, and the policy's {name} is {limit:.0f} s: sessions end sooner than cookies.",
                id="sessnode.W005", hint=f"Shorten SESSION_COOKIE_AGE, or raise {name} (sessnode app set).",
            ))  # fmt: skip
    if int(policy.get("min_token_length", 0)) > 40:
        found.append(Error("The policy asks for tokens of more than 40 characters; Django's keys have 40.", id="sessnode.E002"))
    return found


def _middleware() -> list[CheckMessage]:
    listed: list[str] = list(settings.MIDDLEWARE)
    ours = [path for path in listed if path == OURS or _is_subclass(path, OURS)]
    if not ours:
        kind = DJANGOS in listed
        return [Warning(
            "While the store cannot answer, visitors get a 500 page instead of a 503." if kind else "There is no session middleware.",
            id="sessnode.W006", hint=f'Put "{OURS}" into MIDDLEWARE in place of Django\'s SessionMiddleware.',
        )]  # fmt: skip
    found: list[CheckMessage] = []
    if DJANGOS in listed:
        found.append(Error("Both session middlewares are in MIDDLEWARE: the inner one hides the session of the outer.", id="sessnode.E003",
                           hint=f'Take "{DJANGOS}" out.'))  # fmt: skip
    place = listed.index(ours[0])
    for path in listed[:place]:
        if path in NEED_SESSION[:2] or path in NEED_SESSION[3:] or (path == NEED_SESSION[2] and settings.CSRF_USE_SESSIONS):
            found.append(Error(f"{path} needs the session, and stands before the session middleware.", id="sessnode.E004",
                               hint=f'Move "{ours[0]}" up in MIDDLEWARE.'))  # fmt: skip
    return found


def _is_subclass(path: str, of: str) -> bool:
    try:
        kind, base = import_string(path), import_string(of)
    except ImportError:
        return False
    return isinstance(kind, type) and issubclass(kind, base)


def _serializer() -> list[CheckMessage]:
    kind = import_string(settings.SESSION_SERIALIZER)
    if isinstance(kind, type) and issubclass(kind, JSONSerializer):
        return []
    return [Warning(
        "SESSION_SERIALIZER is not JSON: other frameworks on this app cannot read the values, and what it reads may run code.",
        id="sessnode.W007", hint='The default, "django.contrib.sessions.serializers.JSONSerializer", is safe.',
    )]  # fmt: skip


def _old_engine() -> list[CheckMessage]:
    try:
        old = moving.old_engine()
    except (ImportError, AttributeError):
        return [Error("SESSNODE['OLD_ENGINE'] is no session engine.", id="sessnode.E005")]
    if old is None:
        return []
    if old.__module__.startswith(ENGINE):
        return [Error("SESSNODE['OLD_ENGINE'] is this engine itself.", id="sessnode.E005")]
    if settings.SESSION_ENGINE == ENGINE and old.__module__.endswith("signed_cookies"):
        return [Error("Sessions in signed cookies cannot be moved: their key is their content.", id="sessnode.E006",
                      hint="Let them expire: people sign in once more.")]  # fmt: skip
    return []
