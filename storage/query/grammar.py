"""Reads a query's text into its syntax tree, or says where and why it cannot.

From the tightest binding to the loosest: brackets, `NEAR/n` and `ONEAR/n`, `NOT` (also `-`), `AND` (also two things
side by side), `OR`. So `a OR b NOT c` is `a OR (b AND (NOT c))`. The words of command are upper case; `and`, `or` and
`not` are words like any other.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from functools import lru_cache

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.lark import PostLex

from storage.errors import QueryError
from storage.query import leaves, tree
from storage.query.fields import FIELDS, Takes

MAX_LENGTH = 20_000
"""Characters of a query."""
MAX_DEPTH = 50
"""Brackets within brackets, with the NOTs and NEARs in a row on the way down."""
NEAR_DEFAULT, NEAR_MAX = 4, 100
"""Words apart: when `NEAR` does not say, and at most."""

_GRAMMAR = r"""
start: _any
_any: any | _all
any: _all (OR _all)+
_all: all | _one
all: _one (AND? _one)+
_one: not | _close
not: (NOT | MINUS) _one
_close: near | _operand
near: _close NEAR _operand
_operand: _LPAR _any _RPAR | scoped | leaf
scoped: FIELD (_LPAR _any _RPAR | leaf)
leaf: WORD | QUOTED | REGEX

AND.4: /AND(?=[\s()"“”„‟]|$)/
OR.4: /OR(?=[\s()"“”„‟]|$)/
NOT.4: /NOT(?=[\s()"“”„‟]|$)/
NEAR.4: /O?NEAR(\/\d{1,9})?(?=[\s()"“”„‟]|$)/
MINUS.3: /-(?=[^\s)])/
FIELD.3: /[A-Za-z_]+:(?=[^\s)])/
QUOTED.3: /["“”„‟](\\[\s\S]|[^"“”„‟\\])*["“”„‟](c(?!\w))?/
REGEX.3: /\/(\\.|[^\/\\\n])+\/(?=[\s()]|$)/
WORD: /(?!(AND|OR|NOT|O?NEAR(\/\d{1,9})?)([\s()"“”„‟]|$))[^\s()"“”„‟]+/
_LPAR: "("
_RPAR: ")"
%ignore /\s+/
"""


_NESTING = ("NOT", "MINUS", "NEAR")
"""What makes the tree deeper without a bracket."""


class _Nesting(PostLex):
    """Counts what nests while the query is read, so that none gets deeper than the tree can be walked."""

    always_accept = ()

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        brackets: list[tuple[Token, int]] = []
        deep, last = 0, ""
        for token in stream:
            if token.type == "_RPAR":
                if not brackets:
                    raise _Fault("This bracket closes none", token)
                deep = brackets.pop()[1]
            elif token.type in _NESTING:
                deep += 1
            elif last not in (*_NESTING, "FIELD"):
                deep = brackets[-1][1] + 1 if brackets else 0
            if token.type == "_LPAR":
                brackets.append((token, deep))
                deep += 1
            if deep > MAX_DEPTH:
                raise _Fault(f"More than {MAX_DEPTH} deep; write the query flatter from here", token)
            last = token.type
            yield token
        if brackets:
            raise _Fault("This bracket is never closed", brackets[-1][0])


class _Fault(Exception):
    """A complaint on its way to become a `QueryError`."""

    def __init__(self, message: str, token: Token, suggestion: str = "") -> None:
        self.message, self.position, self.suggestion = message, token.start_pos or 0, suggestion
        super().__init__(message)


def parse(text: str) -> tree.Node:
    """The syntax tree of a query. Raises `QueryError` with the place, and often with what was meant."""
    _refuse_unreadable(text)
    try:
        parsed = _parser().parse(text)
        return _build(parsed.children[0], "")
    except _Fault as fault:
        raise QueryError(
            fault.message + ".", query=text, position=fault.position, suggestion=fault.suggestion
        ) from None
    except UnexpectedInput as error:
        message, position, suggestion = _explain(error, text)
        raise QueryError(message + ".", query=text, position=position, suggestion=suggestion) from None


def hints(text: str) -> list[str]:
    """What a query probably does not mean: `and`, `or`, `not` and `near` as words, a sentence each."""
    found = [match.group() for match in re.finditer(r"(?<!\S)(and|or|not|near)(?!\S)", re.sub(r'"[^"]*"', "", text))]
    return [f"“{each}” is searched for as a word; write {each.upper()} to command." for each in dict.fromkeys(found)]


def _refuse_unreadable(text: str) -> None:
    if not text.strip():
        raise QueryError("The query is empty.", query=text, position=0, suggestion="*")
    if len(text) > MAX_LENGTH:
        raise QueryError(
            f"The query is longer than {MAX_LENGTH:,} characters; split it in two.", query=text[:200], position=0
        )
    if bad := re.search("[\x00\ud800-\udfff]", text):
        raise QueryError("This character is no text.", query=text, position=bad.start())


@lru_cache(maxsize=1)
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", postlex=_Nesting(), maybe_placeholders=False)


def _build(parsed: Tree[Token] | Token, field: str) -> tree.Node:
    """A node from lark's tree, whose depth `_Nesting` has bounded."""
    assert isinstance(parsed, Tree)
    parts = [each for each in parsed.children if isinstance(each, Tree)]
    tokens = [each for each in parsed.children if isinstance(each, Token)]
    match parsed.data:
        case "any":
            return tree.Or(tuple(_build(each, field) for each in parts))
        case "all":
            return tree.And(tuple(_build(each, field) for each in parts))
        case "not":
            return tree.Not(_build(parts[0], field))
        case "near":
            return _near(_build(parts[0], field), _build(parts[1], field), _only(tokens, "NEAR"))
        case "scoped":
            return _build(parts[0], _field_name(tokens[0], field))
    return _leaf(tokens[0], field)


def _only(tokens: list[Token], kind: str) -> Token:
    return next(each for each in tokens if each.type == kind)


def _field_name(token: Token, outer: str) -> str:
    name = token[:-1].lower()
    if name not in FIELDS:
        close = difflib.get_close_matches(name, FIELDS, 1)
        raise _Fault(
            f"There is no field {token[:-1]!r}; put it in quotes if it is text to search for",
            token,
            close[0] + ":" if close else "",
        )
    if outer:
        raise _Fault(f"A field within {outer}:", token)
    return name


def _leaf(token: Token, field: str) -> tree.Node:
    try:
        if field and FIELDS[field].takes is not Takes.TEXT:
            return leaves.value(field, str(token))
        return leaves.text(str(token), field)
    except leaves.Refused as refused:
        raise _Fault(refused.message, token, refused.suggestion) from None


def _near(left: tree.Node, right: tree.Node, token: Token) -> tree.Near:
    _, _, number = token.partition("/")
    distance = int(number) if number else NEAR_DEFAULT
    if not 1 <= distance <= NEAR_MAX:
        raise _Fault(f"NEAR wants a distance of 1 to {NEAR_MAX} words", token, f"NEAR/{NEAR_MAX if distance else 1}")
    fields = {leaves.place(each) for part in (left, right) for each in tree.walk(part)} - {None}
    if len(fields) > 1 or not all(leaves.has_place(each) for part in (left, right) for each in tree.walk(part)):
        raise _Fault("NEAR stands between words and phrases of one field, or a choice (a OR b) of them", token)
    return tree.Near(left, right, distance, token.startswith("O"))


def _explain(error: UnexpectedInput, text: str) -> tuple[str, int, str]:
    """Lark's complaint as a sentence, its place, and what was meant."""
    if isinstance(error, UnexpectedCharacters):
        position = error.pos_in_stream or 0
        return "This quote is never closed", position, text[position:].strip() + '"' if len(text) < 80 else ""
    assert isinstance(error, UnexpectedToken)
    token = error.token
    if token.type == "$END":
        return "Something is missing at the end", len(text.rstrip()), ""
    position = token.start_pos or 0
    messages = {
        "_RPAR": "There is nothing before this bracket to close over",
        "OR": "OR wants something on both sides",
        "AND": "AND wants something on both sides",
        "NEAR": "NEAR wants a word or phrase on both sides",
    }
    quoted = f'"{token}"' if token.type in ("OR", "AND", "NEAR") else ""
    return messages.get(token.type, f"{str(token)!r} cannot stand here"), position, quoted
