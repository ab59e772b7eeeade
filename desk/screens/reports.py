"""The reports of `sources.yaml`: when each is written, written now by one key, and opened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work
from textual.binding import Binding

from desk.locale import N_, _, clock
from desk.screens.acts import has_browser
from desk.screens.choosing import Choosing
from desk.screens.counter import REFUSALS, Counter
from desk.shown import clean_line
from desk.widgets.lines import Line, fit, wrap
from storage.errors import ConfigError

if TYPE_CHECKING:
    from desk.printing import Printer, Printout


class ReportsScreen(Choosing["Printout"]):
    """One report after the other."""

    heading = N_("Reports")
    nothing = N_("There are no reports yet: write them under reports: in sources.yaml.")
    BINDINGS = [
        Binding("w", "write", N_("write it now"), id="reports.write"),
        Binding("enter,o", "open", N_("open the newest"), id="reports.open", key_display="Enter o"),
        Binding("y", "copy", N_("copy where it is"), id="reports.copy"),
    ]

    def __init__(self, counter: Counter, printer: Callable[[], Printer], *, now: Callable[[], datetime]) -> None:
        """`printer` is called in a thread."""
        super().__init__()
        self._counter, self._printer, self._now = counter, printer, now
        self._writing: set[str] = set()

    def on_mount(self) -> None:
        """Reads, and reads again now and then: reports are written by themselves, too."""
        self.load()
        self.set_interval(15, self.load)

    @work(exclusive=True, group="reports")
    async def load(self) -> None:
        """Asks which reports there are."""
        try:
            self.show_things(await self._counter.read(lambda _clerk: self._printer().printouts()))
        except (*REFUSALS, ConfigError, OSError) as error:
            self.say(str(error), "error")

    def key_of(self, thing: Printout) -> str:
        """A report's name."""
        return thing.planned.name

    def lines_of(self, thing: Printout, width: int) -> list[Line]:
        """A report: its query, when it is written, and the newest file of it."""
        now, planned = self._now(), thing.planned
        when = _("next {time}", time=clock(thing.next_at, now)) if thing.next_at else ""
        lines: list[Line] = [
            [(fit(planned.name, 24), "strong"), (f"{planned.every.text}  {when}  {', '.join(planned.forms)}", "dim")],
            *([("  " + line, "normal")] for line in wrap(clean_line(planned.query, 300), width - 2)),
        ]
        if planned.name in self._writing:
            lines.append([("  " + _("Being written …"), "warn")])
        elif thing.newest is None:
            lines.append([("  " + _("Not written yet; w writes it now."), "dim")])
        else:
            written = f"{clock(thing.written_at or now, now)}  {clean_line(str(thing.newest), 300)}"
            lines += [[("  " + line, "good")] for line in wrap(written, width - 2)]
        return [*lines, []]

    # -- keys -----------------------------------------------------------------------------------------------------

    @work(group="printing")
    async def action_write(self) -> None:
        """Writes the report up to today, beside the keys."""
        printout = self.chosen
        if printout is None or printout.planned.name in self._writing:
            return
        name = printout.planned.name
        self._writing.add(name)
        self.paint()
        try:
            paths = await self._counter.slow(lambda _clerk: self._printer().write(printout.planned))
        except (*REFUSALS, OSError) as error:
            self.say(_("{name} could not be written: {why}", name=name, why=str(error)), "error")
            return
        finally:
            self._writing.discard(name)
            self.paint()
        self.say(_("Written: {path}", path=", ".join(each.name for each in paths)), "good")
        self.load()

    def action_open(self) -> None:
        """Opens the newest file, where there is a browser; else says where it is."""
        path = self._newest()
        if path is None:
            return
        if has_browser():
            self.app.open_url(path.as_uri())
            self.say(_("Opened {host}", host=path.name))
        else:
            self.app.copy_to_clipboard(str(path))
            self.say(_("There is no browser here; copied: {path}", path=str(path)))

    def action_copy(self) -> None:
        """Copies where the newest file is."""
        if (path := self._newest()) is not None:
            self.app.copy_to_clipboard(str(path))
            self.say(_("Copied: {path}", path=str(path)))

    def _newest(self) -> Path | None:
        path = self.chosen.newest if self.chosen is not None else None
        if path is None:
            self.say(_("Not written yet; w writes it now."), "warn")
        return path
