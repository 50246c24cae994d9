"""pyramid_beaker with sessions in sessnode."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.config import Configurator
from pyramid.interfaces import ISession, ISessionFactory
from pyramid.response import Response
from pyramid.testing import DummyRequest
from zope.interface.verify import verifyObject

from pyramid_site import Browser, Hasty, Site
from sessnode.beaker import SessnodeSession
from sessnode.beaker.pyramid import BeakerSessionFactoryConfig, session_factory_from_settings
from sessnode.testing import FakeStore

KEY = "beaker.session.id"


@pytest.fixture
def site(sessnode_store: FakeStore) -> Site:
    site = Site(sessnode_store)
    site.config.set_session_factory(BeakerSessionFactoryConfig(client=Hasty(sessnode_store), timeout=1200))
    site.config.commit()
    site.view(lambda request: "nothing", "idle")
    site.view(lambda request: {key: request.session[key] for key in request.session if key[:1] != "_" or key[:2] == "_f"}, "look")
    site.view(lambda request: request.session.__setitem__(request.params["k"], request.params["v"]), "keep")
    site.view(lambda request: request.session.invalidate(), "end")
    site.view(lambda request: request.session.flash(request.params["m"]), "say")
    site.view(lambda request: request.session.pop_flash(), "show")
    site.view(lambda request: request.session.get_csrf_token(), "form")
    return site


@pytest.fixture
def browser(site: Site) -> Browser:
    return Browser(site.app)


def test_it_is_a_session_of_pyramid(sessnode_store: FakeStore) -> None:
    session = BeakerSessionFactoryConfig(client=sessnode_store.client())(DummyRequest())
    assert verifyObject(ISession, session)
    assert isinstance(session._session(), SessnodeSession)


def test_login_page_and_logout(site: Site, browser: Browser) -> None:
    browser.get("/keep?k=auth.userid&v=ada")
    assert len(site.store.client().subject_sessions("ada")) == 1
    old = browser.copy()
    assert browser.read("/look") == "{'auth.userid': 'ada'}"
    browser.get("/end")
    assert (browser.cookies, site.store.sessions, old.read("/look")) == ({}, 0, "{}")


def test_reading_page_writes_nothing_and_an_untouched_one_asks_nothing(site: Site, browser: Browser) -> None:
    browser.get("/keep?k=a&v=1")
    site.store.requests.clear()
    browser.get("/idle")
    browser.get("/look")
    assert site.store.requests == ["GET /session"]


def test_change_inside_a_value_is_kept_without_a_word(site: Site, browser: Browser) -> None:
    site.view(lambda request: request.session.__setitem__("cart", {"a": 1}), "cart")
    browser.get("/cart")
    site.view(lambda request: request.session["cart"].__setitem__("b", 2), "inside")
    browser.get("/inside")
    assert browser.read("/look") == "{'cart': {'a': 1, 'b': 2}}"


def test_parallel_messages_are_kept_and_each_is_shown_once(site: Site, browser: Browser) -> None:
    browser.get("/say?m=one")
    other, shown = browser.copy(), []

    def slow(request: Any) -> str:
        request.session.peek_flash()
        other.get("/say?m=two")
        shown.append(other.read("/show"))
        return str(request.session.pop_flash())

    site.view(slow)
    shown.append(browser.read("/slow"))
    assert shown == ["['one', 'two']", "[]"]


def test_token_is_the_same_for_parallel_requests(site: Site, browser: Browser) -> None:
    browser.get("/say?m=one")
    other, tokens = browser.copy(), []

    def slow(request: Any) -> str:
        assert "_csrft_" not in request.session
        tokens.append(other.read("/form"))
        return str(request.session.get_csrf_token())

    site.view(slow)
    tokens.append(browser.read("/slow"))
    assert tokens[0] == tokens[1] == browser.read("/form")


def test_outage_is_a_503_that_keeps_the_cookie(site: Site, browser: Browser) -> None:
    browser.get("/keep?k=user&v=ada")

    def change(request: Any) -> Response:
        request.session["b"] = 1
        site.store.down = True
        return Response("all is well")

    site.view(change)
    for page in ("/change", "/look", "/end"):
        response = browser.get(page)
        assert (response.status_int, browser.told) == (503, []), page
        assert "Retry-After" in response.headers
    assert browser.get("/idle").status_int == 200
    site.store.down = False
    assert browser.read("/look") == "{'user': 'ada'}"


def test_view_that_failed_keeps_nothing_but_a_logout(site: Site, browser: Browser) -> None:
    browser.get("/keep?k=user&v=ada")

    def fails(request: Any) -> Response:
        request.session["half"] = 1
        if "out" in request.params:
            request.session.invalidate()
        return Response("oh", status=500)

    site.view(fails)
    browser.get("/fails")
    assert browser.read("/look") == "{'user': 'ada'}"
    browser.get("/fails?out")
    assert (browser.cookies, site.store.sessions) == ({}, 0)


def test_settings_and_include(sessnode_store: FakeStore) -> None:
    factory = session_factory_from_settings(
        {"session.key": "sid", "beaker.session.timeout": "600", "session.url": "http://n1:7480", "session.app": "shop"}
    )
    session = factory(DummyRequest())._session()
    assert (session.key, session.timeout, session._client.nodes[0], session._client.app) == ("sid", 600, "http://n1:7480", "shop")
    assert factory(DummyRequest())._session()._client is session._client  # one for all requests
    config = Configurator(settings={"pyramid.includes": "sessnode.beaker.pyramid", "session.key": "sid"})
    config.make_wsgi_app()
    assert config.registry.queryUtility(ISessionFactory)._options["key"] == "sid"
