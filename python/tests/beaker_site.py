"""A WSGI application with Beaker's session over the fake store. Browsers are those of :mod:`pyramid_site`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from sessnode.beaker import SessionMiddleware
from sessnode.testing import FakeStore

View = Callable[[Any, dict[str, str]], Any]


class BeakerSite:
    """Views by name: each gets the session and the parameters, and returns what to show, or a status and that."""

    def __init__(self, store: FakeStore, middleware: Any = SessionMiddleware, **options: Any) -> None:
        self.store, self.views = store, dict[str, View]()
        options.setdefault("client", store.client())
        self.app = middleware(self._serve, {}, **options)
        self.view("look", lambda session, given: shown(session))
        self.view("keep", lambda session, given: (session.__setitem__(given["k"], given["v"]), session.save())[1])
        self.view("idle", lambda session, given: "nothing")
        self.view("delete", lambda session, given: session.delete())
        self.view("invalidate", lambda session, given: session.invalidate())

    def view(self, name: str, view: View) -> None:
        self.views[name] = view

    def _serve(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        given = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"], keep_blank_values=True).items()}
        said = self.views[environ["PATH_INFO"].strip("/")](environ["beaker.session"], given)
        status, text = said if isinstance(said, tuple) else ("200 OK", said)
        start_response(status, [("Content-Type", "text/plain")])
        return [str(text).encode()]


def shown(session: Any) -> dict[str, Any]:
    """The session without Beaker's housekeeping."""
    return {key: session[key] for key in sorted(session) if not key.startswith("_")}
