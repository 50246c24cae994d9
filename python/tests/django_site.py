"""A small Django site for the tests of `sessnode.django`: its settings, its views, and a browser that goes there by WSGI or by ASGI."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import django
from asgiref.sync import async_to_sync, iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import AsyncClient, Client
from django.urls import path
from django.utils.decorators import sync_and_async_middleware

from sessnode.testing import FakeStore

if not settings.configured:
    settings.configure(
        SECRET_KEY="tests only",
        ALLOWED_HOSTS=["*"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "file:sessnode?mode=memory&cache=shared"}},
        INSTALLED_APPS=[
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "django.contrib.sessions",
            "django.contrib.messages",
            "sessnode.django",
        ],
        MIDDLEWARE=[
            "sessnode.django.middleware.SessnodeMiddleware",
            "django_site.peeking",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        SESSION_ENGINE="sessnode.django",
        SESSNODE={"TRANSPORT": FakeStore()},
        MESSAGE_STORAGE="sessnode.django.messages.SessionStorage",
        MIGRATION_MODULES={"auth": None, "contenttypes": None, "sessions": None},
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        ROOT_URLCONF="django_site",
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        LOGGING_CONFIG=None,
        USE_TZ=True,
    )
    django.setup()

from django.contrib import auth, messages
from django.contrib.auth.models import User

between: list[Callable[[], Any]] = []
"""What happens while the next view is at work, after it has read the session: another request of the same browser."""


def happen() -> None:
    while between:
        between.pop()()


@sync_and_async_middleware
def peeking(get_response: Any) -> Any:
    """A middleware that reads the session outside of any view, where asked to."""
    if iscoroutinefunction(get_response):

        async def amiddleware(request: HttpRequest) -> Any:
            if "peek" in request.GET:
                await request.session.aget("a")
            return await get_response(request)

        return amiddleware

    def middleware(request: HttpRequest) -> Any:
        if "peek" in request.GET:
            request.session.get("a")
        return get_response(request)

    return middleware


def read(request: HttpRequest) -> HttpResponse:
    return JsonResponse({**request.session, "subject": request.session.subject})


def put(request: HttpRequest) -> HttpResponse:
    """Sets what the query says, after others have had their turn."""
    request.session.get("a")
    happen()
    for name, value in request.GET.items():
        request.session[name] = value
    return HttpResponse("put")


async def aput(request: HttpRequest) -> HttpResponse:
    for name, value in request.GET.items():
        await request.session.aset(name, value)
    return HttpResponse("put")


def nested(request: HttpRequest) -> HttpResponse:
    request.session.setdefault("cart", {"books": []})
    request.session.modified = False
    request.session["cart"]["books"].append(request.GET["add"])
    return HttpResponse("added")


def static(request: HttpRequest) -> HttpResponse:
    return HttpResponse("nothing of anybody's")


def bad(request: HttpRequest) -> HttpResponse:
    request.session["fine"] = 1
    request.session["thing"] = object()
    return HttpResponse("stored")


def broken(request: HttpRequest) -> HttpResponse:
    request.session["half"] = 1
    return HttpResponse("broken", status=500)


def swallow(request: HttpRequest) -> HttpResponse:
    try:
        request.session.get("a")
    except Exception:
        return HttpResponse("as if nothing had been", status=int(request.GET["status"]))
    return HttpResponse("fine")


def login(request: HttpRequest) -> HttpResponse:
    user, _ = User.objects.get_or_create(username=request.GET["as"])
    auth.login(request, user)
    request.session["since"] = "now"
    return HttpResponse("in")


def login_and_fail(request: HttpRequest) -> HttpResponse:
    login(request)
    request.session.save()
    happen()
    request.session["more"] = 1
    return HttpResponse("failed", status=int(request.GET["status"]))


def logout(request: HttpRequest) -> HttpResponse:
    auth.logout(request)
    return HttpResponse("out")


def cycle(request: HttpRequest) -> HttpResponse:
    request.session.cycle_key()
    happen()
    return HttpResponse("cycled")


def expire(request: HttpRequest) -> HttpResponse:
    request.session.set_expiry(int(request.GET["in"]))
    return HttpResponse("set")


def pop(request: HttpRequest) -> HttpResponse:
    request.session.pop(request.GET["name"], None)
    return HttpResponse("popped")


def tell(request: HttpRequest) -> HttpResponse:
    happen()
    messages.info(request, request.GET["text"])
    return HttpResponse("told")


def hear(request: HttpRequest) -> HttpResponse:
    waiting = messages.get_messages(request)
    len(waiting)  # loads them
    happen()
    return JsonResponse({"heard": [str(m) for m in waiting]})


views: list[Callable[..., Any]] = [
    read,
    put,
    aput,
    nested,
    static,
    bad,
    broken,
    swallow,
    login,
    login_and_fail,
    logout,
    cycle,
    expire,
    pop,
    tell,
    hear,
]
urlpatterns = [path(f"{view.__name__}/", view) for view in views]


class Browser:
    """One browser. Responses have `sets_cookie`: whether they say anything about the session cookie."""

    def __init__(self, kind: str = "wsgi", cookie: str = "") -> None:
        self.client: Any = Client(raise_request_exception=False) if kind == "wsgi" else AsyncClient(raise_request_exception=False)
        self.kind = kind
        if cookie:
            self.client.cookies[settings.SESSION_COOKIE_NAME] = cookie

    def get(self, path: str) -> Any:
        get = self.client.get if self.kind == "wsgi" else async_to_sync(self.client.get)
        response = get("/" + path)
        response.sets_cookie = settings.SESSION_COOKIE_NAME in response.cookies
        return response

    def json(self, path: str = "read/") -> Any:
        response = self.get(path)
        assert response.status_code == 200, response.content
        return response.json()

    @property
    def cookie(self) -> str:
        morsel = self.client.cookies.get(settings.SESSION_COOKIE_NAME)
        return morsel.value if morsel else ""

    def twin(self) -> Browser:
        """Another request of the same browser, with the cookie as it is now."""
        return Browser(self.kind, self.cookie)


def fresh_store() -> FakeStore:
    """Its clock starts now: Django's ends of sessions are moments of the application server's clock."""
    return FakeStore(datetime.now(timezone.utc))


def shop(store: FakeStore, **more: Any) -> dict[str, Any]:
    return {"TRANSPORT": store, "TIMEOUT": 0.2, **more}


__all__ = ["Browser", "User", "between", "fresh_store", "shop"]
