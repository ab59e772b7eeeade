"""What stands on the triage screen and what it holds: the view, its cases, the open conversation, what is new."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from desk.locale import _, clock
from desk.screens.counter import REFUSALS, Counter
from desk.shown import clean_line
from desk.views import INBOX, SEARCH, VIEWS, View
from desk.widgets.author import author
from desk.widgets.case_list import CaseList, empty_words
from desk.widgets.conversation import conversation
from desk.widgets.lines import Bar, Line, LinesView
from desk.widgets.prompt import Prompt
from storage.errors import QueryError
from storage.types import Case, CaseFile, Health, ReplyState, SourceHealth

if TYPE_CHECKING:
    from desk.clerk import Clerk

FIRST_PAGE = 100
"""Cases read before all ids are: enough for any screen."""
COUNTING = 15.0
"""Seconds between two looks at the tabs' counts, the outbox and the sources, when nothing happens here."""
REST = 0.03
"""Seconds that the cursor rests on a row before its conversation is read: a key held down reads none on the way."""
WANTING = (ReplyState.UNCERTAIN, ReplyState.FAILED, ReplyState.AWAITING_APPROVAL)
HEARTBEAT = 60.0
"""Seconds between two renewals of the lease of the open case."""
ASKED_AT_ONCE = 100
"""New cases of which it is asked in one query whether they belong to the view."""


class Panes(Horizontal):
    """The panes side by side."""

    BLANK = True


class Side(Vertical):
    """The conversation with the editor under it."""

    BLANK = True


class Stage(Screen[None]):
    """The panes and the state; what an agent does stands in the classes above this one."""

    BLANK = True
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-one"), (100, "-two"), (160, "-three")]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (16, "-tall")]

    def __init__(
        self,
        counter: Counter,
        *,
        agent: str,
        poll: float,
        now: Callable[[], datetime],
        names: Sequence[str] = (),
        sources: Callable[[], Sequence[SourceHealth]] | None = None,
    ) -> None:
        super().__init__()
        self.counter = counter
        self.agent = agent
        self.now = now
        self.names = names
        self.view: View = INBOX
        self.query_text = INBOX.query
        self.file: CaseFile | None = None
        self.waiting: set[int] = set()
        self.counts: dict[str, int] = {}
        self.sources = sources
        self.health: tuple[int, int] | None = None
        """How many sources do well, and how many there are."""
        self.outbox: tuple[int, int] = (0, 0)
        """How many replies are on their way, and how many of those want a person."""
        self._poll_seconds = poll
        self._cursor: int | None = None
        self._polling = False
        self.reading = False
        """Whether the agent is in the conversation, not in the list."""
        self._said: Line = []
        self._count_after = 0.0
        self._trouble = ""

    def compose(self) -> ComposeResult:
        """Tabs above, panes, the prompt, and two lines below."""
        yield Bar(id="tabs")
        with Panes(id="panes"):
            yield CaseList(self.now, id="list")
            with Side(id="side"):
                yield LinesView(id="conversation")
            yield LinesView(id="author")
        yield Prompt(id="prompt")
        yield Bar(id="status")
        yield Bar(id="keys")
        yield Bar(id="small")

    def on_mount(self) -> None:
        """Loads after the first paint."""
        self.prompt.close()
        self.query_one("#small", Bar).put([(_("The window is too small: 60 by 16 at least."), "warn")])
        self.cases.empty = [(_("Loading …"), "dim")]
        self.cases.focus()
        self.paint_bars()
        self.call_after_refresh(self.load)
        self.set_interval(self._poll_seconds, self.poll)
        self.set_interval(1.0, self.tick)
        self.set_interval(HEARTBEAT, self.renew)
        self.set_interval(COUNTING, self.count_views)

    @property
    def cases(self) -> CaseList:
        """The list pane."""
        return self.query_one("#list", CaseList)

    @property
    def conversation(self) -> LinesView:
        """The conversation pane."""
        return self.query_one("#conversation", LinesView)

    @property
    def prompt(self) -> Prompt:
        """The line that asks."""
        return self.query_one("#prompt", Prompt)

    @property
    def side_by_side(self) -> bool:
        """Whether list and conversation are both on screen."""
        return self.has_class("-two") or self.has_class("-three")

    def read(self, reading: bool) -> None:
        """Puts the agent in the conversation or the list; where both are on screen, nothing is laid out anew."""
        self.reading = reading
        self.set_class(reading and not self.side_by_side, "-reading")

    # -- saying ---------------------------------------------------------------------------------------------------

    def say(self, message: str, role: str = "normal") -> None:
        """Says something in the status line; it stays until something else is said."""
        self._said = [(" " + clean_line(message, 300), role)]
        self.paint_bars()

    def hush(self) -> None:
        """What was said is read by now."""
        self._said = []

    def say_trouble(self, error: Exception) -> None:
        """Says what a refusal or the database says."""
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        self.say(first, "error")

    def paint_bars(self) -> None:
        """Tabs, status and keys, as things stand."""
        self.query_one("#tabs", Bar).put(self._tabs(), self._corner())
        self.query_one("#status", Bar).put(self._said or self._place(), self._state_of_things())
        self.query_one("#keys", Bar).put(self._keys(), [("?", "key"), (f" {_('more')} ", "dim")])

    def _tabs(self) -> Line:
        line: Line = [(" ", "dim")]
        for view in VIEWS:
            if view is SEARCH and self.view is not SEARCH:
                continue
            count = self.counts.get(view.name)
            name = _(view.title) + (f" {count}" if count else "")
            line += [(f" {name} ", "tab" if view is self.view else "dim"), (" ", "dim")]
        return line

    def _corner(self) -> Line:
        fresh = [(f"▲ {len(self.waiting)} {_('new')} (.)  ", "warn")] if self.waiting else []
        return [*fresh, (clean_line(self.agent, 16), "own"), (f"  {clock(self.now(), self.now())} ", "dim")]

    def _place(self) -> Line:
        total = len(self.cases.ids)
        place = f" {self.cases.row + 1}/{total}" if total else " 0"
        query = clean_line(self.query_text, 60) if self.view is SEARCH else ""
        marked = f"  {len(self.cases.marked)} {_('marked')}" if self.cases.marked else ""
        return [(place, "normal"), (marked, "accent"), (f"  {query}", "dim")]

    def _state_of_things(self) -> Line:
        line: Line = []
        if self._trouble:
            line += [(_("database does not answer") + "  ", "error")]
        underway, stuck = self.outbox
        if underway:
            line.append((f"{_('outbox')} {underway}  ", "warn" if stuck else "dim"))
        if self.health is not None:
            well, total = self.health
            line.append((f"{_('sources')} {well}/{total}  ", "dim" if well == total else "warn"))
        return line

    def _keys(self) -> Line:
        shown = [("r", _("reply")), ("c", _("claim")), ("e", _("done")), ("x", _("irrelevant"))]
        shown += [("t", _("tag")), ("s", _("snooze")), ("m", _("note"))]
        if self.reading and not self.side_by_side:
            shown.insert(0, ("Esc", _("list")))
        return [(" ", "dim"), *(span for key, word in shown for span in ((key, "key"), (f" {word}  ", "dim")))]

    # -- loading --------------------------------------------------------------------------------------------------

    @work(exclusive=True, group="list")
    async def load(self) -> None:
        """Reads the view anew: first a page, then the ids of all of it."""
        query, empty = self.query_text, empty_words(self.view is SEARCH)
        try:
            cursor = await self.counter.read(lambda clerk: clerk.cursor())
            page = await self.counter.read(lambda clerk: clerk.inbox(query, limit=FIRST_PAGE))
            self.cases.put(page)
            self.waiting.clear()
            self._cursor = min(cursor, self._cursor) if self._cursor is not None else cursor
            self.cases.show(array("q", (case.id for case in page)), empty)
            if len(page) == FIRST_PAGE:
                self.cases.show(await self.counter.read(lambda clerk: clerk.ids(query)), empty)
        except QueryError as error:
            self.prompt.ask("search", "/", query)
            self.prompt.complain(error.message, error.position)
            return
        except REFUSALS as error:
            self.cases.show(self.cases.ids, [(str(error).splitlines()[0], "error")])
            self.say_trouble(error)
            return
        self._said = self._said if self._trouble else []
        self.cases.refresh()
        self.paint_bars()
        self.count_views()
        self.show_case(self.cases.case_id)
        self.loaded()

    def loaded(self) -> None:
        """The list is there: what was too slow for the first paint may come now."""

    @work(exclusive=True, group="counts")
    async def count_views(self) -> None:
        """Counts what is in the tabs; the longer that takes, the less often it is done."""
        began = monotonic()
        if began < self._count_after:
            return
        try:
            for view in VIEWS:
                if view.counted:
                    self.counts[view.name] = await self.counter.read(lambda clerk, q=view.query: clerk.count(q))  # type: ignore[misc]
            replies = await self.counter.read(lambda clerk: clerk.outbox())
            self.outbox = len(replies), sum(each.state in WANTING for each in replies)
            if (sources := self.sources) is not None:
                found = await self.counter.read(lambda _clerk: sources())
                self.health = sum(each.health in (Health.OK, Health.ON_HOLD) for each in found), len(found)
        except REFUSALS:
            return
        self._count_after = began + 20 * (monotonic() - began)
        self.paint_bars()

    @on(CaseList.RowsWanted)
    def _rows_wanted(self, event: CaseList.RowsWanted) -> None:
        event.stop()
        self.fetch_rows(event.ids)

    @work(group="rows")
    async def fetch_rows(self, ids: tuple[int, ...]) -> None:
        """Reads rows that are about to be shown."""
        try:
            self.cases.put(await self.counter.read(lambda clerk: clerk.cases(ids)))
        except REFUSALS as error:
            self.cases.ask_again()
            self.say_trouble(error)

    # -- the open conversation ------------------------------------------------------------------------------------

    @on(CaseList.Highlighted)
    def _highlighted(self, event: CaseList.Highlighted) -> None:
        event.stop()
        self.paint_bars()
        if self.side_by_side or self.reading:
            self.show_case(event.case_id)

    @work(exclusive=True, group="open")
    async def show_case(self, case_id: int | None, home: bool = True) -> None:
        """Reads a case and shows its conversation and author, once the cursor rests for a moment."""
        await asyncio.sleep(REST)
        if case_id is None:
            self.file = None
            self.paint_file()
            return
        if not (self.side_by_side or self.reading):
            return
        try:
            file = await self.counter.read(lambda clerk: clerk.open(case_id))
        except REFUSALS as error:
            self.say_trouble(error)
            return
        self.file = file
        self.cases.put([file.case])
        self.paint_file(home)
        if home:
            self.show_newest()

    def show_newest(self) -> None:
        """Keeps what is to be answered in sight, when the thread is longer than the pane."""
        ours = [place for place, line in enumerate(self.conversation.lines) if ("▌", "accent") in line]
        room = self.conversation.size.height
        if ours and ours[-1] >= room:
            self.conversation.scroll_to(0, max(0, min(ours[0] - 1, ours[-1] - room + 2)), animate=False)

    def paint_file(self, home: bool = False) -> None:
        """Shows what is open, as of now."""
        if self.file is None:
            self.conversation.show(lambda width: [])
            self.query_one("#author", LinesView).show(lambda width: [])
            return
        self.conversation.show(conversation(self.file, self.now(), self.names), home=home)
        self.query_one("#author", LinesView).show(author(self.file, self.now(), self.names), home=home)

    # -- what others do -------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Each second: the clock, and the replies that are about to leave."""
        self.paint_bars()
        if self.file is not None and any(each.state is ReplyState.HELD for each in self.file.replies):
            self.paint_file()

    @work(group="renew")
    async def renew(self) -> None:
        """Keeps the case that is open, where it is the agent's."""
        case = self.file.case if self.file is not None else None
        if case is None or case.assignee != self.agent or case.lease_until is None:
            return
        try:
            await self.counter.step(lambda clerk: clerk.renew(case.id, case.epoch))
        except REFUSALS as error:
            self.say_trouble(error)

    @work(group="poll")
    async def poll(self) -> None:
        """Asks what changed since the last time; what is shown changes in place, what is new is counted."""
        if self._polling or self._cursor is None:
            return
        self._polling = True
        try:
            cursor, query, ids = self._cursor, self.query_text, self.cases.ids
            news = await self.counter.read(lambda clerk: changes(clerk, cursor, query, ids, self.cases.known))
        except REFUSALS as error:
            self._trouble = str(error)
            self.paint_bars()
            return
        finally:
            self._polling = False
        self._trouble = ""
        self._cursor, changed, known, fresh = news
        if not changed:
            return
        self.cases.put(known)
        if query == self.query_text:
            self.waiting |= fresh
        opened = self.file.case if self.file is not None else None
        if opened is not None and opened.id in changed and self.cases.known(opened.id) != opened:
            self.show_case(opened.id, home=False)
        self.count_views()
        self.paint_bars()


News = tuple[int, set[int], list[Case], set[int]]


def changes(clerk: Clerk, cursor: int, query: str, listed: Iterable[int], known: Callable[[int], Case | None]) -> News:
    """The new cursor, what changed, the rows of it that are held, and the cases that now belong to the list as well."""
    cursor, ids = clerk.changed_since(cursor)
    changed = set(ids)
    if not changed:
        return cursor, changed, [], set()
    unseen = changed.difference(listed)
    rows: Any = clerk.cases([each for each in changed if known(each) is not None][:500])
    fresh: set[int] = set()
    for start in range(0, len(unseen), ASKED_AT_ONCE):
        some = sorted(unseen)[start : start + ASKED_AT_ONCE]
        fresh.update(clerk.ids(f"({query}) ({' OR '.join(f'case:{each}' for each in some)})"))
    return cursor, changed, list(rows), fresh
