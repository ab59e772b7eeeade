"""The one screen of the hot loop: what each key does that moves, opens, searches and shows."""

from __future__ import annotations

from textual import events, on

from desk.screens.company import Company
from desk.screens.judging import Judging
from desk.screens.keys import BINDINGS, GROUPS
from desk.screens.replying import Replying
from desk.screens.teaming import Teaming
from desk.views import SEARCH
from desk.widgets.case_list import CaseList

TYPING = frozenset(binding.action.partition("(")[0] for binding in BINDINGS)
"""Acts that no key starts while something is being typed."""


class TriageScreen(Company, Teaming, Judging, Replying):
    """List, conversation and author as panes; everything an agent does all day is done here."""

    BINDINGS = [*BINDINGS]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a prompt is made or open, or a reply is written, letters are letters."""
        if action in TYPING:
            idle = self.prompt.is_mounted and not self.prompt.is_open
            return idle and self.answering is None and not self.beginning
        return True

    def on_paste(self, event: events.Paste) -> None:
        """What is pasted outside an editor is no keys: nothing happens."""
        event.stop()

    # -- moving ---------------------------------------------------------------------------------------------------

    def _go(self, rows: int) -> None:
        self.hush()
        if self.reading:
            self.conversation.scroll_relative(y=rows, animate=False)
        else:
            self.cases.move(self.cases.row + rows)

    def action_down(self) -> None:
        """One row, or one line of the conversation, down."""
        self._go(1)

    def action_up(self) -> None:
        """One up."""
        self._go(-1)

    def action_page(self, way: int) -> None:
        """A page down or up."""
        self._go(way * max(1, self.cases.size.height - 1))

    def action_half(self, way: int) -> None:
        """Half a page down or up."""
        self._go(way * max(1, self.cases.size.height // 2))

    def action_top(self) -> None:
        """To the first row, or the top of the conversation."""
        if self.reading:
            self.conversation.scroll_home(animate=False)
        else:
            self.cases.move(0)

    def action_bottom(self) -> None:
        """To the last row, or the end of the conversation."""
        if self.reading:
            self.conversation.scroll_end(animate=False)
        else:
            self.cases.move(len(self.cases.ids) - 1)

    def action_next(self) -> None:
        """The next case, wherever the agent is."""
        self.cases.move(self.cases.row + 1)

    def action_previous(self) -> None:
        """The case before."""
        self.cases.move(self.cases.row - 1)

    def action_find(self, way: int) -> None:
        """The next post of the conversation, or the next place of what was searched for; or the one before."""
        from desk.widgets.conversation import places

        pane = self.conversation
        here = round(pane.scroll_y) + (1 if pane.size.height > 2 else 0)
        found = [each for each in places(pane.lines) if (each > here if way > 0 else each < here)]
        if found:
            pane.scroll_to(0, max(0, (found[0] if way > 0 else found[-1]) - 1), animate=False)

    # -- opening and going back -----------------------------------------------------------------------------------

    def action_open(self) -> None:
        """Gives the keys to the conversation."""
        if self.cases.case_id is None:
            return
        self.read(True)
        self.paint_bars()
        if self.file is None or self.file.case.id != self.cases.case_id:
            self.show_case(self.cases.case_id)

    @on(CaseList.Opened)
    def _double_clicked(self, event: CaseList.Opened) -> None:
        event.stop()
        self.action_open()

    def action_back(self) -> None:
        """One step back: from a search that takes long, the author, the conversation, the marks, the search."""
        if self.search.is_long:
            self.search.over = True
        elif self.has_class("-author"):
            self.remove_class("-author")
        elif self.reading:
            self.read(False)
        elif self.cases.marked or self.cases.is_marking:
            self.cases.unmark()
            self.cases.refresh()
        elif self.view is SEARCH:
            self.turn_back()
        self.to_list_or_conversation()
        self.paint_bars()

    def action_author(self) -> None:
        """Shows the author beside the conversation, or in its place where there is no room."""
        self.action_open()
        self.toggle_class("-author")
        self.know()

    # -- views and searches ---------------------------------------------------------------------------------------

    def action_view(self, way: int) -> None:
        """The next tab, or the one before."""
        tabs = [view for view in self.views if view is not SEARCH or self.view is SEARCH]
        self.turn_to(tabs[(tabs.index(self.view) + way) % len(tabs)])

    def action_refresh(self) -> None:
        """Takes in what is new; what is done and no longer belongs here goes."""
        self.load()

    def action_search(self) -> None:
        """Asks for a query."""
        self.prompt.ask("search", "/", self.query_text if self.view is SEARCH else "")

    def answer_search(self, query: str) -> None:
        """Searches; an empty query goes back to the list that was left for it."""
        if query:
            self.turn_to(SEARCH, query)
        else:
            self.turn_back()

    # -- other screens --------------------------------------------------------------------------------------------

    def action_help(self) -> None:
        """Every key."""
        from desk.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(GROUPS))

    def action_outbox(self) -> None:
        """The replies on their way out."""
        from desk.screens.outbox import OutboxScreen

        self.app.push_screen(OutboxScreen(self.counter, now=self.now), self._back_from_outbox)

    def _back_from_outbox(self, _result: None) -> None:
        self.load()

    async def action_dashboard(self) -> None:
        """The figures."""
        await self.app.run_action("dashboard")

    async def action_sources(self) -> None:
        """How the sources do."""
        await self.app.run_action("sources")

    async def action_reports(self) -> None:
        """The planned reports."""
        await self.app.run_action("reports")

    def action_palette(self) -> None:
        """Every act by name."""
        self.app.action_command_palette()

    def action_theme(self) -> None:
        """Dark or light."""
        self.app.theme = "webcare-light" if self.app.theme == "webcare-dark" else "webcare-dark"

    def action_quit(self) -> None:
        """Leaves the desk; what is being written is kept."""
        self.keep_draft_now()
        self.leave_company()
        self.app.exit()

    def on_resize(self) -> None:
        """A pane that comes into sight shows its case."""
        self.read(self.reading)
        if self.side_by_side and self.file is None:
            self.show_case(self.cases.case_id)
        self.know()
        self.paint_bars()
