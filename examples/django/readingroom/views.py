"""Home, login, logout: Django's own way to use sessions, as in the articles."""

import secrets

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_POST

USERS = {"ada": "demo", "grace": "demo"}  # a real application keeps salted, slow hashes, and slows down who guesses


def home(request):
    if not request.session.subject:
        return redirect("login")
    request.session["visits"] = request.session.get("visits", 0) + 1
    places = request.session.places()
    return render(request, "home.html", {"user": request.session.subject, "visits": request.session["visits"], "places": places})


def login(request):
    if request.method != "POST":
        return render(request, "login.html")
    name = request.POST.get("username", "")
    if name not in USERS or not secrets.compare_digest(USERS[name].encode(), request.POST.get("password", "").encode()):
        return render(request, "login.html", {"name": name, "wrong": True}, status=401)
    request.session["user"] = name  # signs in: a new key, bound to the name; the old one is dead
    return redirect("home")


@require_POST
def logout(request):
    request.session.flush()  # signs out: the session is over on every node, whatever framework it was signed in with
    messages.info(request, "Signed out")
    return redirect("login")


@require_POST
def logout_others(request):
    messages.info(request, f"Signed out on {request.session.revoke_others()} other devices")
    return redirect("home")


def whoami(request):
    """For scripts."""
    name = request.session.subject
    return HttpResponse(f"{name or 'nobody'}\n", status=200 if name else 401, content_type="text/plain", headers={"Cache-Control": "no-store"})


def healthz(request):
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns = [
    path("", home, name="home"),
    path("login", login, name="login"),
    path("logout", logout, name="logout"),
    path("logout-others", logout_others, name="logout_others"),
    path("whoami", whoami),
    path("healthz", healthz),
]
