"""Alerts from the command line: which there are, and what one would have told in the past."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from desk.reports import show
from desk.reports.period import read_period
from desk.shown import clean_line
from front.house import House
from storage.errors import NotFound
from storage.settings import suggestion

if TYPE_CHECKING:
    from desk.alerts import Alert


def alerts(house: House, args: argparse.Namespace) -> int:
    """Prints the alerts in their order; no address is shown."""
    rows = ({"number": number, **_row(alert)} for number, alert in enumerate(house.alerts, 1))
    show.show(rows, ("number", "name", "on", "tells", "targets"), args.format, sys.stdout)
    return 0


def _row(alert: Alert) -> dict[str, Any]:
    from desk.alerts import CONDITIONS

    tells = [name for name in CONDITIONS if getattr(alert, name)]
    return {"name": alert.name, "on": alert.on, "tells": tells, "targets": [each.scheme for each in alert.targets]}


def attempt(house: House, args: argparse.Namespace) -> int:
    """Prints what an alert would have told, and when, in a stretch of the past. Tells nobody."""
    from desk import rehearsal

    alert, zone = _named(house, args.name), house.policy.timezone
    start, end = read_period(args.start, args.end, zone, house.database.now())
    for name in rehearsal.LEFT_OUT:
        if getattr(alert, name):
            print(f"{name} is about who has an urgent case now, and cannot be tried on the past.", file=sys.stderr)  # noqa: T201
    found = rehearsal.rehearse(house.database, alert, start, end, zone)
    rows = (
        {"at": _local(each.at, zone), "sent": _local(each.send_at, zone), "title": clean_line(each.title, 300)}
        for each in found
    )
    show.show(rows, ("at", "sent", "title"), args.format, sys.stdout)
    days = max(1.0, (end - start) / timedelta(days=1))
    print(f"{len(found)} in {days:.0f} days, {len(found) / days:.1f} a day.", file=sys.stderr)  # noqa: T201
    return 0


def _local(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="minutes")


def _named(house: House, name: str) -> Alert:
    by_number = {str(number): alert for number, alert in enumerate(house.alerts, 1)}
    found = by_number.get(name) or next((alert for alert in house.alerts if alert.name == name), None)
    if found is None:
        known = suggestion(name, [alert.name for alert in house.alerts])
        raise NotFound(f"There is no alert {name}{known}: `webcare alerts list` shows them.")
    return found
