"""Beaker's WSGI middleware with sessions in sessnode."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from beaker.middleware import SessionMiddleware as BeakerMiddleware

from sessnode.beaker.namespace import SessnodeNamespaceManager
from sessnode.beaker.options import CLIENT_OPTIONS
from sessnode.beaker.session import SessnodeSession
from sessnode.errors import SessnodeError, retry_after_of, status_of, text_of

log = logging.getLogger("sessnode.beaker")

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_PHRASES = {409: "Conflict", 500: "Internal Server Error", 503: "Service Unavailable"}


class SessionMiddleware(BeakerMiddleware):  # type: ignore[misc]
    """In the place of ``beaker.middleware.SessionMiddleware``, with the same options and those of :class:`~sessnode.beaker.SessnodeSession`.

    A store that cannot answer becomes a 503 with ``Retry-After``, without a stack trace, and the cookie is left alone. A request that fails (500
    and above) keeps nothing but a logout.
    """

    def __init__(self, wrap_app: WsgiApp, config: dict[str, Any] | None = None, environ_key: str = "beaker.session", **kwargs: Any) -> None:
        super().__init__(wrap_app, config, environ_key, **kwargs)
        set_defaults(self.options)
        self.wrap_app = self._watched(wrap_app)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        begun: list[bool] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            begun.append(True)
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        try:
            body = super().__call__(environ, start)
        except SessnodeError as err:
            return self._give_way(err, begun, start_response)
        return body if begun else self._later(body, begun, start_response)

    def _later(self, body: Iterable[bytes], begun: list[bool], start_response: Callable[..., Any]) -> Iterator[bytes]:
        """For applications that begin their response when the first piece of it is asked for."""
        try:
            yield from body
        except SessnodeError as err:
            yield from self._give_way(err, begun, start_response)
        finally:
            close = getattr(body, "close", None)
            if close is not None:
                close()

    def _give_way(self, err: SessnodeError, begun: list[bool], start_response: Callable[..., Any]) -> list[bytes]:
        if begun:
            raise err  # too late for another response
        status = status_of(err)
        log.log(logging.WARNING if status == 503 else logging.ERROR, "session: %s", err)
        body = (text_of(err) + "\n").encode()
        headers = [("Content-Type", "text/plain; charset=UTF-8"), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
        if status == 503:
            headers.append(("Retry-After", retry_after_of(err)))
        start_response(f"{status} {_PHRASES[status]}", headers)
        return [body]

    def _watched(self, app: WsgiApp) -> WsgiApp:
        """The application, whose session forgets what a failing response meant to keep."""

        def watched(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
                session = environ[self.environ_key]
                if status >= "5" and session.accessed():
                    forgo(session)
                return start_response(status, headers, exc_info)

            return app(environ, start)

        return watched


def set_defaults(options: dict[str, Any]) -> None:
    """Has Beaker make sessions of ours, also where it looks one up by its id."""
    options.setdefault("session_class", SessnodeSession)
    options.setdefault("namespace_class", SessnodeNamespaceManager)
    options.setdefault("data_serializer", "json")
    options["type"] = None  # of no meaning beside the two classes, and "cookie" would have one
    for name in CLIENT_OPTIONS:  # empty in an .ini file = left out
        if options.get(name) == "":
            del options[name]


def forgo(session: Any) -> None:
    """Lets Beaker's session object drop what a failed request meant to change."""
    inner = session._session()
    if isinstance(inner, SessnodeSession):
        inner.forgo()
