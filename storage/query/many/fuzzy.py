"""Which words are like those of fuzzy queries: found out once for each word, when it is first met.

Two words are at most n letters apart only if both come to the same by losing n letters at most (Garbe's SymSpell); that
holds for their first letters too, so that a long word has no more such forms than a short one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Set

from storage.query import patterns, tree
from storage.query.many import keys

HEAD = 8
"""First letters of a word that are compared by what they come to."""
MOST_WORDS = 200_000
"""Words that are remembered (some 30 MB); when there are more, all are forgotten and met anew."""

_Like = tuple[str, Callable[[str], bool]]


class Likeness:
    """Words met so far, and the fuzzy words that they are like. Threads may share it."""

    def __init__(self, wanted: Iterable[tree.Fuzzy]) -> None:
        by_form: dict[str, list[_Like]] = defaultdict(list)
        self._most = 0
        for node in set(wanted):
            self._most = max(self._most, node.distance)
            like = keys.like(node), patterns.like(node)
            for form in _forms(patterns.fuzzy_token(node), node.distance):
                by_form[form].append(like)
        self._by_form = dict(by_form)
        self._forget()

    def __bool__(self) -> bool:
        return bool(self._by_form)

    def of(self, words: Set[str]) -> set[str]:
        """What some of the words are like."""
        known, alike = self._memory  # both of one time, for another thread may forget them meanwhile
        unknown = words - known
        found = {each for word in alike.keys() & words for each in alike[word]}
        for word in unknown:
            if likes := self._alike(word):
                alike[word] = likes
                found.update(likes)
            known.add(word)
        if len(known) > MOST_WORDS:
            self._forget()
        return found

    def _alike(self, word: str) -> tuple[str, ...]:
        if word[0] in "#@":
            return ()
        near = dict(like for form in self._by_form.keys() & _forms(word, self._most) for like in self._by_form[form])
        return tuple(name for name, is_like in near.items() if is_like(word))

    def _forget(self) -> None:
        self._memory: tuple[set[str], dict[str, tuple[str, ...]]] = (set(), {})


def _forms(word: str, distance: int) -> set[str]:
    """The head of a word, and what it comes to when it loses so many letters or fewer."""
    forms = shorter = {word[:HEAD]}
    for _ in range(distance):
        shorter = {each[:at] + each[at + 1 :] for each in shorter for at in range(len(each))}
        forms = forms | shorter
    return forms
