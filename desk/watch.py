"""Watches the promises to open cases, and says once that one is at risk and once that it is missed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from desk.clocks import Clock, clocks_of
from desk.service import Service
from storage.database import Database
from storage.history import Histories
from storage.sla import State
from storage.types import EventKind

AGAIN = timedelta(hours=1)
"""A case is looked at again after so long even when nothing happened to it: its promise may depend on its age."""

LEVELS = {State.WARNED: EventKind.SLA_WARNED, State.MISSED: EventKind.SLA_MISSED}


class Watch:
    """One process's watch. What was said stands in the events, so many may watch and none says a thing twice."""

    def __init__(self, database: Database, service: Service) -> None:
        self.service = service
        self._histories = Histories(database)
        self._now = database.now
        self._next: dict[int, tuple[int, datetime]] = {}
        """Case -> its newest event when it was looked at, and when to look again."""

    def round(self) -> int:
        """Looks at the cases that changed or whose moment has come; gives the number of things said."""
        if not self.service.promises:
            return 0
        now, changed = self._now(), self._histories.open_cases()
        due = [id_ for id_, event in changed.items() if self._is_due(id_, event, now)]
        said = 0
        for history in self._histories.of(due):
            running = [clock for clock in clocks_of(history, self.service, now) if clock.is_running]
            said += sum(self._say(history.case_id, clock) for clock in running)
            self._next[history.case_id] = changed[history.case_id], _next_look(running, now)
        self._next = {id_: known for id_, known in self._next.items() if id_ in changed}
        return said

    def _is_due(self, case_id: int, event: int, now: datetime) -> bool:
        known = self._next.get(case_id)
        return known is None or known[0] != event or known[1] <= now

    def _say(self, case_id: int, clock: Clock) -> bool:
        kind = LEVELS.get(clock.reading.state)
        if kind is None:
            return False
        due = clock.reading.due_at
        data = {"target": clock.target, "since": clock.since.isoformat(), "promise": clock.promise.query}
        return self._histories.say(case_id, kind, data | {"due": due.isoformat() if due else None})


def _next_look(running: Iterable[Clock], now: datetime) -> datetime:
    moments = (moment for clock in running for moment in (clock.warn_at, clock.reading.due_at))
    return min([now + AGAIN, *(moment for moment in moments if moment and moment > now)])
