"""CSV: a line a mention, the whole exported record, streamed, and safe to open in a spreadsheet."""

from __future__ import annotations

import io
from typing import BinaryIO

from desk.reports import Report
from desk.reports.record import FIELDS
from desk.reports.show import show_csv


def write(report: Report, out: BinaryIO) -> None:
    """Writes the report's mentions; UTF-8 with a mark, by which spreadsheets know it."""
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=False)
    show_csv(report.records(), FIELDS, text)
    text.detach()
