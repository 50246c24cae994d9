"""What all tests use."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of whoever runs the tests must not leak into them. (The claims keep theirs under another name.)"""
    for name in ("URL", "APP", "KEY", "KEY_FILE", "TIMEOUT", "CA"):
        monkeypatch.delenv("SESSNODE_" + name, raising=False)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A test that was skipped, for want of a framework say, has not passed: the run fails. `scripts/python.sh` installs them all."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
