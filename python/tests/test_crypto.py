"""Encrypted values: nobody without a key reads them, and a wrong key signs nobody out."""

from __future__ import annotations

import pytest

from sessnode import Value, errors
from sessnode.crypto import Cipher, new_key
from sessnode.request import Cookie, RequestSession
from sessnode.testing import FakeStore


def test_the_store_sees_nothing() -> None:
    store = FakeStore()
    client, cipher = store.client(), Cipher([new_key()])
    request = RequestSession(client, None, cipher=cipher)
    client.run(request.load())
    token = client.run(request.commit({"card": "4111", "user": "ada"})).token
    stored = client.read(token)
    assert stored.subject == "ada"
    assert all(b"4111" not in v.data and v.codec == "bytes" for v in stored.attrs.values())
    again = RequestSession(client, token, cipher=cipher)
    data = client.run(again.load())
    assert data == {"card": "4111", "user": "ada"}
    store.requests.clear()
    assert client.run(again.commit(data)).cookie is Cookie.KEEP
    assert store.requests == []  # a fresh nonce is no change
    assert client.run(again.pop(["card"])) == {"card": "4111"}


def test_keys_are_replaced_while_people_are_signed_in() -> None:
    old, new = new_key(), new_key()
    sealed = Cipher([old]).seal("web", "a", Value("bytes", b"x"))
    assert Cipher([new, old]).open("web", "a", sealed) == Value("bytes", b"x")
    with pytest.raises(errors.Undecipherable, match="add it behind the first"):
        Cipher([new]).open("web", "a", sealed)


@pytest.mark.parametrize("change", ["name", "app", "bit", "cut"])
def test_what_was_changed_is_refused(change: str) -> None:
    cipher = Cipher([new_key()])
    sealed = cipher.seal("web", "a", Value.json(1))
    data = {"bit": sealed.data[:-1] + bytes([sealed.data[-1] ^ 1]), "cut": sealed.data[:-3]}.get(change, sealed.data)
    with pytest.raises(errors.Undecipherable, match="was changed since"):
        cipher.open("api" if change == "app" else "web", "b" if change == "name" else "a", Value("bytes", data))


def test_plain_values_are_read_until_strict() -> None:
    key = new_key()
    assert Cipher([key]).open("web", "a", Value.json(1)) == Value.json(1)
    with pytest.raises(errors.Undecipherable):
        Cipher([key], strict=True).open("web", "a", Value.json(1))


@pytest.mark.parametrize("keys", [[], "a" * 43, ["short"], ["%" * 43], [new_key() + "AAAA"]])
def test_keys_that_are_none(keys: list[str]) -> None:
    with pytest.raises(errors.Invalid, match="key"):
        Cipher(keys)


def test_a_wrong_key_signs_nobody_out() -> None:
    store = FakeStore()
    client = store.client()
    request = RequestSession(client, None, cipher=Cipher([new_key()]))
    client.run(request.load())
    token = client.run(request.commit({"a": 1})).token
    with pytest.raises(errors.Undecipherable):
        client.run(RequestSession(client, token, cipher=Cipher([new_key()])).load())
    assert client.read(token).id
