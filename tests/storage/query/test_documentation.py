"""The page for users tells the truth: its examples are queries, and it names every field and value."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from storage.query import fields, grammar

PAGE = (Path(__file__).parents[3] / "docs" / "query.md").read_text(encoding="utf-8")


def examples() -> list[str]:
    blocks = [re.split(r"\s{3,}", line.strip())[0] for line in PAGE.splitlines() if line.startswith("    ")]
    rows = [line.split(" | ") for line in PAGE.splitlines() if line.startswith("| `")]
    cells = [row[0] if len(row) == 2 else row[-1] for row in rows]
    found = blocks + [each for cell in cells for each in re.findall(r"`([^`]+)`", cell)]
    return [each for each in found if not re.match(r"\^|Did you|priority:hgih", each)]


@pytest.mark.parametrize("query", examples())
def test_every_example_is_a_query(query: str) -> None:
    assert grammar.parse(query)


def test_every_field_and_value_is_named() -> None:
    for name, field in fields.FIELDS.items():
        assert f"`{name}`" in PAGE
        assert all(re.search(rf"\b{each}\b", PAGE) for each in field.choices)
        assert grammar.parse(field.example)
