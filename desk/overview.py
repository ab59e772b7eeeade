"""What the dashboard shows: a report's figures of the last days, and how the queue stands now, each with its query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from desk.clocks import clocks_of
from desk.reports import Summary
from desk.reports.period import cut, midnight
from storage.history import Histories
from storage.sla import State

if TYPE_CHECKING:
    from desk.clerk import Clerk

QUEUE = "is:open NOT is:snoozed"
"""What waits for somebody now."""
AGES = ("1h", "4h", "1d", "3d", "7d")
"""How long it has waited, in the query language's words."""
WATCHED = 5000
"""Open cases whose promises are looked at: those first in the inbox."""
NAMED = 100
"""Cases that a search for those at risk names."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many cases a search finds now, as `Clerk.count` says it."""

    name: str
    query: str
    cases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All that the dashboard shows, read at one moment."""

    query: str
    """Of the whole dashboard; "" is everything."""
    start: datetime
    end: datetime
    summary: Summary
    steps: tuple[str, ...]
    """The search behind each step of the period."""
    queue: tuple[Waiting, ...]
    """All that waits, what nobody has, and what has waited for longer than each of `AGES`."""
    promises: tuple[Waiting, ...]
    """Cases whose promise is missed, at risk and in time, none where nothing is promised."""
    whole: bool = True
    """Whether the promises of all open cases were looked at."""

    def within(self, *parts: str) -> str:
        """The search behind a figure of the period."""
        return joined(self.query, *parts, *_span(self.start, self.end))


def read(clerk: Clerk, query: str, days: int, lang: str) -> Overview:
    """Reads the figures of today and the days before it, `days` in all: those of `webcare report` over the same days.

    Raises `QueryError`.
    """
    zone, now = clerk.policy.timezone, clerk.database.now()
    today = now.astimezone(zone).date()
    start, end = midnight(today - timedelta(days=days - 1), zone), midnight(today + timedelta(days=1), zone)
    edges = [*cut(start, end, zone).starts, end]
    names = {"open": QUEUE, "unassigned": f"is:unassigned {QUEUE}"} | {age: f"{QUEUE} age:>{age}" for age in AGES}
    behind = {name: joined(query, words) for name, words in names.items()}
    promises, whole = _promises(clerk, query, now)
    return Overview(
        query=query,
        start=start,
        end=end,
        summary=_figures(clerk, query, start, end, lang),
        steps=tuple(joined(query, *_span(*pair)) for pair in pairwise(edges)),
        queue=tuple(Waiting(name, asked, clerk.count(asked)) for name, asked in behind.items()),
        promises=promises,
        whole=whole,
    )


def _figures(clerk: Clerk, query: str, start: datetime, end: datetime, lang: str) -> Summary:
    from desk.reports.make import Request, make  # what counts takes memory, and who only shows figures needs it not
    from storage.figures import Figures

    zone = clerk.policy.timezone
    request = Request(query=query or "*", start=start, end=end, zone=zone, lang=lang, helping=False, compare=False)
    return make(Figures(clerk.database), request).summary().without_ids()


def joined(*parts: str) -> str:
    """One query for all that the parts ask."""
    asked = [each for each in parts if each.strip() not in ("", "*")]
    return " ".join(f"({each})" if "OR" in each else each for each in asked)


def named(field: str, value: str) -> str:
    """`field:value` for any value; "" for one that the query language has no way to write."""
    return "" if '"' in value or "\\" in value or not value.strip() else f'{field}:"{value}"'


def _span(start: datetime, end: datetime) -> tuple[str, str]:
    return f"after:{_moment(start)}", f"before:{_moment(end)}"


def _moment(at: datetime) -> str:
    """As short as it can be read back."""
    if (at.hour, at.minute, at.second) == (0, 0, 0) and isinstance(at.tzinfo, ZoneInfo):
        return f"{at:%Y-%m-%d}"
    return at.isoformat(timespec="minutes")


def _promises(clerk: Clerk, query: str, now: datetime) -> tuple[tuple[Waiting, ...], bool]:
    """Missed, at risk and in time; a case counts once, by the worst of its running promises."""
    if not clerk.service.promises:
        return (), True
    ids = clerk.ids(joined(query, "is:open"), limit=WATCHED + 1)
    found: dict[str, list[int]] = {"missed": [], "at risk": [], "in time": []}
    for history in Histories(clerk.database).of(ids[:WATCHED]):
        running = (clock for clock in clocks_of(history, clerk.service, now) if clock.is_running)
        states = {clock.reading.state for clock in running}
        if states:
            name = "missed" if State.MISSED in states else "at risk" if State.WARNED in states else "in time"
            found[name].append(history.case_id)
    rows = (
        Waiting(name, " OR ".join(f"case:{each}" for each in some[:NAMED]), len(some)) for name, some in found.items()
    )
    return tuple(rows), len(ids) <= WATCHED
