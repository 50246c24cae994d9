"""``manage.py sessnode_list USER``: where a user is signed in."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sessnode.django import clients, people
from sessnode.errors import SessnodeError


class Command(BaseCommand):
    help = "Lists where a user is signed in."

    def add_arguments(self, parser: CommandParser) -> None:
        people.add_arguments(parser, id_too=False)

    def handle(self, **options: Any) -> None:
        try:
            sessions = clients.sync_client().subject_sessions(people.subject_of(options))
        except SessnodeError as err:
            raise CommandError(str(err)) from None
        if not sessions:
            self.stdout.write("Signed in nowhere.")
            return
        rows = [[s.id, people.when(s.authenticated or s.created), people.when(s.touched), s.device.ip, s.device.user_agent[:60]] for s in sessions]
        self.stdout.write(people.table(["ID", "SIGNED IN", "ACTIVE", "IP", "BROWSER"], rows))
