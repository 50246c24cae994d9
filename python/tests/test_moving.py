"""Exports for ``sessnode import``: what the lines hold, what is left out, and that no token shows."""

from __future__ import annotations

import io
import json
import os
import pickle
import stat
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sessnode import Device, Value
from sessnode.moving import Exported, Writer, open_private, redis
from sessnode.moving.__main__ import main
from sessnode.moving.readers import READERS, Options, Skipped, Untrusted
from sessnode.tokens import key_of

NOW = datetime(2026, 1, 10, 12, 0, tzinfo=timezone.utc)
SID = "SECRET-0123456789-abcdefghijklmnopqrs"


class FakeRedis:
    """As much of redis-py as an export uses. It names every key twice, as SCAN may."""

    def __init__(self, entries: dict[str, tuple[bytes, int]]) -> None:
        self.entries = {key.encode(): entry for key, entry in entries.items()}
        self.asked: list[bytes] = []

    def scan(self, cursor: int, match: str, count: int) -> tuple[int, list[bytes]]:
        prefix = match.removesuffix("*").replace("\\", "").encode()
        keys = [key for key in self.entries if key.startswith(prefix)]
        half = len(keys) // 2
        return (1, keys[: half + 1]) if cursor == 0 else (0, keys[half:])

    def pipeline(self, transaction: bool) -> FakeRedis:
        self.asked = []
        return self

    def get(self, key: bytes) -> None:
        self.asked.append(key)

    def pttl(self, key: bytes) -> None: ...

    def execute(self, raise_on_error: bool) -> list[Any]:
        return [answer for key in self.asked for answer in self.entries[key]]


def run(capsys: pytest.CaptureFixture[str], entries: dict[str, tuple[bytes, int]], *args: str) -> tuple[int, list[dict[str, Any]], str]:
    code = main(["redis", "--app", "web", *args], client=FakeRedis(entries))
    out, err = capsys.readouterr()
    assert SID not in err
    return code, [json.loads(line) for line in out.splitlines()], err


def test_a_line_holds_what_the_format_says() -> None:
    out = io.StringIO()
    writer = Writer(out, "web", "a test")
    attrs = {"n": Value("json", b"1.0"), 'a"': Value("json", b'"\xc3\xa4"'), "m": Value("msgpack", b"\x01"), "spread": Value("json", b"[\n1]")}
    session = Exported(SID, attrs, "ada", NOW, NOW, 1209600.0, 0.5, NOW + timedelta(days=1), Device(label="l"))
    writer.write(session)
    header, line = out.getvalue().splitlines()
    assert {**json.loads(header), "exported": None} == {
        "format": "sessnode-sessions",
        "version": 1,
        "app": "web",
        "source": "a test",
        "exported": None,
    }
    assert '"n": 1.0' in line and SID not in line and SID not in repr(session)
    assert json.loads(line) == {
        "key": key_of(SID),
        "token_chars": 37,
        "subject": "ada",
        "attrs": {"n": 1.0, 'a"': "ä"},
        "raw": {"m": {"codec": "msgpack", "data": "AQ=="}, "spread": {"codec": "json", "data": "WwoxXQ=="}},
        "created": "2026-01-10T12:00:00Z",
        "touched": "2026-01-10T12:00:00Z",
        "idle": "1209600s",
        "lifetime": "0.5s",
        "expires": "2026-01-11T12:00:00Z",
        "device": {"label": "l"},
    }


def test_an_empty_session_is_a_line_too() -> None:
    out = io.StringIO()
    Writer(out, "web", "", with_tokens=True).write(Exported("t"))
    assert json.loads(out.getvalue().splitlines()[1]) == {"token": "t", "attrs": {}}


@pytest.mark.parametrize("token", ["", "with space", "ä", "x" * 257])
def test_what_no_cookie_can_be_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(ValueError, match="1 to 256") as err:
        Writer(io.StringIO(), "web", "").write(Exported(token))
    assert token not in str(err.value) or not token


def test_a_file_is_for_this_user_only_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "out"
    old = os.umask(0)
    try:
        open_private(str(path)).close()
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        open_private(str(path))


def test_flask_session(capsys: pytest.CaptureFixture[str]) -> None:
    day = 86400000
    entries = {
        f"session:{SID}": (msgspec.msgpack.encode({"_permanent": True, "user": "ada", "blob": b"\x00", "n": [1, {"a": None}]}), 30 * day),
        "session:json-1": (b'{"_user_id": "7"}', 31 * day),
        "session:none": (b"\x80", -1),
        "session:gone": (None, -2),  # type: ignore[dict-item]  # it went between SCAN and GET
        "session:pickled": (pickle.dumps({"user": "eve"}), 31 * day),
        "session:garbage": (b"\xc1\xff", day),
        "session:list": (msgspec.msgpack.encode([1]), day),
        "session:ä": (b"{}", day),
        "other:1": (b"{}", day),
    }
    code, (header, *lines), err = run(capsys, entries, "--from", "flask-session")
    assert code == 1 and header["source"] == "flask-session redis"
    by_key = {line["key"]: line for line in lines}
    ada = by_key[key_of(SID)]
    assert ada["attrs"] == {"_permanent": True, "user": "ada", "blob": {" b": "AA=="}, "n": [1, {"a": None}]}  # as Flask's tagged JSON writes it
    assert (ada["subject"], ada["idle"], ada["lifetime"], ada["token_chars"]) == ("ada", "2678400s", "34560000s", 37)
    used = datetime.now(timezone.utc) - datetime.fromisoformat(ada["touched"].replace("Z", "+00:00"))
    assert timedelta(days=1) <= used < timedelta(days=1, minutes=5)
    assert by_key[key_of("json-1")]["subject"] == "7"
    assert by_key[key_of("none")]["idle"] == "34560000s" and "touched" not in by_key[key_of("none")]
    assert len(lines) == 3
    assert "3 sessions written, 4 left out" in err and "left out 1: it is pickled" in err and "try:    --i-trust-this-dump" in err


class Trap:
    """Pickled, it would write a file where it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.path),))


@pytest.mark.parametrize("source", ["flask-session", "django-cache", "pyramid-session-redis"])
def test_nothing_is_unpickled_unless_the_dump_is_trusted(source: str, tmp_path: Path) -> None:
    data = pickle.dumps({"user": Trap(tmp_path / "run")})
    with pytest.raises(Untrusted):
        READERS[source](Options(secret=b"s")).read(f"session:{SID}", data, None, NOW)
    assert not (tmp_path / "run").exists()
    with pytest.raises(Skipped):  # trusted, it is run, which is what the flag says; what comes out are no attributes
        READERS[source](Options(secret=b"s", trusted=True)).read(f"session:{SID}", pickle.dumps([Trap(tmp_path / "run")]), None, NOW)
    assert (tmp_path / "run").exists()


def test_django_cache_sessions_keep_their_end(capsys: pytest.CaptureFixture[str]) -> None:
    prefix = ":1:django.contrib.sessions.cache"
    entries = {
        prefix + SID: (pickle.dumps({"_auth_user_id": "1", "cart": [1]}), 3600000),
        prefix + "own": (pickle.dumps({"_session_expiry": 300}), 300000),
        prefix + "object": (pickle.dumps({"when": NOW}), 300000),
    }
    code, (_, *lines), err = run(capsys, entries, "--from", "django-cache", "--i-trust-this-dump")
    assert code == 1 and "left out 1" in err and "'when', a datetime" in err and "note: unpickling" in err
    by_key = {line["key"]: line for line in lines}
    end = datetime.fromisoformat(by_key[key_of(SID)]["expires"].replace("Z", "+00:00")) - datetime.now(timezone.utc)
    assert timedelta(minutes=55) < end <= timedelta(hours=1)
    assert (by_key[key_of(SID)]["subject"], by_key[key_of(SID)]["idle"], by_key[key_of("own")]["idle"]) == ("1", "1209600s", "300s")


def test_the_cookie_of_pyramid_session_redis_is_the_token() -> None:
    cookies = pytest.importorskip("webob.cookies")

    class Plain:
        def dumps(self, text: str) -> bytes:
            return text.encode()

    cookie = cookies.SignedSerializer("secret", "pyramid_session_redis.", "sha512", serializer=Plain()).dumps(SID).decode()
    reader = READERS["pyramid-session-redis"](Options(secret=b"secret"))
    session = reader.read(SID, json.dumps({"m": {"username": "ada"}, "c": 1767225600, "t": 600, "v": 1}).encode(), 500, NOW)
    assert session.token == cookie and len(cookie) <= 256
    assert (session.subject, session.idle, session.touched) == ("ada", 600.0, NOW - timedelta(seconds=100))
    assert session.created == datetime(2026, 1, 1, tzinfo=timezone.utc)
    with pytest.raises(Skipped, match='"m"'):
        reader.read(SID, b"{}", None, NOW)
    with pytest.raises(SystemExit, match="--cookie-secret-file"):
        READERS["pyramid-session-redis"](Options())


def test_connect_and_plain_json(capsys: pytest.CaptureFixture[str]) -> None:
    entries = {f"sess:{SID}": (b'{"cookie": {"path": "/"}, "user": "ada", "n": 1.0}', 3600000)}
    code, (_, line), _ = run(capsys, entries, "--from", "connect", "--with-tokens")
    assert code == 0 and line["token"] == SID and line["attrs"] == {"user": "ada", "n": 1.0} and "expires" in line
    code, (_, line), _ = run(capsys, entries, "--from", "json", "--prefix", "sess:", "--idle", "2h", "--subject-from", "who")
    assert code == 0 and line["idle"] == "7200s" and "subject" not in line and line["attrs"]["cookie"] == {"path": "/"} and "expires" not in line


def test_what_cannot_be_read_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for source in ("scs", "flask-session-filesystem"):
        code, lines, err = run(capsys, {}, "--from", source)
        assert code == 2 and not lines and "error:" in err and "try:" in err
    code, lines, err = run(capsys, {"session:x": (b"{}", -1)}, "--from", "json", "--prefix", "[s]*")
    assert code == 0 and len(lines) == 1 and "no key of this Redis begins with '[s]*'" in err
    (tmp_path / "there").write_text("")
    assert run(capsys, {}, "--from", "json", "-o", str(tmp_path / "there"))[0] == 2
    assert run(capsys, {}, "--from", "pyramid-session-redis", "--cookie-secret-file", str(tmp_path / "none"))[0] == 2
    with pytest.raises(SystemExit):
        main(["redis", "--app", "web", "--from", "json", "--idle", "soon"])


def test_half_an_export_leaves_no_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    class Cut(FakeRedis):
        def execute(self, raise_on_error: bool) -> list[Any]:
            raise ConnectionResetError("cut off")

    path = tmp_path / "out"
    assert main(["redis", "--app", "web", "--from", "json", "-o", str(path)], client=Cut({"a": (b"{}", -1)})) == 2
    assert "cut off" in capsys.readouterr().err and not path.exists()
    assert main(["redis", "--app", "web", "--from", "json", "-o", str(path)], client=FakeRedis({"a": (b"{}", -1)})) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and path.read_text().count("\n") == 2


def test_a_second_look_at_a_key_writes_nothing() -> None:
    out = io.StringIO()
    writer = Writer(out, "web", "")
    redis.export(FakeRedis({str(i): (b"{}", -1) for i in range(5)}), READERS["json"](Options()), writer, lambda text: None, NOW)
    assert writer.count == 5
