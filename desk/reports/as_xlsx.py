"""XLSX: figures with native charts, their explanation, and every mention; nothing in it is a formula or a live link."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, count, islice
from typing import Any, BinaryIO

import xlsxwriter

from desk.reports import Cell, Report, Summary, Table, Unit
from desk.reports.record import FIELDS
from desk.reports.show import flat
from desk.reports.words import Words, facts
from desk.shown import clean_block

SHEET_ROWS = 1_048_576
"""Rows a sheet can hold, its head included (the format's limit); more mentions go on in the next sheet."""
CELL_LIMIT = 32_767
"""UTF-16 units a cell can hold (the format's limit)."""

CHART_ROWS = 16
"""Rows of the sheet beside which a chart is drawn."""

COLOURS = {"negative": "#D1495B", "neutral": "#A9B4C2", "positive": "#1F78B4", "unrated": "#DFE4EA"}

_FORMATS = {
    Unit.COUNT: "#,##0",
    Unit.PERCENT: "0.0%",
    Unit.SECONDS: "[h]:mm:ss",
    Unit.BALANCE: "+0.00;-0.00;0.00",
}


def write(report: Report, out: BinaryIO) -> None:
    """Writes the report's figures and its mentions. Rows go through a file of the system's, not through memory."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        _Writer(book, report).write()


class _Writer:
    """Fills the sheets from top to bottom, as constant memory asks."""

    def __init__(self, book: Any, report: Report) -> None:
        self.book, self.report, self.words = book, report, Words(report.lang)
        self.title = book.add_format({"bold": True, "font_size": 16})
        self.head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self.bold = book.add_format({"bold": True, "font_size": 12})
        self.wrap = book.add_format({"text_wrap": True, "valign": "top"})
        self.right = book.add_format({"align": "right"})
        self.units = {
            (unit, small): book.add_format({"num_format": _signed(form) if small else form, "align": "right"})
            for unit, form in _FORMATS.items()
            for small in (False, True)
        }

    def write(self) -> None:
        summary = self.report.summary()
        self._front(summary)
        self._figures(summary)
        self._explanation(summary)
        self._mentions()

    def _front(self, summary: Summary) -> None:
        sheet = self.book.add_worksheet(self.words("totals"))
        sheet.set_column(0, 0, 28)
        sheet.set_column(1, 1, 22)
        sheet.set_column(2, 2, 60)
        self._words(sheet, 0, 0, self.report.title, self.title)
        row = 2
        for name, value in facts(self.report, summary, self.words):
            self._words(sheet, row, 0, name)
            self._words(sheet, row, 1, value)
            row += 1
        if not summary.mentions:
            self._words(sheet, row, 0, self.words("empty"))
        row += 1
        for column, word in enumerate(("figure", "value", "remark")):
            self._words(sheet, row, column, self.words(word), self.head)
        for offset, each in enumerate(summary.headlines, start=1):
            self._words(sheet, row + offset, 0, self.words.kpi(each.kpi))
            self._number(sheet, row + offset, 1, each.cell, each.unit)
            small = f"{self.words('small')}; " if each.cell.small else ""
            self._words(sheet, row + offset, 2, small + self.words.remark(each))

    def _figures(self, summary: Summary) -> None:
        sheet = self.book.add_worksheet(self.words("figures"))
        sheet.set_column(0, 0, 30)
        row = 0
        for table in summary.tables:
            if table.lines:
                row = self._table(sheet, row, table)

    def _table(self, sheet: Any, row: int, table: Table) -> int:
        """Writes a table from `row` on; gives the first row that is free after it and its chart."""
        self._words(sheet, row, 0, self.words(table.key), self.bold)
        for column, each in enumerate(table.columns, start=1):
            self._words(sheet, row + 1, column, self.words(each.key), self.head)
        self._chart(sheet, row, table)
        at = row + 2
        for line in table.lines:
            self._words(sheet, at, 0, line.label)
            for column, (cell, each) in enumerate(zip(line.cells, table.columns, strict=True), start=1):
                self._number(sheet, at, column, cell, each.unit)
            at += 1
        if note := self.words.note(table):
            self._words(sheet, at, 0, note)
        return max(at + 2, row + CHART_ROWS + 2 if table.chart in ("stack", "bars") else 0)

    def _chart(self, sheet: Any, row: int, table: Table) -> None:
        if table.chart not in ("stack", "bars"):
            return
        kind = {"type": "column" if table.chart == "stack" else "bar", "subtype": "stacked"}
        chart = self.book.add_chart(kind)
        first, last = row + 2, row + 1 + len(table.lines)
        keys = [column.key for column in table.columns]
        for key in [each for each in COLOURS if each in keys] or keys[:1]:
            column = keys.index(key) + 1
            chart.add_series(
                {
                    "name": self.words(key),
                    "categories": [sheet.name, first, 0, last, 0],
                    "values": [sheet.name, first, column, last, column],
                    "fill": {"color": COLOURS.get(key, "#3D6FA5")},
                    "gap": 40,
                }
            )
        chart.set_title({"name": self.words(table.key), "name_font": {"size": 11}})
        chart.set_legend({"position": "bottom"} if "negative" in keys else {"none": True})
        if table.chart == "bars":
            chart.set_y_axis({"reverse": True})
        chart.set_size({"width": 640, "height": 20 * CHART_ROWS})
        sheet.insert_chart(row, len(keys) + 2, chart)

    def _explanation(self, summary: Summary) -> None:
        sheet = self.book.add_worksheet(self.words("explanation"))
        sheet.set_column(0, 0, 28)
        sheet.set_column(1, 1, 110)
        for row, kpi in enumerate(summary.kpis()):
            self._words(sheet, row, 0, self.words.kpi(kpi), self.wrap)
            self._words(sheet, row, 1, self.words.formula(kpi), self.wrap)

    def _mentions(self) -> None:
        records = self.report.records()
        for number in count(1):
            first = list(islice(records, 1))
            if number > 1 and not first:
                return
            name = self.words("rows") if number == 1 else f"{self.words('rows')} {number}"
            self._sheet_of(name, islice(chain(first, records), SHEET_ROWS - 1))

    def _sheet_of(self, name: str, records: Iterator[Mapping[str, Any]]) -> None:
        sheet = self.book.add_worksheet(name)
        sheet.freeze_panes(1, 1)
        for column, field in enumerate(FIELDS):
            self._words(sheet, 0, column, field, self.head)
        for row, record in enumerate(records, start=1):
            for column, field in enumerate(FIELDS):
                self._value(sheet, row, column, record[field])

    def _value(self, sheet: Any, row: int, column: int, value: object) -> None:
        if value is None or value == []:
            return
        if isinstance(value, bool):
            sheet.write_boolean(row, column, value)
        elif isinstance(value, int | float):
            sheet.write_number(row, column, value)
        else:
            self._words(sheet, row, column, flat(value))

    def _number(self, sheet: Any, row: int, column: int, cell: Cell, unit: Unit) -> None:
        if cell.value is None:
            self._words(sheet, row, column, "–", self.right)
            return
        value = cell.value / 86_400 if unit is Unit.SECONDS else cell.value
        sheet.write_number(row, column, value, self.units[unit, cell.small])

    def _words(self, sheet: Any, row: int, column: int, text: str, form: Any = None) -> None:
        sheet.write_string(row, column, fit(text, self.words), form)


def _signed(form: str) -> str:
    """A number format with the sign of small numbers behind each of its parts."""
    return ";".join(f'{part}"*"' for part in form.split(";"))


def fit(text: str, words: Words) -> str:
    """The text with its controls visible, as far as a cell holds it; a cut is said, with the whole length."""
    shown = clean_block(text, 2 * CELL_LIMIT)
    if len(shown) <= CELL_LIMIT // 2 or len(shown.encode("utf-16-le")) // 2 <= CELL_LIMIT:
        return shown
    mark = f" … [{words('cut', n=words.number(len(text)))}]"
    room = 2 * (CELL_LIMIT - len(mark))
    return shown.encode("utf-16-le")[:room].decode("utf-16-le", "ignore") + mark
