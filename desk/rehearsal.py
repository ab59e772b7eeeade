"""What an alert would have told in a stretch of the past, from what is stored: for a look before it is switched on.

It is told as if every post had been seen when it was published, and as if somebody had looked every `STEP`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from desk import timebomb
from desk.alarms import USUAL_TIMES, is_about
from desk.alerts import Alert
from desk.clocks import spoken
from desk.spike import HOUR, LEAST, WEEKS, Baseline, baseline, baseline_periods
from storage.database import Database
from storage.figures import Figures
from storage.history import Histories
from storage.inbox import Inbox
from storage.threads import Threads
from storage.types import Event, EventKind

STEP = timedelta(minutes=30)

LEFT_OUT = ("unclaimed", "sources")
"""Conditions that are about how something is now: who has an urgent case, which source is ill. The past is not told."""
ANSWERS = frozenset({
    EventKind.ACCEPTED, EventKind.REFUSED, EventKind.HANDED_OVER, EventKind.RESOLVED, EventKind.DISMISSED,
    EventKind.SPAMMED,
})  # fmt: skip
"""After these a hand-over waits for nobody any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Something that would have been told: when it came up, and when it would have been sent."""

    at: datetime
    send_at: datetime
    title: str


def rehearse(database: Database, alert: Alert, start: datetime, end: datetime, zone: ZoneInfo) -> list[Told]:
    """What would have been told from `start` up to `end`, by time."""
    end = min(end, database.now())
    moments = Figures(database).arrivals(alert.on, start - (WEEKS + 1) * timedelta(weeks=1), end)
    found = [*_spikes(alert, moments, start, end, zone), *_silences(alert, moments, start, end)]
    found += [*_bombs(database, alert, moments, start, end, zone), *_promises(database, alert, start, end)]
    found += _hand_overs(database, alert, start, end)
    return [Told(at=at, send_at=alert.send_at(at), title=title) for at, title in sorted(found)]


def _steps(start: datetime, end: datetime) -> Iterator[datetime]:
    now = start
    while now < end:
        yield now
        now += STEP


def _usual(moments: Sequence[datetime], now: datetime, zone: ZoneInfo) -> Baseline | None:
    """What is usual in the hour before `now`; `moments` in order."""
    periods = baseline_periods(now, moments[0], zone) if moments else ()
    here = (at for since, until in periods for at in moments[bisect_left(moments, since) : bisect_left(moments, until)])
    return baseline(here, periods) if periods else None


def _spikes(
    alert: Alert, moments: Sequence[datetime], start: datetime, end: datetime, zone: ZoneInfo
) -> Iterator[tuple[datetime, str]]:
    last: datetime | None = None
    for now in _steps(start, end) if alert.spike else ():
        count = bisect_left(moments, now) - bisect_left(moments, now - HOUR)
        usual = _usual(moments, now, zone) if count >= LEAST and (not last or now - last >= alert.again) else None
        if alert.spike and usual and count > usual.limit(alert.spike):
            yield now, f"Spike: {count} mentions in an hour for {alert.on}; {usual.mean:.1f} is usual"
            last = now


def _silences(
    alert: Alert, moments: Sequence[datetime], start: datetime, end: datetime
) -> Iterator[tuple[datetime, str]]:
    for before, after in pairwise([*moments, end]) if alert.silence else ():
        at = before + (alert.silence or timedelta())
        if start <= at < after:
            yield at, f"Silence: nothing in {spoken(alert.silence or timedelta())} for {alert.on}"


def _bombs(
    database: Database, alert: Alert, moments: Sequence[datetime], start: datetime, end: datetime, zone: ZoneInfo
) -> Iterator[tuple[datetime, str]]:
    known: set[int] = set()
    for now in _steps(start, end) if alert.timebomb else ():
        for thread in Threads(database).unseen(now, window=timebomb.WINDOW, least=timebomb.LEAST_POSTS):
            if thread.conversation_id in known or timebomb.score(thread, now, zone) < timebomb.LIMIT:
                continue
            usual = _usual(moments, now, zone)
            limit = max(float(LEAST), usual.limit(alert.spike or USUAL_TIMES) if usual else 0.0)
            bomb = timebomb.weigh(thread, now, zone, limit)
            if bomb and is_about(database, alert.on, thread):
                known.add(thread.conversation_id)
                yield now, f"Time bomb on {thread.source}: {bomb.fused()}. {thread.title} {thread.url}"


def _hand_overs(database: Database, alert: Alert, start: datetime, end: datetime) -> Iterator[tuple[datetime, str]]:
    """Those that were not answered, taken back or done away with in time."""
    if not (length := alert.handover):
        return
    waiting: dict[int | None, Event] = {}
    answered: list[tuple[Event, datetime]] = []
    for event, _undone_by, undone_at, *_ in Figures(database).events(alert.on, start - length, end):
        if event.kind in ANSWERS and event.case_id in waiting:
            answered.append((waiting.pop(event.case_id), event.at))
        if event.kind is EventKind.HANDED_OVER and undone_at is None:
            waiting[event.case_id] = event
        elif event.kind is EventKind.HANDED_OVER and undone_at is not None:
            answered.append((event, undone_at))
    for given, until in [*answered, *((each, end) for each in waiting.values())]:
        if start <= given.at + length < until:
            yield given.at + length, f"Case {given.case_id}: {given.data['to']} did not answer its hand-over"


def _promises(database: Database, alert: Alert, start: datetime, end: datetime) -> Iterator[tuple[datetime, str]]:
    """As they were said at the time: only while a listener or a desk ran."""
    for event in Histories(database).said(start) if alert.sla else ():
        asked = f"({alert.on}) case:{event.case_id}"
        if event.at < end and next(Inbox(database).mentions(asked, limit=1), None) is not None:
            target = str(event.data["target"]).replace("_", " ")
            yield event.at, f"Case {event.case_id}: {target} {event.kind.value.removeprefix('sla_')}"
