"""What changed between two texts, word by word, as one text with marks: ⟨−gone⟩ and ⟨+new⟩."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from desk.widgets.lines import Line

WORDS = 1500
"""Words of each text that are compared; comparing takes the square of that."""

_PIECES = re.compile(r"\S+|\n")
_MARKS = re.compile(r"⟨[−+]|⟩")
ROLES = {"⟨−": "error", "⟨+": "good"}


def changed(before: str, after: str) -> str:
    """`after` with what went and what came since `before`, each between marks."""
    old, new = (_PIECES.findall(text.replace("⟨", "(").replace("⟩", ")")) for text in (before, after))
    said: list[str] = []
    for what, a, b, c, d in SequenceMatcher(None, old[:WORDS], new[:WORDS], autojunk=False).get_opcodes():
        if what != "equal":
            said += [*_marked("−", old[a:b]), *_marked("+", new[c:d])]
        else:
            said += new[c:d]
    return re.sub(r" ?\n ?", "\n", " ".join([*said, *new[WORDS:]]))


def _marked(sign: str, words: Sequence[str]) -> list[str]:
    text = " ".join(each for each in words if each != "\n")
    return [f"⟨{sign}{text}⟩"] if text else []


def coloured(lines: Iterable[str], role: str) -> list[Line]:
    """The lines of a marked text that was broken: what stands between marks has its own role on every line."""
    now, made = role, list[Line]()
    for text in lines:
        line: Line = []
        last = 0
        for found in _MARKS.finditer(text):
            if found[0] == "⟩":
                line.append((text[last : found.end()], now))
                now, last = role, found.end()
            else:
                line.append((text[last : found.start()], now))
                now, last = ROLES[found[0]], found.start()
        made.append([span for span in [*line, (text[last:], now)] if span[0]])
    return made
