"""Holds thousands of queries against each post at once, and tries only those that have a chance.

Each query gives keys, one of which every post that answers it holds: a piece of folded text, found with an automaton
(Aho & Corasick 1975) for all queries in one pass, or a source, language or site, found in a table. Of a query of plain
words a key decides by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from itertools import chain
from typing import Any, Generic, TypeVar

import ahocorasick

from storage.errors import QueryError
from storage.query import fields, fold, keys, matcher, tree
from storage.query.fields import AT_COLLECTION, FIELDS, Takes
from storage.query.grammar import parse
from storage.query.keys import Key
from storage.query.seen import PostView, Seen, host_of
from storage.types import Post

K = TypeVar("K")
Entry = tuple[list[int], list[int]]
"""The queries that a key decides, and those that it makes worth a try."""
MOST_LABELS = 127
"""Labels that the name of a host can have (RFC 1035)."""


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
        title_words, text_words = fold.words(post.title), fold.words(post.text)
        found: set[int] = set()
        candidates = set(self._always)
        for _, (sure, maybe) in self._hits(title_words + text_words, post, source):
            if sure:
                found.update(sure)
            if maybe:
                candidates.update(maybe)
        candidates -= found
        if candidates:
            seen = _Arrival(post, source, source_kind, self._clock, title_words, text_words)
            tests = self._tests
            found.update([each for each in candidates if tests[each](seen)])
        return [self._names[each] for each in sorted(found)]

    def _test(self, node: tree.Node) -> matcher.Test:
        if any(isinstance(each, tree.Value) and _is_relative(each) for each in tree.walk(node)):
            return lambda seen: matcher.test_of(node, now=self._clock())(seen)
        return matcher.test_of(node, now=self._clock())

    def _index(self, nodes: list[tree.Node]) -> None:
        entries: dict[Key, Entry] = defaultdict(lambda: ([], []))
        common = keys.counted(nodes)
        for number, node in enumerate(nodes):
            for part in node.parts if isinstance(node, tree.Or) else (node,):
                needed = keys.required(part, common)
                if needed is None:
                    self._always.append(number)
                    break
                for key in needed:
                    entries[key][0 if keys.decides(part) else 1].append(number)
        self._words = _automaton(entries, "words")
        self._author = _automaton(entries, "author")
        self._table = {key: entry for key, entry in entries.items() if key[0] not in keys.TEXTS}
        self._has_sites = any(where == "site" for where, _ in self._table)

    def _hits(self, words: str, post: Post, source: str) -> Iterable[tuple[object, Entry]]:
        """Where keys end, and their entries; a key that stands there twice comes twice."""
        hits: list[Iterable[tuple[object, Entry]]] = []
        if self._words is not None and words:
            hits.append(self._words.iter(words))
        if self._author is not None and (author_words := fold.words(post.author)):
            hits.append(self._author.iter(author_words))
        if self._table:
            hits.append([(key, self._table[key]) for key in self._keys_of(post, source) if key in self._table])
        return hits[0] if len(hits) == 1 else chain.from_iterable(hits)

    def _keys_of(self, post: Post, source: str) -> Iterator[Key]:
        yield "source", fields.ascii_lower(source)
        yield "kind", post.kind.value
        if post.lang:
            yield "lang", fields.ascii_lower(post.lang)
        if self._has_sites:
            labels = fields.ascii_lower(host_of(post.url)).split(".")[-MOST_LABELS:]
            yield from (("site", ".".join(labels[place:])) for place in range(len(labels)))


class _Arrival(Seen):
    """A post that just came: its words are folded, and its fields are only made ready for a query that asks."""

    def __init__(
        self, post: Post, source: str, kind: str, clock: Callable[[], datetime], title_words: str, text_words: str
    ) -> None:
        self._came = post, source, kind, clock
        vars(self).update(title_words=title_words, text_words=text_words, both_words=title_words + text_words)

    @cached_property
    def post(self) -> PostView:  # type: ignore[override]
        """The post as a query looks at it, from the clock's present."""
        post, source, kind, clock = self._came
        return PostView.of(post, source=source, source_kind=kind, now=clock())


def _is_relative(node: tree.Value) -> bool:
    return FIELDS[node.field].takes in (Takes.MOMENT, Takes.DURATION)


def _automaton(entries: Mapping[Key, Entry], where: str) -> Any:
    automaton = ahocorasick.Automaton()
    for (there, text), entry in entries.items():
        if there == where:
            automaton.add_word(text, entry)
    if not len(automaton):
        return None
    automaton.make_automaton()
    return automaton
