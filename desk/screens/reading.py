"""The open case: read where the cursor rests, read ahead where it will go next, and read again when it changed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from textual import work

from desk.screens.counter import REFUSALS
from desk.screens.surface import Surface
from storage.types import Case, CaseFile, EventKind

if TYPE_CHECKING:
    from desk.clerk import Clerk
    from desk.widgets.conversation import Due
    from storage.dossier import Before

REST = 0.03
"""Seconds that the cursor rests on a row before its conversation is read: a key held down reads none on the way."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A case with all that is shown of it."""

    file: CaseFile
    due: Sequence[Due]
    """The promises to it that still run."""
    edits: Mapping[int, Before]
    """What was edited since it was claimed, as it was then."""


class Reading(Surface):
    """Holds one case open, and the next ones ready."""

    ahead: dict[int, Opened] = {}
    """What was read of the case that the next move will show; what changes is dropped."""
    _row = 0
    _stride = 1
    """Rows that the cursor went last: it will go on like that."""

    def moved(self) -> None:
        """Shows the case under the cursor, where cases are shown."""
        row, height = self.cases.row, self.cases.size.height
        self._stride, self._row = row - self._row if 0 < abs(row - self._row) < height else 1, row
        self.paint_bars()
        if self.side_by_side or self.reading:
            self.show_case(self.cases.case_id)

    def show_case(self, case_id: int | None) -> None:
        """Shows a case's conversation and author: at once where they were read ahead, else once the cursor rests."""
        self.workers.cancel_group(self, "open")
        found = self._read_ahead(case_id)
        if case_id is None:
            self.file = None
            self.paint_file()
        elif found is None:
            self._read(case_id)
        elif self.side_by_side or self.reading:
            self._show(found)

    @work(exclusive=True, group="open")
    async def _read(self, case_id: int) -> None:
        await asyncio.sleep(REST)
        if not (self.side_by_side or self.reading):
            return
        try:
            self._show(await self.counter.read(lambda clerk: read_file(clerk, case_id)))
        except REFUSALS as error:
            self.say_trouble(error)

    def _show(self, found: Opened) -> None:
        self.put_file(found, home=True)
        self.cases.put([found.file.case])
        self.show_newest()
        self.call_after_refresh(self.opened)
        self.call_after_refresh(self._look_ahead)

    def _read_ahead(self, case_id: int | None) -> Opened | None:
        """What was read ahead of a case, unless its row in the list is another by now."""
        found = self.ahead.get(case_id) if case_id is not None else None
        return found if found is not None and self.cases.known(case_id) in (None, found.file.case) else None

    @work(exclusive=True, group="refresh")
    async def refresh_file(self) -> None:
        """Shows what became of the open case, of which the list holds the row as it is now."""
        file = self.file
        case = self.cases.known(file.case.id) if file is not None else None
        if file is None or case is None:
            return
        try:
            found = await self.counter.read(lambda clerk: read_again(clerk, file, case))
        except REFUSALS as error:
            self.say_trouble(error)
            return
        if self.file is None or self.file.case.id != case.id:
            return  # the agent went on meanwhile
        self.put_again(found)

    def put_again(self, found: Opened) -> None:
        """Shows what became of the open case."""
        before = self.file
        self.put_file(found)
        if before is None or found.file.earlier is not before.earlier:
            self.opened()

    def put_file(self, found: Opened, home: bool = False) -> None:
        """Shows a case as it was read."""
        self.file, self.due, self.edits = found.file, found.due, found.edits
        self.paint_file(home)

    def opened(self) -> None:
        """A case was read whole: what is known besides it may come now."""

    @work(exclusive=True, group="ahead")
    async def _look_ahead(self) -> None:
        """Reads the case that the next move will show, while the agent reads this one."""
        await asyncio.sleep(REST)
        row = self.cases.row + self._stride
        if not 0 <= row < len(self.cases.ids) or self.cases.ids[row] in self.ahead:
            return
        case_id = self.cases.ids[row]
        with suppress(*REFUSALS):
            self.ahead = {case_id: await self.counter.read(lambda clerk: read_file(clerk, case_id))}


def read_file(clerk: Clerk, case_id: int) -> Opened:
    """A case as it is opened."""
    return _with_more(clerk, clerk.open(case_id))


def read_again(clerk: Clerk, file: CaseFile, case: Case) -> Opened:
    """An opened case as it is now."""
    return _with_more(clerk, clerk.refreshed(file, case))


def _with_more(clerk: Clerk, file: CaseFile) -> Opened:
    running = (each for each in clerk.clocks(file) if each.is_running)
    due = [(each.target, each.reading.state.value, each.reading.due_at) for each in running]
    if (since := claimed_at(file)) is None:
        return Opened(file, due, {})
    from storage.dossier import Dossiers

    return Opened(file, due, Dossiers(clerk.database).edits(file.case, since))


def claimed_at(file: CaseFile) -> datetime | None:
    """When whoever has the case took it; None where nobody has, or nothing was edited since."""
    claims = [each for each in file.trail if each.kind is EventKind.CLAIMED and "undone_by" not in each.data]
    if file.case.assignee is None or not claims:
        return None
    edited = any(each.kind is EventKind.EDITED and each.id > claims[-1].id for each in file.trail)
    return claims[-1].at if edited else None
