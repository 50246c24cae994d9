"""pyramid_beaker with sessions in sessnode: ``pyramid.includes = sessnode.beaker.pyramid`` in the place of ``pyramid_beaker``.

The settings stay (``session.key``, ``session.timeout``, ...), and ``session.url = http://n1:7480,...`` says where the nodes are.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any

import pyramid_beaker
from beaker.util import coerce_session_params
from pyramid.config import Configurator
from pyramid.settings import asbool
from pyramid_beaker import BeakerSessionFactoryConfig as _UpstreamConfig

from sessnode.beaker.middleware import forgo, set_defaults
from sessnode.errors import SessnodeError
from sessnode.flashqueues import MOST_WAITING
from sessnode.pyramid.errors import exception_for, give_way
from sessnode.pyramid.factory import SUBJECT_FROM

Callback = Callable[[Any, Any], Any]


def BeakerSessionFactoryConfig(**options: Any) -> type[Any]:  # as it is called there
    """A session factory as pyramid_beaker makes it, with :class:`~sessnode.beaker.SessnodeSession` behind it.

    Flash messages are lost by no parallel request and shown by one only; a store that cannot answer is a 503 with ``Retry-After``; a view
    that fails (500 and above) keeps nothing but a logout.
    """
    set_defaults(options)
    options.setdefault("subject_from", SUBJECT_FROM)
    base: Any = _UpstreamConfig(**options)

    class SessnodeBeakerSessionObject(base):  # type: ignore[misc]
        def __init__(self, request: Any) -> None:
            super().__init__(_Watched(request, self))

        def _session(self) -> Any:
            try:
                return super()._session()
            except SessnodeError as err:
                raise exception_for(err) from err

        def flash(self, msg: Any, queue: str = "", allow_duplicate: bool = True) -> None:
            super().flash(msg, queue, allow_duplicate)
            del self["_f_" + queue][:-MOST_WAITING]

        def pop_flash(self, queue: str = "") -> list[Any]:
            return self.pop("_f_" + queue, [])  # type: ignore[no-any-return]

        def get_csrf_token(self) -> str:
            """The session's token. Parallel requests of one session make the same where there is none, so that both their forms work."""
            if "_csrft_" not in self and not self._constant_csrf_token and not self.is_new:
                self["_csrft_"] = hmac.new(self.id.encode(), b"sessnode csrf", hashlib.sha256).hexdigest()[:40]
            return super().get_csrf_token()  # type: ignore[no-any-return]

    return SessnodeBeakerSessionObject


class _Watched:
    """The request as pyramid_beaker's constructor sees it, which asks for its environ and adds one response callback."""

    def __init__(self, request: Any, session: Any) -> None:
        self.environ, self._request, self._session = request.environ, request, session

    def add_response_callback(self, persist: Callback) -> None:
        session = self._session

        def callback(request: Any, response: Any) -> None:
            try:
                if session.accessed() and getattr(response, "status_int", 200) >= 500:
                    forgo(session)
                persist(request, response)
            except SessnodeError as err:
                give_way(response, err)

        self._request.add_response_callback(callback)


def session_factory_from_settings(settings: Mapping[str, Any]) -> type[Any]:
    """The factory out of settings with the prefixes ``session.`` and ``beaker.session.``, as pyramid_beaker reads them."""
    options: dict[str, Any] = {}
    for name, value in settings.items():
        for prefix in ("session.", "beaker.session."):
            if name.startswith(prefix):
                option = name[len(prefix) :]
                options[option] = asbool(value) if option == "cookie_on_exception" else value
    return BeakerSessionFactoryConfig(**coerce_session_params(options))


def includeme(config: Configurator) -> None:
    """Sets the session factory and the cache regions out of the settings, and adds the tween that answers for a store that cannot."""
    config.set_session_factory(session_factory_from_settings(config.registry.settings))
    config.add_tween("sessnode.pyramid.errors.tween_factory")
    pyramid_beaker.set_cache_regions_from_settings(config.registry.settings)
