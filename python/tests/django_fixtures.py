"""Fixtures of the tests of `sessnode.django`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from django_site import Browser, between, fresh_store, shop
from sessnode.testing import FakeStore

_tables: list[bool] = []


@pytest.fixture
def store() -> Iterator[FakeStore]:
    """An empty store behind the site."""
    found = fresh_store()
    with override_settings(SESSNODE=shop(found)):
        yield found
    between.clear()


@pytest.fixture
def database() -> None:
    """The site's tables, which its users are in."""
    if not _tables:
        connection.ensure_connection()  # keeps the database in memory alive for the threads of ASGI
        call_command("migrate", run_syncdb=True, verbosity=0)
        _tables.append(True)


@pytest.fixture(params=["wsgi", "asgi"])
def browser(request: pytest.FixtureRequest, store: FakeStore, database: None) -> Browser:
    return Browser(request.param)
