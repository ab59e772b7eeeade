"""Reads one leaf of a query (a word, phrase, regex or field value) into its node, or refuses it with a sentence."""

from __future__ import annotations

import re

from storage import regular
from storage.query import fields, fold, tree

MAX_PATTERN = 1_000
"""Characters of a regular expression."""

_FUZZY = re.compile(r"(.+)~(\d{0,2})", re.DOTALL)
_SIGNS = {"&&": "AND", "&": "AND", "||": "OR", "|": "OR", "!": "NOT"}
"""What other languages write for the words of command."""
_OPERATOR = re.compile(r">=|<=|>|<|=")


class Refused(Exception):
    """What is wrong with a leaf, and what was perhaps meant instead of it; None where nobody can tell."""

    def __init__(self, message: str, meant: str | None = None, *, field: str | None = None) -> None:
        self.message, self.meant, self.field = message, meant, field
        """`field`: the name that then stands before it with its colon, where that is another than was written."""
        super().__init__(message)


def text(token: str, field: str) -> tree.Node:
    """The node of a leaf that looks at text; `field` is "", title or author."""
    if token[0] in tree.QUOTES:
        return _quoted(token, field)
    if len(token) > 2 and token[0] == token[-1] == "/":
        return _regex(token[1:-1], field)
    if token[0] == "-" and len(token) > 1:
        if field:
            raise Refused("The minus stands before the field", token[1:], field=f"-{field}:")
        raise Refused("NEAR stands between words; what may not be near is written: a NOT a NEAR/3 b", token[1:])
    if token in ("*", "**") and not field:
        return tree.Everything()
    if token[-1] == ":" and token[:-1].lower() in fields.FIELDS:
        raise Refused(f"There is nothing after {token}", fields.FIELDS[token[:-1].lower()].example)
    if token[0] == "~":
        raise Refused("~ stands behind one plain word; for words near each other write NEAR", "")
    if fuzzy := _FUZZY.fullmatch(token):
        return _fuzzy(fuzzy[1], int(fuzzy[2] or 1), field)
    if token[0] in "#@" and fold.marked_token(token):
        return tree.Marked(token, field)
    if field and not token.strip("*"):
        meant = ("author", "has:") if field == "author" else ("*", "")
        raise Refused("* by itself stands for every post, and in no field", meant[0], field=meant[1])
    if not fold.pattern_tokens(token):
        raise _wordless(token)
    return tree.Word(token, field)


def value(field: str, token: str) -> tree.Value:
    """The node of a field compared with a value."""
    operator = _OPERATOR.match(token)
    op = operator.group() if operator else "="
    plain = _unquoted(token)[0] if token[0] in tree.QUOTES else token[operator.end() if operator else 0 :]
    if slip := fields.complaint(field, op, plain, quoted=token[0] in tree.QUOTES):
        raise Refused(slip.message, slip.meant or None, field=f"{slip.field}:" if slip.field else None)
    return tree.Value(field, op, plain)


def has_place(node: tree.Node) -> bool:
    """Whether a node can stand beside NEAR: it has a place among the words, or is a choice of such."""
    return isinstance(node, tree.Word | tree.Phrase | tree.Fuzzy | tree.Near | tree.Or)


def place(node: tree.Node) -> str | None:
    """The field a leaf looks in; None for what is no leaf."""
    return node.field if isinstance(node, tree.Word | tree.Phrase | tree.Fuzzy) else None


def _quoted(token: str, field: str) -> tree.Node:
    content, exact = _unquoted(token)
    if exact:
        if not content.strip():
            raise Refused("There is nothing between the quotes", "")
        return tree.Exact(content, field)
    if not fold.pattern_tokens(content, "*"):
        raise _wordless(content)
    return tree.Phrase(content, field)


def _unquoted(token: str) -> tuple[str, bool]:
    exact = token[-1] == "c"
    content = token[1 : -2 if exact else -1]
    return re.sub(r"\\([\s\S])", r"\1", content), exact


def _regex(pattern: str, field: str) -> tree.Regex:
    if len(pattern) > MAX_PATTERN:
        raise Refused(f"A regular expression may be {MAX_PATTERN:,} characters long")
    try:
        regular.compiled(pattern)
    except ValueError as error:
        meant = None if "\\" in pattern or "(?" in pattern else tree.quoted(pattern) + "c"
        raise Refused(f"This regular expression is refused: {error}", meant) from None
    return tree.Regex(pattern, field)


def _fuzzy(word: str, distance: int, field: str) -> tree.Fuzzy:
    found = fold.pattern_tokens(word)
    if len(found) != 1 or "*" in found[0] or "?" in found[0] or word[0] in "#@":
        raise Refused("~ stands behind one plain word", f'"{word}"')
    if distance not in (1, 2):
        raise Refused("~ takes 1 or 2 letters of difference", f"{word}~{min(max(distance, 1), 2)}")
    if len(found[0]) <= 2 * distance:
        raise Refused(f"{word!r} is too short: a word is longer than twice the letters of difference", word)
    return tree.Fuzzy(word, distance, field)


def _wordless(content: str) -> Refused:
    if not content.strip():
        return Refused("There is nothing between the quotes", "")
    message = f"There is no letter or digit in {content!r} to search for"
    return Refused(message, _SIGNS.get(content, tree.quoted(content) + "c"))
