"""Addresses, settings and keys: bad ones are answered by an error that names the cure and no secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sessnode import Client, errors
from sessnode.settings import client_from
from sessnode.target import parse_target


def test_where_the_nodes_are() -> None:
    assert parse_target("http://a, https://b:1/").bases == ["http://a:7480", "https://b:1"]
    assert parse_target(["http://[::1]:7480"]).bases == ["http://[::1]:7480"]
    cluster = parse_target("sessnodes://k%2Fy@a,b:7490/shop")
    assert (cluster.bases, cluster.key, cluster.app) == (["https://a:7480", "https://b:7490"], "k/y", "shop")
    assert "k/y" not in repr(cluster)


@pytest.mark.parametrize(
    "text",
    ["", "a:7480", "ftp://a", "http://", "http://a,,ftp://b", "http://secret@a", "http://a/path", "http://a?x", "http://a:x", "http://a:99999",
     "http://a,http://a:7480", "sessnode://a/Bad App", []],
)  # fmt: skip
def test_addresses_that_are_none(text: Any) -> None:
    with pytest.raises(errors.Invalid, match="the address of the cluster") as no:
        Client(text)
    assert "secret" not in str(no.value)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"NODE": "http://a"}, "did you mean NODES?"),
        ({"TIMEOUT": "soon"}, "TIMEOUT is no number"),
        ({"TIMEOUT": 0}, "more than 0"),
        ({"TIMEOUT": -1}, "more than 0"),
        ({"APP": "Bad App"}, "a-z"),
        ({"CA": "/nowhere/ca.pem"}, "there is no file"),
        ({"KEY_FILE": "/nowhere/key"}, "cannot be read"),
        ({"KEY": "line\n"}, "was a line end read with it"),
    ],
)
def test_settings_that_are_wrong(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(errors.Invalid, match=says):
        client_from(settings)


def test_a_setting_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert client_from({}).nodes == ["http://127.0.0.1:7480", "http://127.0.0.1:7490", "http://127.0.0.1:7500"]
    assert (client_from({}).app, client_from({}).timeout) == ("web", 5.0)
    monkeypatch.setenv("SESSNODE_URL", "http://env")
    monkeypatch.setenv("SESSNODE_APP", "env")
    (tmp_path / "key").write_text("the-key\n")
    monkeypatch.setenv("SESSNODE_KEY_FILE", str(tmp_path / "key"))
    client = client_from({"APP": "mine", "TIMEOUT": "2.5"})
    assert (client.nodes, client.app, client.timeout, client._key) == (["http://env:7480"], "mine", 2.5, "the-key")
    assert "the-key" not in repr(client)


def test_a_fixture_for_applications(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_login(sessnode_client, sessnode_store):
            token, _ = sessnode_client.create(subject="ada")
            assert sessnode_client.read(token).subject == "ada"
            assert sessnode_store.sessions == 1
            assert sessnode_store.requests == ["POST /sessions", "GET /session"]
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_a_key_that_is_set_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("from-the-file\n")
    monkeypatch.setenv("SESSNODE_KEY", "from-the-environment")
    assert client_from({})._key == "from-the-environment"
    assert client_from({"KEY_FILE": str(file)})._key == "from-the-file"
    assert client_from({"KEY": "given", "KEY_FILE": str(file)})._key == "given"
