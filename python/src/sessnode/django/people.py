"""Whom a management command is about: a user of this project, or a subject as the store knows it."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ObjectDoesNotExist
from django.core.management.base import BaseCommand, CommandError, CommandParser

# An id that argparse would take for an option: one in 64 begins with a dash.
DASHED_ID = re.compile(r"-[A-Za-z0-9_-]{21}")


class IDCommand(BaseCommand):
    """A command with options that take the id of a session, whatever it begins with."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parse = parser.parse_args

        def parse_args(args: Sequence[str] | None = None, namespace: Any = None) -> Any:
            return parse(joined(sys.argv[1:] if args is None else args), namespace)

        parser.parse_args = parse_args
        return parser


def joined(args: Sequence[str]) -> list[str]:
    """``--id ID`` as ``--id=ID``, where the id begins with a dash."""
    out: list[str] = []
    for arg in args:
        if out and out[-1] in ("--id", "--except") and DASHED_ID.fullmatch(arg):
            out[-1] += "=" + arg
        else:
            out.append(arg)
    return out


def add_arguments(parser: CommandParser, *, id_too: bool) -> None:
    parser.add_argument("user", nargs="?", help="the user, by what people sign in with (USERNAME_FIELD)")
    parser.add_argument("--subject", help="the subject instead, as the store has it: the user's primary key")
    if id_too:
        parser.add_argument("--id", help="one session by its id, as sessnode_list shows it")


def subject_of(options: dict[str, Any]) -> str:
    """The subject that is meant. django.contrib.auth keeps the user's primary key in the session, as text."""
    if options.get("subject"):
        return str(options["subject"])
    if not options.get("user"):
        raise CommandError("Whose sessions? Name a user, or give --subject.")
    model = get_user_model()
    try:
        user = model._default_manager.get_by_natural_key(options["user"])
    except ObjectDoesNotExist:
        raise CommandError(f"There is no user {options['user']!r}. Give --subject to name the subject itself.") from None
    return str(user._meta.pk.value_to_string(user))


def when(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")


def table(head: list[str], rows: list[list[str]]) -> str:
    """Columns of text."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in [head, *rows])
