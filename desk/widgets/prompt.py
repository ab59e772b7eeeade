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
from desk.widgets.lines import Bar, Foot, Line, LinesView, packed

Choice = tuple[str, str, str]
"""The key, the value it stands for, and what is shown of it."""

WORDS_KEY = "colon"
NOTHING = ","
"""The answer of somebody who chose none of several."""
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
        self._choices: Sequence[Choice] = ()
        self._free = False
        self._chosen: list[str] | None = None
        """What is chosen so far, in that order, where several may be."""

    def compose(self) -> ComposeResult:
        """Choices, a line that asks, and one that complains."""
        yield LinesView(id="offers")
        with Horizontal():
            yield Bar(id="asks")
            yield SafeInput(compact=True, select_on_focus=False, id="words")
        yield Foot(id="complains")

    @property
    def is_open(self) -> bool:
        """Whether it is asking."""
        return bool(self.purpose)

    def choose(self, purpose: str, title: str, choices: Sequence[Choice], *, free: bool = False) -> None:
        """Asks for a key; with `free`, ":" asks for words instead."""
        self._open(purpose, title)
        self._choices, self._free, self._chosen = choices, free, None
        self._offer()

    def choose_several(self, purpose: str, title: str, choices: Sequence[Choice], chosen: Sequence[str]) -> None:
        """Asks for any number of keys, each of which chooses or drops; Enter answers, values joined by ","."""
        self._open(purpose, title)
        self._choices, self._free, self._chosen = choices, False, list(chosen)
        self._offer()

    def _offer(self) -> None:
        """Shows the choices, over as many lines as they need."""
        self._words.parent.display = False  # type: ignore[union-attr]
        chosen = self._chosen or ()
        groups: list[Line] = [[(f" {self._title} ", "strong")]]
        for key, value, shown in self._choices:
            place = f"{chosen.index(value) + 1}" if value in chosen else ""
            groups.append([(" " + key, "key"), (f" {shown}{place and '·' + place} ", "tab" if place else "normal")])
        if self._free:
            groups.append([(" :", "key"), (f" {_('in words')} ", "normal")])
        if self._chosen is not None:
            groups.append([(" Enter", "key"), (f" {_('done')} ", "normal")])
        groups.append([(" Esc", "key"), (f" {_('leave')} ", "dim")])
        self._offers.display = True
        self._offers.show(lambda width: packed(groups, width + 1))
        self._offers.styles.height = len(packed(groups, self.app.size.width))
        self.focus()

    def ask(self, purpose: str, title: str, value: str = "") -> None:
        """Asks for words."""
        self._open(purpose, title)
        self._choices = ()
        self._offers.display = False
        self._words.parent.display = True  # type: ignore[union-attr]
        self._asks.put([(f" {title} ", "strong")])
        self._asks.styles.width = cell_len(title) + 2
        self._words.value = value
        self._words.cursor_position = len(value)
        self._words.focus()

    def complain(self, message: str, place: int | None = None) -> None:
        """Says under the words what is wrong with them, with a caret under the character at `place`."""
        said = clean_line(message)
        if place is not None:
            at = cell_len(self._title) + 2 + cell_len(self._words.value[:place])
            fits = at + 2 + cell_len(said) <= self.app.size.width or at < cell_len(said)
            said = " " * at + "^ " + said if fits else said.rjust(at - 1) + " ^"
        self._complains.put([(said, "error")])
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
    def _offers(self) -> LinesView:
        return self.query_one("#offers", LinesView)

    @property
    def _asks(self) -> Bar:
        return self.query_one("#asks", Bar)

    @property
    def _words(self) -> SafeInput:
        return self.query_one("#words", SafeInput)

    @property
    def _complains(self) -> Foot:
        return self.query_one("#complains", Foot)

    def on_key(self, event: events.Key) -> None:
        """A choice's key, Esc, or ":" for words."""
        if event.key == "escape":
            event.stop()
            self.post_message(self.Left(self.purpose))
        elif self._choices:
            event.stop()
            event.prevent_default()
            self._press(event)

    def _press(self, event: events.Key) -> None:
        values = {key: value for key, value, _shown in self._choices}
        if self._chosen is not None:
            if event.key == "enter":
                self.post_message(self.Answered(self.purpose, ",".join(self._chosen) or NOTHING))
            elif event.character in values:
                value = values[event.character or ""]
                self._chosen = [each for each in self._chosen if each != value] + [value] * (value not in self._chosen)
                self._offer()
        elif event.character in values:
            self.post_message(self.Answered(self.purpose, values[event.character or ""]))
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
