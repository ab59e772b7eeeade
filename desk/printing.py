"""Writes the reports that are due: each once, whichever machine does it, and those that were missed later."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from desk import reports
from desk.errors import DeskError
from desk.notifier import deliver
from desk.reports.make import Request, make
from desk.service import Service
from desk.timetable import Planned, Slot
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


def _write(
    database: Database, planned: Planned, slot: Slot, folder: Path, zone: ZoneInfo, counted_by: Hours | None
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
    paths = [(folder / f"{planned.name}-{slot.first}.{form}").resolve() for form in planned.forms]
    for path in paths:
        reports.save(report, path)
    return paths


def _tell(database: Database, planned: Planned, name: str, paths: Iterable[Path]) -> None:
    targets = [target.id for target in planned.targets]
    for path in paths:
        text = f"{path.name}, for {planned.query}"
        Notices(database).tell(f"{name}:{path.name}", targets, f"Report {planned.name}", text, path=str(path))
