"""What is left of a query for memory where the database cannot decide alone: its text, not its fields.

Each field's condition is a column of the answer, so that a candidate is a few columns of its row, not a whole mention.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage.query import matcher, tree
from storage.query.seen import Seen
from storage.query.sql import columns
from storage.query.sql.columns import Dialect
from storage.schema import AUTHOR, POST

_WORDS = ("title_words", "text_words", "author_words")


@dataclass(frozen=True, slots=True)
class Residue:
    """The columns a candidate is tried by, and the trial."""

    columns: Sequence[sa.ColumnElement[Any]]
    answers: Callable[[Any], bool]
    """Of a row that has them, under their labels."""


def of(node: tree.Node, dialect: Dialect, now: datetime, me: str | None) -> Residue:
    """What is to be tried of the rows that `sql.search` yields for this query."""
    known = [leaf for leaf in dict.fromkeys(tree.walk(node)) if isinstance(leaf, tree.Value) and leaf.field != "site"]
    labels = {leaf: f"known_{place}" for place, leaf in enumerate(known)}
    told = [columns.value(leaf, dialect, now, me).label(label) for leaf, label in labels.items()]
    test = matcher.test_of(node, now=now, me=me, value=lambda leaf: _told(leaf, labels, now, me))
    return Residue((*(POST.c[name] for name in _WORDS), *_texts(node), *told), lambda row: test(_seen(row)))


def _texts(node: tree.Node) -> list[sa.ColumnElement[Any]]:
    """The texts themselves, where the folded words do not tell enough."""
    found: list[sa.ColumnElement[Any]] = []
    whole = [each for each in tree.walk(node) if isinstance(each, tree.Regex | tree.Exact)]
    if whole:
        found += [POST.c.title, POST.c.text]
    if any(each.field == "author" for each in whole):
        name = sa.select(AUTHOR.c.name).where(AUTHOR.c.id == POST.c.author_id).scalar_subquery()
        found.append(sa.func.coalesce(name, "").label("author"))
    if any(isinstance(each, tree.Value) and each.field == "site" for each in tree.walk(node)):
        found.append(POST.c.url)
    return found


def _told(leaf: tree.Value, labels: dict[tree.Value, str], now: datetime, me: str | None) -> matcher.Test:
    label = labels.get(leaf)
    if label is None:
        return matcher.test_of(leaf, now=now, me=me)
    return lambda seen: bool(getattr(seen.post, label))


def _seen(row: Any) -> Seen:
    """The row as a post whose words were folded when it was stored."""
    seen = Seen(row)
    vars(seen).update(title_words=row.title_words, text_words=row.text_words, author_words=row.author_words)
    return seen
