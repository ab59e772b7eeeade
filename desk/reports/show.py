"""Printing rows for every command: a table for people, JSON lines, JSON or CSV for programs."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TextIO

from desk.shown import cells, clean_block, clean_line

Row = Mapping[str, Any]

SAMPLE = 200
"""Rows that the widths of a table's columns are measured from."""

_SIGNS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
_FIRST = frozenset(_SIGNS + "'")
_LIVE = re.compile(f"'*[{re.escape(_SIGNS)}]")
"""What a spreadsheet may take for a formula at the start of a cell, its full-width forms too, guarded or not."""

_INVISIBLE = re.compile(
    "[\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
"""What JSON may hold unescaped but a terminal obeys or hides."""


_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode

_NOTHING = type(None)
_NUMBERS = frozenset({int, float, _NOTHING})
_WORDS = frozenset({str, _NOTHING})
"""What stands in a column of which no value has to be asked what it is; nothing is an empty cell."""

FEW = 4
"""Words that come more often than this on the average are made fields once each."""
SOME = 64
"""Words of a column by which that is judged."""

_QUOTED = ',"\r\n'
"""A field with one of these stands in quotes."""


def show(rows: Iterable[Row], columns: Sequence[str], form: str, out: TextIO, width: int | None = None) -> None:
    """Prints `rows` as "table", "json", "jsonl" or "csv"; `columns` says which of their keys, in which order.

    A table fits `width` cells: by default the terminal's; without a terminal it is as wide as its longest cells.
    """
    writers: dict[str, Callable[[], None]] = {
        "table": lambda: show_table(rows, columns, out, _terminal_width(out) if width is None else width),
        "json": lambda: show_json(rows, columns, out),
        "jsonl": lambda: show_json_lines(rows, columns, out),
        "csv": lambda: show_csv(rows, columns, out),
    }
    writers[form]()


def show_json_lines(rows: Iterable[Row], columns: Sequence[str], out: TextIO) -> None:
    """One JSON object a line, written as it comes."""
    for row in rows:
        out.write(to_json(_only(row, columns)) + "\n")


def show_json(rows: Iterable[Row], columns: Sequence[str], out: TextIO) -> None:
    """One JSON array, an object a line, written as it comes."""
    out.write("[")
    for index, row in enumerate(rows):
        out.write((",\n" if index else "\n") + to_json(_only(row, columns)))
    out.write("\n]\n")


def show_csv(rows: Iterable[Row], columns: Sequence[str], out: TextIO) -> None:
    """RFC 4180 with a head; what a spreadsheet would take for a formula gets an apostrophe before it.

    Lists are joined by "; "; anything else that is no plain value is JSON. An unknown value is an empty cell. A file or
    pipe gets the words as they are, to be read back; on a terminal they are made fit to be seen.
    """
    cell = _fit_to_see if out.isatty() else csv_cell
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([cell(row.get(column)) for column in columns] for row in rows)


def write_csv(pages: Iterable[Mapping[str, Sequence[Any]]], columns: Sequence[str], out: TextIO) -> None:
    """The same of rows that come some at a time, column by column: for a file of millions."""
    out.write(_csv_lines([[column] for column in columns]))
    for page in pages:
        out.write(_csv_lines([page[column] for column in columns]))


def _csv_lines(columns: Iterable[Sequence[Any]]) -> str:
    """What `csv.writer` makes of the rows; it looks at every character by itself, this only where one needs quotes."""
    lines = map(",".join, zip(*map(_csv_fields, columns), strict=True))
    return "\r\n".join([*lines, ""])


def _csv_fields(values: Sequence[Any]) -> Sequence[str]:
    """The fields of a column: no value is asked more than its column needs."""
    try:
        return _word_fields(values, "".join(values))
    except TypeError:  # not words alone
        kinds = set(map(type, values))
    if kinds == {_NOTHING}:
        return [""] * len(values)
    if kinds <= _WORDS:
        words = ["" if each is None else each for each in values]
        return _word_fields(words, "".join(words))
    if kinds <= _NUMBERS:
        return ["" if each is None else str(each) for each in values] if _NOTHING in kinds else [*map(str, values)]
    made = {key: _quoted(str(csv_cell(each))) for key, each in dict(zip(map(id, values), values, strict=True)).items()}
    return [*map(made.__getitem__, map(id, values))]


def _word_fields(words: Sequence[str], whole: str) -> Sequence[str]:
    """Words as fields; where they come again and again, once each. `whole`: all of them as one."""
    if len(set(words[:SOME])) * FEW < len(words[:SOME]):
        fields = {each: _quoted(str(csv_cell(each))) for each in dict.fromkeys(words)}
        return [*map(fields.__getitem__, words)]
    if not _FIRST.isdisjoint([each[:1] for each in words]):
        words = [str(csv_cell(each)) for each in words]
        whole = "".join(words)
    return [*map(_quoted, words)] if any(sign in whole for sign in _QUOTED) else words


def _quoted(cell: str) -> str:
    """A field in quotes, where RFC 4180 wants them."""
    if "," in cell or '"' in cell or "\n" in cell or "\r" in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell


def csv_cell(value: object) -> object:
    """A value as a cell of a CSV file; only words can be formulas, numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, str):
        return "'" + value if value[:1] in _FIRST and _LIVE.match(value) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, int | float) else csv_cell(flat(value))


def _fit_to_see(value: object) -> object:
    cell = csv_cell(value)
    return clean_block(cell) if isinstance(cell, str) else cell


def csv_text(cell: str) -> str:
    """The words of a cell that `csv_cell` wrote."""
    return cell[1:] if cell.startswith("'") and _LIVE.match(cell) else cell


def flat(value: object) -> str:
    """A value as one text: a list of plain values joined by "; ", anything deeper as JSON."""
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list | tuple) and not any(isinstance(each, Mapping | list | tuple) for each in value):
        return "; ".join(map(str, value))
    return to_json(value)


def to_json(value: object) -> str:
    """JSON on one line; what a terminal would obey is escaped, which a reader of JSON undoes."""
    text = _encode(value)
    if text.isascii() and "\x7f" not in text:
        return text
    return _INVISIBLE.sub(lambda found: json.dumps(found[0])[1:-1], text)


def show_table(rows: Iterable[Row], columns: Sequence[str], out: TextIO, width: int | None) -> None:
    """A table in plain text: heads, a line, and a line a row; cells that do not fit end in "…"."""
    lines = ([_shown(row.get(column)) for column in columns] for row in rows)
    sample = list(islice(lines, SAMPLE))
    right = [_is_numeric(sample, index) for index in range(len(columns))]
    widths = _fit([_widest(columns[index], sample, index) for index in range(len(columns))], width)
    _put(out, columns, widths, right)
    _put(out, ["─" * each for each in widths], widths, right)
    for line in _chain(sample, lines):
        _put(out, line, widths, right)


def _chain(sample: list[list[str]], rest: Iterator[list[str]]) -> Iterator[list[str]]:
    yield from sample
    yield from rest


def _put(out: TextIO, cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> None:
    padded = (_pad(_cut(cell, width), width, to) for cell, width, to in zip(cells, widths, right, strict=True))
    out.write("  ".join(padded).rstrip() + "\n")


def _shown(value: object) -> str:
    if value is None:
        return ""
    return clean_line(flat(value))


def _is_numeric(sample: Sequence[Sequence[str]], index: int) -> bool:
    cells = [row[index] for row in sample if row[index]]
    return bool(cells) and all(re.fullmatch(r"[-+−]?[\d.,]+( %)?|–", cell) for cell in cells)


def _widest(head: str, sample: Sequence[Sequence[str]], index: int) -> int:
    return max([cells(head), *(cells(row[index]) for row in sample)])


def _fit(wanted: list[int], width: int | None) -> list[int]:
    """Takes from the widest column until the line fits; every column keeps a cell."""
    if width is None:
        return wanted
    room = width - 2 * (len(wanted) - 1)
    while sum(wanted) > room and max(wanted) > 1:
        wanted[wanted.index(max(wanted))] -= 1
    return wanted


def _terminal_width(out: TextIO) -> int | None:
    return shutil.get_terminal_size().columns if out.isatty() else None


def _cut(text: str, width: int) -> str:
    if cells(text) <= width:
        return text
    while cells(text) > width - 1:
        text = text[: -max(1, (cells(text) - width) // 2)]
    return text + "…"


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * (width - cells(text))
    return space + text if right else text + space


def _only(row: Row, columns: Sequence[str]) -> dict[str, Any]:
    return {column: row.get(column) for column in columns}
