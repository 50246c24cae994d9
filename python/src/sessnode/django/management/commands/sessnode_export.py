"""``manage.py sessnode_export FILE``: the sessions of Django's own engine, for ``sessnode import``."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from sessnode.django import clients, export


class Command(BaseCommand):
    help = "Writes the sessions of the engine that you leave as JSONL, for `sessnode import`. The file opens no session: it has hashes of their keys."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="a file that does not exist yet, or - for standard output")
        parser.add_argument("--engine", help="the engine to read; default SESSNODE['OLD_ENGINE'], else SESSION_ENGINE")
        parser.add_argument("--with-tokens", action="store_true", help="the keys themselves: whoever reads the file is signed in as everybody")
        parser.add_argument(
            "--i-trust-this-dump",
            action="store_true",
            help="read sessions that may run code which they hold: those in a cache, or with a SESSION_SERIALIZER that is not JSON",
        )

    def handle(self, **options: Any) -> None:
        engine = options["engine"] or clients.options().get("OLD_ENGINE") or settings.SESSION_ENGINE
        if export.unpickles(engine) and not options["i_trust_this_dump"]:
            raise CommandError(
                f"Reading {engine} may run code that its sessions hold (pickle), as your site does. If you trust them: --i-trust-this-dump."
            )
        if options["with_tokens"]:
            self.stderr.write("The file holds live keys: whoever reads it is signed in as everybody.")
        try:
            if options["file"] == "-":
                tally = export.write(sys.stdout, engine, with_tokens=options["with_tokens"])
            else:
                handle = os.open(options["file"], os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
                with open(handle, "w", encoding="utf-8", newline="\n") as out:
                    tally = export.write(out, engine, with_tokens=options["with_tokens"])
        except export.CannotExport as err:
            if options["file"] != "-":
                os.unlink(options["file"])
            raise CommandError(str(err)) from None
        except FileExistsError:
            raise CommandError(f"{options['file']} exists already.") from None
        for name, why in (tally.refused or {}).items():
            self.stderr.write(f"{name}: {why}")
        self.stderr.write(f"{tally.written} written, {tally.over} over, {tally.unreadable} empty or unreadable, {len(tally.refused or {})} refused")
