"""The five routes in Django, sync and async. SESSION_ENGINE and what belongs to it come from the files beside this one."""

import os

import django
from django.conf import settings
from django.http import HttpResponse
from django.urls import path

from gate import ahold, hold


def configure(**session) -> None:
    """Set Django up with these settings; all others are its defaults."""
    settings.configure(
        SECRET_KEY="only for trials",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF="djangoapp",
        INSTALLED_APPS=["django.contrib.sessions"],
        MIDDLEWARE=[session.pop("SESSION_MIDDLEWARE", "django.contrib.sessions.middleware.SessionMiddleware")],
        **session,
    )
    django.setup()


# What django.contrib.auth does to the session in login() and logout() is cycle_key() and flush().


def login(request):
    request.session.get("user")
    hold(request.GET.get("hold"))
    request.session.cycle_key()
    request.session["user"] = request.POST["user"]
    return HttpResponse("ok")


def logout(request):
    request.session.flush()
    return HttpResponse("ok")


def set_value(request):
    name, _, inner = request.GET["k"].partition(".")
    value = request.GET["v"]
    request.session.get(name)
    hold(request.GET.get("hold"))
    if not inner:
        request.session[name] = value
    elif name in request.session:
        request.session[name][inner] = value
    else:
        request.session[name] = {inner: value}
    return HttpResponse("ok")


def get_value(request):
    name, _, inner = request.GET["k"].partition(".")
    value = request.session.get(name, "")
    hold(request.GET.get("hold"))
    return HttpResponse(value.get(inner, "") if inner and value else value)


def pop_value(request):
    request.session.get(request.GET["k"])
    hold(request.GET.get("hold"))
    return HttpResponse(request.session.pop(request.GET["k"], ""))


async def alogin(request):
    await request.session.aget("user")
    await ahold(request.GET.get("hold"))
    await request.session.acycle_key()
    await request.session.aset("user", request.POST["user"])
    return HttpResponse("ok")


async def alogout(request):
    await request.session.aflush()
    return HttpResponse("ok")


async def aset_value(request):
    name, _, inner = request.GET["k"].partition(".")
    value = request.GET["v"]
    await request.session.aget(name)
    await ahold(request.GET.get("hold"))
    if not inner:
        await request.session.aset(name, value)
    elif await request.session.ahas_key(name):
        (await request.session.aget(name))[inner] = value
    else:
        await request.session.aset(name, {inner: value})
    return HttpResponse("ok")


async def aget_value(request):
    name, _, inner = request.GET["k"].partition(".")
    value = await request.session.aget(name, "")
    await ahold(request.GET.get("hold"))
    return HttpResponse(value.get(inner, "") if inner and value else value)


async def apop_value(request):
    await request.session.aget(request.GET["k"])
    await ahold(request.GET.get("hold"))
    return HttpResponse(await request.session.apop(request.GET["k"], ""))


if os.environ.get("TORTURE_ASYNC"):
    login, logout, set_value, get_value, pop_value = alogin, alogout, aset_value, aget_value, apop_value

urlpatterns = [
    path("login", login),
    path("logout", logout),
    path("set", set_value),
    path("get", get_value),
    path("pop", pop_value),
]
