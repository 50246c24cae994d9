"""Beaker's own sessions and middleware with ``session.type = sessnode``, over the fake store."""

from __future__ import annotations

import base64
import json
import pickle
import subprocess
import sys
import zlib
from typing import Any

import pytest
from beaker.cache import Cache, clsmap
from beaker.exceptions import BeakerException
from beaker.middleware import SessionMiddleware

from beaker_site import BeakerSite
from pyramid_site import Browser, Hasty
from sessnode.beaker import SessionEnded, SessnodeNamespaceManager
from sessnode.testing import FakeStore

KEY = "beaker.session.id"
JSON = {"type": "sessnode", "data_serializer": "json"}


@pytest.fixture
def site(sessnode_store: FakeStore) -> BeakerSite:
    return BeakerSite(sessnode_store, SessionMiddleware, **JSON)


@pytest.fixture
def browser(site: BeakerSite) -> Browser:
    return Browser(site.app)


def test_entry_point_is_found_by_its_name() -> None:
    assert clsmap["sessnode"] is SessnodeNamespaceManager


def test_session_is_taken_apart(site: BeakerSite, browser: Browser) -> None:
    browser.get("/keep?k=colour&v=blue")
    assert browser.read("/look") == "{'colour': 'blue'}"
    record = site.store.client().read(browser.cookies[KEY])
    assert record.attrs["colour"].data == b'"blue"'
    assert set(record.attrs) == {"colour", "_creation_time"}


def test_reading_page_writes_nothing(site: BeakerSite, browser: Browser) -> None:
    browser.get("/keep?k=a&v=1")
    site.store.requests.clear()
    browser.get("/look")
    assert site.store.requests == ["GET /session"]
    browser.get("/keep?k=b&v=2")
    assert site.store.requests == ["GET /session"] * 2 + ["PATCH /session"]


@pytest.mark.parametrize("options", [JSON, {"type": "sessnode", "pickled": True}], ids=["json", "pickled"])
def test_parallel_requests_keep_both_changes(sessnode_store: FakeStore, options: dict[str, Any]) -> None:
    site = BeakerSite(sessnode_store, SessionMiddleware, **options)
    browser = Browser(site.app)
    browser.get("/keep?k=a&v=0")
    other = browser.copy()

    def slow(session: Any, given: dict[str, str]) -> None:
        session["a"] = "1"
        other.get("/keep?k=b&v=2")
        session.save()

    site.view("slow", slow)
    browser.read("/slow")
    assert browser.read("/look") == "{'a': '1', 'b': '2'}"


@pytest.mark.filterwarnings("ignore:Invalidating corrupt session")
@pytest.mark.parametrize("options", [JSON, {"type": "sessnode", "pickled": "true"}, {"type": "sessnode"}], ids=["json", "pickled", "opaque"])
def test_request_under_way_does_not_bring_a_deleted_session_back(sessnode_store: FakeStore, options: dict[str, Any]) -> None:
    site = BeakerSite(sessnode_store, SessionMiddleware, **options)
    browser = Browser(site.app)
    browser.get("/keep?k=user&v=ada")
    if "data_serializer" in options or "pickled" in options:
        other = browser.copy()

        def slow(session: Any, given: dict[str, str]) -> None:
            session["seen"] = "page"
            session.save()
            other.get("/delete")

        site.view("slow", slow)
        browser.copy().read("/slow")
    else:
        manager = SessnodeNamespaceManager(browser.cookies[KEY], client=sessnode_store.client())
        late = manager["session"]
        sessnode_store.client().revoke(browser.cookies[KEY])
        manager["session"] = late[:-4] + "AAA="
    assert sessnode_store.sessions == 0
    assert browser.read("/look") == "{}"


def test_pickles_nobody_asked_to_open_stay_closed(sessnode_store: FakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = SessnodeNamespaceManager("i" * 32, client=sessnode_store.client())
    pickled = base64.b64encode(pickle.dumps({"a": 1, "_creation_time": 0})).decode()
    monkeypatch.setattr(pickle, "loads", lambda data: pytest.fail("unpickled"))
    manager["session"] = pickled
    again = SessnodeNamespaceManager("i" * 32, client=sessnode_store.client())
    assert again["session"] == pickled
    assert list(sessnode_store.client().read("i" * 32).attrs) == ["beaker.session"]


def test_deleting_in_beaker_ends_the_session(site: BeakerSite, browser: Browser) -> None:
    browser.get("/keep?k=a&v=1")
    browser.get("/delete")
    assert (site.store.sessions, browser.cookies) == (0, {})


@pytest.mark.parametrize("timeout", [None, 600])
@pytest.mark.parametrize("corrupt", [True, False])
def test_dead_id_begins_a_new_session(sessnode_store: FakeStore, timeout: int | None, corrupt: bool) -> None:
    site = BeakerSite(sessnode_store, SessionMiddleware, timeout=timeout, invalidate_corrupt=corrupt, **JSON)
    browser = Browser(site.app)
    browser.get("/keep?k=user&v=ada")
    old = browser.copy()
    sessnode_store.client().revoke(browser.cookies[KEY])
    if timeout is None and not corrupt:
        with pytest.raises(SessionEnded, match="invalidate_corrupt"):
            browser.get("/look")
        return
    if timeout is None:
        with pytest.warns(Warning, match="Invalidating corrupt session"):
            assert browser.read("/keep?k=user&v=bob") == "None"
    else:
        browser.read("/keep?k=user&v=bob")
    assert browser.cookies[KEY] != old.cookies[KEY]
    assert browser.read("/look") == "{'user': 'bob'}"


def test_sessions_that_are_used_do_not_time_out(sessnode_store: FakeStore) -> None:
    client = sessnode_store.client()
    made = SessnodeNamespaceManager("i" * 32, client=client, timeout=720)
    made["session"] = packed({"a": 1})
    assert made._idle == 600
    for _ in range(3):
        sessnode_store.advance(500)
        assert unpacked(SessnodeNamespaceManager("i" * 32, client=client, timeout=720)["session"])["a"] == 1
    sessnode_store.advance(700)
    assert "session" not in SessnodeNamespaceManager("i" * 32, client=client, timeout=720)


def test_outage_is_no_corrupt_data(sessnode_store: FakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store comes back between Beaker's two questions: the second must not sign anybody out."""
    from sessnode.errors import Unavailable

    client = Hasty(sessnode_store)
    site = BeakerSite(sessnode_store, SessionMiddleware, client=client, invalidate_corrupt=True, **JSON)
    browser = Browser(site.app)
    browser.get("/keep?k=user&v=ada")
    read, failures = client.read, [Unavailable("no leader")]
    monkeypatch.setattr(client, "read", lambda token: (_ for _ in ()).throw(failures.pop()) if failures else read(token))
    with pytest.warns(Warning, match="Invalidating corrupt"), pytest.raises(Unavailable):
        browser.get("/look")
    assert browser.read("/look") == "{'user': 'ada'}"


def test_attributes_of_other_programs_are_left_alone(sessnode_store: FakeStore) -> None:
    from sessnode import Value

    client = sessnode_store.client()
    client.create("i" * 32, attrs={"a": Value.json(1), "blob": Value("bytes", b"\0"), "m": Value("msgpack", b"\x01")})
    manager = SessnodeNamespaceManager("i" * 32, client=client)
    assert {"a": 1}.items() <= unpacked(manager["session"]).items()
    manager["session"] = packed({"b": 2})
    assert {name: value.data for name, value in client.read("i" * 32).attrs.items()} == {"b": b"2", "blob": b"\0", "m": b"\x01"}


def test_what_is_saved_after_the_end_is_dropped(sessnode_store: FakeStore) -> None:
    manager = SessnodeNamespaceManager("i" * 32, client=sessnode_store.client())
    manager["session"] = packed({"a": 1})
    manager.remove()
    manager["session"] = packed({"a": 2})
    assert sessnode_store.sessions == 0


def test_beakers_warning_with_the_id_reaches_no_log() -> None:
    program = (
        "import beaker.util, sessnode.beaker.namespace as n\n"
        "beaker.util.warn('Invalidating corrupt session SECRET; error was: x', 1)\n"
        "beaker.util.warn('something else', 1)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stderr
    assert "something else" in said and "SECRET" not in said


def test_sessions_only(sessnode_store: FakeStore) -> None:
    cache = Cache("pages", type="sessnode", client=sessnode_store.client())
    with pytest.raises(BeakerException, match="not caches"):
        cache.set_value("page", "text")


def packed(data: dict[str, Any]) -> str:
    return base64.b64encode(zlib.compress(json.dumps({**data, "_creation_time": 0}).encode())).decode()


def unpacked(value: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(value)))
    return data
