"""What stands on the triage screen: tabs, panes, the prompt, and the lines that say how things are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from desk.locale import _, clock
from desk.locale.refusals import in_words
from desk.screens.counter import Counter
from desk.shown import clean_line
from desk.views import INBOX, SEARCH, VIEWS, View, counted
from desk.widgets.case_list import CaseList
from desk.widgets.lines import Bar, Foot, Line, LinesView, whole, width_of, window
from desk.widgets.prompt import Prompt
from storage.types import CaseFile

if TYPE_CHECKING:
    from desk.widgets.conversation import Due
    from storage.dossier import Before, Dossier
    from storage.presence import Presence


class Panes(Horizontal):
    """The panes side by side."""

    BLANK = True


class Side(Vertical):
    """The conversation with the editor under it."""

    BLANK = True


class Search:
    """A long search under way: how far it is, and whether it goes on. Told from a thread, read by the screen."""

    def __init__(self) -> None:
        self.count = self.total = 0
        self.over = False

    @property
    def is_long(self) -> bool:
        """Whether it goes through all cases, and has not ended."""
        return self.total > 0 and not self.over

    def watch(self, count: int, total: int) -> bool:
        """What `storage.searching.Watch` is."""
        self.count, self.total = min(count, total), total
        return not self.over


class Surface(Screen[None]):
    """The panes, what they are about, and the lines above and below them."""

    BLANK = True
    AUTO_FOCUS = ""
    """Nothing has the focus but what letters are typed into: a pane that gets or loses it is painted anew, whole."""
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-one"), (100, "-two"), (160, "-three")]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (16, "-tall")]

    def __init__(
        self,
        counter: Counter,
        *,
        agent: str,
        now: Callable[[], datetime],
    ) -> None:
        super().__init__()
        self.counter = counter
        self.agent = agent
        self.now = now
        self.names: Sequence[str] = ()
        """Brands and own accounts, of which a look-alike is flagged."""
        self.zone_is_known = False
        """Whether the configuration said by which clock times are told."""
        self.views: tuple[View, ...] = VIEWS
        self.view: View = INBOX
        self.query_text = INBOX.query
        self.file: CaseFile | None = None
        self.answering: CaseFile | None = None
        """The case as it was read when a reply was begun, or last confirmed: what sending is checked against."""
        self.due: Sequence[Due] = ()
        """The promises to the open case that still run."""
        self.company: tuple[Presence, ...] = ()
        """The other agents, and where they are."""
        self.dossier: tuple[int, Dossier] | None = None
        """Of which case, and what is known of its writer."""
        self.edits: Mapping[int, Before] = {}
        """What posts of the open case said when it was claimed."""
        self.draft = ""
        """What is being written, as far as the author's pane knows."""
        self.waiting: set[int] = set()
        self.counts: dict[str, int] = {}
        self.health: tuple[int, int] | None = None
        """How many sources do well, and how many there are."""
        self.outbox: tuple[int, int] = (0, 0)
        """How many replies are on their way, and how many of those want a person."""
        self.search = Search()
        self.prompt = Prompt(id="prompt")
        """The line that asks; it is made after the first paint."""
        self.prompt.close()
        self.reading = False
        """Whether the agent is in the conversation, not in the list."""
        self._said: Line = []
        self.trouble = ""
        """What is the matter with the database, as of the last look."""
        self.banner = ""
        """What everybody at a desk should know now."""

    def compose(self) -> ComposeResult:
        """Tabs above, panes, and two lines below."""
        yield Bar(id="tabs")
        with Panes(id="panes"):
            yield CaseList(self.now, self.moved, id="list")
            with Side(id="side"):
                yield LinesView(id="conversation")
            yield LinesView(id="author")
        yield Foot(id="status")
        yield Bar(id="keys")
        yield Bar(id="small")

    def on_mount(self) -> None:
        """The first paint: everything but the cases and the prompt."""
        self.query_one("#small", Bar).put([(_("The window is too small: 60 by 16 at least."), "warn")])
        self.cases.empty = [(_("Loading …"), "dim")]
        self.paint_bars()
        self.call_after_refresh(self.mount, self.prompt, before="#status")

    @property
    def cases(self) -> CaseList:
        """The list pane."""
        return self.query_one("#list", CaseList)

    @property
    def conversation(self) -> LinesView:
        """The conversation pane."""
        return self.query_one("#conversation", LinesView)

    @property
    def side_by_side(self) -> bool:
        """Whether list and conversation are both on screen."""
        return self.has_class("-two") or self.has_class("-three")

    @property
    def shows_author(self) -> bool:
        """Whether the author's pane is on screen."""
        return self.has_class("-author") or self.has_class("-three")

    def moved(self) -> None:
        """The cursor is on another case, or on none."""

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
        self.say(in_words(first), "error")

    def paint_bars(self) -> None:
        """Tabs, status and keys, as things stand."""
        self.query_one("#tabs", Bar).put(self._tabs(), self._corner())
        self.query_one("#status", Bar).put(self._progress() or self._said or self._place(), self._state_of_things())
        self.query_one("#keys", Bar).put(self._keys(), [("?", "key"), (f" {_('more')} ", "dim")])

    def _tabs(self) -> Line:
        shown = [view for view in self.views if view is not SEARCH or self.view is SEARCH]
        groups: list[Line] = []
        for view in shown:
            count = self.counts.get(view.name)
            name = _(view.title) + (f" {counted(count)}" if count else "")
            groups.append([(" ", "dim"), (f" {name} ", "tab" if view is self.view else "dim")])
        room = self.size.width - width_of(self._corner()) - 2
        if sum(map(width_of, groups)) > room:  # closer together, before any is left out
            groups = [group[1:] for group in groups]
        return window(groups, room, shown.index(self.view))

    def _corner(self) -> Line:
        fresh = [(f"▲ {len(self.waiting)} {_('new')} (.)  ", "warn")] if self.waiting else []
        time = clock(self.now(), self.now()) if self.zone_is_known else ""
        return [*fresh, (clean_line(self.agent, 16), "own"), (f"  {time} ", "dim")]

    def _progress(self) -> Line:
        if not self.search.is_long:
            return []
        said = _("Searched {n} of {total} cases; Esc stops.", n=self.search.count, total=self.search.total)
        return [(" " + said, "warn")]

    def _place(self) -> Line:
        total = len(self.cases.ids)
        place = f" {self.cases.row + 1}/{total}" if total else " 0"
        query = clean_line(self.query_text, 60) if self.view is SEARCH else ""
        marked = f"  {len(self.cases.marked)} {_('marked')}" if self.cases.marked else ""
        return [(place, "normal"), (marked, "accent"), (f"  {query}", "dim")]

    def _state_of_things(self) -> Line:
        line: Line = []
        if self.trouble:
            line += [(_("database does not answer") + "  ", "error")]
        if self.banner:
            line.append((self.banner + "  ", "warn"))
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
        if self.reading:
            shown.insert(0, ("Esc", _("list")))
        groups: list[Line] = [[(" " + key, "key"), (f" {word} ", "dim")] for key, word in shown]
        return whole(groups, self.size.width - len(_("more")) - 6)

    # -- the panes ------------------------------------------------------------------------------------------------

    def show_newest(self) -> None:
        """Keeps what is to be answered in sight, when the thread is longer than the pane."""
        ours = [place for place, line in enumerate(self.conversation.lines) if ("▌", "accent") in line]
        room = self.conversation.size.height
        if ours and ours[-1] >= room:
            self.conversation.scroll_to(0, max(0, min(ours[0] - 1, ours[-1] - room + 2)), animate=False)

    def paint_file(self, home: bool = False) -> None:
        """Shows what is open, as of now. What paints it is not needed for the first paint of all."""
        from desk.widgets.author import author
        from desk.widgets.conversation import conversation

        if self.file is None:
            self.conversation.show(lambda width: [])
            self.query_one("#author", LinesView).show(lambda width: [])
            return
        file, now = self.file, self.now()
        here = [each for each in self.company if each.case_id == file.case.id]
        known = self.dossier[1] if self.dossier is not None and self.dossier[0] == file.case.id else None
        sought = self.query_text if self.view is SEARCH else ""
        self.conversation.show(
            conversation(file, now, self.names, self.due, company=here, edits=self.edits, sought=sought), home=home
        )
        pane = self.query_one("#author", LinesView)
        pane.show(author(file, now, self.names, known, self.draft), home=home)
