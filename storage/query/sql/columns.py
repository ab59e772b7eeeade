"""How each field of a query reads from the tables: conditions that are true or false and never NULL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.sql.operators import custom_op

from storage.query import fields, tree
from storage.query.fields import FIELDS, Takes
from storage.query.values import COMPARE, time_edge
from storage.schema import AUTHOR, CASE, EVENT, GROUP, INTENT, MATCH, POST, REPLY, TAG
from storage.types import EventKind, Priority, ReplyState, Status

Dialect = Literal["sqlite", "postgresql"]
Condition = sa.ColumnElement[bool]


ANSWERED = tuple(each.value for each in (ReplyState.HELD, ReplyState.SENDING, ReplyState.SENT, ReplyState.UNCERTAIN))
"""States of a reply that counts as one."""
_OPEN = tuple(each.value for each in Status if each.is_open)

_ALSO: Mapping[str, tuple[sa.ColumnElement[str], Condition]] = {
    "brand": (MATCH.c.brand, MATCH.c.post_id == POST.c.id),
    "query": (MATCH.c.query, MATCH.c.post_id == POST.c.id),
    "intent": (INTENT.c.intent, INTENT.c.post_id == POST.c.id),
    "tag": (TAG.c.tag, TAG.c.case_id == POST.c.case_id),
    "group": (
        GROUP.c.group,
        sa.and_(GROUP.c.person_id == AUTHOR.c.person_id, AUTHOR.c.id == POST.c.author_id),
    ),
}
"""Fields with many values: the column of the other table, and what ties it to the post."""

_TEXTS: Mapping[str, Sequence[str]] = {"": ("text", "title"), "title": ("title",)}

TIMES = ("after", "before", "within", "age")

_OWN_NAMES: Mapping[str, sa.ColumnElement[Any]] = {
    "source": POST.c.source,
    "lang": POST.c.lang,
    "assignee": CASE.c.assignee,
    "department": CASE.c.department,
    "handover": CASE.c.handed_to,
    "playbook": CASE.c.playbook,
}


def aside(column: sa.ColumnElement[Any], dialect: Dialect) -> sa.ColumnElement[Any]:
    """The column, but no reason to begin at its index: SQLite's planner reads a unary plus so."""
    if dialect != "sqlite":
        return column
    return sa.UnaryExpression(column, operator=custom_op("+"), type_=column.type)


def contains(field: str, pieces: Sequence[str], dialect: Dialect) -> Condition:
    """Whether all pieces stand in the folded words of one of the field's columns. Letter by letter, nothing escaped."""
    return _holds((f"{field}_words",) if field else ("text_words", "title_words"), pieces, dialect)


def spells(field: str, pieces: Sequence[str], dialect: Dialect) -> Condition:
    """Whether all pieces stand so in the title or the text as it came; of an author's name nothing is said."""
    return _holds(_TEXTS.get(field, ()), pieces, dialect)


def matches(field: str, pattern: str, digits: int, dialect: Dialect) -> Condition:
    """Whether a regular expression stands in the title or the text as it came; of an author's name nothing is said.

    PostgreSQL, whose expressions are others, only says whether so many digits stand there in a row.
    """
    like, sign = ("REGEXP", pattern) if dialect == "sqlite" else ("~", f"[0-9]{{{digits}}}" if digits else "")
    found = [POST.c[name].bool_op(like)(sign) for name in _TEXTS.get(field, ()) if sign]
    return sa.or_(*found) if found else sa.true()


def _holds(names: Sequence[str], pieces: Sequence[str], dialect: Dialect) -> Condition:
    find = sa.func.instr if dialect == "sqlite" else sa.func.strpos
    found = [sa.and_(*(find(POST.c[name], each) > 0 for each in pieces)) for name in names if pieces]
    return sa.or_(*found) if found else sa.true()


def value(node: tree.Value, dialect: Dialect, now: datetime, me: str | None) -> Condition:
    """The condition of a field's value; that of `site:` only narrows."""
    match FIELDS[node.field].takes:
        case Takes.NAME:
            return _name(node, dialect, me)
        case Takes.CHOICE:
            return _choice(node, dialect)
        case Takes.RANK | Takes.NUMBER | Takes.WHOLE:
            return _number(node)
        case Takes.SITE:
            return _site(node, dialect)
    return at(node, now, POST)


def at(node: tree.Value, now: datetime, post: sa.FromClause) -> Condition:
    """The condition of a time."""
    edge, op = time_edge(node, now)
    return COMPARE[op](post.c.at, edge)  # type: ignore[no-any-return]


def timely(node: tree.Value, now: datetime, post: sa.FromClause) -> Condition:
    """The condition of a time as the index of times can be searched with."""
    return sa.and_(post.c.is_mention.in_((False, True)), at(node, now, post))  # that index begins with `is_mention`


def named(node: tree.Value, column: sa.Column[Any], dialect: Dialect) -> Condition:
    """The condition of a name as the column's index can lead to it: by the names there are, each met once."""
    other = column.table.alias().c[column.name]
    names = sa.select(sa.func.min(other).label("name")).cte(recursive=True)
    next_one = sa.select(sa.func.min(other)).where(other > names.c.name).scalar_subquery()
    names = names.union_all(sa.select(next_one).where(names.c.name.is_not(None)))
    wanted = _is_name(names.c.name, fields.ascii_lower(node.value), dialect)
    return column.in_(sa.select(names.c.name).where(names.c.name.is_not(None), wanted))


def is_on_case(value: str) -> bool:
    """Whether a value of `is:` is told by the case alone."""
    return value in ("open", "assigned", "unassigned") or value not in _is()


def _name(node: tree.Value, dialect: Dialect, me: str | None) -> Condition:
    wanted = fields.ascii_lower(node.value)
    if node.field == "assignee" and wanted == "none":
        return _is()["unassigned"]
    if node.field == "assignee" and wanted == "me":
        return sa.and_(CASE.c.assignee.is_not(None), CASE.c.assignee == me) if me is not None else sa.false()
    if node.field in _ALSO:
        column, tie = _ALSO[node.field]
        return sa.not_(_exists(tie)) if wanted == "none" else _exists(tie, _is_name(column, wanted, dialect))
    column = _OWN_NAMES[node.field]
    if wanted == "none":
        return sa.or_(column.is_(None), column == "")
    return sa.and_(column.is_not(None), column != "", _is_name(column, wanted, dialect))


def _is_name(column: sa.ColumnElement[Any], wanted: str, dialect: Dialect) -> Condition:
    """Equal but for the case of A to Z, which SQLite's lower() and PostgreSQL's under collation C both keep to."""
    lowered = sa.func.lower(column if dialect == "sqlite" else sa.collate(column, "C"))
    if "*" in wanted or "?" in wanted:
        return lowered.like(_like(wanted), escape="\\")
    return lowered == wanted


def _like(wanted: str) -> str:
    for sign in "\\%_":
        wanted = wanted.replace(sign, "\\" + sign)
    return wanted.replace("*", "%").replace("?", "_")


def _exists(*conditions: Condition) -> Condition:
    return sa.exists(sa.literal(1)).where(*conditions).correlate(POST, CASE)


def _choice(node: tree.Value, dialect: Dialect) -> Condition:
    wanted = node.value.lower()
    if node.field == "has":
        return _has(dialect)[wanted]
    if node.field == "is" and wanted in _is():
        return _is()[wanted]
    if node.field in ("is", "status"):
        return sa.and_(CASE.c.status.is_not(None), CASE.c.status == wanted)
    return POST.c[node.field] == wanted


@cache
def _is() -> Mapping[str, Condition]:
    other = POST.alias()
    twin = sa.and_(other.c.fingerprint == POST.c.fingerprint, other.c.id != POST.c.id)
    return {
        "mention": POST.c.is_mention,
        "context": sa.not_(POST.c.is_mention),
        "own": POST.c.is_own,
        "open": sa.and_(CASE.c.status.is_not(None), CASE.c.status.in_(_OPEN)),
        "assigned": CASE.c.assignee.is_not(None),
        "unassigned": sa.and_(CASE.c.id.is_not(None), CASE.c.assignee.is_(None)),
        "urgent": POST.c.priority == Priority.URGENT.value,
        "edited": POST.c.edited_at.is_not(None),
        "deleted": POST.c.deleted_at.is_not(None),
        "duplicate": sa.and_(POST.c.fingerprint != "", _exists(twin)),
    }


@cache
def _has(dialect: Dialect) -> Mapping[str, Condition]:
    parent = POST.alias()
    is_parent = sa.and_(
        parent.c.source == POST.c.source,
        parent.c.external_key == POST.c.parent_key,
        parent.c.conversation_id == POST.c.conversation_id,
    )
    noted = (EVENT.c.case_id == POST.c.case_id, EVENT.c.kind == EventKind.NOTED.value, EVENT.c.undone_by.is_(None))
    text = sa.func.lower(POST.c.text if dialect == "sqlite" else sa.collate(POST.c.text, "C"))
    find = sa.func.instr if dialect == "sqlite" else sa.func.strpos
    return {
        "reply": _exists(REPLY.c.post_id == POST.c.id, REPLY.c.state.in_(ANSWERED)),
        "note": _exists(*noted),
        "link": sa.or_(*(find(text, each) > 0 for each in ("http://", "https://", "www."))),
        "rating": POST.c.rating.is_not(None),
        "reach": POST.c.reach.is_not(None),
        "tag": _exists(_ALSO["tag"][1]),
        "author": POST.c.author_id.is_not(None),
        "parent": sa.and_(POST.c.parent_key != "", _exists(is_parent)),
    }


def _number(node: tree.Value) -> Condition:
    compare: Callable[[Any, Any], Any] = COMPARE[node.op]
    if node.field == "priority":
        rank = Priority(node.value.lower()).rank
        return POST.c.priority.in_([each.value for each in Priority if compare(each.rank, rank)])
    number = fields.number(node.value)
    assert number is not None
    column = POST.c["case_id" if node.field == "case" else node.field]
    wanted = sa.literal(int(number), sa.BigInteger) if number.is_integer() else sa.literal(number, sa.Float)
    return sa.and_(column.is_not(None), compare(column, wanted))


def _site(node: tree.Value, dialect: Dialect) -> Condition:
    """The longest part of the host without a wildcard must stand in the address.

    Other letters than A to Z may be spelled otherwise there, so that nothing is said of them.
    """
    host = max(fields.site(node.value).replace("?", "*").split("*"), key=len)
    if not host.isascii():
        return sa.true()
    url = sa.func.lower(POST.c.url if dialect == "sqlite" else sa.collate(POST.c.url, "C"))
    return (sa.func.instr if dialect == "sqlite" else sa.func.strpos)(url, host) > 0
