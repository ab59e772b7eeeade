"""Holds thousands of queries against each post at once, and tries only those that have a chance.

Each query waits at a few keys, of which every post that answers it holds one: of all that it cannot do without, those
met least in the posts that went by. A post is looked through for all keys in one pass. Where a key decides, the post
has answered; else what is left of the query is tried.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Generic, TypeVar

from storage.errors import QueryError
from storage.query import tree
from storage.query.fields import AT_COLLECTION, FIELDS
from storage.query.grammar import parse
from storage.query.many import clauses, keys
from storage.query.many.arrival import Arrival, Asked
from storage.query.many.clauses import Clause
from storage.query.many.fuzzy import Likeness
from storage.query.many.keys import Key
from storage.query.many.lookout import Lookout
from storage.types import Post

K = TypeVar("K")
Waiting = int | Clause
"""The number of a query that a key decides, or a clause that it makes worth a try."""

ALL, EVERY = 256, 200
"""So many posts are counted at first, and after that one of so many."""
GROWTH = 4
"""When so many times more posts were counted than last time, the queries are laid out anew."""


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
    """Queries ready for a stream of posts. Threads may share it."""

    def __init__(
        self, queries: Mapping[K, str | tree.Node], *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Raises `QueryError` for a query that does not parse or cannot be used for collecting."""
        self._clock = clock
        self._names = list(queries)
        nodes = [parse(each) if isinstance(each, str) else each for each in queries.values()]
        for node in nodes:
            check_collectable(node)
        self._nodes = nodes
        leaves = {leaf for node in nodes for leaf in tree.walk(node)}
        self._asked = Asked(
            clock,
            Likeness(leaf for leaf in leaves if isinstance(leaf, tree.Fuzzy) and not leaf.field),
            frozenset(leaf.field for leaf in leaves if isinstance(leaf, tree.Value) and keys.feature(leaf)),
        )
        self._frequencies = keys.Frequencies(nodes)
        self._counting = Lookout({key: key for key in self._frequencies.met})
        self._posts = self._counted = 0
        self._lay_out()

    def which(self, post: Post, *, source: str, source_kind: str) -> list[K]:
        """The names of the queries that the post answers, in the order they were given."""
        arrival = Arrival(post, source=source, source_kind=source_kind, asked=self._asked)
        lookout, always = self._index
        found: set[int] = set()
        tried = [*always]
        for waiting in lookout.met(arrival):
            for each in waiting:
                if isinstance(each, int):
                    found.add(each)
                else:
                    tried.append(each)
        if tried:
            features = arrival.features(len(tried))
            for clause in tried:
                if clause.number not in found and clause.answers(arrival, features):
                    found.add(clause.number)
        self._posts += 1
        if self._posts < ALL or self._posts % EVERY == 0:
            self._count(arrival)
        return [self._names[each] for each in sorted(found)]

    def _count(self, arrival: Arrival) -> None:
        self._frequencies.count(set(self._counting.met(arrival)))
        self._counted += 1
        if self._counted >= self._next_count:
            self._lay_out()

    def _lay_out(self) -> None:
        """Lets each alternative of each query wait at its keys, by what is known now of how often they are met."""
        self._next_count = max(ALL - 1, self._counted * GROWTH)
        waiting: dict[Key, list[Waiting]] = defaultdict(list)
        always: list[Clause] = []
        for number, node in enumerate(self._nodes):
            for alternative in node.parts if isinstance(node, tree.Or) else (node,):
                parts = alternative.parts if isinstance(alternative, tree.And) else (alternative,)
                choices = {part: choice for part in parts if (choice := self._frequencies.rarest(part)) is not None}
                if not choices:
                    always.append(clauses.clause_of(number, parts, self._clock))
                    continue
                chosen = min(choices, key=lambda part: choices[part].times)
                others = [part for part in parts if part is not chosen or not keys.decides(part)]
                left = clauses.clause_of(number, others, self._clock) if others else number
                for key in choices[chosen].keys:
                    waiting[key].append(left)
        self._index = Lookout({key: tuple(some) for key, some in waiting.items()}), always
