"""The one thing that an application under trial does for it: wait at the gate when asked to."""

import asyncio
import os
import urllib.request
from urllib.parse import urlsplit


def hold(name: str | None) -> None:
    """Return when the trial opens the gate of this name; at once where there is none."""
    if name:
        with urllib.request.urlopen(os.environ["TORTURE_GATE"] + name, timeout=60) as answer:
            answer.read()


async def ahold(name: str | None) -> None:
    """The same for asyncio, where a pool of threads would be full before the gate is."""
    if name:
        url = urlsplit(os.environ["TORTURE_GATE"])
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        writer.write(f"GET /{name} HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n\r\n".encode())
        await reader.read()
        writer.close()
