"""Reports from the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from desk import reports
from desk.printing import hours
from desk.reports.make import Request, make
from desk.reports.period import read_moment, read_period
from front.house import House
from storage.figures import Figures


def report(house: House, args: argparse.Namespace) -> int:
    """Writes a mention report to a file, whole or not at all. The name of a planned report stands for its query."""
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
    )
    path = Path(args.output)
    reports.save(make(Figures(house.database), request), path)
    sys.stderr.write(f"Wrote {path}.\n")
    return 0
