"""The Textual app: theme, language, keymap, the palette's commands, and a crash that tells nobody's secrets."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.command import CommandPalette
from textual.reactive import Reactive
from textual.screen import Screen
from textual.theme import Theme
from textual.worker import WorkerFailed

from desk import locale
from desk.custom import Custom, Sighting, utc_now
from desk.locale import _
from desk.screens.counter import Counter
from desk.screens.keys import BINDINGS, display
from desk.screens.triage import TriageScreen
from desk.widgets.theme import DARK, THEMES

if TYPE_CHECKING:
    from desk.clerk import Clerk
    from desk.overview import Overview
    from desk.printing import Printer
    from desk.screens.sources import SourceDoor
    from storage.errors import ConfigError

POLL = 0.75
"""Seconds between two looks at what others did."""


class Desk(App[None]):
    """The desk of one agent."""

    CSS_PATH = "desk.tcss"
    TITLE = "webcare"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+shift+p"
    theme = Reactive(DARK.name)
    """Said here: setting it later has all styles read a second time."""
    BINDINGS = [Binding("ctrl+q", "leave", show=False, priority=True, id="desk.leave")]

    def __init__(
        self,
        make_clerk: Callable[[], Clerk],
        *,
        agent: str,
        lang: str = "en",
        custom: Callable[[], Custom] = Custom,
        sighted: Callable[[], Sighting | None] = lambda: None,
        sources: Callable[[], SourceDoor] | None = None,
        printer: Callable[[], Printer] | None = None,
        overview: Callable[[str, int, str], Awaitable[Overview]] | None = None,
        now: Callable[[], datetime] = utc_now,
        poll: float = POLL,
    ) -> None:
        """`custom` and `make_clerk` are called in a thread after the first paint: what they import takes longer.

        So are `sighted`, which tells the inbox's first rows before there is a clerk, and `sources`, which tells the
        sources' health.
        """
        super().__init__()
        locale.use(lang)
        self.counter = Counter(make_clerk)
        self.refused: ConfigError | None = None
        """What is wrong with the configuration, when the desk could not be opened for it."""
        self._lang, self._sources, self._printer, self._overview = lang, sources, printer, overview
        self._triage = TriageScreen(
            self.counter, agent=agent, poll=poll, now=now, custom=custom, sighted=sighted, sources=sources
        )

    def take(self, custom: Custom) -> None:
        """The keys and the clock of this house."""
        locale.use(self._lang, custom.zone)
        self.set_keymap(dict(custom.keymap))

    def refuse(self, error: ConfigError) -> None:
        """Closes the desk: the configuration is to be mended first."""
        self.refused = error
        self.exit(return_code=2)

    def get_default_screen(self) -> Screen[Any]:
        """The hot loop is the whole desk."""
        return self._triage

    @property
    def available_themes(self) -> dict[str, Theme]:
        """Dark and light."""
        return THEMES

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own colours, for themes that do not name them."""
        return DARK.variables

    def action_sources(self) -> None:
        """How the sources do."""
        from desk.screens.sources import SourcesScreen

        if self._sources is None:
            self._triage.say(_("This desk does not know the sources."), "warn")
            return
        self.push_screen(SourcesScreen(self.counter, self._sources, now=self._triage.now))

    def action_dashboard(self) -> None:
        """The figures."""
        from desk.screens.dashboard import DashboardScreen

        read = self._overview or self._read_overview
        self.push_screen(DashboardScreen(read, now=self._triage.now, search=self._triage.answer_search))

    async def _read_overview(self, query: str, days: int, lang: str) -> Overview:
        from desk.overview import read

        return await self.counter.slow(lambda clerk: read(clerk, query, days, lang))

    def action_reports(self) -> None:
        """The planned reports."""
        from desk.screens.reports import ReportsScreen

        if self._printer is None:
            self._triage.say(_("This desk does not know the reports."), "warn")
            return
        self.push_screen(ReportsScreen(self.counter, self._printer, now=self._triage.now))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every act that has a key, by its name."""
        for binding in BINDINGS:
            if binding.id != "show.palette":
                name = _(binding.description)
                yield SystemCommand(name[:1].upper() + name[1:], display(binding), self._doing(binding.action))

    def _doing(self, action: str) -> Callable[[], Any]:
        return lambda: self.run_action(action, self._triage)

    def action_command_palette(self) -> None:
        """The palette, with its placeholder in the language in use."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(placeholder=_("What do you want to do?"), id="--command-palette"))

    def action_help_quit(self) -> None:
        """Ctrl+C stops nothing here; it says what does."""
        self._triage.say(_("q leaves, and Ctrl+Q from everywhere."))

    async def action_leave(self) -> None:
        """Ctrl+Q leaves from everywhere, keeping what is being written."""
        self._triage.action_quit()

    async def on_unmount(self) -> None:
        """Whatever ended the desk: what was being written is kept."""
        with suppress(Exception):
            self._triage.keep_draft_now()
        self.counter.close()

    def _handle_exception(self, error: Exception) -> None:
        """Tells what broke and where in the program, and nothing of what was on the screen."""
        with suppress(Exception):
            self._triage.keep_draft_now()
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self.panic(Text(crash_report(error)))


def crash_report(error: BaseException) -> str:
    """The kind of error and the lines of the program it went through: no values, no message, no personal data."""
    error = error.error if isinstance(error, WorkerFailed) else error
    frames = traceback.extract_tb(error.__traceback__, limit=-20)
    lines = [f"  {frame.filename.rsplit('/', 2)[-1]}:{frame.lineno} {frame.name}" for frame in frames]
    return "\n".join([f"The desk stopped: {type(error).__name__}. What was being written is kept as a draft.", *lines])
