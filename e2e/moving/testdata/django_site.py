"""A Django project before and after the move. Usage: django_site.py before DATABASE PEOPLE | export DATABASE | after < COOKIES

before signs people in, each with their own browser, and prints "COOKIE NAME" lines; export writes them for sessnode import; after tells who
each cookie is, by the project on sessnode.
"""

from __future__ import annotations

import sys

import django
from django.conf import settings
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.urls import path


def login(request: HttpRequest) -> HttpResponse:
    request.session["user"] = request.POST["name"]
    request.session["cart"] = [request.POST["name"], {"n": 2.5}]
    return HttpResponse()


def home(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{request.session.get('user', '-')} {request.session.get('cart', ['-'])[0]}")


urlpatterns = [path("login", login), path("", home)]


def setup(engine: str, middleware: str, database: str) -> None:
    settings.configure(
        SECRET_KEY="a secret of a test",  # noqa: S106
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["testserver"],
        INSTALLED_APPS=["django.contrib.sessions", "sessnode.django"],
        SESSION_ENGINE=engine,
        MIDDLEWARE=[middleware],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database}},
        USE_TZ=True,
    )
    django.setup()


def main(verb: str, database: str = ":memory:", people: str = "0") -> None:
    from django.test import Client

    if verb == "after":
        setup("sessnode.django", "sessnode.django.middleware.SessnodeMiddleware", database)
        for line in sys.stdin:
            browser = Client()
            browser.cookies["sessionid"] = line.split()[0]
            answer = browser.get("/")
            print(answer.status_code, answer.content.decode())
        return
    setup("django.contrib.sessions.backends.db", "django.contrib.sessions.middleware.SessionMiddleware", database)
    if verb == "export":
        call_command("sessnode_export", "-")
        return
    call_command("migrate", verbosity=0)
    for i in range(int(people)):
        browser = Client()
        assert browser.post("/login", {"name": f"p{i}"}).status_code == 200
        print(browser.cookies["sessionid"].value, f"p{i}")


main(*sys.argv[1:])
