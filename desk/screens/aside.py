"""A screen beside the hot loop: a title, lines that scroll, and the keys below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen

from desk.locale import N_, _
from desk.screens.keys import display
from desk.shown import clean_line
from desk.widgets.lines import Bar, Foot, Line, LinesView

LEAVE = Binding("escape,q", "leave", N_("back"), id="aside.leave", key_display="Esc q", show=False)


class Aside(Screen[None]):
    """What help, outbox and sources have in common."""

    BINDINGS = [
        LEAVE,
        Binding("j,down", "down", N_("down"), id="aside.down", key_display="j ↓", show=False),
        Binding("k,up", "up", N_("up"), id="aside.up", key_display="k ↑", show=False),
        Binding("g,home", "top", N_("first"), id="aside.top", key_display="g Home", show=False),
        Binding("G,end", "bottom", N_("last"), id="aside.bottom", key_display="G End", show=False),
        Binding("pagedown,ctrl+d", "page(1)", N_("page down"), id="aside.page_down", show=False, key_display="PgDn"),
        Binding("pageup,ctrl+u", "page(-1)", N_("page up"), id="aside.page_up", show=False, key_display="PgUp"),
    ]

    AUTO_FOCUS = ""
    heading = ""

    def compose(self) -> ComposeResult:
        """Title, lines, keys."""
        yield Bar(id="tabs")
        yield LinesView(id="body")
        yield Foot(id="status")
        yield Foot(id="keys")

    def on_mount(self) -> None:
        """Title and keys."""
        self.query_one("#tabs", Bar).put([(f"  {_(self.heading)} ", "tab")])

    def on_resize(self) -> None:
        """Names the keys, and the one that leads back."""
        self.query_one("#keys", Foot).put_groups([key_line([each]) for each in self.keys_shown()], key_line([LEAVE]))

    def keys_shown(self) -> Sequence[Binding]:
        """The keys of this screen that its lowest line names."""
        own = [] if type(self).BINDINGS is Aside.BINDINGS else type(self).BINDINGS
        return [each for each in own if isinstance(each, Binding) and each.show]

    @property
    def body(self) -> LinesView:
        """The lines."""
        return self.query_one("#body", LinesView)

    def say(self, message: str, role: str = "normal") -> None:
        """Says something in the status line."""
        self.query_one("#status", Bar).put([(" " + clean_line(message, 300), role)])

    def action_leave(self) -> None:
        """Back to work."""
        self.dismiss()

    def action_down(self) -> None:
        """A line down."""
        self.body.scroll_relative(y=1, animate=False)

    def action_up(self) -> None:
        """A line up."""
        self.body.scroll_relative(y=-1, animate=False)

    def action_top(self) -> None:
        """To the first line."""
        self.body.scroll_home(animate=False)

    def action_bottom(self) -> None:
        """To the last line."""
        self.body.scroll_end(animate=False)

    def action_page(self, way: int) -> None:
        """A page down or up."""
        self.body.scroll_relative(y=way * max(1, self.body.size.height - 1), animate=False)


def key_line(bindings: Iterable[Binding]) -> Line:
    """Keys and what they do, in one line."""
    return [span for each in bindings for span in ((" " + display(each), "key"), (f" {_(each.description)} ", "dim"))]
