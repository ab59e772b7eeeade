"""What the triage screen holds: the view and its cases, and what changed meanwhile."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, cast

from textual import events, on, work

from desk.custom import Custom, Sighting
from desk.locale import _
from desk.screens.counter import REFUSALS, Counter
from desk.screens.reading import Reading
from desk.screens.surface import Search
from desk.shown import clean_line
from desk.views import FIRST_PAGE, INBOX, SEARCH, View
from desk.widgets.case_list import CaseList, empty_words
from storage.errors import ConfigError, QueryError
from storage.types import Case, Health, ReplyState

if TYPE_CHECKING:
    from desk.app import Desk
    from desk.clerk import Clerk
    from desk.screens.sources import SourceDoor

COUNTING = 60.0
"""Seconds between two looks at the tabs' counts, the outbox and the sources, when nothing happens here."""
WANTING = (ReplyState.UNCERTAIN, ReplyState.FAILED, ReplyState.AWAITING_APPROVAL)
HEARTBEAT = 60.0
"""Seconds between two renewals of the lease of the open case."""
ASKED_AT_ONCE = 100
"""New cases of which it is asked in one query whether they belong to the view."""
AGAIN = 3.0
"""Seconds after which a database that did not answer is asked again."""


@dataclass(frozen=True, slots=True)
class Left:
    """A list as it was left for a search."""

    view: View
    query: str
    ids: array[int]
    row: int
    waiting: frozenset[int]
    cursor: int


class Stage(Reading):
    """What is read and when; what an agent does stands in the classes above this one."""

    def __init__(
        self,
        counter: Counter,
        *,
        agent: str,
        now: Callable[[], datetime],
        poll: float,
        custom: Callable[[], Custom],
        sighted: Callable[[], Sighting | None],
        sources: Callable[[], SourceDoor] | None = None,
    ) -> None:
        super().__init__(counter, agent=agent, now=now)
        self.sources = sources
        self._custom: Callable[[], Custom] | None = custom
        self._sighted: Callable[[], Sighting | None] | None = sighted
        self._early: list[events.Key] = []
        self._poll_seconds = poll
        self._cursor: int | None = None
        self._polling = self._behind = False
        self._kept: Left | None = None
        self._whole = False
        """Whether all ids of the view are there."""
        self._counting = False
        self._count_after = 0.0
        self._seconds = 0
        self.team: list[str] = []
        self.templates: list[str] = []

    def on_mount(self) -> None:
        """Loads after the first paint, and looks again from time to time."""
        self.call_after_refresh(self.load)
        self.set_interval(self._poll_seconds, self.poll)
        self.set_interval(1.0, self.tick)
        self.set_interval(HEARTBEAT, self.renew)
        self.set_interval(COUNTING, self.count_views)

    # -- loading --------------------------------------------------------------------------------------------------

    @work(exclusive=True, group="list")
    async def load(self) -> None:
        """Reads the view anew: first a page, then the ids of all of it."""
        query, empty = self.query_text, empty_words(self.view is SEARCH)
        self._whole, self.search.over = False, True
        search = self.search = Search()
        try:
            seen = await self._first_sight()
            if seen is None:
                await self._settle_in()
                seen = await self.counter.read(
                    lambda clerk: (clerk.cursor(), clerk.inbox(query, limit=FIRST_PAGE, watch=search.watch))
                )
            cursor, page = seen
            self.cases.put(page)
            self.waiting.clear()
            self._cursor = min(cursor, self._cursor) if self._cursor is not None else cursor
            self.cases.show(array("q", (case.id for case in page)), empty)
            self.hush()
            self.paint_bars()
            await self.wait_for_refresh()  # rows first: what is imported from here on takes the time of painting
            await self._settle_in()
            self.team, self.templates = await self.counter.read(names_of)
            if len(page) == FIRST_PAGE:
                self.cases.show(await self.counter.read(lambda clerk: clerk.ids(query, watch=search.watch)), empty)
        except QueryError as error:
            self.hush()
            self.paint_bars()
            self.prompt.ask("search", "/", query)
            self.prompt.complain(error.sentence, error.position)
            return
        except ConfigError as error:
            cast("Desk", self.app).refuse(error)
            return
        except REFUSALS as error:
            self.cases.show(self.cases.ids, [(clean_line(str(error), 200), "error")])
            self.say_trouble(error)
            self.set_timer(AGAIN, self.load)
            return
        finally:
            search.over = True
        self._whole = True
        self.paint_bars()
        self.count_views()
        self.show_case(self.cases.case_id)
        self.loaded()

    def turn_to(self, view: View, query: str = "") -> None:
        """Shows another tab; a list that is left for a search is kept, as it is, to come back to."""
        if view is not SEARCH:
            self._kept = None
        elif self.view is not SEARCH and self._whole and self._cursor is not None:
            waiting = frozenset(self.waiting)
            self._kept = Left(self.view, self.query_text, self.cases.ids, self.cases.row, waiting, self._cursor)
        self._set_view(view, query or view.query)
        self.cases.move(0)
        if view is SEARCH:
            self.say(_("Searching …"))
        self.paint_bars()
        self.load()

    def turn_back(self) -> None:
        """From a search to the list that was left for it, as it stood; what changed since is looked up."""
        left, self._kept = self._kept, None
        if left is None:
            self.turn_to(INBOX)
            return
        self.search.over = True
        self.workers.cancel_group(self, "list")
        self._set_view(left.view, left.query)
        self.waiting, self._cursor, self._whole, self._behind = set(left.waiting), left.cursor, True, True
        self.cases.show(left.ids, empty_words(False), left.row)
        self.hush()
        self.paint_bars()
        self.show_case(self.cases.case_id)
        self.poll()

    def _set_view(self, view: View, query: str) -> None:
        self.view, self.query_text = view, query
        self.waiting.clear()
        self.cases.unmark()
        self.remove_class("-author")

    async def _first_sight(self) -> Sighting | None:
        """Once: what was seen of the rows."""
        sighted, self._sighted = self._sighted, None
        return await self.counter.call(sighted) if sighted is not None else None

    async def _settle_in(self) -> None:
        """Once: takes the configuration in, and then the keys that waited for it. Raises `ConfigError`."""
        if self._custom is not None:
            found = await self.counter.call(self._custom)
            self._custom = None
            self.names, self.views, self.zone_is_known = found.names, found.views, True
            cast("Desk", self.app).take(found)
            self.paint_bars()
            for key in self._early:
                self.app.post_message(key)

    def on_key(self, event: events.Key) -> None:
        """What is pressed with rows in sight waits until it is known what keys do here."""
        if self._custom is not None and self.cases.ids:
            event.stop()
            self._early.append(events.Key(event.key, event.character).set_sender(self.app))

    def noticed(self, changed: Collection[int]) -> None:
        """These cases were changed, by whomever."""

    def loaded(self) -> None:
        """The list is there: what was too slow for the first paint may come now."""

    def count_views(self) -> None:
        """Has what is in the tabs counted, now or soon: the longer that takes, the less often it is done."""
        if not self._counting:
            self._counting = True
            wait = self._count_after - monotonic()
            self._count() if wait <= 0 else self.set_timer(wait, self._count)

    @work(group="counts")
    async def _count(self) -> None:
        began = monotonic()
        try:
            views, sources = [view for view in self.views if view.counted], self.sources
            for view in views:
                self.counts[view.name] = await self.counter.slow(lambda clerk, q=view.query: clerk.count(q))  # type: ignore[misc]
            replies = await self.counter.slow(lambda clerk: clerk.outbox())
            self.outbox = len(replies), sum(each.state in WANTING for each in replies)
            if sources is not None:
                found = await self.counter.slow(lambda _clerk: sources().health())
                self.health = sum(each.health in (Health.OK, Health.ON_HOLD) for each in found), len(found)
        except REFUSALS:
            return
        finally:
            self._counting, self._count_after = False, began + 20 * (monotonic() - began)
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

    # -- what others do -------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Each second: the clock, and the replies that are about to leave; each half minute all that ages."""
        self.paint_bars()
        self._seconds = (self._seconds + 1) % 30
        if self._seconds == 0:
            self.cases.refresh()
        held = self.file is not None and any(each.state is ReplyState.HELD for each in self.file.replies)
        if held or self._seconds == 0:
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
            has_news = await self.counter.read(lambda clerk: clerk.has_news())
            if not (self.trouble or self._behind or has_news):
                return
            self._behind = False
            cursor, query, ids = self._cursor, self.query_text, self.cases.ids
            news = await self.counter.read(lambda clerk: changes(clerk, cursor, query, ids, self.cases.known))
            banner = await self.counter.read(banner_of)
        except REFUSALS as error:
            self.trouble = str(error)
            self.paint_bars()
            return
        finally:
            self._polling = False
        self.trouble, self.banner = "", banner
        if ids is not self.cases.ids:
            self._behind = True  # another list was turned to meanwhile
            return
        self._cursor, changed, known, fresh = news
        if not changed:
            return
        for each in changed & self.ahead.keys():
            del self.ahead[each]
        self.cases.put(known)
        self.noticed(changed)
        self.waiting |= fresh
        here = self.file.case if self.file is not None else None
        if here is not None and here.id in changed and self.cases.known(here.id) != here:
            self.refresh_file()
        self.count_views()
        self.paint_bars()


def banner_of(clerk: Clerk) -> str:
    """What stands in the status line during a crisis; "" when there is none."""
    found = clerk.crisis()
    if found is None:
        return ""
    return _("Crisis: replies wait for approval, but for: {words}", words=clean_line(found.statement, 200))


def names_of(clerk: Clerk) -> tuple[list[str], list[str]]:
    """The team and the templates, as the policy names them."""
    return sorted(clerk.policy.team), sorted(clerk.policy.replies)


News = tuple[int, set[int], list[Case], set[int]]


def changes(clerk: Clerk, cursor: int, query: str, listed: Iterable[int], known: Callable[[int], Case | None]) -> News:
    """The new cursor, what changed, the rows of it that are held, and the cases that now belong to the list as well."""
    cursor, ids = clerk.changed_since(cursor)
    changed = set(ids)
    if not changed:
        return cursor, changed, [], set()
    unseen = changed.difference(listed)
    rows = clerk.cases([each for each in changed if known(each) is not None][:500])
    fresh: set[int] = set()
    for start in range(0, len(unseen), ASKED_AT_ONCE):
        some = sorted(unseen)[start : start + ASKED_AT_ONCE]
        fresh.update(clerk.ids(f"({query}) ({' OR '.join(f'case:{each}' for each in some)})"))
    return cursor, changed, list(rows), fresh
