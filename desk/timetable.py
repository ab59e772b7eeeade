"""Which reports are written when, as `sources.yaml` says it under `reports`; pure but for reading the file's values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from desk import reports
from desk.alerts import TargetSection, as_list, read_targets
from desk.notifier import Target
from desk.service import Query
from storage.errors import ConfigError
from storage.settings import Document, Place, Section, keys_of, suggestion
from storage.sla import weekdays

LATEST_DAY = 28
"""Of a month: every month has it."""

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Slot:
    """One time a report is due, and the days it covers."""

    at: datetime
    first: date
    end: date
    """The first day after them."""


@dataclass(frozen=True, slots=True)
class Every:
    """`daily 07:30`, `mon-fri 07:30`, `mon,thu 08:00` or `1st 08:00`, read."""

    text: str
    at: time
    weekdays: frozenset[int] = frozenset(range(7))
    """Monday is 0."""
    day: int | None = None
    """Of the month, whatever weekday that is."""

    def slots(self, after: datetime, until: datetime, zone: ZoneInfo) -> Iterator[Slot]:
        """The times it is due after a moment, up to another; once a day whatever the clocks do."""
        day, last = after.astimezone(zone).date(), until.astimezone(zone).date()
        while day <= last:
            at = datetime.combine(day, self.at, zone).astimezone(UTC)
            if self._falls_on(day) and after < at <= until:
                yield Slot(at, self.first(day), day)
            day += DAY

    def _falls_on(self, day: date) -> bool:
        return day.day == self.day if self.day is not None else day.weekday() in self.weekdays

    def first(self, day: date) -> date:
        """The first day it covers when written on `day`: as many days as lie between the next time and the one before.

        Of a monthly one the month before `day`.
        """
        if self.day is not None:
            return (day.replace(day=1) - DAY).replace(day=self.day)
        due = next(each for each in _from(day, DAY) if self._falls_on(each))
        return day - (due - next(each for each in _from(due - DAY, -DAY) if self._falls_on(each)))


def _from(day: date, step: timedelta) -> Iterator[date]:
    while True:
        yield day
        day += step


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A report that is written by itself."""

    name: str
    query: str
    every: Every
    to: str = "reports"
    """The folder, beside the configuration unless it is absolute."""
    forms: tuple[str, ...] = ("html",)
    lang: str = "en"
    pseudonymise: bool = False
    targets: tuple[Target, ...] = ()


def read_every(text: str) -> Every:
    """Reads when. Raises ValueError."""
    found = re.fullmatch(r"(\S+)\s+([01]?\d|2[0-3]):([0-5]\d)", text.strip().lower(), re.ASCII)
    if found:
        at, word = time(int(found[2]), int(found[3])), found[1]
        number = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)", word)
        if number and 1 <= int(number[1]) <= LATEST_DAY:
            return Every(text, at, day=int(number[1]))
        with suppress(ValueError):
            named = (weekdays(each) for each in ("mon-sun" if word == "daily" else word).split(","))
            return Every(text, at, frozenset(chain.from_iterable(named)))
    said = "write daily 07:30, mon 08:00, mon-fri 08:00, mon,thu 08:00 or 1st 08:00"
    raise ValueError(f"is no time to write a report: {said} (to {LATEST_DAY}th)")


def _known_form(name: str) -> str:
    if name not in reports.formats():
        raise ValueError(
            f"is no report format{suggestion(name, reports.formats())}: choose from {', '.join(reports.formats())}"
        )
    return name


class PlannedSection(Section):
    """One report of `reports:`."""

    query: Query = "*"
    every: Annotated[str, AfterValidator(lambda text: read_every(text) and text)]
    to: str = Field(default="reports", min_length=1)
    forms: Annotated[list[Annotated[str, AfterValidator(_known_form)]], BeforeValidator(as_list)] = Field(
        default=["html"], alias="as", min_length=1
    )
    lang: Literal["nl", "en"] = "en"
    pseudonymise: bool = False
    notify: Annotated[list[str | TargetSection], BeforeValidator(as_list)] = []


class TimetableSection(Section):
    """What is read here of the whole file."""

    reports: dict[str, PlannedSection] = {}


KEYS = keys_of(TimetableSection)
"""The keys at the top of the file that are read here."""


def read(document: Document) -> tuple[Planned, ...]:
    """The reports of a file. Raises `ConfigError` with every complaint about them."""
    section = document.section(TimetableSection, PlannedSection)
    complaints, found = list[str](), list[Planned]()
    for name, each in section.reports.items():
        place: Place = ("reports", name)
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,60}", name):
            complaints.append(document.sentence(place, "is no name for a file: use letters, digits, - and _"))
        targets, faults = read_targets(document, (*place, "notify"), each.notify, 6)
        complaints += faults
        found.append(_planned(name, each, targets))
    if complaints:
        raise ConfigError(complaints)
    return tuple(found)


def _planned(name: str, section: PlannedSection, targets: tuple[Target, ...]) -> Planned:
    return Planned(
        name=name,
        query=section.query,
        every=read_every(section.every),
        to=section.to,
        forms=tuple(dict.fromkeys(section.forms)),
        lang=section.lang,
        pseudonymise=section.pseudonymise,
        targets=targets,
    )
