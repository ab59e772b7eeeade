"""Where a colleague's reply that waits for approval is put in better words before it leaves."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import TextArea

from desk.locale import N_, _
from desk.screens.aside import key_line
from desk.shown import clean_line, without_controls
from desk.widgets.lines import Bar
from desk.widgets.reply_box import Editor
from storage.types import Reply

KEYS = [
    Binding("ctrl+s", "approve", N_("approve these words"), id="revise.approve", priority=True, key_display="^S"),
    Binding("escape", "leave", N_("leave it as it was"), id="revise.leave", priority=True, key_display="Esc"),
]


class RevisingScreen(Screen[str | None]):
    """An editor on the whole screen; gives the text that is approved, or None."""

    BINDINGS = [*KEYS]

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self._reply = reply

    def compose(self) -> ComposeResult:
        """Title, editor, keys."""
        yield Bar(id="tabs")
        yield Editor(without_controls(self._reply.text), soft_wrap=True, show_line_numbers=False, id="editor")
        yield Bar(id="keys")

    def on_mount(self) -> None:
        """Whose words these are, and what to do with them."""
        title = _("A reply by {name}", name=clean_line(self._reply.agent, 30))
        self.query_one("#tabs", Bar).put([(f"  {title} ", "tab")])
        self.query_one("#keys", Bar).put(key_line(KEYS))
        self.query_one(TextArea).focus()

    def action_approve(self) -> None:
        """Approves what stands there now."""
        self.dismiss(self.query_one(TextArea).text)

    def action_leave(self) -> None:
        """Nothing is approved."""
        self.dismiss(None)
