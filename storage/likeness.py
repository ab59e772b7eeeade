"""When two texts are copies of one: pure. Nothing is merged by it; copies only name each other.

Texts of at least `LONG` words are copies where they share most of their runs of three words (Jaccard's index), or where
nearly all of the shorter one stands in the longer: a press release with an introduction, a quote with a remark. Shorter
ones are copies only where one writer said exactly the same: two people who write "de app doet het weer niet" are two.
"""

from __future__ import annotations

import re

from storage.query import fold

FEWEST = 8
"""Words a text needs before being the same says anything: "Dank je wel!" is not a copy of "dank je wel"."""
LONG = 25
"""Words from which on nearly the same is a copy, whoever wrote it."""
RUN = 3
"""Words in a run."""
SHARED = 0.6
"""Jaccard's index of the runs of two copies: with one word in ten changed it is about 0.57, in fifteen 0.69."""
INSIDE = 0.8
"""How much of a shorter text stands in a longer one that copies it."""
LONGEST_FRAME = 3
"""How many times as long as the shorter the longer may be: a collection of many texts is no copy of each."""
_LINK = re.compile(r"(?:https?://|www\.)\S+")


def own_words(text: str) -> tuple[str, ...]:
    """The words of a text, folded, without quoted lines and links."""
    if ">" in text:
        text = "\n".join([line for line in text.splitlines() if not line.startswith(">")])
    if "http" in text or "www." in text:  # a look for either takes a tenth of the pattern's time
        text = _LINK.sub(" ", text)
    return tuple(fold.tokens(text))


def runs(words: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    """All runs of three words in a text."""
    return frozenset(words[at : at + RUN] for at in range(len(words) - RUN + 1))


def alike(one: str, one_by: str, other: str, other_by: str) -> bool:
    """Whether two texts, each with the name of its writer, are copies of one."""
    first, second = own_words(one), own_words(other)
    if min(len(first), len(second)) < FEWEST:
        return False
    if min(len(first), len(second)) < LONG:
        return first == second and bool(one_by) and fold.tokens(one_by) == fold.tokens(other_by)
    mine, theirs = runs(first), runs(second)
    shared, smaller, larger = len(mine & theirs), *sorted((len(mine), len(theirs)))
    is_inside = shared >= INSIDE * smaller and larger <= LONGEST_FRAME * smaller
    return is_inside or shared >= SHARED * len(mine | theirs)
