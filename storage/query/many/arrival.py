"""A post that just came, as thousands of queries look at it: what any of them asks for is found out once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Protocol

from storage.query import fields, fold
from storage.query.many.fuzzy import Likeness
from storage.query.seen import PostView, Seen, host_of
from storage.types import Post

MOST_LABELS = 127
"""Labels that the name of a host can have (RFC 1035)."""


FEW = 6
"""Clauses for which single words are found in the text before it could be parted into all its words."""


class Features(Protocol):
    """What of a set of features clauses ask."""

    def issuperset(self, names: Iterable[str], /) -> bool:
        """Whether all are there."""

    def isdisjoint(self, names: Iterable[str], /) -> bool:
        """Whether none is there."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the queries ask for that not every post need be looked through for."""

    clock: Callable[[], datetime]
    likeness: Likeness
    fields: frozenset[str]
    """Of `keys.VALUES`."""


class Arrival(Seen):
    """Its words are folded; all else is only made ready when a query asks."""

    def __init__(self, came: Post, *, source: str, source_kind: str, asked: Asked) -> None:
        self._came, self._source, self._kind, self._asked = came, source, source_kind, asked
        title_words, text_words = fold.words(came.title), fold.words(came.text)
        vars(self).update(title_words=title_words, text_words=text_words, both_words=title_words + text_words)

    @cached_property
    def post(self) -> PostView:  # type: ignore[override]
        """The post as a query looks at it, from the clock's present."""
        return PostView.of(self._came, source=self._source, source_kind=self._kind, now=self._asked.clock())

    @cached_property
    def author_words(self) -> str:
        """The author's name as shown, folded."""
        return fold.words(self._came.author)

    @cached_property
    def present(self) -> set[str]:
        """Its features: the words of title and text, what they are like, and the values of fields (`keys.feature`)."""
        found = set(self.both_words.split())
        if self._asked.likeness:
            found |= self._asked.likeness.of(found)
        found.update(self._values())
        return found

    def features(self, clauses: int) -> Features:
        """`present`, as it serves so many clauses best."""
        if clauses > FEW or self._asked.likeness:
            return self.present
        return _Sought(self.both_words, frozenset(self._values()))

    def _values(self) -> Iterator[str]:
        asked = self._asked.fields
        if "source" in asked:
            yield "source:" + fields.ascii_lower(self._source)
        if "kind" in asked:
            yield "kind:" + self._came.kind
        if "lang" in asked and self._came.lang:
            yield "lang:" + fields.ascii_lower(self._came.lang)
        if "site" in asked:
            labels = fields.ascii_lower(host_of(self._came.url)).split(".")[-MOST_LABELS:]
            yield from ("site:" + ".".join(labels[place:]) for place in range(len(labels)))


class _Sought:
    """Features that are looked for in the text one by one."""

    def __init__(self, words: str, values: frozenset[str]) -> None:
        self._words, self._values = words, values

    def __contains__(self, name: str) -> bool:
        return f" {name} " in self._words or name in self._values

    def issuperset(self, names: Iterable[str]) -> bool:
        return all(map(self.__contains__, names))

    def isdisjoint(self, names: Iterable[str]) -> bool:
        return not any(map(self.__contains__, names))
