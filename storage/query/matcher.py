"""Says in memory whether a post answers a query: the meaning of the language, which the databases are held to."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import datetime
from functools import partial

from storage import regular
from storage.query import leaves, literals, patterns, tree
from storage.query.seen import PostView, Row, Searchable, Seen
from storage.query.values import value_test

__all__ = ["PostView", "Searchable", "matches", "test_of"]

Test = Callable[[Seen], bool]
Span = tuple[int, int]
"""First and last place of words in a row."""
Finder = Callable[[Row], list[Span]]


def matches(node: tree.Node, mention: Searchable, *, now: datetime, me: str | None = None) -> bool:
    """Whether a post answers a query. `now` measures ages, and its time zone reads dates; `me` is `assignee:me`."""
    return test_of(node, now=now, me=me)(Seen(mention))


def test_of(
    node: tree.Node, *, now: datetime, me: str | None = None, value: Callable[[tree.Value], Test] | None = None
) -> Test:
    """The query as a function of a `Seen`, for callers who hold many queries against one post.

    `value` makes the tests of fields that are not text, where they are not to be read from the post.
    """
    inner = partial(test_of, now=now, me=me, value=value)
    match node:
        case tree.Everything():
            return lambda _: True
        case tree.And(parts):
            return _all([inner(each) for each in sorted(parts, key=_cost)])
        case tree.Or(parts) if needles := _needles(parts):
            return _any_needle(needles)
        case tree.Or(parts):
            return _any([inner(each) for each in sorted(parts, key=_cost)])
        case tree.Not(part):
            test = inner(part)
            return lambda seen: not test(seen)
        case tree.Near():
            return _near_test(node)
        case tree.Value():
            return value(node) if value is not None else value_test(node, now, me)
    return _text_test(node)


def _needles(parts: tuple[tree.Node, ...]) -> tuple[str, ...]:
    """The strings that parts of plain words in title and text come down to; none when some part is anything else."""
    needles = []
    for each in parts:
        if not isinstance(each, tree.Word | tree.Phrase | tree.Marked) or each.field:
            return ()
        pattern = patterns.of(each)
        if not pattern.is_plain:
            return ()
        needles.append(pattern.needle)
    return tuple(needles)


def _any_needle(needles: tuple[str, ...]) -> Test:
    def test(seen: Seen) -> bool:
        words = seen.both_words
        for each in needles:  # noqa: SIM110  a plain loop is twice as fast as any() here
            if each in words:
                return True
        return False

    return test


def _cost(node: tree.Node) -> int:
    """What is dear to find out is asked last."""
    return max(_COSTS.get(type(each), 0) for each in tree.walk(node))


_COSTS = {tree.Exact: 1, tree.Near: 2, tree.Fuzzy: 3, tree.Regex: 4}


def _all(tests: list[Test]) -> Test:
    def test(seen: Seen) -> bool:
        for each in tests:  # noqa: SIM110  a plain loop is twice as fast as all() here
            if not each(seen):
                return False
        return True

    return test


def _any(tests: list[Test]) -> Test:
    def test(seen: Seen) -> bool:
        for each in tests:  # noqa: SIM110  a plain loop is twice as fast as any() here
            if each(seen):
                return True
        return False

    return test


def _text_test(node: tree.Text) -> Test:
    field = node.field
    match node:
        case tree.Regex(expression):
            needed = literals.required(expression)
            return lambda seen: (
                all(each in seen.words(field) for each in needed)
                and any(regular.stands_in(expression, each) for each in seen.texts(field))
            )
        case tree.Exact():
            return _exact_test(node)
        case tree.Fuzzy():
            find = _fuzzy_finder(node)
            return lambda seen: any(find(row) for row in seen.rows(field))
    pattern = patterns.of(node)
    found_in, needle = pattern.found_in, pattern.needle
    if field:
        return lambda seen: found_in(seen.words(field))
    if pattern.is_plain:
        return lambda seen: needle in seen.both_words
    return lambda seen: found_in(seen.both_words)


def _exact_test(node: tree.Exact) -> Test:
    """The folded words and the text itself: the first is what an index can narrow."""
    field, search = node.field, patterns.exact_regex(unicodedata.normalize("NFC", node.text)).search
    pattern = patterns.of(node)
    found_in = pattern.found_in if pattern.tokens else lambda _: True

    def test(seen: Seen) -> bool:
        if not found_in(seen.words(field)):
            return False
        return any(search(unicodedata.normalize("NFC", each)) is not None for each in seen.texts(field))

    return test


def _near_test(node: tree.Near) -> Test:
    """First whether all words are there at all: that is found out much faster than where they are."""
    find, field = _finder(node), _field_of(node)
    are_there = _all([_is_there(node.left), _is_there(node.right)])
    return lambda seen: are_there(seen) and any(find(row) for row in seen.rows(field))


def _is_there(node: tree.Node) -> Test:
    match node:
        case tree.Near(left, right):
            return _all([_is_there(left), _is_there(right)])
        case tree.Or(parts):
            return _any([_is_there(each) for each in parts])
        case tree.Fuzzy(_, _, field):
            pieces = patterns.fuzzy_pieces(node)
            return lambda seen: any(each in seen.words(field) for each in pieces)
    assert isinstance(node, tree.Word | tree.Phrase)
    return _text_test(node)


def _field_of(node: tree.Node) -> str:
    return next(place for each in tree.walk(node) if (place := leaves.place(each)) is not None)


def _finder(node: tree.Node) -> Finder:
    """Where in a row of words a part of NEAR stands, in order; a chain stands where its last part does."""
    match node:
        case tree.Near(left, right, distance, ordered):
            return _near_finder(_finder(left), _finder(right), distance, ordered)
        case tree.Or(parts):
            finders = [_finder(each) for each in parts]
            return lambda row: sorted({span for find in finders for span in find(row)})
        case tree.Fuzzy():
            return _fuzzy_finder(node)
    assert isinstance(node, tree.Word | tree.Phrase)
    pattern = patterns.of(node)
    on = len(pattern.tokens) - 1
    return lambda row: [(at, at + on) for at in pattern.starts(row)]


def _near_finder(find_left: Finder, find_right: Finder, distance: int, ordered: bool) -> Finder:
    def find(row: Row) -> list[Span]:
        left = find_left(row)
        right = find_right(row) if left else []
        firsts = [first for first, _ in left]
        lasts = sorted(last for _, last in left)

        def is_near(span: Span) -> bool:
            before = bisect_left(lasts, span[0] - distance) < bisect_left(lasts, span[0])
            after = bisect_right(firsts, span[1]) < bisect_right(firsts, span[1] + distance)
            return before or (after and not ordered)

        return [span for span in right if is_near(span)]

    return find


def _fuzzy_finder(node: tree.Fuzzy) -> Finder:
    is_like = patterns.like(node)
    return lambda row: [(at, at) for at, word in enumerate(row) if is_like(word)]
