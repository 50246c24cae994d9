"""The blocks of README.ko.md do what it says: two lines, and the framework's sessions are in the store."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

README = Path(__file__).parents[2] / "README.ko.md"


def block(framework: str) -> dict[str, Any]:
    """Runs the block that follows a framework's name, and returns what it defines."""
    text = README.read_text(encoding="utf-8")
    found = re.search(rf"\*\*{framework}\.\*\*.*?```python\n(.*?)```", text, re.DOTALL)
    assert found, f"{README.name} has no block for {framework}"
    names: dict[str, Any] = {"__name__": __name__}
    exec(compile(found[1], f"{README.name}: {framework}", "exec"), names)
    return names


def test_flask() -> None:
    pytest.importorskip("flask")
    assert type(block("Flask")["app"].session_interface).__module__ == "sessnode.flask.interface"


def test_flask_session() -> None:
    pytest.importorskip("flask_session")
    assert type(block("Flask-Session")["app"].session_interface).__module__ == "sessnode.flask_session.interface"


def test_django() -> None:
    pytest.importorskip("django")
    names = block("Django")
    assert import_module(names["SESSION_ENGINE"]).SessionStore
    module, _, name = names["MIDDLEWARE"][0].rpartition(".")
    assert callable(getattr(import_module(module), name))


def test_pyramid() -> None:
    pytest.importorskip("pyramid")
    from pyramid.interfaces import ISessionFactory

    registry = block("Pyramid")["config"]
    registry.commit()
    assert type(registry.registry.queryUtility(ISessionFactory)).__module__.startswith("sessnode.pyramid")
