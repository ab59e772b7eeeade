"""Holds thousands of queries against each post at once, and tries only those that have a chance.

Each query gives keys, one of which every post that answers it holds: a piece of folded text, found with an automaton
(Aho & Corasick 1975) for all queries in one pass, or a source, language or site, found in a table. Of a query of plain
words a key decides by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import ahocorasick

from storage.errors import QueryError
from storage.query import fields, matcher, patterns, tree
from storage.query.fields import AT_COLLECTION, FIELDS, Takes
from storage.query.grammar import parse
from storage.query.seen import PostView, Seen
from storage.types import Post

K = TypeVar("K")
Key = tuple[str, str]
"""Where to look (`words`, `author`, `source`, `kind`, `lang`, `site`) and what must be there."""

_WORTH_OF_A_VALUE = 2
"""A source or language leaves as much out as a piece of text of this length, as a rule of thumb."""


def check_collectable(node: tree.Node) -> None:
    """Raises `QueryError` when a query asks what nobody knows of a post that was just collected (status, tags …)."""
    for each in tree.walk(node):
        if isinstance(each, tree.Value) and not _is_known(each):
            text, leaf = tree.to_text(node), tree.to_text(each)
            raise QueryError(
                f"{leaf} is not known when a post is collected; use it in searches and rules.",
                query=text,
                position=text.find(leaf),
            )


def _is_known(node: tree.Value) -> bool:
    if node.field in ("is", "has"):
        return node.value.lower() in AT_COLLECTION
    return FIELDS[node.field].at_collection


class Matcher(Generic[K]):
    """Queries by their keys, ready for a stream of posts."""

    def __init__(
        self, queries: Mapping[K, str | tree.Node], *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Raises `QueryError` for a query that does not parse or cannot be used for collecting."""
        self._clock = clock
        self._names = list(queries)
        nodes = [parse(each) if isinstance(each, str) else each for each in queries.values()]
        for node in nodes:
            check_collectable(node)
        self._tests = [self._test(node) for node in nodes]
        self._always: list[int] = []
        self._index(nodes)

    def which(self, post: Post, *, source: str, source_kind: str) -> list[K]:
        """The names of the queries that the post answers, in the order they were given."""
        seen = Seen(PostView.of(post, source=source, source_kind=source_kind, now=self._clock()))
        found: set[int] = set()
        candidates = set(self._always)
        for sure, maybe in self._hits(seen):
            found.update(sure)
            candidates.update(maybe)
        candidates -= found
        found.update(each for each in candidates if self._tests[each](seen))
        return [self._names[each] for each in sorted(found)]

    def _test(self, node: tree.Node) -> matcher.Test:
        if any(isinstance(each, tree.Value) and _is_relative(each) for each in tree.walk(node)):
            return lambda seen: matcher.test_of(node, now=self._clock())(seen)
        return matcher.test_of(node, now=self._clock())

    def _index(self, nodes: list[tree.Node]) -> None:
        entries: dict[Key, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for number, node in enumerate(nodes):
            keys = required(node)
            if keys is None:
                self._always.append(number)
                continue
            for key in keys:
                entries[key][0 if decides(node) else 1].append(number)
        self._entries = list(entries.values())
        places = {key: place for place, key in enumerate(entries)}
        self._words = _automaton(places, "words")
        self._author = _automaton(places, "author")
        self._table = {key: place for key, place in places.items() if key[0] not in ("words", "author")}

    def _hits(self, seen: Seen) -> Iterator[tuple[list[int], list[int]]]:
        places: set[int] = set()
        if self._words is not None and seen.both_words:
            places.update([place for _, place in self._words.iter(seen.both_words)])
        if self._author is not None and seen.author_words:
            places.update([place for _, place in self._author.iter(seen.author_words)])
        if self._table:
            places.update(self._table[key] for key in _keys_of(seen) if key in self._table)
        return (self._entries[place] for place in places)


def required(node: tree.Node) -> frozenset[Key] | None:
    """Keys of which every post that answers the query holds one; None when it can be answered without any."""
    match node:
        case tree.Or(parts):
            found = [required(each) for each in parts]
            return None if None in found else frozenset().union(*(each for each in found if each))
        case tree.And(parts):
            return _best(parts)
        case tree.Near(left, right):
            return _best((left, right))
        case tree.Fuzzy(_, _, field):
            return frozenset((_place(field), piece) for piece in patterns.fuzzy_pieces(node))
        case tree.Word() | tree.Phrase() | tree.Marked() | tree.Exact():
            pattern = patterns.of(node)
            return frozenset({(_place(node.field), max(pattern.pieces, key=len))}) if pattern.tokens else None
        case tree.Value():
            return _required_value(node)
    return None


def decides(node: tree.Node) -> bool:
    """Whether a post that holds one of the query's keys answers it for sure."""
    match node:
        case tree.Or(parts):
            return all(decides(each) for each in parts)
        case tree.Word() | tree.Phrase() | tree.Marked():
            return node.field != "title" and patterns.of(node).is_plain
        case tree.Value():
            return True
    return False


def _place(field: str) -> str:
    return "author" if field == "author" else "words"


def _best(parts: tuple[tree.Node, ...]) -> frozenset[Key] | None:
    """The keys of the part that leaves most out: the one whose shortest key is longest."""
    found = [keys for each in parts if (keys := required(each)) is not None]
    return max(found, key=_worth, default=None)


def _worth(keys: frozenset[Key]) -> int:
    return min(len(text) if where in ("words", "author") else _WORTH_OF_A_VALUE for where, text in keys)


def _required_value(node: tree.Value) -> frozenset[Key] | None:
    value = fields.site(node.value) if FIELDS[node.field].takes is Takes.SITE else fields.ascii_lower(node.value)
    if node.field not in ("source", "kind", "lang", "site") or value == "none" or "*" in value or "?" in value:
        return None
    return frozenset({(node.field, fields.ascii_lower(value))})


def _keys_of(seen: Seen) -> Iterator[Key]:
    yield "source", fields.ascii_lower(seen.post.source)
    yield "kind", seen.post.kind.value
    if seen.post.lang:
        yield "lang", fields.ascii_lower(seen.post.lang)
    labels = fields.ascii_lower(seen.host).split(".")
    for place in range(min(len(labels), 12)):
        yield "site", ".".join(labels[place:])


def _is_relative(node: tree.Value) -> bool:
    return FIELDS[node.field].takes in (Takes.MOMENT, Takes.DURATION)


def _automaton(places: Mapping[Key, int], where: str) -> Any:
    automaton = ahocorasick.Automaton()
    for (there, text), place in places.items():
        if there == where:
            automaton.add_word(text, place)
    if not len(automaton):
        return None
    automaton.make_automaton()
    return automaton
