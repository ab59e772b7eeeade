"""Reads a query's text into its syntax tree, or says where and why it cannot.

From the tightest binding to the loosest: brackets, `NEAR/n` and `ONEAR/n`, `NOT` (also `-`), `AND` (also two things
side by side), `OR`. So `a OR b NOT c` is `a OR (b AND (NOT c))`. The words of command are upper case; `and`, `or` and
`not` are words like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.lark import PostLex

from storage.errors import QueryError
from storage.query import leaves, slips, tree
from storage.query.fields import FIELDS, Takes

MAX_LENGTH = 20_000
"""Characters of a query."""
MAX_DEPTH = 50
"""Brackets within brackets, with the NOTs and NEARs in a row on the way down."""
NEAR_DEFAULT, NEAR_MAX = 4, 100
"""Words apart: when `NEAR` does not say, and at most."""
MOST_MENDED = 8
"""Faults of one query that are mended to suggest what was meant."""

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
                    raise _Fault("This bracket closes none", _span(token), "")
                deep = brackets.pop()[1]
            elif token.type in _NESTING:
                deep += 1
            elif last not in (*_NESTING, "FIELD"):
                deep = brackets[-1][1] + 1 if brackets else 0
            if token.type == "_LPAR":
                brackets.append((token, deep))
                deep += 1
            if deep > MAX_DEPTH:
                raise _Fault(f"More than {MAX_DEPTH} deep; write the query flatter from here", _span(token))
            last = token.type
            yield token
        if brackets:
            raise _Fault(
                "This bracket is never closed", (MAX_LENGTH, MAX_LENGTH), ")", position=_span(brackets[-1][0])[0]
            )


class _Fault(Exception):
    """A complaint on its way to become a `QueryError`."""

    def __init__(
        self, message: str, span: tuple[int, int], meant: str | None = None, *, position: int | None = None
    ) -> None:
        """`meant` is what may stand in the query at `span` instead; None where nobody can tell."""
        self.message, self.span, self.meant = message, span, meant
        self.position = span[0] if position is None else position
        super().__init__(message)


def _span(token: Token) -> tuple[int, int]:
    start = token.start_pos or 0
    return start, start + len(token)


def parse(text: str) -> tree.Node:
    """The syntax tree of a query. Raises `QueryError` with the place, and often with a query that was meant."""
    if len(text) > MAX_LENGTH:
        message = f"The query is longer than {MAX_LENGTH:,} characters; split it in two."
        raise QueryError(message, query=text[:200], position=0)
    try:
        return _read(text)
    except _Fault as fault:
        meant = _mended(text, fault)
        raise QueryError(fault.message + ".", query=text, position=fault.position, suggestion=meant) from None


def _read(text: str) -> tree.Node:
    if not text.strip():
        raise _Fault("The query is empty", (0, len(text)), "*")
    if bad := re.search("[\x00\ud800-\udfff]", text):
        raise _Fault("This character is no text", bad.span(), "")
    try:
        return _build(_parser().parse(text).children[0], "")
    except UnexpectedInput as error:
        raise _explained(error, text) from None


def _mended(text: str, fault: _Fault) -> str:
    """The query as it was perhaps meant, which can be read; "" where one of its faults says nothing to that."""
    for _ in range(MOST_MENDED):
        if fault.meant is None:
            break
        (start, end), meant = slips.reaching(text, fault.position) or (fault.span, fault.meant)
        before, after = text[:start], text[end:]
        if not meant and (before[-1:] in ("", "(", " ") or after[:1] == ")"):
            before, after = (before.rstrip(" "), after) if after[:1] in ("", ")") else (before, after.lstrip(" "))
        text = (before + meant + after).strip()
        try:
            _read(text)
        except _Fault as another:
            fault = another
        else:
            return text if len(text) <= MAX_LENGTH else ""
    return ""


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
            return _near(parts, tokens[0], field)
        case "scoped":
            name = _field_name(tokens[0], parts[0], field)
            leaf = parts[0].data == "leaf"
            return _leaf(parts[0], name, tokens[0]) if leaf else _build(parts[0], name)
    return _leaf(parsed, field)


def _field_name(token: Token, scoped: Tree[Token], outer: str) -> str:
    """The name of a field, or what is wrong with it: a name from elsewhere, none, or one within another."""
    name = token[:-1].lower()
    if name not in FIELDS:
        meant = slips.field(name, FIELDS)
        how = "words alone are looked for in title and text" if meant == "" else "put text to search for in quotes"
        span, instead = (_span(token), meant) if meant is not None else _as_text(token, scoped)
        raise _Fault(f"There is no field {token[:-1]!r}; {how}", span, instead)
    if outer:
        raise _Fault(f"A field within {outer}:", _span(token), "")
    return name


def _as_text(token: Token, scoped: Tree[Token]) -> tuple[tuple[int, int], str]:
    """Where what looks like a field stands with the word behind it, and both in quotes; else nothing for it alone."""
    leaf = scoped.children[0]
    if scoped.data != "leaf" or not isinstance(leaf, Token) or leaf.type == "QUOTED":
        return _span(token), ""
    return (_span(token)[0], _span(leaf)[1]), tree.quoted(str(token) + str(leaf))


def _leaf(parsed: Tree[Token], field: str, scope: Token | None = None) -> tree.Node:
    """A leaf, and `scope` the field that stands right before it."""
    token = parsed.children[0]
    assert isinstance(token, Token)
    try:
        if field and FIELDS[field].takes is not Takes.TEXT:
            return leaves.value(field, str(token))
        return leaves.text(str(token), field)
    except leaves.Refused as refused:
        start, end = _span(token)
        meant = refused.meant
        if refused.field is not None and meant is not None:
            meant = refused.field + meant if scope is not None else None
        before = _span(scope)[0] if scope is not None and refused.field is not None else start
        raise _Fault(refused.message, (before, end), meant, position=start) from None


def _near(parts: list[Tree[Token]], token: Token, field: str) -> tree.Near:
    """Two sides of NEAR, which want places in one field; else AND is what can stand between them."""
    left, right = (_build(each, field) for each in parts)
    _, _, number = token.partition("/")
    distance = int(number) if number else NEAR_DEFAULT
    if not 1 <= distance <= NEAR_MAX:
        said = f"NEAR/{NEAR_MAX if distance else 1}"
        raise _Fault(f"NEAR wants a distance of 1 to {NEAR_MAX} words", _span(token), "O" * (token[0] == "O") + said)
    fields: set[str | None] = set()
    for side, part in zip((left, right), parts, strict=True):
        fields |= {leaves.place(each) for each in tree.walk(side)} - {None}
        if len(fields) > 1 or not all(leaves.has_place(each) for each in tree.walk(side)):
            message = "NEAR stands between words and phrases of one field, or a choice (a OR b) of them"
            raise _Fault(message, _span(token), "AND", position=_first(part))
    return tree.Near(left, right, distance, token.startswith("O"))


def _first(parsed: Tree[Token]) -> int:
    """Where a part of a query begins, without the brackets around it."""
    return min(_span(token)[0] for token in parsed.scan_values(lambda each: isinstance(each, Token)))


_LAST_COMMAND = re.compile(r"(?<![^\s()])(?:AND|OR|NOT|O?NEAR(?:/\d+)?|-|[A-Za-z_]+:)\s*$|\(\s*$")
_LONELY = {
    "OR": "OR wants something on both sides",
    "AND": "AND wants something on both sides",
    "NEAR": "NEAR wants a word or phrase on both sides",
    "NOT": "NEAR stands between words; what may not be near is written: a NOT a NEAR/3 b",
}


def _explained(error: UnexpectedInput, text: str) -> _Fault:
    """Lark's complaint as a sentence, its place, and what was meant."""
    if isinstance(error, UnexpectedCharacters):
        return _unclosed(text, error.pos_in_stream or 0)
    assert isinstance(error, UnexpectedToken)
    token = error.token
    if token.type in ("$END", "_RPAR"):
        end = len(text.rstrip()) if token.type == "$END" else token.start_pos or 0
        last = _LAST_COMMAND.search(text, 0, end)
        start = last.start() if last else end
        if token.type == "$END":
            return _Fault("Something is missing at the end", (start, end), "", position=end)
        empty = last is not None and last.group().startswith("(")
        message = "There is nothing before this bracket to close over"
        return _Fault(message, (start, end + empty), "", position=end)
    meant = "" if text.strip() != token else tree.quoted(str(token))
    return _Fault(_LONELY.get(token.type, f"{str(token)!r} cannot stand here"), _span(token), meant)


def _unclosed(text: str, position: int) -> _Fault:
    """A quote without its end: none was meant where nothing follows it, else one before the brackets that close."""
    inside = text[position + 1 :].rstrip()
    open_ = max(0, text.count("(", 0, position) - text.count(")", 0, position))
    closing = len(inside) - len(inside.rstrip(")"))
    inside = inside[: len(inside) - min(open_, closing)]
    end = position + 1 + len(inside)
    meant = tree.quoted(inside) if inside.strip() else ""
    return _Fault("This quote is never closed", (position, end), meant)
