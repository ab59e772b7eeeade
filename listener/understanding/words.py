"""What is known of each word of a language: its opinion value, its part in a sentence, and what it shows."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

from listener.understanding import lists
from listener.understanding.tokens import fold, is_link, is_stop

CACHE = 50_000
"""Words remembered before the memory is emptied and filled anew."""
LISTS = {
    "nl": ("pattern_nl.txt", "nl.txt", "emoji.txt"),
    "en": ("vader_en.txt", "en.txt", "emoji.txt"),
    "": ("emoji.txt",),
}
"""The opinion lists of each language; a later one wins."""
ROLES = ("negation", "more", "less", "but", "me", "you", "doubt")
"""Cue groups of single words that change or colour what stands near them; a word keeps the first it is given."""
MARKS = (
    "figure", "stop", "exclaims", "asks", "trails_off", "quotes", "comma", "colon", "account", "tag", "link",
    "glad_emoji", "cross_emoji", "emoji", "praise", "blame", "begin", "end",
)  # fmt: skip
"""Word classes that no list names: what a word shows, or, where it is in no other, that it praises or blames."""
_MARK_OF = {
    ".": "stop", "?": "asks", "!": "exclaims", "…": "trails_off", "“": "quotes", "”": "quotes", '"': "quotes",
    ",": "comma", ";": "comma", ":": "colon", "@": "account", "#": "tag",
}  # fmt: skip
_STEM = 3
"""Letters that a stem of a word class has at least."""
_PREFIXES = {
    "nl": {
        "super": 0.7, "mega": 0.6, "top": 0.6, "reuze": 0.5, "ultra": 0.4, "kut": -0.8, "klote": -0.8, "rot": -0.6,
        "kanker": -0.9, "tering": -0.9, "tyfus": -0.9, "pokke": -0.7, "schijt": -0.7, "nep": -0.5, "wan": -0.5,
        "prut": -0.7, "flut": -0.7, "bagger": -0.8, "droom": 0.4, "lieveling": 0.5, "wereld": 0.0,
    },
    "en": {},
}  # fmt: skip
_SUFFIXES = {
    "nl": ("e", "er", "ere", "st", "ste", "s", "en", "je", "jes", "t"),
    "en": ("ly", "s", "er", "est", "y", "ness", "ing", "ed"),
}
_ENDINGS = {
    "nl": {"zooi": -0.6, "gedoe": -0.5, "ellende": -0.6, "drama": -0.6, "chaos": -0.5, "fout": -0.4, "probleem": -0.4,
           "problemen": -0.4, "storing": -0.4, "topper": 0.7, "loos": -0.3, "loze": -0.3},
    "en": {},
}  # fmt: skip


def bucket(text: str, size: int) -> int:
    """The row of a text in a hashed table of `size` rows (CRC-32, so the same everywhere)."""
    return zlib.crc32(text.encode("utf-8", "surrogatepass")) % size


def edged(word: str) -> bytes:
    """The beginning of a word between edges, of which the letter groups are taken."""
    return f"<{word[:30]}>".encode("utf-8", "surrogatepass")


def pieces(word: str) -> list[int]:
    """The CRC-32 of the byte groups of 3 to 5 of a word with its edges."""
    whole = edged(word)
    return [zlib.crc32(whole[i : i + n]) for n in (3, 4, 5) for i in range(len(whole) - n + 1)]


BITS = 16
(
    UPPER, STRETCHED, LINK, ACCOUNT, TAG, DIGIT, ASK, SHOUT, DOTS, ME, YOU, LETTERS, EMOJI, NEGATION, MORE, BUT,
) = (1 << at for at in range(BITS))  # fmt: skip
"""What a word shows, as bits, so that a text shows the sum of its words."""


class Word:
    """One word form: `fold` is how the lists know it, `value` its opinion, `role` its part in a sentence, `class_` what
    kind of thing it speaks of (a number of `classes`, 0 for none)."""

    __slots__ = ("class_", "emoji", "ends", "flags", "fold", "letters", "names", "role", "stop", "upper", "value")

    def __init__(self, token: str, fold_: str, value: float, role: str, class_: int = 0) -> None:
        self.fold, self.value, self.role, self.class_ = fold_, value, role, class_
        self.stop = is_stop(fold_)
        self.upper = len(token) > 2 and token.isupper()
        self.letters = fold_[0].isalpha()
        self.emoji = not fold_[0].isalnum() and fold_[0] not in "#@"
        self.ends = self.stop or fold_ in _ENDS
        """Whether a clause ends with it."""
        self.names = token[0] == "@" or _is_name(token)
        """Whether it may name somebody."""
        self.flags = _flags(token, self)


_ENDS = frozenset({",", "terwijl", "whereas", "while"})
"""What ends a clause besides stops."""


def _is_name(token: str) -> bool:
    """Whether a token begins with a capital and goes on as a name does."""
    return token[0].isupper() and len(token) > 2 and not token[1:].isupper() and token.isalpha()


_ROLE_FLAGS = {"me": ME, "you": YOU, "negation": NEGATION, "more": MORE, "but": BUT}


def _flags(token: str, word: Word) -> int:
    """The bits of a word."""
    first = word.fold[0]
    if word.letters:  # the common case first: most words show nothing else
        shown = LETTERS | _ROLE_FLAGS.get(word.role, 0) | (UPPER if word.upper else 0)
        shown |= STRETCHED if len(token) > len(word.fold) else 0
        return shown | LINK if word.fold.startswith(("http", "www.")) and is_link(word.fold) else shown
    shown = {"@": ACCOUNT, "#": TAG}.get(first, DIGIT if first.isdigit() else 0)
    shown |= (UPPER if word.upper else 0) | (EMOJI if word.emoji else 0) | _ROLE_FLAGS.get(word.role, 0)
    if first in "?!.…":
        shown |= (
            (ASK if "?" in token else 0)
            | (SHOUT if "!" in token else 0)
            | (DOTS if ".." in token or first == "…" else 0)
        )
    return shown


def _mark(word: str, value: float) -> str:
    """The class of a word that no list names ("": none)."""
    first = word[0]
    if first.isdigit():
        return "<figure>"
    if first.isalpha():
        named = "link" if is_link(word) else "praise" if value > 0 else "blame" if value < 0 else ""
    elif first in _MARK_OF:
        named = "trails_off" if ".." in word else "asks" if "?" in word else _MARK_OF[first]
    else:
        named = "" if first.isalnum() else "glad_emoji" if value > 0 else "cross_emoji" if value < 0 else "emoji"
    return f"<{named}>"


def classes(lang: str) -> dict[str, int]:
    """The number of the class of each word form, stem ("wait*") and mark ("<comma>"), from 1 on, the same in nl and en.

    A word that is listed twice is of the first class.
    """
    numbers: dict[str, int] = {}
    known: dict[str, int] = {}
    for name, entry in lists.cues(f"classes_{lang}.txt"):
        known.setdefault(entry, numbers.setdefault(name, len(numbers) + 1))
    return known | {f"<{mark}>": len(numbers) + at for at, mark in enumerate(MARKS, 1)}


class Vocabulary:
    """The words of one language. `lang` is nl, en or "" (signs that every language has)."""

    def __init__(
        self, lang: str, values: Mapping[str, float], roles: Mapping[str, str], classes: Mapping[str, int]
    ) -> None:
        self.lang, self._values, self._roles, self._classes = lang, values, roles, classes
        self.edges = classes.get("<begin>", 0), classes.get("<end>", 0)
        """The classes of the edges of a text."""

    def word(self, token: str) -> Word:
        """What is known of a token."""
        known = fold(token)
        value = self._value(known, len(token) > len(known))
        return Word(token, known, value, self._roles.get(known, ""), self._class(known, value) if self.lang else 0)

    def _class(self, word: str, value: float) -> int:
        """The class of a word: that of its form, of its longest known stem, or of what it shows."""
        if (known := self._classes.get(word)) is not None:
            return known
        for stop in range(len(word), _STEM - 1, -1):
            if (known := self._classes.get(f"{word[:stop]}*")) is not None:
                return known
        return self._classes.get(_mark(word, value), 0)

    def _value(self, word: str, stretched: bool = False) -> float:
        """The value of a word, of the word it is an inflection of, or of what it is compounded with; 0 if unknown.

        `stretched`: it was written with letters repeated, so that any double letter may be meant single.
        """
        values = self._values
        if word in values:
            return values[word]
        if word[0] == "#":
            word = word[1:]
            if word in values:
                return values[word]
        if not self.lang or len(word) < 4 or not word[0].isalpha():
            return 0.0
        forms = self._stems(word) if word.endswith(_SUFFIXES[self.lang]) else [word]
        if stretched:
            forms += self._stems("".join([c for at, c in enumerate(word) if at == 0 or c != word[at - 1]]))
        for stem in forms:
            if stem in values:
                return values[stem]
        return self._compound(word)

    def _stems(self, word: str) -> list[str]:
        """The forms that a word may be an inflection of: "trage" of "traag", "gekke" of "gek", "lieve" of "lief"."""
        stems = [word]
        for suffix in _SUFFIXES[self.lang]:
            stem = word[: len(word) - len(suffix)]
            if word.endswith(suffix) and len(stem) > 3:
                stems.append(stem)
                if len(stem) > 4 and stem[-1] == stem[-2]:
                    stems.append(stem[:-1])
                if self.lang == "nl" and suffix[0] == "e":
                    last = {"v": "f", "z": "s"}.get(stem[-1], stem[-1])
                    stems += [stem[:-1] + stem[-2] + last, stem[:-1] + last]
        return stems

    def _compound(self, word: str) -> float:
        for ending, value in _ENDINGS[self.lang].items():
            if word.endswith(ending) and len(word) - len(ending) > 2:
                return value
        for prefix, value in _PREFIXES[self.lang].items():
            rest = word[len(prefix) :]
            if word.startswith(prefix) and len(rest) > 3:
                known = max((self._values.get(s, 0.0) for s in self._stems(rest)), key=abs)
                if known:
                    return known * 1.2
                if abs(value) >= 0.7 and self.lang == "nl":
                    return value if value < 0 else 0.0
        return 0.0


def vocabulary(lang: str) -> tuple[Vocabulary, lists.PhraseBook]:
    """The words and the phrases of nl, en or "" from the lists of the package."""
    values: dict[str, float] = {}
    for name in LISTS[lang]:
        values.update(lists.opinions(name))
    book = lists.PhraseBook()
    roles: dict[str, str] = {}
    for phrase, value in values.items():
        if " " in phrase:
            book.add(phrase, "opinion", value)
    for group, text in lists.cues(f"cues_{lang}.txt") if lang else ():
        if group in ROLES:
            roles.setdefault(fold(text), group)
        elif not group.startswith("kind_"):
            book.add(text, group)
    single = {word: value for word, value in values.items() if " " not in word}
    return Vocabulary(lang, single, roles, classes(lang) if lang else {}), book.close()
