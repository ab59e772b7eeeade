"""Reports and the log of events, from the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from desk import reports
from desk.printing import hours
from desk.reports import Report, ReportError
from desk.reports.make import Request, make
from desk.reports.period import read_moment, read_period
from desk.reports.record import EVENT_FIELDS, event_record
from desk.reports.show import show
from desk.reports.words import Words
from front.house import House
from storage.figures import Figures


def report(house: House, args: argparse.Namespace) -> int:
    """Writes a mention report to a file, whole or not at all, or prints its figures, or what is behind one.

    The name of a planned report stands for its query.
    """
    explained = args.explain
    if args.output is None and args.format != "table":
        explained = explained or ""
    if args.output is None and explained is None:
        raise ReportError("Say where the report goes with -o FILE, or ask what is behind its figures with --explain.")
    zone = house.policy.timezone
    start, end = read_period(args.start, args.end, zone, house.database.now())
    planned = {each.name: each.query for each in house.timetable}
    request = Request(
        query=planned.get(args.query, args.query),
        start=start,
        end=end,
        zone=zone,
        lang=args.lang,
        as_of=read_moment(args.as_of, zone) if args.as_of else None,
        pseudonymise=args.pseudonymise,
        hours=hours(house.service),
        me=house.agent,
    )
    made = make(Figures(house.database), request)
    if explained is not None:
        _explain(made, explained, args.format)
    if args.output is not None:
        path = Path(args.output)
        reports.save(made, path)
        sys.stderr.write(f"Wrote {path}.\n")
    return 0


def _explain(made: Report, place: str, form: str) -> None:
    """The ids of the mentions behind a figure, one a line; without a name all figures and their values.

    People read values in words, programs exact ones: a share as 0 to 1, a length of time in seconds.
    """
    summary = made.summary()
    if place and form == "table":
        sys.stdout.writelines(f"{mention}\n" for mention in summary.explain(place))
    elif place:
        show(({"id": mention} for mention in summary.explain(place)), ("id",), form, sys.stdout)
    elif form == "table":
        words = Words(made.lang)
        read = ({"figure": name, "value": words.cell(cell, unit)} for name, cell, unit in summary.cells())
        show(read, ("figure", "value"), form, sys.stdout)
    else:
        exact = (
            {"figure": name, "value": cell.value, "unit": unit.value, "small": cell.small}
            for name, cell, unit in summary.cells()
        )
        show(exact, ("figure", "value", "unit", "small"), form, sys.stdout)


def events(house: House, args: argparse.Namespace) -> int:
    """Prints what happened, oldest first: the log that every figure is counted from."""
    zone = house.policy.timezone
    now = house.database.now()
    start = read_period(args.start, None, zone, now)[0] if args.start else None
    end = read_period(args.start or "1970-01-01", args.end, zone, now)[1] if args.end else None
    found = Figures(house.database).events(args.query, start, end)
    show((event_record(each, zone) for each in found), EVENT_FIELDS, args.format, sys.stdout)
    return 0
