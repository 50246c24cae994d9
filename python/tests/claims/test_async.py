"""The client for asyncio holds what the other one holds: the steps are the same, so a few claims tell."""

from __future__ import annotations

import asyncio

from sessnode import AsyncClient, Client, Value, errors
from sessnode.request import RequestSession


def test_a_story(client: Client, aclient: AsyncClient) -> None:
    async def story() -> None:
        token, _ = await aclient.create(attrs={"a": Value.json(1), "long": Value.json("x" * 100_000)})
        request = RequestSession(aclient, token)
        data = await aclient.run(request.load())
        assert data["long"] == "x" * 100_000  # an answer in chunks
        data["user"] = "ada"
        out = await aclient.run(request.commit(data))
        assert (await aclient.read(out.token)).subject == "ada"
        await asyncio.gather(*(aclient.patch(out.token, incr={"n": 1}) for _ in range(20)))
        assert (await aclient.read(out.token)).attrs["n"] == Value.json(20)
        await aclient.revoke(out.token)
        try:
            await aclient.read(out.token)
        except errors.NotFound as err:
            assert err.reason == "revoked"
        else:
            raise AssertionError("a revoked session was read")
        await aclient.close()

    asyncio.run(story())


def test_each_loop_has_its_own_connections(client: Client, aclient: AsyncClient) -> None:
    token = asyncio.run(aclient.create())[0]
    for _ in range(3):
        assert asyncio.run(aclient.read(token)).id
