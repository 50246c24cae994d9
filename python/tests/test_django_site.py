"""The engine and its middleware under a whole site, by WSGI and by ASGI."""

from __future__ import annotations

import pytest

pytest.importorskip("django")

from django.test import override_settings

from django_fixtures import browser, database, store  # noqa: F401
from django_site import Browser, between, shop
from sessnode import Value, errors
from sessnode.testing import FakeStore

pytestmark = pytest.mark.usefixtures("database")


def test_a_page_that_needs_no_session_asks_nothing(store: FakeStore, browser: Browser) -> None:
    browser.get("put/?a=1")
    store.requests.clear()
    response = browser.get("static/")
    assert store.requests == []
    assert not response.sets_cookie and "Cookie" not in response.headers.get("Vary", "")


def test_what_is_set_is_read(store: FakeStore, browser: Browser) -> None:
    assert browser.json() == {"subject": ""}
    assert browser.cookie == "" and store.sessions == 0  # looking creates nothing
    response = browser.get("put/?a=1")
    assert len(browser.cookie) == 40 and response.cookies["sessionid"]["max-age"] == 1209600
    assert "Cookie" in response.headers["Vary"] and response.headers["Cache-Control"] == "no-store"
    assert browser.json() == {"a": "1", "subject": ""}
    assert store.requests == ["POST /sessions", "GET /session"]


def test_an_async_view_awaits(store: FakeStore, browser: Browser) -> None:
    browser.get("aput/?a=1")
    browser.get("aput/?b=2")
    assert browser.json() == {"a": "1", "b": "2", "subject": ""}


def test_parallel_requests_keep_both_changes(store: FakeStore, browser: Browser) -> None:
    browser.get("put/?a=1")
    between.append(lambda: browser.twin().get("put/?b=2"))
    browser.get("put/?c=3")
    assert browser.json() == {"a": "1", "b": "2", "c": "3", "subject": ""}


def test_changes_inside_of_values_are_seen(store: FakeStore, browser: Browser) -> None:
    browser.get("nested/?add=x")
    browser.get("nested/?add=y")
    assert browser.json()["cart"] == {"books": ["x", "y"]}


def test_a_request_that_outlives_the_logout_brings_nothing_back(store: FakeStore, browser: Browser) -> None:
    browser.get("login/?as=ada")
    late = browser.twin()
    between.append(lambda: browser.get("logout/"))
    response = late.get("put/?a=1")
    assert response.status_code == 400 and not response.sets_cookie  # SessionInterrupted
    assert store.sessions == 0
    assert browser.cookie == ""


def test_a_change_under_way_while_the_browser_signs_in_is_dropped(store: FakeStore, browser: Browser) -> None:
    browser.get("put/?a=1")
    late = browser.twin()
    between.append(lambda: browser.get("login/?as=ada"))
    response = late.get("put/?b=2")
    assert response.status_code == 200 and not response.sets_cookie
    assert browser.json()["subject"] and "b" not in browser.json()


def test_login_is_one_step(store: FakeStore, browser: Browser) -> None:
    browser.get("put/?cart=1")
    old = browser.cookie
    store.requests.clear()
    browser.get("login/?as=ada")
    assert store.requests == ["GET /session", "POST /session/rotate"]
    found = browser.json()
    assert found["cart"] == "1" and found["since"] == "now" and found["subject"] == found["_auth_user_id"]
    with pytest.raises(errors.NotFound) as gone:
        store.client().read(old)
    assert gone.value.reason == "rotated"
    assert store.client().subject_sessions(found["subject"])[0].device.ip == "127.0.0.1"


@pytest.mark.parametrize("status", [200, 500])
def test_what_is_certain_goes_out_whatever_fails_later(store: FakeStore, browser: Browser, status: int) -> None:
    browser.get("put/?cart=1")
    if status == 200:
        between.append(lambda: setattr(store, "down", True))
    response = browser.get(f"login_and_fail/?as=ada&status={status}")
    assert response.status_code == (503 if status == 200 else 500) and response.sets_cookie
    store.down = False
    found = browser.json()
    assert found["subject"] and found["cart"] == "1" and "more" not in found


def test_login_of_a_fresh_visitor_is_one_request(store: FakeStore, browser: Browser) -> None:
    browser.get("login/?as=ada")
    assert store.requests == ["POST /sessions"]
    assert browser.json()["since"] == "now"


def test_login_as_somebody_else_takes_nothing_over(store: FakeStore, browser: Browser) -> None:
    browser.get("login/?as=ada")
    browser.get("put/?cart=1")
    first, old = browser.json()["subject"], browser.cookie
    browser.get("login/?as=bob")
    found = browser.json()
    assert "cart" not in found and found["subject"] not in ("", first)
    assert browser.cookie != old and store.sessions == 1


def test_logout_ends_the_session(store: FakeStore, browser: Browser) -> None:
    browser.get("login/?as=ada")
    old = browser.twin()
    assert browser.get("logout/").sets_cookie and browser.cookie == ""
    assert store.sessions == 0
    response = old.get("read/")
    assert response.json() == {"subject": ""} and response.sets_cookie and old.cookie == ""  # certain, so the browser is told


def test_the_seeds_login_and_logout(store: FakeStore, browser: Browser) -> None:
    browser.get("put/?cart=1")
    browser.get("put/?user=ada")
    found = browser.json()
    assert found == {"cart": "1", "user": "ada", "subject": "ada"}
    old = browser.cookie
    assert browser.get("pop/?name=user").sets_cookie and browser.cookie == ""
    assert store.sessions == 0
    with pytest.raises(errors.NotFound):
        store.client().read(old)


def test_a_request_with_the_old_cookie_leaves_it_alone(store: FakeStore, browser: Browser) -> None:
    browser.get("put/?a=1")
    old = browser.twin()
    browser.get("login/?as=ada")
    for path in ("read/", "logout/", "static/"):
        response = old.get(path)
        assert response.status_code == 200 and not response.sets_cookie, path
    response = old.get("put/?b=1")
    assert response.status_code == 200 and not response.sets_cookie and store.sessions == 1  # the change is dropped
    assert browser.json()["subject"] and "b" not in browser.json()
    assert old.get("login/?as=ada").sets_cookie and old.json()["subject"]  # who gives a password is signed in


@pytest.mark.parametrize("save_every", [False, True])
def test_a_key_in_its_grace_is_never_set_again(store: FakeStore, browser: Browser, save_every: bool) -> None:
    with override_settings(SESSION_SAVE_EVERY_REQUEST=save_every):
        browser.get("put/?a=1")
        old = browser.twin()
        assert browser.get("cycle/").sets_cookie
        for path in ("put/?b=2", "read/", "cycle/"):
            response = old.get(path)
            assert response.status_code == 200 and not response.sets_cookie, path
        assert browser.json() == {"a": "1", "b": "2", "subject": ""}


def test_a_late_answer_does_not_replace_the_cookie_of_a_login(store: FakeStore, browser: Browser) -> None:
    browser.get("put/?a=1")
    late = browser.twin().get("put/?b=2")  # stored before the login, and answered after it
    browser.get("login/?as=ada")
    assert late.status_code == 200 and not late.sets_cookie
    assert browser.json()["b"] == "2"
    assert not browser.get("put/?c=3").sets_cookie  # nor that of the next person's login


def test_a_cookie_is_renewed_from_the_second_day_on(store: FakeStore, browser: Browser) -> None:
    browser.get("put/?a=1")
    store.advance(86400 + 60)
    assert browser.get("put/?a=2").sets_cookie
    browser.get("login/?as=ada")
    assert not browser.get("put/?a=3").sets_cookie
    store.advance(86400 + 60)
    assert browser.get("put/?a=4").cookies["sessionid"]["max-age"] == 1209600


def test_a_new_expiry_reaches_the_browser(store: FakeStore, browser: Browser) -> None:
    browser.get("put/?a=1")
    assert browser.get("expire/?in=0").cookies["sessionid"]["max-age"] == ""
    assert not browser.get("put/?a=2").sets_cookie  # until the browser closes needs no renewal
    assert browser.get("expire/?in=60").cookies["sessionid"]["max-age"] == 60


def test_two_requests_rotate_at_once(store: FakeStore, browser: Browser) -> None:
    browser.get("login/?as=ada")
    late = browser.twin()
    between.append(lambda: browser.get("cycle/"))
    response = late.get("cycle/")
    assert response.status_code == 200 and not response.sets_cookie
    assert browser.json()["subject"] and store.sessions == 1


@pytest.mark.parametrize(
    "path", ["read/", "put/?a=2", "read/?peek=1", "swallow/?status=500", "login/?as=ada", "logout/", "aput/?a=2", "nested/?add=x"]
)
@pytest.mark.parametrize("fault", ["down", "nonsense"])
def test_an_outage_is_503_and_the_cookie_stays(store: FakeStore, browser: Browser, path: str, fault: str) -> None:
    browser.get("login/?as=ada")
    before = browser.cookie
    setattr(store, fault, True)
    response = browser.get(path)
    assert response.status_code == 503 and int(response.headers["Retry-After"]) >= 1
    assert not response.sets_cookie and b"Traceback" not in response.content and b"not been signed out" in response.content
    setattr(store, fault, False)
    assert browser.cookie == before and browser.json()["subject"]


def test_an_outage_while_saving_is_503(store: FakeStore, browser: Browser) -> None:
    browser.get("put/?a=1")
    between.append(lambda: setattr(store, "down", True))
    response = browser.get("put/?a=2")
    assert response.status_code == 503 and not response.sets_cookie
    store.down = False
    assert browser.json()["a"] == "1"


def test_an_unknown_outcome_is_503(store: FakeStore, browser: Browser) -> None:
    browser.get("put/?a=1")
    before, store.lose_answers = browser.cookie, 1
    response = browser.get("login/?as=ada")
    assert response.status_code == 503 and not response.sets_cookie and browser.cookie == before


def test_an_answer_without_the_session_stands(store: FakeStore, browser: Browser) -> None:
    browser.get("put/?a=1")
    store.down = True
    response = browser.get("swallow/?status=200")
    assert response.status_code == 200 and not response.sets_cookie
    with override_settings(SESSION_SAVE_EVERY_REQUEST=True):
        assert browser.get("swallow/?status=200").status_code == 200


@pytest.mark.parametrize(
    "cookie", ["x", "\x00\x01garbage", "ü" * 40, "a b c d e f g h", "../../etc/passwd", "A" * 300, "{}", "0" * 32, "id:" + "a" * 22]
)
def test_a_cookie_may_hold_anything(store: FakeStore, browser: Browser, cookie: str) -> None:
    stray = Browser(browser.kind, cookie)
    response = stray.get("read/")
    assert response.status_code == 200 and response.json() == {"subject": ""}
    assert response.sets_cookie and stray.cookie == ""
    stray = Browser(browser.kind, cookie)
    stray.get("put/?a=1")
    assert stray.cookie not in ("", cookie) and stray.json()["a"] == "1"


def test_a_value_that_cannot_be_stored_is_our_fault(store: FakeStore, browser: Browser) -> None:
    browser.get("put/?a=1")
    before = browser.cookie
    response = browser.get("bad/")
    assert response.status_code == 500 and not response.sets_cookie and b"Traceback" not in response.content
    assert browser.cookie == before and browser.json() == {"a": "1", "subject": ""}  # nothing of it is stored


def test_a_failed_page_stores_nothing(store: FakeStore, browser: Browser) -> None:
    browser.get("put/?a=1")
    assert browser.get("broken/").status_code == 500
    assert browser.json() == {"a": "1", "subject": ""}


def test_too_many_places_is_409(store: FakeStore, browser: Browser) -> None:
    store.client().put_policy(subject_limit=1, on_limit="reject")
    browser.get("login/?as=ada")
    response = Browser(browser.kind).get("login/?as=ada")
    assert response.status_code == 409 and b"too many places" in response.content and not response.sets_cookie


def test_save_every_request_slides_without_writing(store: FakeStore, browser: Browser) -> None:
    with override_settings(SESSION_SAVE_EVERY_REQUEST=True):
        browser.get("put/?a=1")
        store.requests.clear()
        browser.get("static/")
        assert store.requests == ["GET /session"]
        for _ in range(3):
            store.advance(1209600 - 60)
            assert browser.json()["a"] == "1"
        store.advance(1209600 + 120)
        assert browser.json() == {"subject": ""}


def test_messages_are_neither_lost_nor_shown_twice(store: FakeStore, browser: Browser) -> None:
    browser.get("tell/?text=one")
    between.append(lambda: browser.twin().get("tell/?text=two"))
    browser.get("tell/?text=three")
    heard: list[str] = []
    between.append(lambda: heard.extend(browser.twin().json("hear/")["heard"]))
    assert [*heard, *browser.json("hear/")["heard"]] == [] and heard == ["one", "two", "three"]
    assert browser.json("hear/")["heard"] == []


def test_what_others_wrote_survives(store: FakeStore, browser: Browser) -> None:
    token, _ = store.client().create(subject="ada", attrs={"blob": Value("msgpack", b"\x01"), "n": Value("json", b'{"a": 1.0}')})
    shared = Browser(browser.kind, token)
    shared.get("put/?a=1")
    found = store.client().read(token)
    assert found.attrs["blob"] == Value("msgpack", b"\x01") and found.attrs["n"] == Value("json", b'{"a": 1.0}')  # not written anew
    assert shared.cookie == token and found.subject == "ada"


def test_encrypted_values_are_nothing_to_the_store(store: FakeStore, browser: Browser) -> None:
    pytest.importorskip("cryptography")
    from sessnode.crypto import new_key

    old, new = new_key(), new_key()
    with override_settings(SESSNODE=shop(store, ENCRYPTION_KEYS=[old])):
        browser.get("put/?secret=abc")
    assert b"abc" not in store.client().read(browser.cookie).attrs["secret"].data
    with override_settings(SESSNODE=shop(store, ENCRYPTION_KEYS=[new, old])):
        assert browser.json()["secret"] == "abc"
        store.requests.clear()
        browser.get("read/")
        assert store.requests == ["GET /session"]  # a fresh nonce is no change
    with override_settings(SESSNODE=shop(store, ENCRYPTION_KEYS=[new])):
        response = browser.get("read/")
        assert response.status_code == 500 and not response.sets_cookie  # a wrong key signs nobody out


def test_a_template_is_the_page_of_an_outage(store: FakeStore, browser: Browser) -> None:
    browser.get("put/?a=1")
    store.down = True
    loaders = [("django.template.loaders.locmem.Loader", {"503.html": "<h1>One moment</h1>{{ message }}"})]
    with override_settings(TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": {"loaders": loaders}}]):
        response = browser.get("read/")
    assert response.status_code == 503 and response.content.startswith(b"<h1>One moment</h1>The session store") and response.headers["Retry-After"]
