"""The line at the bottom that asks: a letter for a choice, or words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input

from desk.locale import _
from desk.shown import clean_line, without_controls
from desk.widgets.lines import Bar, Line

Choice = tuple[str, str, str]
"""The key, the value it stands for, and what is shown of it."""

WORDS_KEY = "colon"
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def lettered(values: Sequence[str]) -> list[Choice]:
    """Choices by letter, in order."""
    return [(letter, value, clean_line(value, 24)) for letter, value in zip(LETTERS, values, strict=False)]


class SafeInput(Input):
    """An input that takes no control characters from the clipboard."""

    def _on_paste(self, event: events.Paste) -> None:
        if event.text:
            self.insert_text_at_cursor(clean_line(without_controls(event.text), 1000))
        event.stop()
        event.prevent_default()


class Prompt(Vertical, can_focus=True):
    """Asks one thing at a time and posts what was answered. Esc leaves."""

    @dataclass
    class Answered(Message):
        """The answer to `purpose`."""

        purpose: str
        value: str

    @dataclass
    class Left(Message):
        """Nothing was answered."""

        purpose: str

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.purpose = ""
        self._title = ""
        self._choices: dict[str, str] = {}
        self._free = False

    def compose(self) -> ComposeResult:
        """A line that asks, and one that complains."""
        with Horizontal():
            yield Bar(id="asks")
            yield SafeInput(compact=True, select_on_focus=False, id="words")
        yield Bar(id="complains")

    @property
    def is_open(self) -> bool:
        """Whether it is asking."""
        return bool(self.purpose)

    def choose(self, purpose: str, title: str, choices: Sequence[Choice], *, free: bool = False) -> None:
        """Asks for a key; with `free`, ":" asks for words instead."""
        self._open(purpose, title)
        self._choices, self._free = {key: value for key, value, _shown in choices}, free
        line: Line = [(f" {title}  ", "strong")]
        for key, _value, shown in choices:
            line += [(key, "key"), (f" {shown}  ", "normal")]
        if free:
            line += [(":", "key"), (" " + _("in words") + "  ", "normal")]
        self._asks.styles.width = "1fr"
        self._asks.put(line, [("Esc", "key"), (f" {_('leave')} ", "dim")])
        self._words.display = False
        self.focus()

    def ask(self, purpose: str, title: str, value: str = "") -> None:
        """Asks for words."""
        self._open(purpose, title)
        self._choices = {}
        self._asks.put([(f" {title} ", "strong")])
        self._asks.styles.width = cell_len(title) + 2
        self._words.display = True
        self._words.value = value
        self._words.cursor_position = len(value)
        self._words.focus()

    def complain(self, message: str, place: int | None = None) -> None:
        """Says under the words what is wrong with them, with a caret under the character at `place`."""
        caret = " " * (cell_len(self._title) + 2 + place) + "^ " if place is not None else ""
        self._complains.put([(caret + clean_line(message), "error")])
        self._complains.display = True

    def close(self) -> None:
        """Asks nothing any more."""
        self.purpose = ""
        self.display = False

    def _open(self, purpose: str, title: str) -> None:
        self.purpose, self._title = purpose, title
        self._complains.display = False
        self.display = True

    @property
    def _asks(self) -> Bar:
        return self.query_one("#asks", Bar)

    @property
    def _words(self) -> SafeInput:
        return self.query_one("#words", SafeInput)

    @property
    def _complains(self) -> Bar:
        return self.query_one("#complains", Bar)

    def on_key(self, event: events.Key) -> None:
        """A choice's key, Esc, or ":" for words."""
        if event.key == "escape":
            event.stop()
            self.post_message(self.Left(self.purpose))
        elif self._choices:
            event.stop()
            event.prevent_default()
            if event.character in self._choices:
                self.post_message(self.Answered(self.purpose, self._choices[event.character or ""]))
            elif event.key == WORDS_KEY and self._free:
                self.ask(self.purpose, self._title)

    @on(Input.Submitted)
    def _answer(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Answered(self.purpose, event.value.strip()))

    @on(Input.Changed)
    def _calm(self, event: Input.Changed) -> None:
        event.stop()
        self._complains.display = False

    def on_paste(self, event: events.Paste) -> None:
        """What is pasted is no choice."""
        event.stop()
