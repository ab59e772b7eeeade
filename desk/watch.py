"""Watches the promises to open cases, and says once that one is at risk and once that it is missed."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from desk.clocks import Clock, clocks_of
from desk.service import Service
from storage.database import Database
from storage.history import Histories
from storage.sla import State
from storage.types import EventKind

AGAIN = timedelta(hours=1)
"""All are looked at again after so long even when nothing happened to them: a promise may depend on the case's age."""

LATE = 100
"""Events that PostgreSQL may show after newer ones: so far back is looked once more."""

LEVELS = {State.WARNED: EventKind.SLA_WARNED, State.MISSED: EventKind.SLA_MISSED}


class Watch:
    """One process's watch. What was said stands in the events, so many may watch and none says a thing twice."""

    def __init__(self, database: Database, service: Service) -> None:
        self.service = service
        self._histories = Histories(database)
        self._now = database.now
        self._newest = 0
        """The newest event that was seen."""
        self._seen: dict[int, int] = {}
        """Open case -> its newest event when it was looked at, of the events near the newest."""
        self._moments: dict[int, datetime] = {}
        """When to look again, of those cases whose moment comes before all are looked at again."""
        self._all_again: datetime | None = None

    def round(self) -> int:
        """Looks at the cases that changed or whose moment has come; gives the number of things said."""
        if not self.service.promises:
            return 0
        now, said = self._now(), 0
        if self._all_again is None or self._all_again <= now:
            self._newest, self._seen, self._moments = 0, {}, {}
        due, seen = self._due(now)
        all_again = self._all_again if self._newest and self._all_again else now + AGAIN
        for history in self._histories.of(due):
            running = [clock for clock in clocks_of(history, self.service, now) if clock.is_running]
            said += sum(self._say(history.case_id, clock) for clock in running)
            self._moments.pop(history.case_id, None)
            if (moment := _next_moment(running, now)) and moment < all_again:
                self._moments[history.case_id] = moment
        self._newest, self._seen, self._all_again = max(self._newest, *seen.values(), 0), seen, all_again
        return said

    def _due(self, now: datetime) -> tuple[Sequence[int], dict[int, int]]:
        """The cases to look at, and what was seen near the newest event; of a million cases little is kept."""
        due, seen, newest = array("q"), dict[int, int](), self._newest
        for case_id, event in self._histories.open_cases(max(0, self._newest - LATE)):
            if self._seen.get(case_id) != event:
                due.append(case_id)
            newest = max(newest, event)
            if event > newest - LATE:
                seen[case_id] = event
            if len(seen) > 10 * LATE:
                seen = {id_: its for id_, its in seen.items() if its > newest - LATE}
        due.extend(case_id for case_id, moment in self._moments.items() if moment <= now)
        return due, seen

    def _say(self, case_id: int, clock: Clock) -> bool:
        kind = LEVELS.get(clock.reading.state)
        if kind is None:
            return False
        due = clock.reading.due_at
        data = {"target": clock.target, "since": clock.since.isoformat(), "promise": clock.promise.query}
        return self._histories.say(case_id, kind, data | {"due": due.isoformat() if due else None})


def _next_moment(running: Iterable[Clock], now: datetime) -> datetime | None:
    moments = (moment for clock in running for moment in (clock.warn_at, clock.reading.due_at))
    return min((moment for moment in moments if moment and moment > now), default=None)
