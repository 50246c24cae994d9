"""The login app of the articles that sessnode began with, in Pyramid: home, login, logout.

    ./scripts/three-nodes.sh                             # three nodes on this host
    $(./scripts/python.sh) examples/pyramid/app.py       # in another terminal: http://127.0.0.1:8484
"""

import os
import secrets
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIServer, make_server

from pages import home_page, login_page, wait_page
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response

from sessnode.pyramid import SessionUnavailable, SessnodeSessionFactory

USERS = {"ada": "demo", "grace": "demo"}  # a real application keeps salted, slow hashes, and slows down who guesses


def home(request):
    session = request.session
    if not session.subject:  # who is signed in, whatever framework signed them in; with one framework alone, session.get("user") does
        return HTTPSeeOther("/login")
    session["visits"] = session.get("visits", 0) + 1
    return Response(text=home_page(session.subject, session["visits"], session.pop_flash(), session.get_csrf_token()))


def login_form(request):
    return Response(text=login_page(request.session.pop_flash(), request.session.get_csrf_token()))


def login(request):
    name, password = request.POST.get("username", ""), request.POST.get("password", "")
    if name not in USERS or not secrets.compare_digest(USERS[name].encode(), password.encode()):
        return Response(text=login_page([], request.session.get_csrf_token(), name, wrong=True), status=401)
    request.session["user"] = name  # signs in: a new token, bound to the name; the old one is dead
    request.session.new_csrf_token()
    return HTTPSeeOther("/")


def logout(request):
    request.session.invalidate()  # signs out: the session is over on every node; what follows is in a new one
    request.session.flash("Signed out")
    return HTTPSeeOther("/login")


def whoami(request):
    """For scripts."""
    who = request.session.subject
    return Response(text=(who or "nobody") + "\n", status=200 if who else 401, content_type="text/plain", cache_control="no-store")


def wait(request):
    """The page while the store cannot answer. Nobody is signed out, and the cookie stays what it is."""
    return Response(text=wait_page(), status=503, headerlist=[*request.exception.headerlist, ("Refresh", "2")], content_type="text/html", charset="UTF-8")


def make_app():
    # was: session_factory = UnencryptedCookieSessionFactoryConfig('supersecretkey'), which Pyramid 2 no longer has
    session_factory = SessnodeSessionFactory(cookie_name="sessnode")  # the same cookie in all examples, so that they share one login
    config = Configurator(session_factory=session_factory)
    config.set_default_csrf_options(require_csrf=True)
    for path, view, method in [
        ("/", home, "GET"), ("/login", login_form, "GET"), ("/login", login, "POST"), ("/logout", logout, "POST"),
        ("/whoami", whoami, "GET"), ("/healthz", lambda request: Response(text="ok\n"), "GET"),
    ]:  # fmt: skip
        name = f"{method} {path}"
        config.add_route(name, path, request_method=method)
        config.add_view(view, route_name=name)
    config.add_exception_view(wait, context=SessionUnavailable)
    return config.make_wsgi_app()


class Server(ThreadingMixIn, WSGIServer):
    """Python's own server, a thread for each request. For production: waitress, or gunicorn with `app:make_app()`."""

    daemon_threads = True


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8484"))
    with make_server("127.0.0.1", port, make_app(), server_class=Server) as server:
        print(f"sign in as ada or grace, password demo: http://127.0.0.1:{port}/", flush=True)
        server.serve_forever()
