"""The inbox on screen: any number of cases, of which only those near the cursor are held."""

from __future__ import annotations

from array import array
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from desk.locale import _
from desk.widgets.lines import Line, Lined, fit
from desk.widgets.signs import case_row
from storage.types import Case

if TYPE_CHECKING:
    from storage.presence import Presence

MARKABLE = 1000
"""Cases that one act works on at most: it is one transaction, all or none."""
KEPT = 1000
"""Rows remembered; the others are asked for again when they come on screen."""


class Now(Protocol):
    """Gives the present."""

    def __call__(self) -> datetime: ...


class CaseList(Lined):
    """A list that never moves by itself: it holds ids, and asks its screen for the rows it is about to show."""

    @dataclass
    class Opened(Message):
        """A case was double-clicked."""

        case_id: int

    @dataclass
    class RowsWanted(Message):
        """These rows are about to be shown."""

        ids: tuple[int, ...]

    def __init__(self, now: Now, moved: Callable[[], None], *, id: str | None = None) -> None:  # noqa: A002 - Textual's
        """`moved` is called when the cursor is on another case, or on none: by a message it would be painted later."""
        super().__init__(id=id)
        self.ids: array[int] = array("q")
        self.marked: set[int] = set()
        self.row = 0
        self.empty: Line = []
        self._now, self._moved = now, moved
        self._cases: OrderedDict[int, Case] = OrderedDict()
        self._asked: set[int] = set()
        self._asking = False
        self._company: dict[int, str] = {}
        self._range: int | None = None

    @property
    def case_id(self) -> int | None:
        """The case under the cursor."""
        return self.ids[self.row] if self.row < len(self.ids) else None

    @property
    def case(self) -> Case | None:
        """The case under the cursor, once its row is there."""
        return self.known(self.case_id)

    def known(self, case_id: int | None) -> Case | None:
        """A case of which the row is there."""
        return self._cases.get(case_id) if case_id is not None else None

    def tags(self) -> list[str]:
        """The tags of the rows at hand, those most in use first."""
        used = Counter(tag for case in self._cases.values() for tag in case.tags)
        return [tag for tag, _count in used.most_common()]

    def show(self, ids: array[int], empty: Line, row: int | None = None) -> None:
        """Shows other ids, with the cursor on a row; or on its case where that is among them, else in its place."""
        before = self.case_id
        self.ids, self.empty = ids, empty
        self._asked.clear()
        self.marked &= set(ids) if self.marked else set()
        if row is not None:
            self.row = row
        elif before in ids[: KEPT * 50]:
            self.row = ids.index(before)  # type: ignore[arg-type]
        self.row = min(self.row, max(0, len(ids) - 1))
        self.set_height(len(ids))
        self._reveal()
        self.refresh()
        if self.case_id != before:
            self._moved()

    def put(self, cases: Iterable[Case]) -> None:
        """Takes rows in; those on screen change in place."""
        changed = set()
        for case in cases:
            self._asked.discard(case.id)
            if self._cases.get(case.id) != case:
                changed.add(case.id)
            self._cases[case.id] = case
            self._cases.move_to_end(case.id)
        while len(self._cases) > KEPT:
            self._cases.popitem(last=False)
        top = round(self.scroll_y)
        for row, case_id in enumerate(self.ids[top : top + self.size.height], top):
            if case_id in changed:
                self.refresh_line(row)

    def see(self, company: Iterable[Presence]) -> None:
        """Shows who else is at which case."""
        before = self._company
        self._company = {each.case_id: ("✎" if each.is_writing else "◦") + each.agent for each in company}
        top = round(self.scroll_y)
        for row, case_id in enumerate(self.ids[top : top + self.size.height], top):
            if before.get(case_id) != self._company.get(case_id):
                self.refresh_line(row)

    def ask_again(self) -> None:
        """After rows could not be had: the next paint asks for them anew."""
        self._asked.clear()

    def move(self, row: int) -> None:
        """Puts the cursor on `row`, or as near as there are rows."""
        row = max(0, min(row, len(self.ids) - 1))
        if row == self.row or not self.ids:
            return
        old, self.row = self.row, row
        if self._range is not None:
            self._mark_range(old)
        self.refresh_line(old)
        self.refresh_line(row)
        self._reveal()
        self._moved()

    def go_to(self, case_id: int) -> bool:
        """Puts the cursor on a case, where it is listed."""
        if case_id not in self.ids:
            return False
        self.move(self.ids.index(case_id))
        return True

    def next_open(self) -> None:
        """Moves on to the next case that is still to be done, else to the one before."""
        order = [*range(self.row + 1, len(self.ids)), *range(self.row - 1, -1, -1)]
        for row in order[:KEPT]:
            case = self.known(self.ids[row])
            if case is None or case.status.is_open:
                self.move(row)
                return

    def toggle_mark(self) -> None:
        """Marks the case under the cursor or takes the mark away, and moves on."""
        if self.case_id is not None:
            self.marked ^= {self.case_id}
            self.refresh_line(self.row)
            self.move(self.row + 1)

    @property
    def is_marking(self) -> bool:
        """Whether moving marks."""
        return self._range is not None

    def toggle_range(self) -> None:
        """Marks from this row on as far as the cursor moves; or ends that."""
        if self._range is not None:
            self._range = None
        elif self.case_id is not None:
            self._range = self.row
            self.marked.add(self.case_id)
            self.refresh_line(self.row)

    def mark_onward(self, way: int) -> None:
        """Marks the row, and the one below or above it, where the cursor goes."""
        if self.ids:
            here = self.row
            self.move(here + way)
            self.marked |= {self.ids[here], self.ids[self.row]}
            self.refresh()

    def mark_all(self) -> bool:
        """Marks all that is listed, or takes all marks away; False where that is too much for one act."""
        if len(self.ids) > MARKABLE:
            return False
        every = set(self.ids)
        self.unmark() if every <= self.marked else self.marked.update(every)
        self.refresh()
        return True

    def unmark(self) -> None:
        """Takes all marks away."""
        self._range = None
        self.marked.clear()

    def _mark_range(self, left: int) -> None:
        """What the cursor left again is unmarked; what lies between where marking began and the cursor is marked."""
        begin = self._range or 0
        low, high = min(begin, left), max(begin, left)
        self.marked -= set(self.ids[low : high + 1])
        low, high = min(begin, self.row), max(begin, self.row)
        self.marked |= set(self.ids[low : high + 1][:MARKABLE])
        self.refresh()

    def _reveal(self) -> None:
        top, height = round(self.scroll_y), max(1, self.size.height)
        if self.row < top:
            self.scroll_to(y=self.row, animate=False)
        elif self.row >= top + height:
            self.scroll_to(y=self.row - height + 1, animate=False)

    def on_resize(self) -> None:
        """Keeps the cursor in sight."""
        self.set_height(len(self.ids))
        self._reveal()

    def on_click(self, event: events.Click) -> None:
        """One click puts the cursor there, two open."""
        row = event.y + round(self.scroll_y)
        if row < len(self.ids):
            self.move(row)
            if event.chain == 2:
                self.post_message(self.Opened(self.ids[row]))

    def is_at(self, row: int) -> bool:
        """Whether the cursor is there."""
        return row == self.row and bool(self.ids)

    def state(self, row: int) -> object:
        """A row's case, its mark, who is at it, and the half minute in which its age is told."""
        if row >= len(self.ids):
            return bool(self.ids), self.empty, self.size.height
        case_id = self.ids[row]
        half_minute = self._now().timestamp() // 30
        return self.known(case_id), case_id in self.marked, self._company.get(case_id), half_minute

    def line(self, row: int) -> Line:
        """A row, or for now its place."""
        if row >= len(self.ids):
            is_place = not self.ids and row == max(0, self.size.height // 3)
            return [("  ", "dim"), *self.empty] if is_place else []
        edge = ("▌" if row == self.row else " ", "accent")
        case = self.known(self.ids[row])
        if case is None:
            return [edge, (fit("     …", self.room - 1), "dim")]
        seen = self._company.get(case.id, "")
        return [edge, *case_row(case, self.room - 1, self._now(), marked=case.id in self.marked, seen=seen)]

    def render_lines(self, crop: Region) -> list[Strip]:
        """Textual's. What is missing, here or a page from here, is asked for once this is painted."""
        if not self._asking and self._missing(1):
            self._asking = True
            self.call_after_refresh(self._ask)
        return super().render_lines(crop)

    def _missing(self, pages: int) -> tuple[int, ...]:
        """Rows that nobody asked for yet, so many pages up and down from here."""
        top, height = round(self.scroll_y), self.size.height
        near = self.ids[max(0, top - pages * height) : top + (pages + 1) * height]
        return tuple(each for each in near if each not in self._cases and each not in self._asked)

    def _ask(self) -> None:
        self._asking = False
        if wanted := self._missing(2):
            self._asked.update(wanted)
            self.post_message(self.RowsWanted(wanted))


def empty_words(searching: bool) -> Line:
    """What an empty list says."""
    if searching:
        return [(_("Nothing answers this search.") + " ", "strong"), (_("Esc goes back."), "dim")]
    return [(_("All done here.") + " ", "strong"), (_("New work shows up in the corner; . takes it in."), "dim")]
