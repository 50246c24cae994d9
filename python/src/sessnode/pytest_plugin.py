"""The pytest plugin: fixtures with a store in memory, for tests of applications. It is loaded by itself where sessnode is installed."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def sessnode_store() -> Any:
    """An empty :class:`sessnode.testing.FakeStore`."""
    from sessnode.testing import FakeStore  # here, so that a test run without it pays nothing

    return FakeStore()


@pytest.fixture
def sessnode_client(sessnode_store: Any) -> Any:
    """A :class:`sessnode.Client` of `sessnode_store`, for the app "web"."""
    return sessnode_store.client()
