"""A screen beside the hot loop with things below each other: the keys act on the one with the bar beside it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

from textual import on
from textual.app import ComposeResult

from desk.locale import _
from desk.screens.aside import Aside
from desk.widgets.lines import Line
from desk.widgets.prompt import Prompt

Thing = TypeVar("Thing")

EDGE = ("▌ ", "accent")
"""Beside the thing that the keys act on."""


class Choosing(Aside, Generic[Thing]):
    """What outbox, sources and reports have in common."""

    nothing = ""
    """What is said where there is nothing; translated where it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.things: Sequence[Thing] = ()
        self.place = 0
        self._known = False

    def compose(self) -> ComposeResult:
        """As every aside, with a line that asks."""
        yield from super().compose()
        yield Prompt(id="prompt")

    def on_mount(self) -> None:
        """Nothing is known yet."""
        self.query_one(Prompt).close()
        self.paint()

    @abstractmethod
    def key_of(self, thing: Thing) -> object:
        """By what a thing is known again when the list is read anew."""

    @abstractmethod
    def lines_of(self, thing: Thing, width: int) -> list[Line]:
        """A thing as lines."""

    @property
    def chosen(self) -> Thing | None:
        """What the keys act on."""
        return self.things[self.place] if self.place < len(self.things) else None

    def show_things(self, things: Sequence[Thing]) -> None:
        """Shows these; the cursor stays on its thing, else in its place."""
        before = self.key_of(self.chosen) if self.chosen is not None else None
        self.things, self._known = things, True
        keys = [self.key_of(each) for each in things]
        self.place = keys.index(before) if before in keys else max(0, min(self.place, len(things) - 1))
        self.paint()

    def paint(self) -> None:
        """Shows the things with the bar, and keeps the chosen one in sight."""
        self.body.show(self._lines, home=False)
        ours = [row for row, line in enumerate(self.body.lines) if line[:1] == [EDGE]]
        top, room = round(self.body.scroll_y), self.body.size.height
        if ours and not (top <= ours[0] and ours[-1] < top + room):
            self.body.scroll_to(y=ours[0] if ours[0] < top else min(ours[0], ours[-1] - room + 1), animate=False)

    def _lines(self, width: int) -> list[Line]:
        if not self.things:
            return [[], [("  " + _(self.nothing if self._known else "Loading …"), "dim")]]
        lines: list[Line] = []
        for number, thing in enumerate(self.things):
            edge = EDGE if number == self.place else ("  ", "dim")
            lines += [[edge, *line] for line in self.lines_of(thing, width - 3)]
        return lines

    def _go(self, place: int) -> None:
        self.place = max(0, min(place, len(self.things) - 1))
        self.paint()

    def action_down(self) -> None:
        """The next one."""
        self._go(self.place + 1)

    def action_up(self) -> None:
        """The one before."""
        self._go(self.place - 1)

    def action_top(self) -> None:
        """The first."""
        self._go(0)

    def action_bottom(self) -> None:
        """The last."""
        self._go(len(self.things) - 1)

    def action_page(self, way: int) -> None:
        """About a page on, or back."""
        each = max(1, len(self.body.lines) // max(1, len(self.things)))
        self._go(self.place + way * max(1, self.body.size.height // each))

    @on(Prompt.Left)
    def _left(self, event: Prompt.Left) -> None:
        event.stop()
        self.close_prompt()

    def close_prompt(self) -> None:
        """Puts the prompt away."""
        self.query_one(Prompt).close()
        self.set_focus(None)
