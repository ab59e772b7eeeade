"""The dashboard: how much is written, how people feel, how fast we are, what waits. Enter opens what is behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from time import monotonic

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding

from desk.locale import N_, _, clock, language
from desk.overview import Overview
from desk.reports.words import Words
from desk.screens.aside import Aside
from desk.screens.counter import REFUSALS
from desk.shown import clean_line
from desk.widgets.board import Panel, arranged, panels
from desk.widgets.lines import Bar, Line
from desk.widgets.prompt import Prompt
from storage.errors import QueryError
from storage.query.grammar import parse

PERIODS = {"1": (1, N_("today")), "2": (7, N_("7 days")), "3": (30, N_("30 days")), "4": (90, N_("90 days"))}
AGAIN = 30.0
"""Seconds between two readings, or twenty times as long as one takes."""


class DashboardScreen(Aside):
    """Panels of figures. The cursor stands on one of them."""

    heading = N_("Dashboard")
    BINDINGS = [
        Binding("enter", "behind", N_("what is behind it"), id="dashboard.behind", key_display="Enter"),
        Binding("p", "other_period", N_("more days, or fewer"), id="dashboard.period"),
        *(
            Binding(key, f"period('{key}')", what, id=f"dashboard.days_{days}", show=False)
            for key, (days, what) in PERIODS.items()
        ),
        Binding("slash", "narrow", N_("narrow it by a search"), id="dashboard.narrow", key_display="/"),
        Binding("full_stop", "load", N_("count again"), id="dashboard.again", key_display="."),
        Binding("l,right", "side(1)", N_("next figure, or panel"), id="dashboard.right", key_display="l →", show=False),
        Binding("h,left", "side(-1)", N_("figure or panel before"), id="dashboard.left", key_display="h ←", show=False),
    ]

    def __init__(
        self,
        read: Callable[[str, int, str], Awaitable[Overview]],
        *,
        now: Callable[[], datetime],
        search: Callable[[str], None],
    ) -> None:
        """`read` counts: see `desk.overview.read`. `search` opens a query in the list of the desk."""
        super().__init__()
        self._read, self._now, self._search = read, now, search
        self._period, self._query = "2", ""
        self._found: Overview | None = None
        self._panels: list[Panel] = []
        self._place = (0, 0)
        self._after = 0.0

    def compose(self) -> ComposeResult:
        """As every aside, with a line that asks."""
        yield from super().compose()
        yield Prompt(id="prompt")

    def on_mount(self) -> None:
        """Counts, and counts again from time to time."""
        self.query_one(Prompt).close()
        self.body.show(lambda width: [[], [("  " + _("Counting …"), "dim")]])
        self.action_load()
        self.set_interval(AGAIN, self._refresh)

    # -- counting -------------------------------------------------------------------------------------------------

    def action_load(self) -> None:
        """Counts anew."""
        self.load()

    def _refresh(self) -> None:
        if monotonic() >= self._after:
            self.load()

    @work(exclusive=True, group="dashboard")
    async def load(self) -> None:
        """Reads the figures beside the keys; a reading that is overtaken, or that nobody waits for, is cancelled."""
        days, query, began = PERIODS[self._period][0], self._query, monotonic()
        self._after = began + 86_400
        self._title(_("counting …"))
        try:
            found = await self._read(query, days, language())
        except REFUSALS as error:
            self._trouble(error)
            return
        self._after = monotonic() + 20 * (monotonic() - began)
        self._show(found)

    def _trouble(self, error: Exception) -> None:
        self._after = 0.0
        self._title("")
        self.say(str(error), "error")
        if self._found is None:
            self.body.show(lambda width: [[], [("  " + _("The figures could not be read; . tries again."), "error")]])

    def _show(self, found: Overview) -> None:
        before = self._panels
        self._found, self._panels = found, panels(found, Words(language()))
        if [len(each.spots) for each in before] != [len(each.spots) for each in self._panels]:
            self._place = (0, max(0, len(self._panels[0].spots) - 1)) if self._panels else (0, 0)
        self._title(_("as of {time}", time=clock(self._now(), self._now())))
        self.paint()

    def _title(self, state: str) -> None:
        days = _(PERIODS[self._period][1])
        query = clean_line(self._query, 60) or _("everything")
        left: Line = [(f"  {_(self.heading)} ", "tab"), (f" {days} ", "strong"), (f" {query}", "dim")]
        self.query_one("#tabs", Bar).put(left, [(state + " ", "dim")])

    def paint(self) -> None:
        """Shows the panels with the cursor."""
        made, place = self._panels, self._place
        if not made or not self._found or not self._found.summary.mentions:
            empty: Line = [("  " + _("Nothing was found in this period."), "strong")]
            self.body.show(lambda width: [[], empty, *([] if not made else [[], *arranged(made, place, width)])])
            return
        self.body.show(lambda width: arranged(made, place, width), home=False)
        self._reveal()
        self.query_one("#status", Bar).put([(" " + clean_line(made[place[0]].spots[place[1]].said, 300), "dim")])

    def _reveal(self) -> None:
        """Keeps the figure under the cursor in sight."""
        if self._place[0] == 0:
            self.body.scroll_home(animate=False)
            return
        ours = [row for row, line in enumerate(self.body.lines) if ("▌", "accent") in line]
        top, room = round(self.body.scroll_y), self.body.size.height
        if ours and not top <= ours[0] < top + room:
            self.body.scroll_to(y=max(0, ours[0] - room // 2), animate=False)

    # -- keys -----------------------------------------------------------------------------------------------------

    def action_period(self, key: str) -> None:
        """Looks at more days, or fewer."""
        self._period = key
        self.action_load()

    def action_other_period(self) -> None:
        """The next period, and after the longest the shortest."""
        keys = list(PERIODS)
        self.action_period(keys[(keys.index(self._period) + 1) % len(keys)])

    def action_down(self) -> None:
        """The next figure of the panel, then the next panel."""
        self._step(1)

    def action_up(self) -> None:
        """The figure before."""
        self._step(-1)

    def _step(self, way: int) -> None:
        if not self._panels:
            return
        panel, spot = self._place
        here = self._panels[panel]
        if not here.across and 0 <= spot + way < len(here.spots):
            self._go(panel, spot + way)
        elif 0 <= panel + way < len(self._panels):
            other = self._panels[panel + way]
            self._go(panel + way, len(other.spots) - 1 if way < 0 or other.across else 0)

    def action_side(self, way: int) -> None:
        """Along a chart; elsewhere to the panel beside."""
        if not self._panels:
            return
        panel, spot = self._place
        if self._panels[panel].across:
            self._go(panel, min(max(0, spot + way), len(self._panels[panel].spots) - 1))
        elif 0 <= panel + way < len(self._panels):
            other = self._panels[panel + way]
            self._go(panel + way, len(other.spots) - 1 if other.across else 0)

    def _go(self, panel: int, spot: int) -> None:
        self._place = (panel, spot)
        self.paint()

    def action_top(self) -> None:
        """To the first panel."""
        self._go(0, max(0, len(self._panels[0].spots) - 1)) if self._panels else None

    def action_bottom(self) -> None:
        """To the last figure."""
        self._go(len(self._panels) - 1, len(self._panels[-1].spots) - 1) if self._panels else None

    def action_behind(self) -> None:
        """Opens the search behind the figure in the list."""
        if not self._panels:
            return
        spot = self._panels[self._place[0]].spots[self._place[1]]
        if not spot.query:
            self.say(_("There is no search for this figure."), "warn")
            return
        self.dismiss()
        self._search(spot.query)

    def action_narrow(self) -> None:
        """Asks for a query that all figures are about."""
        self._ask(self._query)

    def _ask(self, query: str) -> None:
        self.query_one(Prompt).ask("narrow", "/", query)

    @on(Prompt.Answered)
    def _answered(self, event: Prompt.Answered) -> None:
        event.stop()
        try:
            parse(event.value.strip() or "*")
        except QueryError as error:
            self.query_one(Prompt).complain(error.sentence, error.position)
            return
        self._close_prompt()
        self._query = event.value
        self.load()

    @on(Prompt.Left)
    def _left(self, event: Prompt.Left) -> None:
        event.stop()
        self._close_prompt()

    def _close_prompt(self) -> None:
        self.query_one(Prompt).close()
        self.set_focus(None)
