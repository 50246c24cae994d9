"""The five routes in Pyramid. The session factory comes from the files beside this one."""

from pyramid.config import Configurator
from pyramid.response import Response

from gate import hold


def login(request):
    session = request.session
    session.get("user")
    hold(request.GET.get("hold"))
    # Beaker has this and advises it on login; Pyramid's signed cookies have no id to change.
    regenerate = getattr(session, "regenerate_id", None)
    if regenerate:
        regenerate()
    session["user"] = request.POST["user"]
    return Response("ok")


def logout(request):
    # Beaker advises delete(); of Pyramid's own sessions this is all there is.
    getattr(request.session, "delete", request.session.invalidate)()
    return Response("ok")


def set_value(request):
    session = request.session
    name, _, inner = request.GET["k"].partition(".")
    value = request.GET["v"]
    session.get(name)
    hold(request.GET.get("hold"))
    if not inner:
        session[name] = value
    elif name in session:
        session[name][inner] = value
    else:
        session[name] = {inner: value}
    return Response("ok")


def get_value(request):
    name, _, inner = request.GET["k"].partition(".")
    value = request.session.get(name, "")
    hold(request.GET.get("hold"))
    return Response(value.get(inner, "") if inner and value else value)


def pop_value(request):
    session = request.session
    session.get(request.GET["k"])
    hold(request.GET.get("hold"))
    return Response(session.pop(request.GET["k"], ""))


def make(session_factory=None, settings=None, include=None):
    """Return the WSGI application with this session factory, or with what is included."""
    with Configurator(settings=settings or {}) as config:
        if session_factory is not None:
            config.set_session_factory(session_factory)
        if include:
            config.include(include)
        for name, view in [("login", login), ("logout", logout), ("set", set_value), ("get", get_value), ("pop", pop_value)]:
            config.add_route(name, "/" + name)
            config.add_view(view, route_name=name)
        return config.make_wsgi_app()
