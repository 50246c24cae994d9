"""The claims hold for the store in memory and for real nodes alike: SESSNODE_TEST_NODES names three of them, SESSNODE_TEST_KEY and
SESSNODE_TEST_CA an operator's key and the authority where they ask for a key and speak TLS.

Each claim has an app of its own. Clients go round, so that a write at one node is read at another.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator

import pytest

from sessnode import AsyncClient, Client
from sessnode.testing import FakeStore

NODES = os.environ.get("SESSNODE_TEST_NODES", "")
ACCESS = {"key": os.environ.get("SESSNODE_TEST_KEY", ""), "ca": os.environ.get("SESSNODE_TEST_CA") or None}


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def app() -> str:
    return "claims-" + uuid.uuid4().hex[:12]


@pytest.fixture
def client(store: FakeStore, app: str) -> Iterator[Client]:
    made = Client(NODES, app=app, **ACCESS) if NODES else store.client(app)
    yield made
    if NODES:
        made.drop_app()
    made.close()


@pytest.fixture
def aclient(store: FakeStore, app: str) -> AsyncClient:
    return AsyncClient(NODES, app=app, **ACCESS) if NODES else store.async_client(app)


@pytest.fixture
def passes(store: FakeStore) -> Callable[[float], None]:
    """Lets the store's time pass. Real nodes have a real clock."""
    return time.sleep if NODES else store.advance
