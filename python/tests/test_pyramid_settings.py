"""Pyramid's sessions out of settings, and what the cookie looks like."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError

from pyramid_site import Browser, Hasty, Site
from sessnode.errors import Invalid
from sessnode.pyramid import SessnodeSessionFactory, session_factory_from_settings
from sessnode.record import MAX_SECONDS
from sessnode.testing import FakeStore


def test_settings_of_an_ini_file() -> None:
    factory = session_factory_from_settings({
        "sessnode.nodes": "http://n1:7480,http://n2:7480", "sessnode.app": "shop", "sessnode.patience": "3",
        "sessnode.timeout": "600", "sessnode.lifetime": "3600", "sessnode.cookie_name": "sid", "sessnode.cookie_max_age": "86400",
        "sessnode.cookie_domain": "example.com", "sessnode.cookie_secure": "true", "sessnode.cookie_httponly": "false",
        "sessnode.cookie_samesite": "Strict", "sessnode.set_on_exception": "no", "sessnode.subject_from": "who person", "pyramid.includes": "x",
    })  # fmt: skip
    assert (list(factory.client.nodes), factory.client.app, factory.client.timeout) == (["http://n1:7480", "http://n2:7480"], "shop", 3.0)
    assert (factory.timeouts.idle, factory.timeouts.lifetime) == (600, 3600)
    cookie = factory.cookie
    assert (cookie.name, cookie.max_age, cookie.domain, cookie.secure, cookie.httponly, cookie.samesite) == (
        "sid", 86400, "example.com", True, False, "Strict",
    )  # fmt: skip
    assert (factory.set_on_exception, factory.subject_from) == (False, ("who", "person"))


def test_nothing_set_means_pyramids_defaults_and_the_nodes_of_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SESSNODE_URL", "SESSNODE_APP"):
        monkeypatch.delenv(name, raising=False)
    factory = session_factory_from_settings({})
    assert (factory.client.nodes[0], factory.client.app) == ("http://127.0.0.1:7480", "web")
    assert (factory.timeouts.idle, factory.timeouts.lifetime, factory.cookie_name) == (1200, MAX_SECONDS, "session")
    assert session_factory_from_settings({"sessnode.timeout": "none"}).timeouts.idle == MAX_SECONDS
    monkeypatch.setenv("SESSNODE_APP", "other")
    assert SessnodeSessionFactory().client.app == "other"


def test_encryption_keys_of_settings_make_a_cipher() -> None:
    from sessnode.crypto import new_key

    assert repr(session_factory_from_settings({"sessnode.encryption_keys": f"{new_key()} {new_key()}"}).cipher) == "Cipher(2 keys)"
    assert session_factory_from_settings({"sessnode.encryption_keys": ""}).cipher is None


def test_setting_that_there_is_not_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"no setting sessnode\.cookie_secur: did you mean cookie_secure\?"):
        session_factory_from_settings({"sessnode.cookie_secur": "true"})


@pytest.mark.parametrize("settings", [{"sessnode.timeout": "soon"}, {"sessnode.patience": "long"}, {"sessnode.nodes": "ftp://n1"}])
def test_bad_settings_are_found_at_the_start(settings: dict[str, str]) -> None:
    with pytest.raises((ValueError, Invalid)):
        session_factory_from_settings(settings)


def test_include_sets_the_factory_and_the_tween(sessnode_store: FakeStore) -> None:
    config = Configurator(settings={"pyramid.includes": "sessnode.pyramid", "sessnode.cookie_name": "sid"})
    config.add_route("page", "/page")

    def page(request: Any) -> Any:
        assert request.session._factory.cookie_name == "sid"
        request.session._factory.client.read("x" * 43)  # what a view asks by itself

    config.add_view(page, route_name="page")
    app = config.make_wsgi_app()
    from pyramid.interfaces import ISessionFactory

    factory = config.registry.queryUtility(ISessionFactory)
    factory.client = Hasty(sessnode_store)
    sessnode_store.down = True
    assert Browser(app).get("/page").status_int == 503


def cookie_of(store: FakeStore, url: str = "http://localhost/keep", **options: Any) -> str:
    site = Site(store, **options)
    site.view(lambda request: request.session.__setitem__("a", 1), "keep")
    browser = Browser(site.app)
    browser.get(url)
    return browser.told[0].partition("; ")[2]


def test_cookie_is_out_of_reach_of_scripts_and_secure_over_https(sessnode_store: FakeStore) -> None:
    assert cookie_of(sessnode_store) == "Path=/; HttpOnly; SameSite=Lax"
    assert cookie_of(sessnode_store, "https://localhost/keep") == "Path=/; secure; HttpOnly; SameSite=Lax"
    assert cookie_of(sessnode_store, secure=True, httponly=False, samesite=None, domain="localhost", path="/app") == (
        "Domain=localhost; Path=/app; secure"
    )


def test_cookie_that_outlives_the_browser_is_sent_again_now_and_then(sessnode_store: FakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessnode.pyramid.session.time", SimpleNamespace(time=lambda: sessnode_store.now.timestamp()))
    site = Site(sessnode_store, max_age=14 * 3600, timeout=None)
    site.view(lambda request: request.session.setdefault("a", 1), "keep")
    site.view(lambda request: "nothing", "idle")
    browser = Browser(site.app)
    browser.get("/keep")
    first = browser.told[0]
    assert "Max-Age=50400" in first
    sent = []
    for _ in range(16):
        sessnode_store.advance(900)
        browser.get("/idle")
        assert browser.told == []
        browser.get("/keep")
        sent.append(len(browser.told))
        assert all(told.split(";")[0] == first.split(";")[0] for told in browser.told)  # the same token; its expiry is the browser's clock
    assert sent == [0, 0, 0, 1] * 4


def test_late_answer_does_not_replace_the_cookie_of_a_login(sessnode_store: FakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessnode.pyramid.session.time", SimpleNamespace(time=lambda: sessnode_store.now.timestamp()))
    site = Site(sessnode_store, max_age=86400)
    site.view(lambda request: request.session.__setitem__(request.params["k"], "x"), "keep")
    browser = Browser(site.app)
    browser.get("/keep?k=cart")
    other = browser.copy()

    def slow(request: Any) -> str:
        request.session["late"] = 1
        other.get("/keep?k=user")
        return "slow"

    site.view(slow)
    browser.read("/slow")
    assert browser.told == []
