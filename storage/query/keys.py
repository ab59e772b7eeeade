"""What a post cannot answer a query without: keys that a stream of posts is looked through for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from math import log2

from storage.query import fields, patterns, tree
from storage.query.fields import FIELDS, Takes

Key = tuple[str, str]
"""Where to look (`words`, `author`, `source`, `kind`, `lang`, `site`) and what must be there."""

TEXTS = ("words", "author")
"""Where a key is a piece of folded text."""
_DOUBLED = 2
"""Letters by which a word counts as shorter each time that twice as many queries ask for it."""
_WORTH_OF_A_VALUE = 2
"""A source or language leaves as much out as a piece of text of this length, as a rule of thumb."""


def counted(nodes: Iterable[tree.Node]) -> Mapping[Key, int]:
    """How many leaves of these queries ask for each key."""
    return Counter(key for node in nodes for leaf in tree.walk(node) for some in _leaf_keys(leaf) for key in some)


def required(node: tree.Node, common: Mapping[Key, int]) -> frozenset[Key] | None:
    """Keys of which every post that answers the query holds one; None when it can be answered without any.

    Of several such sets the one is taken that is likely to be met least: long words are rarer than short ones, and what
    is `common` to many queries, such as "storing", is what many write.
    """

    def worth(keys: frozenset[Key]) -> float:
        return min(_rarity(where, text) - _DOUBLED * log2(max(common.get((where, text), 1), 1)) for where, text in keys)

    return max((each for each in _alternatives(node, worth) if each), key=worth, default=None)


def _alternatives(node: tree.Node, worth: Callable[[frozenset[Key]], float]) -> list[frozenset[Key]]:
    """Sets of keys of each of which every post that answers the query holds one; of a choice's parts the best."""
    match node:
        case tree.And(parts):
            return [keys for each in parts for keys in _alternatives(each, worth)]
        case tree.Near(left, right):
            return [*_alternatives(left, worth), *_alternatives(right, worth)]
        case tree.Or(parts):
            choices = [_alternatives(each, worth) for each in parts]
            return [frozenset().union(*(max(each, key=worth) for each in choices))] if all(choices) else []
    return _leaf_keys(node)


def _leaf_keys(node: tree.Node) -> list[frozenset[Key]]:
    match node:
        case tree.Fuzzy(_, _, field):
            return [frozenset((_place(field), piece) for piece in patterns.fuzzy_pieces(node))]
        case tree.Word() | tree.Phrase() | tree.Marked() | tree.Exact():
            pattern = patterns.of(node)
            return [frozenset({(_place(node.field), each)}) for each in pattern.pieces] if pattern.tokens else []
        case tree.Value():
            return _value_keys(node)
    return []


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


def _rarity(where: str, text: str) -> int:
    return len(text) if where in TEXTS else _WORTH_OF_A_VALUE


def _value_keys(node: tree.Value) -> list[frozenset[Key]]:
    value = fields.site(node.value) if FIELDS[node.field].takes is Takes.SITE else node.value
    if node.field not in ("source", "kind", "lang", "site") or value.lower() == "none" or "*" in value or "?" in value:
        return []
    return [frozenset({(node.field, fields.ascii_lower(value))})]
