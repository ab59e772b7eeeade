"""What the search index knows of a post besides its words: a word for each fact, such as `lang=nl` or `is=edited`.

So a fact that few posts have leads to them as a rare word does, alone or beside words. No folded word holds a `=`. A
host is a row of words, `site=forum site=example`, of which those below it have more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from storage.query import fields, tree
from storage.query.fields import FIELDS, Takes
from storage.query.values import COMPARE
from storage.types import Priority

_NAMED = ("source", "lang", "kind", "sentiment", "priority")
_PRESENT = {"has=rating": "rating", "has=reach": "reach", "is=edited": "edited_at", "is=deleted": "deleted_at"}
_TRUE = {"is=own": "{row}.is_own", "is=context": "NOT {row}.is_mention", "has=parent": "{row}.parent_key != ''"}
_LINKS = ("http://", "https://", "www.")

COLUMNS = (*_NAMED, *_PRESENT.values(), "is_own", "is_mention", "parent_key", "text", "url")
"""The columns that facts are made of."""

_MOST = 64
"""Characters of a name that count."""
_MOST_HOST = 300
"""Characters of a host with its port that count; a name in the net has 253 (RFC 1035 2.3.4)."""
_SAFE = re.compile(r"[a-z0-9_.@#\-\u0080-\U0010ffff]{0,48}")
"""Letters that neither database's index takes for the end of a word."""


_PART = re.compile(r"[a-z0-9_-]{1,48}")
"""A part of a host's name."""


class Fact(NamedTuple):
    """Words of the index in a row; of the last perhaps only the beginning."""

    words: tuple[str, ...]
    is_prefix: bool = False


def expression(row: str, dialect: str) -> str:
    """SQL for the words of a row, each after a space; immutable, so that an index can hold it."""
    is_sqlite = dialect == "sqlite"
    collation, find = ("", "instr") if is_sqlite else (' COLLATE "C"', "strpos")
    names = [f"' {each}=' || lower(substr(coalesce({row}.{each}, ''), 1, {_MOST}){collation})" for each in _NAMED]
    linked = " OR ".join(f"{find}(lower({row}.text{collation}), '{each}') > 0" for each in _LINKS)
    tests = {word: f"{row}.{column} IS NOT NULL" for word, column in _PRESENT.items()}
    tests |= {word: test.format(row=row) for word, test in _TRUE.items()} | {"has=link": linked}
    flags = (f"CASE WHEN {test} THEN ' {word}' ELSE '' END" for word, test in tests.items())
    return " || ".join([*names, *flags, _host(f"{row}.url", find, collation, is_sqlite)])


def _host(url: str, find: str, collation: str, is_sqlite: bool) -> str:
    """What stands between `//` and the path, with a word for each of its parts."""
    rest = f"replace(replace(substr({url}, {find}({url}, '//') + 2), '?', '/'), '#', '/')"
    host = f"substr({rest}, 1, {find}({rest} || '/', '/') - 1)"
    bounded = f"substr({host}, -{_MOST_HOST})" if is_sqlite else f"right({host}, {_MOST_HOST})"
    parts = f"replace(replace(lower({bounded}{collation}), '@', '.'), ':', '.')"
    return f"' site=' || replace({parts}, '.', ' site=')"


def of(leaf: tree.Value) -> Sequence[Fact] | None:
    """Facts of which every post that answers has one; None where the index knows nothing of it."""
    value = fields.ascii_lower(leaf.value)
    match leaf.field:
        case "priority":
            compare, rank = COMPARE[leaf.op], Priority(value).rank
            return [Fact((f"priority={each.value}",)) for each in Priority if compare(each.rank, rank)]
        case "reach" | "rating":
            return [Fact((f"has={leaf.field}",))]
        case "site":
            return _site(fields.site(leaf.value))
        case "is" if value == "urgent":
            return [Fact(("priority=urgent",))]
        case "is" | "has":
            word = f"{leaf.field}={value}"
            return [Fact((word,))] if word in _PRESENT or word in _TRUE or word == "has=link" else None
    if leaf.field not in _NAMED or (FIELDS[leaf.field].takes is Takes.NAME and value == "none"):
        return None
    return _named(leaf.field, value)


def _named(field: str, value: str) -> Sequence[Fact] | None:
    """The name as far as it has no wildcard and nothing that a word cannot hold."""
    found = _SAFE.match(value)
    beginning = found[0] if found else ""
    return [Fact((f"{field}={beginning}",), is_prefix=beginning != value)] if beginning else None


def _site(host: str) -> Sequence[Fact] | None:
    """The longest row of parts without a wildcard, or anything that may be spelled otherwise in an address."""
    rows = (tuple(each) for plain, each in groupby(host.split("."), lambda part: bool(_PART.fullmatch(part))) if plain)
    longest = max(rows, key=len, default=())
    return [Fact(tuple(f"site={each}" for each in longest))] if longest else None
