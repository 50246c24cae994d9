"""``Sessnode(app)``: the settings in ``app.config``, and what is hung into the application."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask
from flask.sessions import SessionInterface

from sessnode.client import Client
from sessnode.crypto import Cipher
from sessnode.errors import SessnodeError
from sessnode.flask.failure import OnError, plain
from sessnode.flask.interface import SessnodeInterface
from sessnode.record import MAX_SECONDS
from sessnode.settings import client_from
from sessnode.subject import DEFAULT_SUBJECT_FROM

PREFIX = "SESSNODE_"
OURS = ("SUBJECT_FROM", "LIFETIME", "ENCRYPTION_KEYS", "PREVIOUS")


class Sessnode:
    """Keeps the sessions of a Flask application in a sessnode cluster.

    ``Sessnode(app)``, or in an application factory ``sessions = Sessnode()`` and then ``sessions.init_app(app)``. Nothing is connected before
    the first request that looks into its session.

    :param client: a client of your own, instead of the one that ``SESSNODE_NODES``, ``SESSNODE_APP`` and so on describe.
    :param previous: the session interface that was used before: sessions that only it knows are moved over as their browsers come back.
    :param on_error: makes the page for an error of the store: takes a :class:`~sessnode.errors.SessnodeError`, returns what a view may.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        client: Client | None = None,
        previous: SessionInterface | None = None,
        on_error: OnError = plain,
    ) -> None:
        self._client, self._previous, self._on_error = client, previous, on_error
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Reads ``app.config`` and sets ``app.session_interface``. Raises sessnode.errors.Invalid for settings that make no sense."""
        options = options_of(app)
        if self._previous is not None:
            options["previous"] = self._previous
        install(app, SessnodeInterface(self._client or client_of(app), on_error=self._on_error, **options))


def install(app: Flask, interface: SessnodeInterface) -> None:
    """Makes `interface` the application's, with an answer for sessions that cannot be loaded."""
    app.session_interface = interface
    app.extensions["sessnode"] = interface
    app.register_error_handler(SessnodeError, lambda err: interface.handle(app, err))


def client_of(app: Flask) -> Client:
    """The client that the settings describe. Raises Invalid, which also names a setting that is misspelt."""
    settings = {name[len(PREFIX) :]: value for name, value in app.config.items() if name.startswith(PREFIX)}
    return client_from({name: value for name, value in settings.items() if name not in OURS})


def options_of(app: Flask) -> dict[str, Any]:
    """The other settings, as arguments of :class:`SessnodeInterface`."""
    subject_from = app.config.get("SESSNODE_SUBJECT_FROM", DEFAULT_SUBJECT_FROM)
    lifetime = app.config.get("SESSNODE_LIFETIME", MAX_SECONDS)
    keys = app.config.get("SESSNODE_ENCRYPTION_KEYS")
    return {
        "subject_from": subject_from if callable(subject_from) else tuple(subject_from),
        "lifetime": lifetime.total_seconds() if isinstance(lifetime, timedelta) else float(lifetime),
        "cipher": Cipher(keys) if keys else None,
        "previous": app.config.get("SESSNODE_PREVIOUS"),
    }
