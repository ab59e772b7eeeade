"""What a report asks for: a query over a period, as things are or were; in SQL, and of mentions looked at whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage import rows
from storage.figures import frames
from storage.figures.hindsight import as_it_stood
from storage.query import tree
from storage.query.matcher import matches
from storage.query.sql import search
from storage.schema import POST
from storage.types import Mention

LASTING = frozenset({"source", "kind", "brand", "query", "site"})
"""Fields of the query language of which no history is kept: they answer for the past as they do now."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for, read once."""

    node: tree.Node
    start: datetime
    end: datetime
    moment: datetime
    back: bool
    """Whether `moment` lies in the past: then everything is looked at as it stood."""
    me: str | None

    def answers(self, mention: Mention) -> bool:
        """Whether a mention answers the query at the moment."""
        return matches(self.node, mention, now=self.moment, me=self.me)

    def condition(self, dialect: str) -> tuple[sa.ColumnElement[bool], bool]:
        """What the posts must be, and whether that is all; what may have been otherwise is looked at in memory."""
        here = sa.and_(POST.c.is_mention, POST.c.at >= self.start, POST.c.at < self.end)
        here = sa.and_(here, POST.c.first_seen_at <= self.moment)
        if self.back and not all(map(_lasts, tree.walk(self.node))):
            return here, False
        found = search(self.node, dialect=frames.known(dialect), now=self.moment, me=self.me)
        return sa.and_(here, found.where), found.exact


def _lasts(node: tree.Node) -> bool:
    if isinstance(node, tree.Value):
        return node.field in LASTING
    return isinstance(node, tree.Everything | tree.And | tree.Or | tree.Not)


def stood(connection: Connection, ids: Sequence[int], ask: Ask) -> list[Mention]:
    """The mentions of `ids`, as they are or were."""
    found = rows.mentions(connection, ids)
    return as_it_stood(connection, found, ask.moment) if ask.back else found


def answering(connection: Connection, ids: Sequence[int], ask: Ask) -> Iterator[Mention]:
    """The mentions of `ids` that answer, looked at whole."""
    return (mention for mention in stood(connection, ids, ask) if ask.answers(mention))
