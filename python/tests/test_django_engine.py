"""The session engine by itself, in both of its kinds of methods."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from unittest import mock

import pytest

pytest.importorskip("django")

from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.signing import JSONSerializer
from django.test import override_settings

from django_fixtures import store  # noqa: F401
from django_site import shop
from sessnode import errors
from sessnode.django import SessionStore
from sessnode.django.codec import SerializerCodec
from sessnode.testing import FakeStore

pytestmark = pytest.mark.usefixtures("store")


class Both:
    """Calls a method of the engine, or its asynchronous twin."""

    def __init__(self, kind: str) -> None:
        self._async = kind == "async"

    def __call__(self, method: Callable[..., Any], *args: Any) -> Any:
        if not self._async:
            return method(*args)
        twin: Callable[..., Any] = getattr(method.__self__, "a" + method.__name__)  # type: ignore[attr-defined]
        return asyncio.run(twin(*args))


@pytest.fixture(params=["sync", "async"])
def do(request: pytest.FixtureRequest) -> Both:
    return Both(request.param)


def saved(do: Both, **data: Any) -> SessionStore:
    s = SessionStore()
    do(s.update, data)
    do(s.save)
    return s


def test_keys_are_tokens_of_forty_characters(do: Both) -> None:
    s = SessionStore()
    do(s.create)
    assert s.session_key is not None and len(s.session_key) == 40
    assert do(s.exists, s.session_key) and s.modified


def test_only_what_changed_is_sent(store: FakeStore, do: Both) -> None:
    key = saved(do, a=1, b=2, c=3).session_key
    one, two = SessionStore(key), SessionStore(key)
    do(one.get, "a"), do(two.get, "a")
    do(one.update, {"a": 10})
    do(two.update, {"b": 20})
    del two["c"]
    do(two.save), do(one.save)
    assert do(SessionStore(key).load) == {"a": 10, "b": 20}


def test_saving_nothing_new_asks_nothing(store: FakeStore, do: Both) -> None:
    s = SessionStore(saved(do, a=[1, {"x": 1.0}], n=10**30, text="é\u2028").session_key)
    do(s.get, "a")
    assert not s.modified
    store.requests.clear()
    do(s.save)
    assert store.requests == []


def test_a_session_that_ended_is_not_saved(do: Both) -> None:
    s = saved(do, a=1)
    do(SessionStore(s.session_key).delete)
    do(s.update, {"a": 2})
    with pytest.raises(UpdateError):
        do(s.save)
    assert do(s.load) == {} and s.session_key is None


def test_what_this_object_ended_is_not_saved(do: Both) -> None:
    s = saved(do, a=1)
    do(s.delete)
    with pytest.raises(UpdateError):
        do(s.save)


def test_a_save_of_the_same_counts_anew(store: FakeStore, do: Both) -> None:
    s = saved(do, a=1)
    before = store.client().read(s.session_key or "").expires
    with mock.patch("django.utils.timezone.now", lambda: datetime.now(timezone.utc) + timedelta(days=1)):
        do(s.save)
    after = store.client().read(s.session_key or "").expires
    assert before and after and timedelta(hours=23) < after - before < timedelta(hours=25)


def test_a_key_that_was_used_is_not_created_again(store: FakeStore, do: Both) -> None:
    s = saved(do, a=1)
    with pytest.raises(CreateError):
        do(SessionStore(s.session_key).save, True)
    do(s.delete)
    with pytest.raises(CreateError):
        do(SessionStore(s.session_key).save, True)
    assert store.sessions == 0


def test_a_save_of_what_was_over_before_begins_anew(store: FakeStore, do: Both) -> None:
    key = saved(do, a=1).session_key
    do(SessionStore(key).delete)
    s = SessionStore(key)
    do(s.update, {"cart": 1})
    do(s.save)
    assert s.session_key not in (None, key) and do(SessionStore(s.session_key).load) == {"cart": 1}


def test_clear_without_looking_removes_what_was_there(do: Both) -> None:
    key = saved(do, a=1, b=2).session_key
    s = SessionStore(key)
    s.clear()
    do(s.update, {"c": 3})
    do(s.save)
    assert s.session_key == key and do(SessionStore(key).load) == {"c": 3}


def test_an_emptied_session_lives_on(store: FakeStore, do: Both) -> None:
    s = saved(do, a=1)
    do(s.pop, "a")
    do(s.save)
    assert do(s.exists, s.session_key) and do(SessionStore(s.session_key).load) == {}


def test_exists_is_no_activity(store: FakeStore, do: Both) -> None:
    s = saved(do, a=1)
    touched = store.client().read(s.session_key or "", touch=False).touched
    store.advance(100)
    assert do(s.exists, s.session_key)
    assert store.client().read(s.session_key or "", touch=False).touched == touched
    for nobody in (None, "", "1", "someunknownkey", "ü" * 40):
        assert do(s.exists, nobody) is False


def test_a_cycled_key_is_gone_for_everybody(store: FakeStore, do: Both) -> None:
    s = saved(do, a=1)
    old = s.session_key
    do(s.cycle_key)
    assert s.session_key != old and not do(s.exists, old) and do(s.exists, s.session_key)
    do(s.save)
    assert not do(SessionStore().exists, old) and do(SessionStore(s.session_key).load) == {"a": 1}


def test_a_cycle_that_is_not_saved_changes_nothing(store: FakeStore, do: Both) -> None:
    old = saved(do, a=1).session_key
    s = SessionStore(old)
    do(s.cycle_key)
    assert do(SessionStore(old).load) == {"a": 1}
    do(s.flush)
    assert store.sessions == 0  # what ends is the session that is stored


def test_pop_of_the_user_takes_the_rest_along(store: FakeStore, do: Both) -> None:
    s = saved(do, user="ada", cart=1)
    old = s.session_key
    do(s.pop, "user")
    do(s.save)
    do(s.save)
    assert not do(SessionStore().exists, old)
    assert s.session_key != old and do(SessionStore(s.session_key).load) == {}


def test_take_gives_to_one_only(store: FakeStore) -> None:
    key = saved(Both("sync"), code="7").session_key
    one, two = SessionStore(key), SessionStore(key)
    one.get("code"), two.get("code")
    assert one.take("code", "none") == {"code": "7"} and two.take("code") == {}
    assert "code" not in one and "code" not in two and not two.modified


def test_pop_gives_to_one_only(store: FakeStore, do: Both) -> None:
    key = saved(do, code="7", other="8").session_key
    one, two = SessionStore(key), SessionStore(key)
    do(one.get, "code"), do(two.get, "code")
    assert do(one.pop, "code") == "7" and do(two.pop, "code", "late") == "late"
    assert do(two.pop, "other") == "8"
    with pytest.raises(KeyError):
        do(one.pop, "other")
    assert not one.modified  # the store has it already
    do(one.update, {"other": "new"})
    assert do(one.pop, "other") == "new"  # what is only here, nobody else can have


def test_a_pop_while_the_store_is_down_takes_nothing(store: FakeStore, do: Both) -> None:
    key = saved(do, code="7").session_key
    s = SessionStore(key)
    do(s.get, "code")
    store.down = True
    with pytest.raises(errors.Unavailable):
        do(s.pop, "code")
    store.down = False
    assert do(SessionStore(key).load) == {"code": "7"}


def test_places_are_those_of_the_user(store: FakeStore, do: Both) -> None:
    here, there = saved(do, user="ada"), saved(do, user="ada")
    saved(do, user="bob")
    ids = [place.id for place in do(here.places)]
    assert here.record and there.record and ids == [here.record.id, there.record.id]
    assert do(here.revoke_others) == 1 and [place.id for place in do(here.places)] == [here.record.id]
    assert do(SessionStore().places) == [] and do(SessionStore().revoke_others) == 0


def test_fourteen_days_stay_fourteen_days(store: FakeStore, do: Both) -> None:
    store.client().put_policy(idle="30m", lifetime="12h")
    key = saved(do, a=1).session_key or ""
    store.advance(14 * 86400 - 60)
    assert do(SessionStore(key).load) == {"a": 1}
    store.advance(120)  # looking was no activity, as in Django
    assert do(SessionStore(key).load) == {}


@pytest.mark.parametrize(
    ("expiry", "seconds"),
    [(100, 100), (timedelta(hours=1), 3600), (datetime.now(timezone.utc) + timedelta(days=2), 2 * 86400), (0, 1209600), (500 * 86400, 400 * 86400)],
)
def test_an_expiry_is_the_stores(store: FakeStore, do: Both, expiry: Any, seconds: float) -> None:
    s = SessionStore()
    do(s.set_expiry, expiry)
    do(s.save)
    found = store.client().read(s.session_key or "", touch=False)
    assert abs((found.end - found.created).total_seconds() - seconds) < 30
    assert do(s.get_expire_at_browser_close) is (expiry == 0)


def test_an_expiry_in_the_past_ends_at_once(store: FakeStore, do: Both) -> None:
    s = saved(do, a=1)
    do(s.set_expiry, -10)
    do(s.save)
    assert do(SessionStore(s.session_key).load) == {}


def test_each_save_counts_anew(store: FakeStore, do: Both) -> None:
    s = saved(do, a=1)
    before = store.client().read(s.session_key or "").expires
    do(s.set_expiry, 3 * 86400)
    do(s.save)
    do(s.set_expiry, None)
    do(s.save)
    after = store.client().read(s.session_key or "").expires
    assert before and after and abs(after - before) < timedelta(seconds=30)


def test_clearsessions_has_nothing_to_do(store: FakeStore) -> None:
    call_command("clearsessions")
    assert store.requests == []


def test_values_are_written_as_the_serializer_does(do: Both) -> None:
    data = {"tuple": (1, 2), "nan": float("inf"), "half": "\ud800", "deep": {"1": None}, "big": 2**70}
    key = saved(do, **data).session_key
    assert do(SessionStore(key).load) == {**data, "tuple": [1, 2]}
    s = SessionStore(key)
    do(s.load)
    s[2], s[None], s[True] = "a", "b", "c"
    do(s.save)
    found = do(SessionStore(key).load)
    assert (found["2"], found["null"], found["true"]) == ("a", "b", "c")


@pytest.mark.parametrize("value", [b"bytes", {1, 2}, object(), datetime.now(timezone.utc)])
def test_what_cannot_be_written_is_named(do: Both, value: Any) -> None:
    s = SessionStore()
    do(s.update, {"fine": 1, "thing": value})
    assert s.modified
    with pytest.raises(errors.Unserializable, match="'thing'"):
        do(s.save)


def test_what_is_no_json_is_stored_as_bytes() -> None:
    codec = SerializerCodec(JSONSerializer)
    for value, kind in ((1, "json"), ("NaN", "json"), (float("nan"), "bytes"), (float("inf"), "bytes"), ("\ud800", "bytes"), ("\U0001f600", "json")):
        assert codec.encode("x", value).codec == kind, value
    assert codec.decode("x", codec.encode("x", "\ud800")) == "\ud800"


class Shouting:
    """A serializer that is not JSON."""

    def dumps(self, value: Any) -> bytes:
        return b"!" + repr(value).encode()

    def loads(self, data: bytes) -> Any:
        if not data.startswith(b"!"):
            raise ValueError("not mine")
        return data[1:].decode()


def test_another_serializer_is_respected(store: FakeStore, do: Both) -> None:
    key = saved(do, a="json").session_key or ""
    with override_settings(SESSION_SERIALIZER=f"{__name__}.Shouting"):
        s = SessionStore(key)
        assert do(s.get, "a") == "json"  # written before
        do(s.update, {"b": 5})
        do(s.save)
        assert do(SessionStore(key).get, "b") == "5"
    found = store.client().read(key)
    assert (found.attrs["a"].codec, found.attrs["b"].codec) == ("json", "bytes")
    s = SessionStore(key)
    do(s.update, {"a": "x"})
    do(s.save)
    assert store.client().read(key).attrs["b"].data == b"!5"  # what this serializer cannot read is not dropped


def test_a_store_that_cannot_answer_is_asked_once(store: FakeStore, do: Both) -> None:
    s = SessionStore(saved(do, a=1).session_key)
    store.down = True
    with pytest.raises(errors.Unavailable):
        do(s.get, "a")
    asked = len(store.requests)
    with pytest.raises(errors.Unavailable):
        do(s.get, "b")
    assert len(store.requests) == asked and s.session_key is not None and not s.is_empty()
    store.down = False
    assert do(s.load) == {"a": 1}  # asked for by name, it tries again


@pytest.mark.parametrize("wrong", [{"NODE": "http://x"}, {"APP": "No Such Name"}, {"TIMEOUT": "soon"}, {"ENCRYPTION_KEYS": ["short"]}])
def test_wrong_settings_are_named(wrong: dict[str, Any]) -> None:
    with override_settings(SESSNODE=wrong), pytest.raises(ImproperlyConfigured, match="SESSNODE"):
        SessionStore("k" * 40).load()


def test_no_key_is_shown(store: FakeStore) -> None:
    s = saved(Both("sync"), a=1)
    key = s.session_key or ""
    store.down = True
    with pytest.raises(errors.Unavailable) as err:
        SessionStore(key).load()
    assert key not in str(err.value) and key not in repr(s) and key not in repr(s._own)


def test_a_shop_needs_no_settings() -> None:
    with override_settings(SESSNODE={}):
        assert SessionStore().is_empty()
    assert shop(FakeStore())["TIMEOUT"] == 0.2
