"""The same in Django. Usage: djangosite.py before|export|after|moving DATABASE [PEOPLE]

DATABASE is a file for the engine `db`, or redis://... for the engine `cache`.

before signs people in with Django's own engine, and prints "COOKIE NAME" lines; export prints what manage.py sessnode_export does; after
tells who each cookie is, by the engine of sessnode; moving does so with dual reading, and says what the old engine has left.
"""

from __future__ import annotations

import sys

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path

SESSNODE = "sessnode.django.middleware.SessnodeMiddleware"
DJANGO = "django.contrib.sessions.middleware.SessionMiddleware"

what, database, *rest = sys.argv[1:]
in_redis = database.startswith("redis:")
OLD = "django.contrib.sessions.backends." + ("cache" if in_redis else "db")
ours = what in ("after", "moving")
settings.configure(
    SECRET_KEY="the same before and after",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.sessions", "sessnode.django"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:" if in_redis else database}},
    CACHES={"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": database}} if in_redis else {},
    SESSION_ENGINE="sessnode.django" if ours else OLD,
    MIDDLEWARE=[SESSNODE if ours else DJANGO],
    SESSNODE={"OLD_ENGINE": OLD} if what == "moving" else {},
    USE_TZ=True,
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402


def login(request: HttpRequest) -> HttpResponse:
    request.session["user"] = request.GET["name"]
    request.session["cart"] = [request.GET["name"], (1, 2.5)]
    return HttpResponse("")


def home(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{request.session.get('user', '-')} {request.session.get('cart', ['-'])[0]}")


urlpatterns = [path("login", login), path("", home)]


def before(people: str) -> None:
    call_command("migrate", verbosity=0)
    for i in range(int(people)):
        browser = Client()
        browser.get("/login", {"name": f"p{i}"})
        print(browser.cookies["sessionid"].value, f"p{i}")


def after() -> None:
    for line in sys.stdin:
        browser = Client()
        browser.cookies["sessionid"] = line.split()[0]
        answer = browser.get("/")
        print(answer.status_code, answer.content.decode())


def left() -> None:
    from django.contrib.sessions.models import Session

    print(Session.objects.count(), "left")


if what == "before":
    before(*rest)
elif what == "export":
    call_command("sessnode_export", "-", "--engine", OLD, "--i-trust-this-dump")
else:
    after()
    if what == "moving":
        left()
