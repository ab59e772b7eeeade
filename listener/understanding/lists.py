"""Read the word lists: opinion words with their value, and cues, groups of phrases that point to an intent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

import ahocorasick

from listener.understanding.tokens import fold, folded

GAP = "~"
"""In a phrase: up to `REACH` tokens may stand here."""
REACH = 6


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of a list: its group ("opinion" or that of a cue), value, length in tokens, and what must follow."""

    group: str
    value: float
    size: int
    text: str
    rest: tuple[str, ...] = ()
    stem: bool = False


def read(name: str) -> str:
    """A data file of this package, as text."""
    return files("listener.understanding").joinpath("data", name).read_text(encoding="utf-8")


def _lines(name: str) -> Iterator[tuple[str, str]]:
    for line in read(name).splitlines():
        head, colon, tail = line.partition(":\t" if ":\t" in line else ": ")
        if colon and not line.startswith("#"):
            yield head.strip(), tail


def opinions(name: str) -> dict[str, float]:
    """The entries of an opinion list (`value: entry, entry …` a line) -> value; a later line wins.

    An entry that the tokeniser does not see whole (an emoticon it does not know) is passed over.
    """
    known = {}
    for head, tail in _lines(name):
        for entry in tail.split(", "):
            tokens = folded(entry)
            if tokens and (entry == tokens[0] or _is_whole(entry, tokens)):
                known[" ".join(tokens)] = float(head)
    return known


def _is_whole(entry: str, tokens: list[str]) -> bool:
    """Whether the tokens of an entry are all there is of it."""
    begins_well = len(tokens) == 1 or entry.strip()[0].isalnum()
    return begins_well and "".join(tokens) == fold(entry.replace(" ", ""))


def cues(name: str) -> Iterator[tuple[str, str]]:
    """The (group, phrase) pairs of a cue list (`group: phrase, phrase …` a line)."""
    for head, tail in _lines(name):
        for entry in tail.split(", "):
            if entry.strip():
                yield head, entry.strip()


class PhraseBook:
    """Finds all phrases of a language in one pass over a text, whatever their number."""

    def __init__(self) -> None:
        self._found: dict[str, list[Phrase]] = {}
        self._automaton = ahocorasick.Automaton()

    def add(self, text: str, group: str, value: float = 1.0) -> None:
        """Add a phrase. `stem*` as last word takes every ending; `~` stands for a gap."""
        first, gap, rest = text.partition(GAP)
        stem = first.rstrip().endswith("*")
        head = folded(first.replace("*", " "))
        if not head:
            raise ValueError(f"The phrase {text!r} of the group {group} begins with nothing that can be looked up.")
        key = " " + " ".join(head) + ("" if stem else " ")
        phrase = Phrase(group, value, len(head), text, tuple(folded(rest)) if gap else (), stem)
        self._found.setdefault(key, []).append(phrase)

    def close(self) -> PhraseBook:
        """Build the automaton; nothing can be added after it."""
        for key, phrases in self._found.items():
            self._automaton.add_word(key, tuple(phrases))
        self._automaton.add_word("\0", ())  # an automaton may not be empty
        self._automaton.make_automaton()
        self._found = {}
        return self

    def find(self, words: list[str]) -> list[tuple[int, int, Phrase]]:
        """(first token, one past the last, phrase) of every hit, by end position."""
        text = " " + " ".join(words) + " "
        hits = []
        past, counted = 0, 1
        for end, phrases in self._automaton.iter(text):
            past, counted = past + text.count(" ", counted, end + 1), end + 1
            for phrase in phrases:
                stop = past + 1 if phrase.stem else past
                if not phrase.rest or (stop := _gapped(words, stop, phrase.rest)):
                    hits.append((past - phrase.size + phrase.stem, stop, phrase))
        return hits


def _gapped(words: list[str], start: int, rest: tuple[str, ...]) -> int:
    """Where `rest` ends if it stands within reach after `start` in the same sentence; else 0."""
    for at in range(start, min(start + REACH, len(words) - len(rest) + 1)):
        if words[at][0] in ".!?":
            return 0
        if tuple(words[at : at + len(rest)]) == rest:
            return at + len(rest)
    return 0
