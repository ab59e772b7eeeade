"""What a leaf of a query comes down to: a string to be found among the folded words, or a pattern over them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any

import re2

from storage.query import fields, fold, tree
from storage.query.seen import Row

_LETTERS, _LETTER = "[^ #@_.-]*", "[^ #@_.-]"
_MARKED_LETTERS, _MARKED_LETTER = "[^ #@]*", "[^ #@]"


@dataclass(frozen=True)
class Pattern:
    """Words in a row, with `*` and `?`, to be found in what `fold.words` gives."""

    tokens: tuple[str, ...]

    @cached_property
    def needle(self) -> str:
        """What must stand in the words: ` zonne bank `, ` zonneb` for `zonneb*`, `bank ` for `*bank`.

        With wildcards inside, that is still a pattern.
        """
        joined = " ".join(self.tokens)
        start = "" if joined[0] == "*" else " "
        end = "" if joined[-1] == "*" else " "
        return start + joined[joined[0] == "*" : len(joined) - (joined[-1] == "*")] + end

    @cached_property
    def is_plain(self) -> bool:
        """Whether the needle itself decides: no wildcard is left in it."""
        return "*" not in self.needle and "?" not in self.needle

    @cached_property
    def pieces(self) -> tuple[str, ...]:
        """The parts of the needle without wildcards, each of which must stand in the words."""
        return tuple(each for each in re.split(r"[*?]+", self.needle) if each.strip())

    @cached_property
    def found_in(self) -> Callable[[str], bool]:
        """Whether folded words hold it."""
        needle = self.needle
        if self.is_plain:
            return lambda words: needle in words
        search = _compiled(_as_regex(needle, self.tokens[0][0] in "#@")).search
        pieces = self.pieces
        return lambda words: all(each in words for each in pieces) and search(words) is not None

    @cached_property
    def starts(self) -> Callable[[Row], list[int]]:
        """The places in a row of words where it begins."""
        tests = [_token_test(each) for each in self.tokens]
        first, rest = tests[0], list(enumerate(tests))[1:]
        if not rest and self.tokens[0].isalnum():
            word = self.tokens[0]
            return lambda row: row.places.get(word, [])

        def find(row: Row) -> list[int]:
            last = len(row) - len(tests) + 1
            return [at for at in range(last) if first(row[at]) and all(test(row[at + on]) for on, test in rest)]

        return find


@lru_cache(maxsize=65_536)
def of(node: tree.Word | tree.Phrase | tree.Marked | tree.Exact) -> Pattern:
    """The pattern of a leaf; that of an exact phrase is empty when it has no letter or digit."""
    match node:
        case tree.Marked(text):
            return Pattern((fold.marked_token(text),))
        case tree.Phrase(text):
            return Pattern(tuple(fold.pattern_tokens(text, "*")))
        case tree.Exact(text):
            return Pattern(tuple(fold.pattern_tokens(text, "")))
    return Pattern(tuple(fold.pattern_tokens(node.text)))


def fuzzy_token(node: tree.Fuzzy) -> str:
    """The folded word that others are compared with."""
    return fold.pattern_tokens(node.text)[0]


def fuzzy_pieces(node: tree.Fuzzy) -> tuple[str, ...]:
    """Parts of the word, one of which stands whole in each word near enough.

    A change touches two neighbouring parts at most (when it swaps the letters between them), so of 2n + 1 one is whole.
    """
    token, count = fuzzy_token(node), 2 * node.distance + 1
    size, longer = divmod(len(token), count)
    ends = [0]
    for place in range(count):
        ends.append(ends[-1] + size + (place < longer))
    return tuple(dict.fromkeys(token[a:b] for a, b in pairwise(ends)))


def like(node: tree.Fuzzy) -> Callable[[str], bool]:
    """Whether a folded word is near enough: letters added, lost, changed or swapped with the next are counted.

    The optimal string alignment distance (Damerau 1964, without changing a letter twice).
    """
    from rapidfuzz.distance import OSA  # takes a desk's first paint to import, and few queries ask for it

    token, limit = fuzzy_token(node), node.distance
    return lambda word: OSA.distance(token, word, score_cutoff=limit) <= limit


def exact_regex(text: str) -> re.Pattern[str]:
    """The text just so, not inside a longer word, with any white space where it has some."""
    pieces = [re.escape(each) for each in text.split()]
    start = r"(?<!\w)" if text.strip()[0].isalnum() else ""
    end = r"(?!\w)" if text.strip()[-1].isalnum() else ""
    return re.compile(start + r"\s+".join(pieces) + end)


def exact_pieces(text: str) -> tuple[str, ...]:
    """Parts of an exact text that stand so in whatever it is found in, composed or not: letters and digits.

    Not K, for the sign of kelvin (U+212A) becomes one when it is composed; nor what a sign is joined to.
    """
    return tuple(dict.fromkeys(re.findall("[A-JL-Za-z0-9]+", unicodedata.normalize("NFC", text))))


@lru_cache(maxsize=4_096)
def name_test(value: str) -> Callable[[str], bool]:
    """Whether a name is the one asked for, A to Z in either case, with `*` and `?` as wildcards."""
    wanted = fields.ascii_lower(value)
    if "*" not in wanted and "?" not in wanted:
        return lambda name: name == wanted or fields.ascii_lower(name) == wanted
    match = _compiled(_as_glob(wanted)).fullmatch
    return lambda name: match(fields.ascii_lower(name).encode("utf-8", "replace").decode()) is not None


def _token_test(token: str) -> Callable[[str], bool]:
    if "*" not in token and "?" not in token:
        return lambda word: word == token
    regex = _compiled(token.replace("*", _LETTERS).replace("?", _LETTER))
    return lambda word: regex.fullmatch(word) is not None


def _as_regex(needle: str, marked: bool) -> str:
    many, one = (_MARKED_LETTERS, _MARKED_LETTER) if marked else (_LETTERS, _LETTER)
    return re2.escape(needle).replace(r"\*", many).replace(r"\?", one)  # type: ignore[no-any-return]


def _as_glob(wanted: str) -> str:
    return "(?s)" + re2.escape(wanted).replace(r"\*", ".*").replace(r"\?", ".")  # type: ignore[no-any-return]


@lru_cache(maxsize=4_096)
def _compiled(pattern: str) -> Any:
    return re2.compile(pattern)
