"""CSV: a line a mention, the whole exported record, streamed, and safe to open in a spreadsheet."""

from __future__ import annotations

import codecs
import io
from typing import BinaryIO

from desk.reports import Report
from desk.reports.record import FIELDS
from desk.reports.show import write_csv


def write(report: Report, out: BinaryIO) -> None:
    """Writes the report's mentions; UTF-8 with a mark, by which spreadsheets know it."""
    out.write(codecs.BOM_UTF8)
    text = io.TextIOWrapper(out, encoding="utf-8", newline="")
    write_csv(report.pages(), FIELDS, text)
    text.detach()
