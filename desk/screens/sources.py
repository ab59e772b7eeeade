"""How each source does, as its own history tells: well, degraded, silent, dead or on hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from textual import work

from desk.locale import N_, _, age, clock
from desk.screens.aside import Aside
from desk.screens.counter import Counter
from desk.shown import clean_line
from desk.widgets.lines import Line, fit, wrap
from storage.errors import StorageError
from storage.types import Health, SourceHealth

SIGN = {
    Health.OK: ("✓", "good", N_("well")),
    Health.DEGRADED: ("~", "warn", N_("degraded")),
    Health.SILENT: ("?", "warn", N_("silent")),
    Health.DEAD: ("✗", "error", N_("dead")),
    Health.ON_HOLD: ("=", "dim", N_("on hold")),
}


class SourcesScreen(Aside):
    """All sources, those in trouble first."""

    heading = N_("Sources")

    def __init__(
        self, counter: Counter, sources: Callable[[], Sequence[SourceHealth]], *, now: Callable[[], datetime]
    ) -> None:
        super().__init__()
        self._counter, self._sources, self._now = counter, sources, now

    def on_mount(self) -> None:
        """Reads, and reads again each five seconds."""
        self.load()
        self.set_interval(5, self.load)

    @work(exclusive=True, group="sources")
    async def load(self) -> None:
        """Asks how the sources do."""
        try:
            found = await self._counter.read(lambda _clerk: self._sources())
        except StorageError as error:
            self.say(str(error), "error")
            return
        now = self._now()
        self.body.show(lambda width: source_lines(found, width, now), home=False)


def source_lines(found: Sequence[SourceHealth], width: int, now: datetime) -> list[Line]:
    """Two lines a source: how it does, and in words what is the matter."""
    order = sorted(found, key=lambda each: (each.health in (Health.OK, Health.ON_HOLD), each.name))
    lines: list[Line] = []
    for each in order:
        sign, role, word = SIGN[each.health]
        name = width - 50
        lines.append([
            (f" {sign} {fit(_(word), 12)}", role),
            (fit(clean_line(each.name, 40), max(10, name)), "strong"),
            (fit(clean_line(each.kind, 12), 12), "dim"),
            (fit(f"{each.mentions}", 7, right=True), "normal"),
            (fit(_last(each, now), 16, right=True), "dim"),
        ])  # fmt: skip
        if each.sentence and each.health is not Health.OK:
            lines += [[("     " + line, role)] for line in wrap(clean_line(each.sentence), width - 6)]
    return lines or [[], [("  " + _("There are no sources yet: write them in sources.yaml."), "dim")]]


def _last(each: SourceHealth, now: datetime) -> str:
    if each.last_new_at is None:
        return _("nothing yet")
    return f"{age(each.last_new_at, now)}  {clock(each.next_at, now) if each.next_at else ''}"
