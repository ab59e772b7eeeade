"""Steps in which more than one person has a part: a hand-over that must be accepted, a playbook that is ticked off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.engine import Row

from storage.errors import StepRefused
from storage.schema import CASE
from storage.steps import LEASE, Changes, Ids, Steps
from storage.types import Case, EventKind, Status


class Teamwork(Steps):
    """More steps; what they raise and give is as of the others."""

    def hand_over(self, case_ids: Ids, agent: str, to: str, note: str = "") -> tuple[Case, ...]:
        """Offers cases to a department. Until it accepts they stay with `agent`, for good and not by a lease."""

        def change(case: Row[Any], now: datetime) -> Changes | None:
            _wants_open(case)
            if case.handed_to == to:
                return None
            changes: dict[str, Any] = {"handed_to": to, "assignee": agent, "lease_until": None}
            if case.assignee != agent:
                changes["epoch"] = CASE.c.epoch + 1
            return changes, {"to": to, "said": note, "from": case.assignee}

        return self._take(EventKind.HANDED_OVER, case_ids, agent, change)

    def accept(self, case_ids: Ids, agent: str, *, lease: timedelta = LEASE) -> tuple[Case, ...]:
        """Takes cases that were handed over: they are the department's now, and claimed by `agent`."""

        def change(case: Row[Any], now: datetime) -> Changes | None:
            to = _wants_hand_over(case)
            changes = {"handed_to": None, "department": to, "assignee": agent, "lease_until": now + lease}
            return changes | {"epoch": CASE.c.epoch + 1}, {"to": to, "from": case.assignee}

        return self._take(EventKind.ACCEPTED, case_ids, agent, change)

    def refuse(self, case_ids: Ids, agent: str, why: str) -> tuple[Case, ...]:
        """Leaves cases with who handed them over, and says why."""
        if not why.strip():
            raise StepRefused("Say why; your colleague reads it.")

        def change(case: Row[Any], now: datetime) -> Changes | None:
            return {"handed_to": None}, {"by": _wants_hand_over(case), "reason": why}

        return self._take(EventKind.REFUSED, case_ids, agent, change)

    def open_playbook(self, case_ids: Ids, agent: str, name: str, steps: Sequence[str]) -> tuple[Case, ...]:
        """Begins a playbook: its checklist as it reads now. Nothing happens to cases that are in it already."""

        def change(case: Row[Any], now: datetime) -> Changes | None:
            if case.playbook == name:
                return None
            checklist = [{"text": text, "by": None, "at": None} for text in steps]
            return {"playbook": name, "checklist": checklist}, {"playbook": name, "from": case.playbook}

        return self._take(EventKind.PLAYBOOK, case_ids, agent, change)

    def tick(self, case_id: int, agent: str, number: int, *, done: bool = True) -> Case:
        """Ticks off a step of the checklist, counted from 1, or takes the tick away. Raises `StepRefused`."""

        def change(case: Row[Any], now: datetime) -> Changes | None:
            if not 1 <= number <= len(case.checklist):
                raise StepRefused(_no_such_step(case, number))
            old = case.checklist[number - 1]
            if bool(old["by"]) is done:
                return None
            new = old | ({"by": agent, "at": now.isoformat()} if done else {"by": None, "at": None})
            changes = {"checklist": [*case.checklist[: number - 1], new, *case.checklist[number:]]}
            return changes, {"step": number, "text": old["text"], "done": done}

        return self._take(EventKind.TICKED, case_id, agent, change)[0]


def _wants_open(case: Row[Any]) -> None:
    if not Status(case.status).is_open:
        raise StepRefused(f"Case {case.id} is {case.status}; reopen it first.")


def _wants_hand_over(case: Row[Any]) -> str:
    if case.handed_to is None:
        raise StepRefused(f"Case {case.id} was not handed over to anybody.")
    return str(case.handed_to)


def _no_such_step(case: Row[Any], number: int) -> str:
    if not case.checklist:
        return f"Case {case.id} follows no playbook, so there is nothing to tick off."
    return f"The checklist of case {case.id} has no step {number}: choose from 1 to {len(case.checklist)}."
