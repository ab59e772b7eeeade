"""What commands print: for people in columns that line up, for programs exact."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.reports.show import cells, csv_cell, csv_text, show, show_table, write_csv

ROWS: list[dict[str, Any]] = [
    {"id": 1, "author": "Jan", "text": "Kort"},
    {"id": 22, "author": "山田", "text": "a rather long text that does not fit a narrow terminal at all"},
]
COLUMNS = ("id", "author", "text")


def shown(rows: list[dict[str, Any]], form: str, width: int | None = None) -> str:
    out = io.StringIO()
    show(iter(rows), COLUMNS, form, out, width)
    return out.getvalue()


def test_a_table_lines_up_numbers_right_and_words_left() -> None:
    assert shown(ROWS, "table").splitlines()[:3] == [
        "id  author  text",
        "──  ──────  " + "─" * 61,
        " 1  Jan     Kort",
    ]


def test_a_table_fits_the_terminal_and_says_what_was_cut() -> None:
    lines = shown(ROWS, "table", 40).splitlines()
    assert max(map(cells, lines)) <= 40
    assert lines[-1] == "22  山田    a rather long text that doe…"


def test_controls_in_a_table_are_seen_not_obeyed() -> None:
    text = shown([{"id": 1, "author": "\x1b[2J", "text": "two\nlines\x9b\u202e"}], "table")
    assert "\x1b" not in text
    assert len(text.splitlines()) == 3


@given(st.lists(st.fixed_dictionaries({column: st.text() for column in COLUMNS}), max_size=5), st.integers(20, 100))
def test_no_text_breaks_a_table(rows: list[dict[str, str]], width: int) -> None:
    out = io.StringIO()
    show_table(rows, COLUMNS, out, width)
    lines = out.getvalue().split("\n")[:-1]
    assert len(lines) == len(rows) + 2
    assert all(cells(line) <= width for line in lines)


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_json_is_exact_and_streams(form: str) -> None:
    rows = [{"id": 1, "author": None, "text": "\x1b \x9b \u202e é \u2028"}]
    text = shown(rows, form)
    assert not set(text) & {"\x1b", "\x9b", "\u202e", "\u2028"}
    assert (json.loads(text)[0] if form == "json" else json.loads(text)) == rows[0]


def test_an_empty_answer_is_valid_in_every_form() -> None:
    assert json.loads(shown([], "json")) == []
    assert shown([], "jsonl") == ""
    assert shown([], "csv") == "id,author,text\r\n"
    assert shown([], "table").splitlines()[0] == "id  author  text"


def test_lists_and_unknowns_have_a_form_in_csv() -> None:
    text = shown([{"id": None, "author": ["a", "b"], "text": [{"about": "sentiment"}]}], "csv").splitlines()[1]
    assert text == ',a; b,"[{""about"": ""sentiment""}]"'
    assert csv_text("'=1") == "=1"


PLAIN = st.none() | st.booleans() | st.integers() | st.floats()
WORDS = st.none() | st.text(st.sampled_from("a=-'\",;\r\n\0 é"), max_size=4)
VALUES = st.sampled_from([PLAIN, WORDS, PLAIN | WORDS | st.lists(WORDS | st.integers(), max_size=3)])


@given(st.data(), VALUES, VALUES)
def test_columns_become_what_a_csv_writer_makes_of_their_rows(data: st.DataObject, a: Any, b: Any) -> None:
    rows = data.draw(st.lists(st.tuples(a, b), max_size=5))
    found, expected = io.StringIO(newline=""), io.StringIO(newline="")
    write_csv([dict(zip("ab", zip(*rows, strict=True), strict=True))] if rows else [], "ab", found)
    csv.writer(expected).writerows([("a", "b"), *((csv_cell(each) for each in row) for row in rows)])
    assert found.getvalue() == expected.getvalue()
