"""``flask sessnode export``: the sessions that the application keeps elsewhere today, for ``sessnode import``."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import datetime, timezone
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from sessnode.moving import Writer, open_private, redis
from sessnode.moving.readers import FlaskSessionReader, Options, Skipped, Untrusted
from sessnode.subject import DEFAULT_SUBJECT_FROM

group = AppGroup("sessnode", help="Move the application's sessions into sessnode.")

CURE = "try:    Sessnode(app, previous=...), which moves each session over when its browser comes back (docs/how-to/flask.md)"


@group.command("export")
@click.argument("file", default="-")
@click.option("--app", "name", help="the app that they will be in; default SESSNODE_APP or web")
@click.option("--with-tokens", is_flag=True, help="write tokens, not their keys: such a file signs whoever reads it in as everybody")
@click.option("--i-trust-this-dump", "trusted", is_flag=True, help="unpickle, which runs whatever the data says")
def export(file: str, name: str | None, with_tokens: bool, trusted: bool) -> None:
    """Writes the sessions to FILE (default: standard output), a JSON object a line. FILE must not be there yet, and only you can read it.

    Exit code 1: some were left out, and standard error says why. 2: nothing was written.
    """
    app: Flask = current_app
    interface: Any = app.session_interface
    read = READERS.get(type(interface).__name__)
    if read is None:
        click.echo(f"error:  {_why(interface)}\n{CURE}", err=True)
        sys.exit(2)
    names = app.config.get("SESSNODE_SUBJECT_FROM", DEFAULT_SUBJECT_FROM)
    options = Options(
        idle=app.permanent_session_lifetime.total_seconds(), trusted=trusted, subject_from=names if callable(names) else tuple(names)
    )  # fmt: skip
    reader = FlaskSessionReader(options)
    reader.prefix = interface.key_prefix
    try:
        out = sys.stdout if file == "-" else open_private(file)
    except OSError as err:
        click.echo(f"error:  {file}: {err.strerror}\ntry:    a file that is not there yet", err=True)
        sys.exit(2)
    writer = Writer(out, name or app.config.get("SESSNODE_APP") or "web", f"flask-session {app.name}", with_tokens=with_tokens)
    skipped = read(interface, reader, writer)
    out.flush()
    if out is not sys.stdout:
        out.close()
    if with_tokens:
        click.echo("note: the output holds live tokens: keep it closed, and delete it when the move is done", err=True)
    click.echo(f"{writer.count} sessions written, {skipped.total()} left out", err=True)
    sys.exit(1 if skipped else 0)


def _from_redis(interface: Any, reader: FlaskSessionReader, writer: Writer) -> Counter[str]:
    return redis.export(interface.client, reader, writer, _say)


def _from_sql(interface: Any, reader: FlaskSessionReader, writer: Writer) -> Counter[str]:
    now, skipped = datetime.now(timezone.utc), Counter[str]()
    model = interface.sql_session_model
    for row in interface.client.session.execute(interface.client.select(model)).scalars().yield_per(500):
        left = (row.expiry.replace(tzinfo=timezone.utc) - now).total_seconds() if row.expiry else 0
        if left <= 0:
            continue  # it has expired already
        try:
            writer.write(reader.read(row.session_id, bytes(row.data), left, now))
        except Untrusted:
            skipped["it is pickled; --i-trust-this-dump unpickles, if nobody else can write into this database"] += 1
        except Skipped as err:
            skipped[str(err)] += 1
        except ValueError:
            skipped["its id is no token: 1 to 256 visible ASCII characters"] += 1
    for why, count in skipped.most_common():
        _say(f"left out {count}: {why}")
    return skipped


READERS = {"RedisSessionInterface": _from_redis, "SqlAlchemySessionInterface": _from_sql}


def _why(interface: Any) -> str:
    kind = type(interface).__name__
    if kind == "SecureCookieSessionInterface":
        return "the sessions are in the browsers' cookies, so there is nothing here to write"
    if kind in ("FileSystemSessionInterface", "CacheLibSessionInterface"):
        return "a cache keeps only a hash of each session's id, so nobody can tell which cookie it belongs to"
    return f"the sessions of {kind} cannot be read here"


def _say(text: str) -> None:
    click.echo(text, err=True)
