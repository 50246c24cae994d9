"""Going through a Redis that holds sessions, without disturbing the application that uses it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any

from sessnode.moving.lines import Writer
from sessnode.moving.readers import Reader, Skipped

BATCH = 500


def connect(url: str) -> Any:
    """A client of redis-py. Its own errors say what is wrong with a URL."""
    try:
        import redis
    except ImportError:
        raise SystemExit("error:  the module redis is missing\ntry:    pip install redis") from None
    return redis.Redis.from_url(url, socket_timeout=10)


def export(client: Any, reader: Reader, writer: Writer, say: Callable[[str], None], now: datetime | None = None) -> Counter[str]:
    """Writes every session under the reader's prefix, and returns why others were left out, counted.

    SCAN may name a key twice, and one that was made meanwhile not at all: what changes while this runs is carried over by a second export,
    or is missed. Only reads are sent.
    """
    now = now or datetime.now(timezone.utc)
    skipped: Counter[str] = Counter()
    seen: set[bytes] = set()
    for keys in _batches(client, reader.prefix):
        fresh = [key for key in keys if key not in seen]
        seen.update(fresh)
        for key, data, left in _values(client, fresh):
            try:
                writer.write(reader.read(key.decode("ascii"), data, left, now))
            except Skipped as err:
                skipped[str(err)] += 1
            except (UnicodeDecodeError, ValueError):
                skipped["its id is no token: 1 to 256 visible ASCII characters"] += 1
    for why, count in skipped.most_common():
        say(f"left out {count}: {why}")
    return skipped


def _batches(client: Any, prefix: str) -> Iterator[list[bytes]]:
    escaped = "".join("\\" + c if c in "*?[]\\" else c for c in prefix)
    cursor = 0
    while True:
        cursor, keys = client.scan(cursor, match=escaped + "*", count=BATCH)
        if keys:
            yield list(keys)
        if int(cursor) == 0:
            return


def _values(client: Any, keys: list[bytes]) -> Iterator[tuple[bytes, bytes, float | None]]:
    """Keys that are no strings, and those that are gone by now, are passed over."""
    if not keys:
        return
    pipe = client.pipeline(transaction=False)
    for key in keys:
        pipe.get(key)
        pipe.pttl(key)
    answers = pipe.execute(raise_on_error=False)
    for key, data, left in zip(keys, answers[::2], answers[1::2], strict=True):
        if isinstance(data, bytes) and isinstance(left, int) and left != -2:
            yield key, data, None if left < 0 else left / 1000
