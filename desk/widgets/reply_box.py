"""Where a reply is written, under the conversation it answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import TextArea

from desk.locale import N_, _
from desk.shown import clean_line, without_controls
from desk.tone import GAP, Remark
from desk.widgets.lines import Bar


@dataclass(frozen=True, slots=True)
class Way:
    """How a reply leaves: the channel, the most it takes, how it counts that, and what is said of the words."""

    channel: str = ""
    limit: int | None = None
    length: Callable[[str], int] = len
    remarks: Callable[[str], Sequence[Remark]] = lambda text: ()


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
        self._way = Way()

    def compose(self) -> ComposeResult:
        """Heading, editor, what is said of the words, and what stands in the way of sending."""
        yield Bar(id="reply-head")
        yield Editor(soft_wrap=True, show_line_numbers=False, tab_behavior="focus", id="editor", compact=True)
        yield Bar(id="reply-tone")
        yield Bar(id="reply-foot")

    @property
    def text(self) -> str:
        """What is written."""
        return self._editor.text

    def begin(self, to: str, way: Way, text: str) -> None:
        """Opens the editor on `text`."""
        self._to, self._way = f"{_('Reply to')} {clean_line(to, 30)} · {clean_line(way.channel, 20)}", way
        self.display = True
        self.replace(text)
        self._editor.focus()

    def replace(self, text: str) -> None:
        """Puts `text` in place of what was written, the cursor at its first blank, else at its end."""
        text = without_controls(text)
        self._editor.load_text(text)
        blank = GAP.search(text)
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
        limit, length = self._way.limit, self._way.length(self.text.strip())
        over = limit is not None and length > limit
        counter = f"{length}/{limit}" if limit is not None else str(length)
        self.query_one("#reply-head", Bar).put([(self._to, "own")], [(counter, "error" if over else "dim")])
        keys = (("^S", _("send, resolve, next")), ("^O", _("send, stay")), ("^T", _("template")), ("Esc", _("keep")))
        foot = [span for key, word in keys for span in ((key, "key"), (f" {word}  ", "dim"))]
        self.query_one("#reply-foot", Bar).put(foot)

        self._remark()

    def _remark(self) -> None:
        """Says the gravest thing that is to be said of the words, with its line and column, and how many more."""
        text = self.text
        remarks = sorted(self._way.remarks(text), key=lambda each: not each.blocks)
        tone = self.query_one("#reply-tone", Bar)
        tone.display = bool(remarks)
        if remarks:
            first = remarks[0]
            row, column = text.count("\n", 0, first.start) + 1, first.start - text.rfind("\n", 0, first.start)
            said = clean_line(_(first.sentence, what=clean_line(first.what, 40)))
            more = [(f"+{len(remarks) - 1}", "dim")] if len(remarks) > 1 else []
            tone.put([(f"{row}:{column} ", "dim"), (said, "error" if first.blocks else "warn")], more)

    @on(TextArea.Changed)
    def _changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._tell()
        self.post_message(self.Typed(self.text))

    def action_send(self, stay: bool) -> None:
        """Asks to send, unless something is missing."""
        text = self.text.strip()
        stops = next((each for each in self._way.remarks(text) if each.blocks), None)
        if not text:
            self.complain(_("There is nothing to send yet."))
        elif stops is not None:
            self.complain(_(stops.sentence, what=clean_line(stops.what, 40)))
        elif self._way.limit is not None and (over := self._way.length(text) - self._way.limit) > 0:
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
