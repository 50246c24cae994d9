"""``manage.py sessnode_why USER``: why a user was signed out."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from sessnode.django import clients, people
from sessnode.errors import SessnodeError


class Command(people.IDCommand):
    help = "Tells how a user's sessions ended lately, or one session: when, why, by whom, at which node."

    def add_arguments(self, parser: CommandParser) -> None:
        people.add_arguments(parser, id_too=True)

    def handle(self, **options: Any) -> None:
        client = clients.sync_client()
        try:
            ended = client.why(id=options["id"]) if options["id"] else client.why(subject=people.subject_of(options))
        except SessnodeError as err:
            raise CommandError(str(err)) from None
        if not ended:
            self.stdout.write("Nothing ended lately, as far as the store remembers (the policy's tombstone_time).")
            return
        rows = [[people.when(e.at), e.reason, e.actor, e.node, e.id] for e in ended]
        self.stdout.write(people.table(["ENDED", "REASON", "BY", "NODE", "ID"], rows))
