"""The shelf of report formats, and what a report is before it has a form.

A file `as_NAME.py` here is the format of files that end in `.NAME`: it has `write(report, out)`, which writes bytes
to an open binary file. A report is lazy: a format that shows figures asks for `summary()`, one that shows rows for
`records()`.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from desk.errors import DeskError

SMALL = 5
"""Under this many observations a median or a percentage says little, and the report says so."""


class ReportError(DeskError):
    """A report that cannot be made; its text is one sentence."""


class Unit(StrEnum):
    """What a number counts, and so how it is written."""

    COUNT = "count"
    PERCENT = "percent"
    """A share from 0 to 1."""
    SECONDS = "seconds"
    BALANCE = "balance"
    """From -1 to 1."""


Ids = Callable[[], Sequence[int]]
"""Gives ids, in ascending order, when somebody asks for them."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A number of a report. None: there is nothing to count from."""

    value: float | None
    small: bool = False
    """Counted from fewer than `SMALL` observations."""
    ids: Ids | None = None
    """Gives the mentions behind it."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its word in `words`, the unit of its cells, the KPI that defines them."""

    key: str
    unit: Unit
    kpi: str


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table."""

    key: str
    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Figures by something. `chart` names the picture that suits it: stack, bars, heat, or none."""

    key: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    chart: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Headline:
    """A figure of the whole report, with what it was counted from."""

    kpi: str
    unit: Unit
    cell: Cell
    remark: str = ""
    before: float | None = None
    """The same figure over the period of equal length before; None where that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The figures of a report."""

    mentions: int
    headlines: tuple[Headline, ...]
    tables: tuple[Table, ...]

    def kpis(self) -> tuple[str, ...]:
        """The ids of the KPIs it shows, in order of first use: what its explanation must hold."""
        columns = (column.kpi for table in self.tables for column in table.columns)
        return tuple(dict.fromkeys([*(headline.kpi for headline in self.headlines), *columns]))

    def explain(self, place: str) -> tuple[int, ...]:
        """The ids of the mentions behind a figure: `KPI`, or `TABLE/LINE/COLUMN` by their keys.

        Of a share, those of its numerator. Raises `ReportError` for a place that is not in the report.
        """
        found = {name: cell for name, cell, _ in self.cells()}
        if place not in found:
            raise ReportError(f"There is no figure {place!r} in this report: --explain without a name lists them.")
        ids = found[place].ids
        return tuple(ids()) if ids else ()

    def without_ids(self) -> Summary:
        """The same figures alone: the ids behind them keep all that was counted in memory."""
        headlines = tuple(replace(each, cell=replace(each.cell, ids=None)) for each in self.headlines)
        tables = tuple(replace(table, lines=tuple(map(_figures, table.lines))) for table in self.tables)
        return replace(self, headlines=headlines, tables=tables)

    def cells(self) -> Iterator[tuple[str, Cell, Unit]]:
        """Every figure by the place that `explain` takes, in the order of the report."""
        yield from ((headline.kpi, headline.cell, headline.unit) for headline in self.headlines)
        for table in self.tables:
            for line in table.lines:
                for column, cell in zip(table.columns, line.cells, strict=True):
                    yield f"{table.key}/{line.key}/{column.key}", cell, column.unit


def _figures(line: Line) -> Line:
    return replace(line, cells=tuple(replace(each, ids=None) for each in line.cells))


Page = Mapping[str, Sequence[Any]]
"""Some exported records: the values of each field. They are shared, and not to be changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report without a form: what was asked, and the two ways to read the answer."""

    title: str
    query: str
    start: datetime
    """The first moment it covers, in its zone."""
    end: datetime
    """The first moment after it."""
    zone: ZoneInfo
    generated_at: datetime
    as_of: datetime | None
    lang: str
    """nl or en: the language of its words, not of the mentions."""
    summary: Callable[[], Summary]
    pages: Callable[[], Iterator[Page]]
    """The exported records, oldest first, some at a time."""

    def records(self) -> Iterator[dict[str, Any]]:
        """The exported records (`record.FIELDS`) one by one, oldest first."""
        for page in self.pages():
            for values in zip(*page.values(), strict=True):
                yield dict(zip(page, values, strict=True))


Format = Callable[[Report, BinaryIO], None]
"""Writes a report to an open binary file."""


def formats() -> list[str]:
    """The names on the shelf."""
    return sorted(each.name[3:] for each in pkgutil.iter_modules(__path__) if each.name.startswith("as_"))


def find_format(name: str) -> Format:
    """The format called `name` ("html", ".html"), or the one at `package.module:callable`. Raises `ReportError`."""
    if ":" in name:
        return _import(name)
    plain = name.lower().lstrip(".")
    if plain not in formats():
        raise ReportError(f"There is no report format {plain!r}: choose from {', '.join(formats())}.")
    found: Format = importlib.import_module(f"{__name__}.as_{plain}").write
    return found


def _import(place: str) -> Format:
    module, _, name = place.partition(":")
    try:
        found: Format = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ReportError(f"The report format {place} cannot be loaded: {error}.") from error
    return found


def save(report: Report, path: Path, form: str = "") -> None:
    """Writes the report to `path`, whole or not at all; the format follows from the ending unless `form` says it.

    The old file stays until the new one is safely on disk. Raises `ReportError`.
    """
    write = find_format(form or path.suffix or "none")
    try:
        write_whole(path, lambda out: write(report, out))
    except OSError as error:
        raise ReportError(f"The report {path} cannot be written: {error.strerror or error}.") from error


def write_whole(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Writes a file whole or not at all, readable by its owner only. Raises `OSError`."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as out:
            write(out)
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Makes the new name last through a power cut, where the system lets a folder be synced."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
