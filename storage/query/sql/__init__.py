"""A query as a condition in SQL: exact where SQL can decide, else a superset for the matcher to go through.

Every part is compiled twice: `upper` holds for all rows that answer it, `lower` only for rows that surely do. Where the
two are one, SQL decides. `NOT` swaps them, so that a superset stays one. The conditions are over `sql.JOINED`:
`post LEFT OUTER JOIN "case" ON "case".id = post.case_id`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa

from storage.query import literals, patterns, tree
from storage.query.sql import columns, facts, index, leads
from storage.query.sql.columns import Condition, Dialect
from storage.query.sql.leads import Lead
from storage.schema import CASE, POST

MAX_LEAVES = 300
"""Leaves of a query that are put in SQL; of a longer one only the index takes part. SQLite nests 1,000 deep."""
MAX_LOOKUP_DEPTH = 6
"""And-or changes in what is asked of the index; SQLite's parser holds about thirty."""

MAX_ROW = 50
"""Words in a row that are asked of the index."""

SHORTEST_PIECE = 3
"""Letters of a part of a word from which the words that hold it are few enough to be looked up."""

Vocabulary = Callable[[Sequence[str], range | None, Callable[[str], bool] | None], Sequence[str] | None]
"""The indexed words that hold one of these parts, have so many letters, and pass the test; None where they cannot be
told, or are many."""

JOINED = sa.outerjoin(POST, CASE, CASE.c.id == POST.c.case_id)
"""What the conditions are over."""


@dataclass(frozen=True, slots=True)
class Search:
    """A query for the database; rows found by an inexact one are to be tried with `matcher.matches`."""

    where: Condition
    """With the search index, for finding the few rows that answer."""
    row_by_row: Condition
    """The same without the index, for trying rows that are at hand: the newest, a conversation's."""
    exact: bool
    lookup: index.Lookup | None
    """What is asked of the index of words; None where it cannot leave anything out."""
    words: sa.Select[Any] | None
    """The ids that it yields; None on PostgreSQL, where it has to read their posts: there they are a lead, tried by the
    condition as they are read."""
    leads: Sequence[Lead]
    """Each leads to all that answer, and maybe others."""


@dataclass(frozen=True, slots=True)
class _Bounds:
    upper: Condition
    lower: Condition

    @property
    def exact(self) -> bool:
        return self.upper is self.lower


def search(
    node: tree.Node, *, dialect: Dialect, now: datetime, me: str | None = None, vocabulary: Vocabulary | None = None
) -> Search:
    """The condition of a query over `JOINED`. It does not leave context posts out: see `tree.asks_for_context`.

    With a `vocabulary` the index also leads where only a part of a word, or a word like it, is asked for.
    """
    lookup = looked_up(node, vocabulary=vocabulary)
    told = index.condition(lookup, dialect) if lookup is not None else sa.true()
    narrowed = told if _is_of_words(node) else sa.true()
    ways = list(leads.of(node, dialect, now, me))
    if sum(1 for _ in tree.walk(node)) > MAX_LEAVES:
        bounds = _Bounds(sa.true(), sa.false())
    else:
        bounds = _Compiler(dialect, now, me).bounds(node)
    words = index.ids(lookup, dialect) if lookup is not None and dialect == "sqlite" else None
    if words is not None:
        ways = [*_by_words(node, words, now), *ways]
    elif lookup is not None:
        found = sa.select(POST.c.id).select_from(JOINED).where(told, bounds.upper)
        ways = [Lead(POST.c.id, found), *ways]
    return Search(sa.and_(narrowed, bounds.upper), bounds.upper, bounds.exact, lookup, words, ways)


def _is_of_words(node: tree.Node) -> bool:
    """Whether words are asked for: facts alone are told by more posts than are read one by one."""
    return any(isinstance(each, tree.Text) for each in tree.walk(node))


def _by_words(node: tree.Node, words: sa.Select[Any], now: datetime) -> Iterator[Lead]:
    """What the words lead to on SQLite, and before that what they lead to in the times asked for."""
    post = POST.alias()
    times = [
        columns.timely(each, now, post)
        for each in (node.parts if isinstance(node, tree.And) else ())
        if isinstance(each, tree.Value) and each.field in columns.TIMES
    ]
    if times:
        met = sa.select(post.c.id).where(*times, columns.aside(post.c.id, "sqlite").in_(words))
        yield Lead(POST.c.id, met)
    yield Lead(POST.c.id, words)


def looked_up(
    node: tree.Node, depth: int = MAX_LOOKUP_DEPTH, vocabulary: Vocabulary | None = None
) -> index.Lookup | None:
    """What the index can say of a query; None where it cannot leave anything out."""
    inner = partial(looked_up, depth=depth - 1, vocabulary=vocabulary)
    match node:
        case tree.And(parts):
            return _joined(index.AllOf, [each for part in parts if (each := inner(part))], depth)
        case tree.Near(left, right):
            return _joined(index.AllOf, [each for part in (left, right) if (each := inner(part))], depth)
        case tree.Or(parts):
            found = [inner(part) for part in parts]
            return _joined(index.AnyOf, [each for each in found if each], depth) if all(found) else None
        case tree.Fuzzy() if vocabulary:
            size = len(patterns.fuzzy_token(node))
            letters = range(size - node.distance, size + node.distance + 1)
            return _any_word(vocabulary(patterns.fuzzy_pieces(node), letters, patterns.like(node)), depth)
        case tree.Regex(expression) if vocabulary:
            needed = [
                _any_word(vocabulary((each,), None, None), depth - 1) for each in literals.required(expression)[:1]
            ]
            return _joined(index.AllOf, [each for each in needed if each], depth)
        case tree.Word() | tree.Phrase() | tree.Exact() | tree.Marked():
            return _joined(index.AllOf, list(_in_a_row(node, depth, vocabulary)), depth)
        case tree.Value():
            known = facts.of(node)
            told = [index.Words(*each) for each in known or ()]
            return _any_of(told, depth) if known is not None else None
    return None


def _joined(
    kind: type[index.AllOf] | type[index.AnyOf], parts: Sequence[index.Lookup], depth: int
) -> index.Lookup | None:
    if not parts or depth <= 0 or len(parts) > MAX_LEAVES:
        return None
    return parts[0] if len(parts) == 1 else kind(tuple(parts))


def _in_a_row(
    node: tree.Word | tree.Phrase | tree.Exact | tree.Marked, depth: int, vocabulary: Vocabulary | None
) -> Iterator[index.Lookup]:
    """Words in a row as far as they have no wildcard, with the beginning of the next one; what follows, anew."""
    row: list[str] = []
    for token in patterns.of(node).tokens[:MAX_ROW]:
        beginning = re.split(r"[*?]", token, maxsplit=1)[0]
        if beginning == token:
            row.append(token)
            continue
        is_told = len(beginning) >= 2 + (beginning[:1] in ("#", "@"))
        if is_told or row:
            yield index.Words((*row, beginning) if is_told else tuple(row), is_told, node.field)
        if not is_told and (lookup := _holding(token, depth, vocabulary)):
            yield lookup
        row = []
    if row:
        yield index.Words(tuple(row), False, node.field)


def _holding(token: str, depth: int, vocabulary: Vocabulary | None) -> index.Lookup | None:
    """Words that hold the longest part of one with wildcards, where that leaves few enough to go through."""
    piece = max(re.split(r"[*?]+", token), key=len)
    if vocabulary is None or len(piece) < SHORTEST_PIECE:
        return None
    return _any_word(vocabulary((piece,), None, None), depth)


def _any_word(words: Sequence[str] | None, depth: int) -> index.Lookup | None:
    """One of these words; None where they are too many to be looked up."""
    return _any_of([index.Words((each,)) for each in words], depth) if words is not None else None


def _any_of(parts: Sequence[index.Lookup], depth: int) -> index.Lookup | None:
    return _joined(index.AnyOf, parts, depth) if parts else index.NOTHING


class _Compiler:
    """Holds what every part needs: the dialect, the present, and who asks."""

    def __init__(self, dialect: Dialect, now: datetime, me: str | None) -> None:
        self.dialect, self.now, self.me = dialect, now, me

    def bounds(self, node: tree.Node) -> _Bounds:
        match node:
            case tree.And(parts):
                return self._joined(sa.and_, parts)
            case tree.Or(parts):
                return self._joined(sa.or_, parts)
            case tree.Near(left, right):
                both = self._joined(sa.and_, (left, right))
                return _Bounds(both.upper, sa.false())
            case tree.Not(part):
                return _negated(self.bounds(part))
            case tree.Everything():
                return _exactly(sa.true())
            case tree.Value():
                return self._value(node)
        return self._text(node)

    def _joined(self, join: Callable[..., Condition], parts: Sequence[tree.Node]) -> _Bounds:
        bounds = [self.bounds(each) for each in parts]
        upper = join(*(each.upper for each in bounds)).self_group()
        if all(each.exact for each in bounds):
            return _exactly(upper)
        return _Bounds(upper, join(*(each.lower for each in bounds)).self_group())

    def _value(self, node: tree.Value) -> _Bounds:
        condition = columns.value(node, self.dialect, self.now, self.me)
        return _Bounds(condition, sa.false()) if node.field == "site" else _exactly(condition)

    def _text(self, node: tree.Text) -> _Bounds:
        match node:
            case tree.Regex(expression, field):
                needed = [columns.contains(field, (each,), self.dialect) for each in literals.required(expression)]
                matched = columns.matches(field, expression, literals.digits(expression), self.dialect)
                whole = sa.and_(*needed, matched)
                decides = self.dialect == "sqlite" and field != "author"
                return _exactly(whole) if decides else _Bounds(whole, sa.false())
            case tree.Fuzzy():
                pieces = patterns.fuzzy_pieces(node)
                some = [columns.contains(node.field, (each,), self.dialect) for each in pieces]
                return _Bounds(sa.or_(*some), sa.false())
        pattern = patterns.of(node)
        if not pattern.tokens:
            return _Bounds(sa.true(), sa.false())
        if pattern.is_plain and not isinstance(node, tree.Exact):
            return _exactly(columns.contains(node.field, (pattern.needle,), self.dialect))
        held = columns.contains(node.field, pattern.pieces, self.dialect)
        if isinstance(node, tree.Exact):
            held = sa.and_(held, columns.spells(node.field, patterns.exact_pieces(node.text), self.dialect))
        return _Bounds(held, sa.false())


def _exactly(condition: Condition) -> _Bounds:
    return _Bounds(condition, condition)


def _negated(bounds: _Bounds) -> _Bounds:
    upper = sa.not_(bounds.lower)
    return _exactly(upper) if bounds.exact else _Bounds(upper, sa.not_(bounds.upper))
