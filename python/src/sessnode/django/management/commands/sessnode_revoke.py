"""``manage.py sessnode_revoke USER``: signs a user out everywhere, in one step."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from sessnode.django import clients, people
from sessnode.errors import SessnodeError


class Command(people.IDCommand):
    help = "Signs a user out everywhere, or ends one session. At all nodes at once; no late request brings it back."

    def add_arguments(self, parser: CommandParser) -> None:
        people.add_arguments(parser, id_too=True)
        parser.add_argument("--except", dest="except_id", help="the id of the one session that stays")

    def handle(self, **options: Any) -> None:
        client = clients.sync_client()
        try:
            if options["id"]:
                client.revoke_id(options["id"])
                self.stdout.write("Ended.")
                return
            ended = client.revoke_subject(people.subject_of(options), except_id=options["except_id"] or "")
        except SessnodeError as err:
            raise CommandError(str(err)) from None
        self.stdout.write(f"Ended {ended} session{'' if ended == 1 else 's'}.")
