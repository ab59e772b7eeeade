"""How each source does, as its own history tells, what it said last, and the keys that pause it or try it again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from textual import work
from textual.binding import Binding

from desk.locale import N_, _, age, clock, ngettext
from desk.screens.aside import Aside
from desk.screens.choosing import Choosing
from desk.screens.counter import REFUSALS, Counter
from desk.shown import clean_block, clean_line
from desk.widgets.lines import Line, fit, wrap
from storage.types import Health, SourceHealth

if TYPE_CHECKING:
    from desk.clerk import Clerk

SIGN = {
    Health.OK: ("✓", "good", N_("well")),
    Health.DEGRADED: ("~", "warn", N_("degraded")),
    Health.SILENT: ("?", "warn", N_("silent")),
    Health.DEAD: ("✗", "error", N_("dead")),
    Health.ON_HOLD: ("=", "dim", N_("on hold")),
}
AGAIN = 5.0
"""Seconds between two looks, or twenty times as long as one takes."""


class SourceDoor(Protocol):
    """The sources, as far as the desk has to do with them: `storage.roster.Roster`."""

    def health(self) -> list[SourceHealth]: ...
    def answer(self, name: str) -> str: ...
    def retry(self, name: str) -> None: ...
    def pause(self, name: str) -> None: ...
    def accept(self, name: str) -> None: ...


class SourcesScreen(Choosing[SourceHealth]):
    """All sources, those in trouble first."""

    heading = N_("Sources")
    nothing = N_("There are no sources yet: write them in sources.yaml.")
    BINDINGS = [
        Binding("enter,v", "answer", N_("what it said last"), id="sources.answer", key_display="Enter v"),
        Binding("r", "retry", N_("try it now"), id="sources.retry"),
        Binding("p", "pause", N_("pause, or take up again"), id="sources.pause"),
        Binding("a", "accept", N_("accept what stands there now"), id="sources.accept"),
    ]

    def __init__(self, counter: Counter, sources: Callable[[], SourceDoor], *, now: Callable[[], datetime]) -> None:
        """`sources` is called in a thread."""
        super().__init__()
        self._counter, self._sources, self._now = counter, sources, now
        self._after = 0.0

    def on_mount(self) -> None:
        """Reads, and reads again from time to time."""
        self.load()
        self.set_interval(AGAIN, self._refresh)

    def _refresh(self) -> None:
        if monotonic() >= self._after:
            self.load()

    @work(exclusive=True, group="sources")
    async def load(self) -> None:
        """Asks how the sources do."""
        began = monotonic()
        try:
            found = await self._counter.slow(lambda _clerk: self._sources().health())
        except REFUSALS as error:
            self.say(str(error), "error")
            return
        self._after = monotonic() + 20 * (monotonic() - began)
        self.show_things(sorted(found, key=lambda each: (each.health in (Health.OK, Health.ON_HOLD), each.name)))

    def key_of(self, thing: SourceHealth) -> str:
        """A source's name."""
        return thing.name

    def lines_of(self, thing: SourceHealth, width: int) -> list[Line]:
        """A source: how it does and when it is visited; below it, of the chosen one and of those in trouble, why."""
        now = self._now()
        sign, role, word = SIGN[thing.health]
        lines: list[Line] = [[
            (f"{sign} {fit(_(word), 12)}", role),
            (fit(clean_line(thing.name, 40), max(10, width - 52)), "strong"),
            (fit(clean_line(thing.kind, 12), 12), "dim"),
            (fit(f"{thing.mentions}", 7, right=True), "normal"),
            (fit(age(thing.last_new_at, now) if thing.last_new_at else _("nothing yet"), 12, right=True), "dim"),
        ]]  # fmt: skip
        is_chosen = self.chosen is not None and self.chosen.name == thing.name
        if thing.sentence and (is_chosen or thing.health is not Health.OK):
            lines += [[("    " + line, role)] for line in wrap(clean_line(thing.sentence), width - 5)]
        if is_chosen:
            lines += [[("    " + line, "dim")] for line in wrap(_times(thing, now), width - 5)]
        return lines

    # -- keys -----------------------------------------------------------------------------------------------------

    def action_retry(self) -> None:
        """Visits it as soon as the listener looks."""
        self._decide(lambda door, name: door.retry(name), _("It is visited as soon as `webcare listen` looks."))

    def action_pause(self) -> None:
        """Leaves it alone, or takes it up again."""
        source = self.chosen
        if source is not None and source.health is Health.ON_HOLD and source.next_at is None:
            self._decide(lambda door, name: door.retry(name), _("Taken up again."))
        else:
            self._decide(lambda door, name: door.pause(name), _("Paused; p takes it up again."))

    def action_accept(self) -> None:
        """What stands there now is the source from now on."""
        self._decide(lambda door, name: door.accept(name), _("Accepted; it is visited again."))

    @work(group="steps")
    async def _decide(self, step: Callable[[SourceDoor, str], None], said: str) -> None:
        source = self.chosen
        if source is None:
            return

        def take(clerk: Clerk) -> None:
            clerk.permit("manage_sources")
            step(self._sources(), source.name)

        try:
            await self._counter.step(take)
        except REFUSALS as error:
            self.say(str(error), "error")
            return
        self.say(f"{source.name}: {said}", "good")
        self.load()

    @work(exclusive=True, group="answer")
    async def action_answer(self) -> None:
        """Shows how the source's last answer began."""
        source = self.chosen
        if source is None:
            return
        try:
            text = await self._counter.read(lambda _clerk: self._sources().answer(source.name))
        except REFUSALS as error:
            self.say(str(error), "error")
            return
        self.app.push_screen(AnswerScreen(source, text))


class AnswerScreen(Aside):
    """What a source said, as it said it: the first page of its last visit that had one, or the page it broke on."""

    heading = N_("What it said last")

    def __init__(self, source: SourceHealth, text: str) -> None:
        super().__init__()
        self._source, self._text = source, text

    def on_mount(self) -> None:
        """Shows it."""
        self.body.show(self._lines)

    def _lines(self, width: int) -> list[Line]:
        head: list[Line] = [
            [(clean_line(self._source.name, 60), "strong"), ("  " + clean_line(self._source.url), "dim")]
        ]
        if not self._text:
            return [*head, [], [(_("Nothing was kept of it yet: a visit that brings something will."), "dim")]]
        first, _blank, rest = self._text.partition("\n\n")
        body: list[Line] = [[(line, "normal")] for line in wrap(clean_block(rest), width)]
        return [*head, [(clean_line(first, width), "accent")], [], *body]


def _times(source: SourceHealth, now: datetime) -> str:
    def at(moment: datetime | None) -> str:
        return clock(moment, now) if moment is not None else ""

    parts = (
        _("next visit {time}", time=at(source.next_at)) if source.next_at else _("no visit planned"),
        _("last visit {time}", time=at(source.last_visit_at)) if source.last_visit_at else _("never visited"),
        _("last well {time}", time=at(source.last_ok_at)) if source.last_ok_at else "",
        ngettext("{n} failed visit", "{n} failed visits in a row", source.failures) if source.failures else "",
        ngettext("{n} post", "{n} posts", source.posts),
        clean_line(source.url, 120),
    )
    return " · ".join(each for each in parts if each)
