"""``python -m sessnode.moving``: exports for ``sessnode import``."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sessnode.moving import redis
from sessnode.moving.lines import Writer, open_private
from sessnode.moving.readers import READERS, UNREADABLE, Options
from sessnode.subject import DEFAULT_SUBJECT_FROM


def main(args: Sequence[str] | None = None, client: Any = None) -> int:
    """0: every session was carried over; 1: some were left out; 2: nothing was done, because something has to be put right first."""
    parser = _parser()
    chosen = parser.parse_args(args)
    if why := UNREADABLE.get(chosen.source):
        return _refuse(f"sessions of {chosen.source} cannot be read here", why)
    names = tuple(chosen.subject_from or DEFAULT_SUBJECT_FROM)
    try:
        secret = Path(chosen.secret_file).read_bytes().strip() if chosen.secret_file else b""
    except OSError as err:
        return _refuse(f"{chosen.secret_file}: {err.strerror}", "--cookie-secret-file FILE, with nothing in it but the secret")
    reader = READERS[chosen.source](Options(idle=chosen.idle, trusted=chosen.trusted, subject_from=names, secret=secret))
    if chosen.prefix is not None:
        reader.prefix = chosen.prefix
    if chosen.trusted:
        _say("note: unpickling: whoever could write into this Redis can run anything here, as this user")
    if chosen.with_tokens:
        _say("note: the output holds tokens that sign whoever reads it in as everybody: keep it closed, and delete it when the move is done")
    try:
        out = sys.stdout if chosen.output == "-" else open_private(chosen.output)
    except OSError as err:
        return _refuse(f"{chosen.output}: {err.strerror}", "name a file that is not there yet, or - for standard output")
    try:
        writer = Writer(out, chosen.app, f"{chosen.source} redis", with_tokens=chosen.with_tokens)
        skipped = redis.export(client or redis.connect(chosen.url), reader, writer, _say)
        out.flush()
    except BaseException as err:  # half a file would pass for a whole one
        if out is not sys.stdout:
            out.close()
            os.unlink(chosen.output)
        if not isinstance(err, (OSError, ValueError)) and type(err).__module__.split(".")[0] != "redis":
            raise
        return _refuse(f"Redis cannot be read: {err}", "--url redis://:PASSWORD@HOST:PORT/DATABASE, or REDIS_URL")
    if out is not sys.stdout:
        out.close()
    _say(f"{writer.count} session{'' if writer.count == 1 else 's'} written, {skipped.total()} left out")
    if "it is pickled" in skipped:
        _say(f"try:    {_cure(chosen.source)}")
    if writer.count + skipped.total() == 0:
        _say(f"note: no key of this Redis begins with {reader.prefix!r}; --prefix and the number of the database in --url say where to look")
    return 1 if skipped else 0


def _cure(source: str) -> str:
    trust = "--i-trust-this-dump, if nobody else can write into this Redis"
    return f"python manage.py sessnode_export, which knows the project's settings; or {trust}" if source == "django-cache" else trust


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sessnode.moving", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    stores = parser.add_subparsers(metavar="STORE", required=True)
    purpose = "Writes the sessions that a library keeps in Redis, for sessnode import."
    p = stores.add_parser("redis", help="sessions in Redis or Valkey", description=purpose)
    p.add_argument("--from", dest="source", required=True, choices=[*READERS, *UNREADABLE], help="whose sessions they are", metavar="LIBRARY")
    p.add_argument("--url", default=os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"), help="where (REDIS_URL); redis:// or rediss:// with TLS")
    p.add_argument("--app", required=True, help="the app that they will be in")
    p.add_argument("-o", "--output", default="-", metavar="FILE", help="a file that is not there yet, made for this user only; - is standard output")
    p.add_argument("--prefix", help="what the keys begin with, if not as the library does it")
    p.add_argument("--idle", type=_span, metavar="SPAN", help="the application's idle timeout, if not the framework's: 1800s, 30m, 12h, 31d")
    p.add_argument("--subject-from", action="append", metavar="NAME", help="the attribute that says who is signed in; may be given often")
    p.add_argument("--cookie-secret-file", dest="secret_file", metavar="FILE", help="what pyramid_session_redis signs its cookies with")
    p.add_argument("--with-tokens", action="store_true", help="write tokens, not their keys: for the import of an older node only")
    p.add_argument("--i-trust-this-dump", dest="trusted", action="store_true", help="unpickle, which runs whatever the data says")
    return parser


def _span(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text)
    if not found or float(found[1]) <= 0:
        raise argparse.ArgumentTypeError("a duration is written 1800s, 30m, 12h or 31d")
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]]


def _refuse(what: str, cure: str) -> int:
    _say(f"error:  {what}\ntry:    {cure}")
    return 2


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
