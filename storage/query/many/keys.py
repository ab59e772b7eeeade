"""What a post cannot answer a query without: keys that a stream of posts is looked through for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from storage.query import fields, literals, patterns, tree
from storage.query.fields import FIELDS, Takes

Key = tuple[str, str]
"""Where to look and what must be there: a piece of folded text in one of `TEXTS`, or a `PRESENT` feature."""

TEXTS = ("", "title", "author")
"""Where a key is a piece of folded text: title and text, or one of these."""
PRESENT = "present"
"""Where a key is one of `arrival.present`."""
VALUES = ("source", "kind", "lang", "site")
"""Fields whose value is known at once of each post."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Keys of which every post that answers holds one, and in how many posts one is likely to be met."""

    keys: frozenset[Key]
    times: float


class Frequencies:
    """In how many of the posts that were counted each key was met.

    Before any is counted, guessed as if of one post: long words are rarer than short ones, and what many queries ask
    for, such as "storing", is what many write.
    """

    def __init__(self, nodes: Iterable[tree.Node]) -> None:
        asked = Counter(key for node in nodes for leaf in tree.walk(node) for some in _of_leaf(leaf) for key in some)
        self.met = {key: min(1.0, times / 2 ** (len(key[1]) / 2)) for key, times in asked.items()}

    def count(self, present: set[Key]) -> None:
        """Takes in the keys of one more post."""
        for key in present:
            self.met[key] += 1

    def rarest(self, node: tree.Node) -> Choice | None:
        """Of the sets of keys that a query cannot be answered without the least likely; None when there is none."""
        match node:
            case tree.And(parts):
                return self._least(map(self.rarest, parts))
            case tree.Near(left, right):
                return self._least((self.rarest(left), self.rarest(right)))
            case tree.Or(parts):
                choices = [choice for choice in map(self.rarest, parts) if choice is not None]
                together = frozenset[Key]().union(*(each.keys for each in choices))
                return self._choice(together) if len(choices) == len(parts) else None
        return self._least(map(self._choice, _of_leaf(node)))

    def _choice(self, keys: frozenset[Key]) -> Choice:
        return Choice(keys, sum(self.met[key] for key in keys))

    def _least(self, choices: Iterable[Choice | None]) -> Choice | None:
        return min((each for each in choices if each is not None), key=lambda each: each.times, default=None)


def decides(node: tree.Node) -> bool:
    """Whether a post that holds one of the query's keys answers it for sure."""
    match node:
        case tree.Or(parts):
            return all(decides(each) for each in parts)
        case tree.Word() | tree.Phrase() | tree.Marked():
            return patterns.of(node).is_plain
    return bool(feature(node))


def feature(node: tree.Node) -> str:
    """What is among an arrival's features in just the posts that answer the leaf; "" where no single one decides.

    A whole word is itself, a word to be like has its distance (`bank~1`), and a value its field (`lang:nl`).
    """
    match node:
        case tree.Word() | tree.Phrase() | tree.Marked() if not node.field:
            pattern = patterns.of(node)
            return (
                pattern.tokens[0]
                if len(pattern.tokens) == 1 and "*" not in pattern.tokens[0] and "?" not in pattern.tokens[0]
                else ""
            )
        case tree.Fuzzy(_, _, ""):
            return like(node)
        case tree.Value():
            return _value(node)
    return ""


def like(node: tree.Fuzzy) -> str:
    """The feature of a post with a word that is like this."""
    return f"{patterns.fuzzy_token(node)}~{node.distance}"


def _of_leaf(node: tree.Node) -> list[frozenset[Key]]:
    """Sets of keys of each of which every post that answers the leaf holds one."""
    match node:
        case tree.Fuzzy(_, _, field) if field:
            return [frozenset((field, piece) for piece in patterns.fuzzy_pieces(node))]
        case tree.Fuzzy() | tree.Value():
            return [frozenset({(PRESENT, name)})] if (name := feature(node)) else []
        case tree.Regex(expression, field):
            pieces = literals.required(expression)
        case tree.Word() | tree.Phrase() | tree.Marked() | tree.Exact():
            pattern, field = patterns.of(node), node.field
            pieces = pattern.pieces if pattern.tokens else ()
        case _:
            return []
    return [frozenset({(field, piece)}) for piece in pieces]


def _value(node: tree.Value) -> str:
    value = fields.site(node.value) if FIELDS[node.field].takes is Takes.SITE else node.value
    if node.field not in VALUES or value.lower() == "none" or "*" in value or "?" in value:
        return ""
    return f"{node.field}:{fields.ascii_lower(value)}"
