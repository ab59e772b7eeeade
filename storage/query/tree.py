"""The syntax of a query as frozen nodes, and a query's text from its nodes: `parse(to_text(node)) == node`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from storage.query.fields import is_strange


@dataclass(frozen=True, slots=True)
class Everything:
    """`*`: every post."""


@dataclass(frozen=True, slots=True)
class Word:
    """A bare word as written; `*` stands for any run of letters and digits, `?` for one of them."""

    text: str
    field: str = ""
    """"" looks in title and text; else `title` or `author`."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in a row; `*` at a word still stands for any run of letters and digits."""

    text: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Exact:
    """`"…"c`: the text just so, with its capitals, accents and signs."""

    text: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """`word~1`: a word at most `distance` added, lost or changed letters away."""

    text: str
    distance: int
    field: str = ""


@dataclass(frozen=True, slots=True)
class Regex:
    """`/…/`: a regular expression over the text as it came, whatever the case."""

    pattern: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Marked:
    """`#tag` or `@handle`."""

    text: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    """A field compared with a value as written, such as `priority:>=high`; `op` is =, >, >=, < or <=."""

    field: str
    op: str
    value: str


@dataclass(frozen=True, slots=True)
class Near:
    """`left NEAR/n right`: at most `distance` words on, either way; only rightwards when `ordered`.

    In a chain `a NEAR/3 b NEAR/3 c` each neighbour is measured to the next, and it is the same b.
    """

    left: Node
    right: Node
    distance: int
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    """What does not answer `part`."""

    part: Node


@dataclass(frozen=True, slots=True)
class And:
    """What answers all of two or more `parts`."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """What answers any of two or more `parts`."""

    parts: tuple[Node, ...]


Text = Word | Phrase | Exact | Fuzzy | Regex | Marked
"""The leaves that look at text."""
Node = Everything | Text | Value | Near | Not | And | Or

QUOTES = '"“”„‟'
"""Word processors write the quotes of a phrase in many ways; all are read."""

_BARE_VALUE = re.compile(r"[\w@#.+*?][\w@#.+*?:/%&-]*")


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        yield here
        waiting.extend(reversed(children(here)))


def children(node: Node) -> tuple[Node, ...]:
    """The nodes right below."""
    match node:
        case And(parts) | Or(parts):
            return parts
        case Not(part):
            return (part,)
        case Near(left, right):
            return (left, right)
    return ()


def asks_for_context(node: Node) -> bool:
    """Whether a search looks at context posts too, not only at mentions: when `is:context` or `id:` stands in it."""
    return any(
        isinstance(each, Value) and (each.field == "id" or (each.field == "is" and each.value.lower() == "context"))
        for each in walk(node)
    )


def to_text(node: Node) -> str:
    """The query as text, with brackets only where the precedence NEAR, NOT, AND, OR needs them."""
    match node:
        case Everything():
            return "*"
        case Or(parts):
            return " OR ".join(_bracketed(each, Or) for each in parts)
        case And(parts):
            return " ".join(_bracketed(each, Or | And) for each in parts)
        case Not(part):
            return "NOT " + _bracketed(part, Or | And)
        case Near(left, right, distance, ordered):
            word = f"{'O' if ordered else ''}NEAR/{distance}"
            return f"{_bracketed(left, Or | And | Not)} {word} {_bracketed(right, Or | And | Not | Near)}"
        case Value(field, op, value):
            return f"{field}:{'' if op == '=' else op}{_value_text(field, value)}"
    return (f"{node.field}:" if node.field else "") + _leaf_text(node)


def _bracketed(node: Node, kinds: object) -> str:
    return f"({to_text(node)})" if isinstance(node, kinds) else to_text(node)  # type: ignore[arg-type]


def _leaf_text(node: Text) -> str:
    match node:
        case Word(text) | Marked(text):
            return text
        case Phrase(text):
            return quoted(text)
        case Exact(text):
            return quoted(text) + "c"
        case Fuzzy(text, distance):
            return f"{text}~{distance}"
        case Regex(pattern):
            return f"/{pattern}/"


def _value_text(field: str, value: str) -> str:
    return value if _BARE_VALUE.fullmatch(value) and not is_strange(field, value) else quoted(value)


def quoted(text: str) -> str:
    """A text between quotes, as the language reads it."""
    return '"' + re.sub(rf"([\\{QUOTES}])", r"\\\1", text) + '"'
