"""One alternative of a query, made ready to be held against many posts that just came: their features first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from storage.query import matcher, tree
from storage.query.fields import FIELDS, Takes
from storage.query.many import keys
from storage.query.many.arrival import Arrival, Features

Test = Callable[[Arrival, Features], bool]


Choice = tuple[tuple[str, ...], tuple[str, ...]]
"""Features of which one must be there, or else one of these others must not."""


@dataclass(slots=True)
class Clause:
    """What a post must hold to answer: data, not functions, for most of the time goes with fetching it from memory."""

    number: int
    """The query's."""
    needed: tuple[str, ...]
    """Features that must all be there."""
    forbidden: tuple[str, ...]
    """Features none of which may be there."""
    choices: tuple[Choice, ...]
    tests: tuple[Test, ...]

    def answers(self, arrival: Arrival, features: Features) -> bool:
        """Whether the post does."""
        if self.needed and not features.issuperset(self.needed):
            return False
        if self.forbidden and not features.isdisjoint(self.forbidden):
            return False
        for some, unless in self.choices:
            if features.isdisjoint(some) and features.issuperset(unless):
                return False
        for test in self.tests:  # noqa: SIM110  a plain loop is twice as fast as all() here
            if not test(arrival, features):
                return False
        return True


def clause_of(number: int, parts: Iterable[tree.Node], clock: Callable[[], datetime]) -> Clause:
    """The clause of parts that must all be answered."""
    needed: list[str] = []
    forbidden: list[str] = []
    choices: list[Choice] = []
    tests: list[Test] = []
    for part in parts:
        choice = _choice(part)
        if choice is None:
            choices += _places(part)
            tests.append(_test(part, clock))
            continue
        match choice:
            case (name,), ():
                needed.append(name)
            case (), (name,):
                forbidden.append(name)
            case _:
                choices.append(choice)
    return Clause(number, tuple(needed), tuple(forbidden), tuple(choices), tuple(tests))


def _choice(node: tree.Node) -> Choice | None:
    """The node as a choice of features; None where it is anything else."""
    parts = node.parts if isinstance(node, tree.Or) else (node,)
    some = [keys.feature(part) for part in parts if not isinstance(part, tree.Not)]
    unless = [keys.feature(part.part) for part in parts if isinstance(part, tree.Not)]
    return (tuple(some), tuple(unless)) if all((*some, *unless)) else None


def _places(node: tree.Node) -> Iterator[Choice]:
    """What both sides of a NEAR cannot be answered without: found out much faster than where it stands."""
    if isinstance(node, tree.Near):
        for side in (node.left, node.right):
            choice = _choice(side)
            yield from _places(side) if choice is None else (choice,)


def _test(node: tree.Node, clock: Callable[[], datetime]) -> Test:
    match node:
        case tree.And(parts):
            return clause_of(0, parts, clock).answers
        case tree.Or(parts):
            clauses = [clause_of(0, (part,), clock) for part in parts]
            return lambda arrival, features: any(each.answers(arrival, features) for each in clauses)
        case tree.Not(part):
            clause = clause_of(0, (part,), clock)
            return lambda arrival, features: not clause.answers(arrival, features)
        case tree.Value() if FIELDS[node.field].takes in (Takes.MOMENT, Takes.DURATION):
            return lambda arrival, _: matcher.test_of(node, now=clock())(arrival)
    test = matcher.test_of(node, now=clock())
    return lambda arrival, _: test(arrival)
