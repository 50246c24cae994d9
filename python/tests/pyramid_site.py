"""A small Pyramid application over the fake store, and browsers that visit it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from http.cookies import SimpleCookie
from typing import Any

from pyramid.config import Configurator
from pyramid.response import Response
from webob import Request

from sessnode.client import Client
from sessnode.pyramid import SessnodeSessionFactory
from sessnode.testing import FakeStore

View = Callable[[Any], Any]


class Hasty(Client):
    """A client that waits long for a store that answers, however slow the machine, and hardly at all for one that does not."""

    def __init__(self, store: FakeStore) -> None:
        self._store = store
        super().__init__(app="web", transport=store)

    @property  # type: ignore[override]
    def timeout(self) -> float:
        return 0.05 if self._store.down or self._store.nonsense or self._store.lose_answers else 30.0

    @timeout.setter
    def timeout(self, value: float) -> None:
        """What the constructor sets."""


class Site:
    """Views by name, each at the path of its name. A view that returns no response has its text shown."""

    def __init__(self, store: FakeStore, *, client: Client | None = None, tween: bool = True, includes: tuple[str, ...] = (), **options: Any) -> None:
        self.store = store
        self.config = Configurator()
        for include in includes:
            self.config.include(include)
        self.config.set_session_factory(SessnodeSessionFactory(client or store.client(), **options))
        if tween:
            self.config.add_tween("sessnode.pyramid.errors.tween_factory")
        self._views: dict[str, View] = {}
        self.config.add_route("page", "/{name}")
        self.config.add_view(lambda request: self._views[request.matchdict["name"]](request), route_name="page")
        self.app = self.config.make_wsgi_app()

    def view(self, view: View, name: str = "") -> View:
        def shown(request: Any) -> Any:
            said = view(request)
            return said if isinstance(said, Response) else Response(text=str(said))

        self._views[name or view.__name__] = shown
        return view


class Browser:
    """Keeps cookies, and remembers what it was last told about them."""

    def __init__(self, app: Any, cookies: dict[str, str] | None = None) -> None:
        self.app, self.cookies = app, dict(cookies or {})
        self.told: list[str] = []

    def get(self, path: str, **environ: Any) -> Response:
        request = Request.blank(path, environ={"REMOTE_ADDR": "192.0.2.7", "HTTP_USER_AGENT": "Browser/1", **environ})
        if self.cookies:
            request.headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        response = request.get_response(self.app)
        self.told = response.headers.getall("Set-Cookie")
        for line in self.told:
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0" or (morsel["expires"] and parsedate_to_datetime(morsel["expires"]) < datetime.now(timezone.utc)):
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        return response

    def read(self, path: str) -> str:
        response = self.get(path)
        assert response.status_int == 200, f"GET {path} = {response.status}: {response.text}"
        return response.text

    def copy(self) -> Browser:
        """Another one with the same cookies: a parallel request, or somebody who kept a copy."""
        return Browser(self.app, self.cookies)
