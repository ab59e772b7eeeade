"""Ways to the posts that may answer a query: by what an index yields without reading a post.

Besides the index of words: a time, a number, and what other tables tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from storage.query import fields, tree
from storage.query.sql import columns
from storage.query.sql.columns import ANSWERED, Dialect
from storage.schema import AUTHOR, CASE, GROUP, INTENT, MATCH, POST, REPLY, TAG

_OFTEN_NONE = ("department", "handover", "playbook")
"""What a post without a case has none of; it has no assignee who could be none, for nobody is missing there."""
_ON_CASE = ("status", "assignee", *_OFTEN_NONE)


class Lead(NamedTuple):
    """Where to begin: at the posts of which a column, that an index begins with, is among these."""

    key: sa.ColumnElement[Any]
    keys: sa.Select[Any]


def of(node: tree.Node, dialect: Dialect, now: datetime, me: str | None) -> Iterator[Lead]:
    """Those of a query's fields; each by itself leads to all that answer."""
    for part in node.parts if isinstance(node, tree.And) else (node,):
        choices = part.parts if isinstance(part, tree.Or) else (part,)
        found = [_of_part(each, dialect, now, me) for each in choices]
        known = [each for each in found if each is not None]
        if len(known) == 1 == len(choices):
            yield known[0]
        elif len(known) == len(choices) and len({each.key for each in known}) == 1:
            every = sa.union_all(*(each.keys for each in known)).subquery()
            yield Lead(known[0].key, sa.select(every))


def _of_part(part: tree.Node, dialect: Dialect, now: datetime, me: str | None) -> Lead | None:
    match part:
        case tree.Value():
            return _of_leaf(part, dialect, now, me)
        case tree.Not(tree.Value("tag", _, "none")):
            return _known_elsewhere()["has=tag"]
        case tree.Not(tree.Value(field, _, "none") as leaf) if field in _OFTEN_NONE:
            return Lead(POST.c.case_id, sa.select(CASE.c.id).where(sa.not_(columns.value(leaf, dialect, now, me))))
    return None


def _of_leaf(leaf: tree.Value, dialect: Dialect, now: datetime, me: str | None) -> Lead | None:
    value = fields.ascii_lower(leaf.value)
    if leaf.field in columns.TIMES:
        return Lead(POST.c.id, sa.select(POST.c.id).where(columns.timely(leaf, now, POST)))
    if leaf.field in ("id", "case"):
        return Lead(POST.c.id, sa.select(POST.c.id).where(columns.value(leaf, dialect, now, me)))
    if leaf.field in _OFTEN_NONE and value == "none":
        return None
    if leaf.field in _ON_CASE or (leaf.field == "is" and columns.is_on_case(value)):
        return Lead(POST.c.case_id, sa.select(CASE.c.id).where(columns.value(leaf, dialect, now, me)))
    if leaf.field in ("is", "has"):
        return _known_elsewhere().get(f"{leaf.field}={value}")
    return _of_name(leaf, dialect) if value != "none" else None


def _known_elsewhere() -> dict[str, Lead]:
    shared = sa.select(POST.c.fingerprint).where(POST.c.fingerprint != "").group_by(POST.c.fingerprint)
    return {
        "is=duplicate": Lead(POST.c.fingerprint, shared.having(sa.func.count() > 1)),
        "has=tag": Lead(POST.c.case_id, sa.select(TAG.c.case_id)),
        "has=reply": Lead(POST.c.id, sa.select(REPLY.c.post_id).where(REPLY.c.state.in_(ANSWERED))),
    }


def _of_name(leaf: tree.Value, dialect: Dialect) -> Lead | None:
    match leaf.field:
        case "tag":
            return Lead(POST.c.case_id, sa.select(TAG.c.case_id).where(columns.named(leaf, TAG.c.tag, dialect)))
        case "intent":
            return Lead(POST.c.id, sa.select(INTENT.c.post_id).where(columns.named(leaf, INTENT.c.intent, dialect)))
        case "brand":
            return Lead(POST.c.id, sa.select(MATCH.c.post_id).where(columns.named(leaf, MATCH.c.brand, dialect)))
        case "group":
            people = sa.select(GROUP.c.person_id).where(columns.named(leaf, GROUP.c.group, dialect))
            return Lead(POST.c.author_id, sa.select(AUTHOR.c.id).where(AUTHOR.c.person_id.in_(people)))
    return None
