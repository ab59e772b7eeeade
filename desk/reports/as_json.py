"""JSON: the exported records of all mentions, exact, in one array."""

from __future__ import annotations

import io
from typing import BinaryIO

from desk.reports import Report
from desk.reports.record import FIELDS
from desk.reports.show import show_json


def write(report: Report, out: BinaryIO) -> None:
    """Writes the report's mentions."""
    text = io.TextIOWrapper(out, encoding="utf-8", newline="")
    show_json(report.records(), FIELDS, text)
    text.detach()
