"""Markdown: the figures of a report, for a wiki, a mail or a merge request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import BinaryIO

from desk.reports import Report, Summary, Table
from desk.reports.words import Words, facts
from desk.shown import clean_line

_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$^=@:-])")


def write(report: Report, out: BinaryIO) -> None:
    """Writes the report's figures."""
    words, summary = Words(report.lang), report.summary()
    parts = [
        f"# {plain(report.title)}",
        "\n".join(f"- {name}: {plain(value)}" for name, value in facts(report, summary, words)),
    ]
    if not summary.mentions:
        parts.append(words("empty"))
    parts.append(_headlines(summary, words))
    parts += [_table(table, words) for table in summary.tables if table.lines]
    parts.append(_explanation(summary, words))
    out.write(("\n\n".join(parts) + "\n").encode())


def plain(text: str) -> str:
    """Words from outside with every mark that Markdown or HTML could act on escaped."""
    return _MARKUP.sub(r"\\\1", clean_line(text))


def _headlines(summary: Summary, words: Words) -> str:
    rows = [(words.kpi(each.kpi), words.cell(each.cell, each.unit), words.remark(each)) for each in summary.headlines]
    small = words.small_note(each.cell for each in summary.headlines)
    return (
        f"## {words('totals')}\n\n"
        + _grid([words("figure"), words("value"), words("remark")], rows, "lrl")
        + _under(small)
    )


def _table(table: Table, words: Words) -> str:
    rows = [
        (
            plain(line.label),
            *(words.cell(cell, column.unit) for column, cell in zip(table.columns, line.cells, strict=True)),
        )
        for line in table.lines
    ]
    heads = ["", *(words(column.key) for column in table.columns)]
    return f"## {words(table.key)}\n\n" + _grid(heads, rows, "l" + "r" * len(table.columns)) + _under(words.note(table))


def _under(note: str) -> str:
    return f"\n\n{plain(note)}" if note else ""


def _explanation(summary: Summary, words: Words) -> str:
    rows = [(words.kpi(kpi), words.formula(kpi)) for kpi in summary.kpis()]
    return f"## {words('explanation')}\n\n" + _grid([words("figure"), words("formula")], rows, "ll")


def _grid(heads: Sequence[str], rows: Iterable[Sequence[str]], sides: str) -> str:
    marks = ["---:" if side == "r" else "---" for side in sides]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (heads, marks, *rows))
