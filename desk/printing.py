"""Writes the reports that are due: each once, whichever machine does it, and those that were missed later."""

from __future__ import annotations

import logging
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from desk import reports
from desk.errors import DeskError
from desk.notifier import deliver
from desk.reports.make import Request, make
from desk.service import Service
from desk.timetable import DAY, Planned, Slot
from storage.database import Database
from storage.duties import Duties
from storage.figures import Figures
from storage.notices import Notices
from storage.sla import always
from storage.types.figures import Hours

log = logging.getLogger("webcare.reports")

CATCH_UP = 10
"""Reports of one kind that are written later at most: the newest."""

OLDEST = timedelta(days=366)
"""What was due longer ago is never written."""

ON_TIME = timedelta(hours=1)
"""A report written later than this tells how things stood when it was due."""

TRY_AGAIN = timedelta(minutes=10)


def tick(
    database: Database, timetable: Iterable[Planned], folder: Path, zone: ZoneInfo, service: Service | None = None
) -> list[Path]:
    """Writes what is due, relative to `folder`, and tells who wants to know; gives the files."""
    timetable, counted_by = tuple(timetable), hours(service) if service else None
    written = [path for planned in timetable for path in _write_due(database, planned, folder, zone, counted_by)]
    deliver(database, [target for planned in timetable for target in planned.targets])
    return written


def hours(service: Service) -> Hours:
    """What a service's business time is counted by: without a promise, the calendar that is listed first."""
    calendars = tuple(service.calendars.values())
    default = calendars[0] if calendars else always(service.zone)
    return Hours(default=default, promises=service.promises, staffed=calendars)


def _write_due(
    database: Database, planned: Planned, folder: Path, zone: ZoneInfo, counted_by: Hours | None
) -> list[Path]:
    """A report that is new, or newly timed, is first due at its next time."""
    duties, written = Duties(database), list[Path]()
    began = duties.began(f"report:{planned.name}:{planned.every.text}")
    now = database.now()
    due = deque(planned.every.slots(max(began, now - OLDEST), now, zone), maxlen=CATCH_UP)
    names = {f"report:{planned.name}:{slot.at.isoformat()}": slot for slot in due}
    for name in duties.left(list(names)):
        if not duties.take(name):
            continue
        try:
            paths = _write(database, planned, names[name], folder / planned.to, zone, counted_by)
        except (DeskError, OSError) as error:
            log.error("The report %s could not be written: %s", planned.name, error)
            duties.give_back(name, until=TRY_AGAIN)
            continue
        _tell(database, planned, name, paths)
        duties.done(name)
        written += paths
    return written


@dataclass(frozen=True, slots=True, kw_only=True)
class Printout:
    """A planned report, and what was written of it."""

    planned: Planned
    next_at: datetime | None
    newest: Path | None
    written_at: datetime | None


class Printer:
    """The planned reports for whoever wants one now."""

    def __init__(
        self, database: Database, timetable: Iterable[Planned], folder: Path, zone: ZoneInfo, service: Service
    ) -> None:
        """`folder` is where relative folders of reports lie."""
        self._database, self._timetable, self._folder = database, tuple(timetable), folder
        self._zone, self._service = zone, service

    def printouts(self) -> list[Printout]:
        """Every planned report."""
        return [self._printout(planned) for planned in self._timetable]

    def write(self, planned: Planned) -> list[Path]:
        """Writes a report over its period, up to and including today; nobody is told.

        It lies beside those that are written by themselves. Raises `ReportError` and `OSError`.
        """
        now = self._database.now()
        tomorrow = now.astimezone(self._zone).date() + DAY
        slot = Slot(now, planned.every.first(tomorrow), tomorrow)
        folder, counted_by = self._folder / planned.to, hours(self._service)
        stem = f"{planned.name}-{slot.first}-now"
        return _write(self._database, planned, slot, folder, self._zone, counted_by, stem)

    def _printout(self, planned: Planned) -> Printout:
        found = [(path.stat().st_mtime, path) for path in self._files(planned)]
        at, newest = max(found, default=(0.0, None))
        now = self._database.now()
        due = planned.every.slots(now, now + timedelta(days=40), self._zone)
        return Printout(
            planned=planned,
            next_at=next((slot.at for slot in due), None),
            newest=newest,
            written_at=datetime.fromtimestamp(at, UTC) if newest else None,
        )

    def _files(self, planned: Planned) -> Iterator[Path]:
        """Of a report's files those in its first format, which is the one to read."""
        for path in (self._folder / planned.to).glob(f"{planned.name}-*.{planned.forms[0]}"):
            if re.fullmatch(r"\d{4}-\d\d-\d\d(-now)?", path.stem.removeprefix(f"{planned.name}-")):
                yield path.resolve()


def _write(
    database: Database,
    planned: Planned,
    slot: Slot,
    folder: Path,
    zone: ZoneInfo,
    counted_by: Hours | None,
    stem: str = "",
) -> list[Path]:
    is_late = database.now() - slot.at > ON_TIME
    request = Request(
        query=planned.query,
        start=datetime.combine(slot.first, time(), zone),
        end=datetime.combine(slot.end, time(), zone),
        zone=zone,
        lang=planned.lang,
        as_of=slot.at if is_late else None,
        pseudonymise=planned.pseudonymise,
        hours=counted_by,
    )
    folder.mkdir(parents=True, exist_ok=True)
    report = make(Figures(database), request)
    stem = stem or f"{planned.name}-{slot.first}"
    paths = [(folder / f"{stem}.{form}").resolve() for form in planned.forms]
    for path in paths:
        reports.save(report, path)
    return paths


def _tell(database: Database, planned: Planned, name: str, paths: Iterable[Path]) -> None:
    targets = [target.id for target in planned.targets]
    for path in paths:
        text = f"{path.name}, for {planned.query}"
        Notices(database).tell(f"{name}:{path.name}", targets, f"Report {planned.name}", text, path=str(path))
