"""One error has one name on every surface: the table of the documentation is written from Go's."""

from __future__ import annotations

import re
from pathlib import Path

from sessnode import errors


def test_the_table_is_that_of_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "errors.md").read_text()
    rows = dict(re.findall(r"^\| \[`(\w+)`\].*\| `(\w+)` \|$", page, re.MULTILINE))
    assert rows == {code: kind.__name__ for code, kind in errors.BY_CODE.items()}
    assert len(rows) >= 13


def test_what_a_visitor_gets() -> None:
    cases = {errors.Unavailable: 503, errors.Unknown: 503, errors.Full: 503, errors.Limit: 409, errors.Unauthorized: 500, errors.Unserializable: 500}
    for kind, status in cases.items():
        err = kind("internal detail", retry_after=0.2)
        assert errors.status_of(err) == status
        assert "internal" not in errors.text_of(err)
        assert errors.retry_after_of(err) == "1"
    assert errors.retry_after_of(errors.Unavailable()) == "2"
