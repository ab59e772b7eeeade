"""JSON lines: the exported record of each mention, exact, one a line."""

from __future__ import annotations

import io
from typing import BinaryIO

from desk.reports import Report
from desk.reports.record import FIELDS
from desk.reports.show import show_json_lines


def write(report: Report, out: BinaryIO) -> None:
    """Writes the report's mentions."""
    text = io.TextIOWrapper(out, encoding="utf-8", newline="")
    show_json_lines(report.records(), FIELDS, text)
    text.detach()
