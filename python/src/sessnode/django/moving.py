"""Moving in without signing anybody out: reading the old engine's sessions while the browsers still bring their keys.

With ``SESSNODE = {"OLD_ENGINE": "django.contrib.sessions.backends.db"}``, a key that the store never heard of is looked up in the old engine.
What is found is made a session of the store under the same key, and removed from the old engine: were it left there, it would come back
as a ghost once the store has forgotten that it was revoked. So each session moves when it is first used, and the old engine runs empty.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.contrib.sessions.backends.base import CreateError

from sessnode.django import clients

if TYPE_CHECKING:
    from sessnode.django.store import SessionStore


def old_engine() -> Any:
    """The old engine's SessionStore class; None if there is none."""
    path = clients.options().get("OLD_ENGINE")
    return import_module(path).SessionStore if path else None


def adopt(store: SessionStore, old_class: Any) -> dict[str, Any]:
    """Moves the session of the store's key in, if the old engine has it. Called where the store never heard of the key."""
    key = store.session_key
    old = old_class(key)
    data: dict[str, Any] = old.load()
    if old.session_key is None or not data:
        return store._settled({})
    store._session_cache = data
    try:
        store._run(store._insert())
    except CreateError:  # a parallel request moved it, or it ended in between: the store knows
        del store._session_cache
        return store._settled(store._run(store._load()))
    old_class(key).delete(key)
    return data


async def aadopt(store: SessionStore, old_class: Any) -> dict[str, Any]:
    key = store.session_key
    old = old_class(key)
    data: dict[str, Any] = await old.aload()
    if old.session_key is None or not data:
        return store._settled({})
    store._session_cache = data
    try:
        await store._arun(store._insert())
    except CreateError:
        del store._session_cache
        return store._settled(await store._arun(store._load()))
    await old_class(key).adelete(key)
    return data


def forget(key: str | None) -> None:
    """Ends a session in the old engine too, before the store ends it: one that was never used since the move would otherwise live on."""
    if key and (old := old_engine()) is not None:
        old(key).delete(key)


async def aforget(key: str | None) -> None:
    if key and (old := old_engine()) is not None:
        await old(key).adelete(key)
