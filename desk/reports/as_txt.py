"""Plain text: the figures of a report as tables for a terminal."""

from __future__ import annotations

import io
from typing import BinaryIO

from desk.reports import Report, Table
from desk.reports.show import show_table
from desk.reports.words import Words, facts
from desk.shown import clean_line


def write(report: Report, out: BinaryIO) -> None:
    """Writes the report's figures."""
    words, summary = Words(report.lang), report.summary()
    text = io.TextIOWrapper(out, encoding="utf-8", newline="\n")
    text.write(f"{clean_line(report.title)}\n\n")
    text.writelines(f"{name}: {clean_line(value)}\n" for name, value in facts(report, summary, words))
    text.write("\n" if summary.mentions else f"\n{words('empty')}\n\n")
    heads = (words("figure"), words("value"), words("remark"))
    lines = [(words.kpi(each.kpi), words.cell(each.cell, each.unit), words.remark(each)) for each in summary.headlines]
    show_table((dict(zip(heads, line, strict=True)) for line in lines), heads, text, None)
    _under(words.small_note(each.cell for each in summary.headlines), text)
    for table in summary.tables:
        if table.lines and table.chart != "heat":
            _table(table, words, text)
    text.detach()


def _table(table: Table, words: Words, text: io.TextIOWrapper) -> None:
    heads = ["", *(words(column.key) for column in table.columns)]
    rows = [
        [line.label, *(words.cell(cell, column.unit) for column, cell in zip(table.columns, line.cells, strict=True))]
        for line in table.lines
    ]
    text.write(f"\n{words(table.key)}\n\n")
    show_table((dict(zip(heads, row, strict=True)) for row in rows), heads, text, None)
    _under(words.note(table), text)


def _under(note: str, text: io.TextIOWrapper) -> None:
    if note:
        text.write(f"\n{note}\n")
