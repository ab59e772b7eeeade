"""Reports from the command line."""

from __future__ import annotations

import argparse
import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from desk import reports
from desk.reports.make import Request, make
from front.house import House
from storage.errors import StorageError
from storage.figures import Figures

DAYS = 30
"""The period of a report that does not name one."""


def report(house: House, args: argparse.Namespace) -> int:
    """Writes a mention report to a file, whole or not at all. The name of a planned report stands for its query."""
    zone = house.policy.timezone
    today = house.database.now().astimezone(zone).date()
    last = _day(args.end) if args.end else today
    first = _day(args.start) if args.start else last - timedelta(days=DAYS - 1)
    if first > last:
        raise StorageError(f"The period ends ({last}) before it begins ({first}).")
    planned = {each.name: each.query for each in house.timetable}
    request = Request(
        query=planned.get(args.query, args.query),
        start=datetime.combine(first, time(), zone),
        end=datetime.combine(last + timedelta(days=1), time(), zone),
        zone=zone,
        lang=args.lang,
        as_of=_moment(args.as_of, zone) if args.as_of else None,
        pseudonymise=args.pseudonymise,
    )
    path = Path(args.output)
    reports.save(make(Figures(house.database), request), path)
    sys.stderr.write(f"Wrote {path}.\n")
    return 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise StorageError(f"{text} is no day: write 2026-11-22.") from None


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise StorageError(f"{text} is no time: write 2026-11-22T17:00.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
