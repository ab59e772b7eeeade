"""Where a reply is written, under the conversation it answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import TextArea

from desk.locale import N_, _
from desk.shown import clean_line, without_controls
from desk.widgets.lines import Bar

Way = tuple[str, int | None, Callable[[str], int]]
"""A channel: its name, the most characters it takes, and how it counts them."""

BLANK = re.compile(r"\{[a-z_]+(?::[^{}\n]*)?\}")
"""What a template leaves to be filled in by hand."""


EDITOR_KEYS = [
    Binding("ctrl+s", "send(False)", N_("send, resolve, next"), id="reply.send", priority=True, key_display="^S"),
    Binding("ctrl+o", "send(True)", N_("send and stay"), id="reply.stay", priority=True, key_display="^O"),
    Binding("ctrl+t", "template", N_("template"), id="reply.template", priority=True, key_display="^T"),
    Binding("ctrl+g", "editor", N_("in $EDITOR"), id="reply.editor", priority=True, key_display="^G"),
    Binding("escape", "keep", N_("keep as draft"), id="reply.keep", priority=True, key_display="Esc"),
]


class Editor(TextArea):
    """A text area that takes no control characters from the clipboard."""

    async def _on_paste(self, event: events.Paste) -> None:
        event.text = without_controls(event.text)
        await super()._on_paste(event)


class ReplyBox(Vertical):
    """The editor with whom it answers, by which channel, and how long it may become."""

    BINDINGS = [*EDITOR_KEYS]

    @dataclass
    class Typed(Message):
        """The text changed."""

        text: str

    @dataclass
    class SendAsked(Message):
        """The reply is written; `stay`: neither resolve nor go on."""

        text: str
        stay: bool

    class TemplateAsked(Message):
        """A template is wanted."""

    class EditorAsked(Message):
        """The agent's own editor is wanted."""

    class Kept(Message):
        """The agent leaves; the text stays as a draft."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._to = ""
        self._way: Way = ("", None, len)

    def compose(self) -> ComposeResult:
        """Heading, editor, and what stands in the way of sending."""
        yield Bar(id="reply-head")
        yield Editor(soft_wrap=True, show_line_numbers=False, tab_behavior="focus", id="editor", compact=True)
        yield Bar(id="reply-foot")

    @property
    def text(self) -> str:
        """What is written."""
        return self._editor.text

    def begin(self, to: str, way: Way, text: str) -> None:
        """Opens the editor on `text`."""
        self._to, self._way = f"{_('Reply to')} {clean_line(to, 30)} · {clean_line(way[0], 20)}", way
        self.display = True
        self.replace(text)
        self._editor.focus()

    def replace(self, text: str) -> None:
        """Puts `text` in place of what was written, the cursor at its first blank, else at its end."""
        text = without_controls(text)
        self._editor.load_text(text)
        blank = BLANK.search(text)
        if blank is not None:
            before = text[: blank.start()].split("\n")
            row, column = len(before) - 1, len(before[-1])
            self._editor.move_cursor((row, column))
            self._editor.move_cursor((row, column + len(blank[0])), select=True)
        else:
            self._editor.move_cursor(self._editor.document.end)
        self._tell()

    def close(self) -> None:
        """Puts the editor away."""
        self.display = False

    def complain(self, message: str) -> None:
        """Says why it was not sent."""
        self.query_one("#reply-foot", Bar).put([(clean_line(message), "error")])

    @property
    def _editor(self) -> Editor:
        return self.query_one("#editor", Editor)

    def _tell(self) -> None:
        _name, limit, length_of = self._way
        length = length_of(self.text.strip())
        over = limit is not None and length > limit
        counter = f"{length}/{limit}" if limit is not None else str(length)
        self.query_one("#reply-head", Bar).put([(self._to, "own")], [(counter, "error" if over else "dim")])
        keys = (("^S", _("send, resolve, next")), ("^O", _("send, stay")), ("^T", _("template")), ("Esc", _("keep")))
        foot = [span for key, word in keys for span in ((key, "key"), (f" {word}  ", "dim"))]
        self.query_one("#reply-foot", Bar).put(foot)

    @on(TextArea.Changed)
    def _changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._tell()
        self.post_message(self.Typed(self.text))

    def action_send(self, stay: bool) -> None:
        """Asks to send, unless something is missing."""
        text = self.text.strip()
        blank = BLANK.search(text)
        _name, limit, length_of = self._way
        if not text:
            self.complain(_("There is nothing to send yet."))
        elif blank is not None:
            self.complain(_("Fill in {blank} first.", blank=clean_line(blank[0], 40)))
        elif limit is not None and (over := length_of(text) - limit) > 0:
            self.complain(_("Too long by {n} characters.", n=over))
        else:
            self.post_message(self.SendAsked(text, stay))

    def action_template(self) -> None:
        """Asks for a template."""
        self.post_message(self.TemplateAsked())

    def action_editor(self) -> None:
        """Asks for the agent's own editor."""
        self.post_message(self.EditorAsked())

    def action_keep(self) -> None:
        """Leaves, keeping the draft."""
        self.post_message(self.Kept())
