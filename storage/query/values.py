"""Says in memory whether a post answers a field of a query that is not text: `priority:>=high`, `is:open`, `tag:x`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from storage.query import fields, patterns, tree
from storage.query.fields import FIELDS, Takes
from storage.query.seen import Searchable, Seen
from storage.types import Priority, Status

Test = Callable[[Seen], bool]

COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
"""The operators of a field; they serve columns too."""

LINK = re.compile(r"https?://|www\.", re.IGNORECASE | re.ASCII)
"""What makes that a text has a link."""

_NAMES: Mapping[str, Callable[[Searchable], Iterable[str | None]]] = {
    "source": lambda post: (post.source,),
    "lang": lambda post: (post.lang,),
    "brand": lambda post: post.brands,
    "query": lambda post: post.queries,
    "intent": lambda post: post.intents,
    "tag": lambda post: post.tags,
    "group": lambda post: post.groups,
    "assignee": lambda post: (post.assignee,),
    "department": lambda post: (post.department,),
    "handover": lambda post: (post.handed_to,),
    "playbook": lambda post: (post.playbook,),
}

_IS: Mapping[str, Test] = {
    "mention": lambda seen: bool(seen.post.queries),
    "context": lambda seen: not seen.post.queries,
    "own": lambda seen: seen.post.is_own,
    "open": lambda seen: seen.post.status is not None and seen.post.status.is_open,
    "assigned": lambda seen: seen.post.assignee is not None,
    "unassigned": lambda seen: seen.post.case_id is not None and seen.post.assignee is None,
    "urgent": lambda seen: seen.post.priority is Priority.URGENT,
    "edited": lambda seen: seen.post.edited_at is not None,
    "deleted": lambda seen: seen.post.deleted_at is not None,
    "duplicate": lambda seen: bool(seen.post.duplicates),
}

_HAS: Mapping[str, Test] = {
    "reply": lambda seen: seen.post.has_reply,
    "note": lambda seen: seen.post.has_note,
    "link": lambda seen: LINK.search(seen.post.text) is not None,
    "rating": lambda seen: seen.post.rating is not None,
    "reach": lambda seen: seen.post.reach is not None,
    "tag": lambda seen: bool(seen.post.tags),
    "author": lambda seen: seen.post.author_id is not None,
    "parent": lambda seen: seen.post.parent_id is not None,
}


def value_test(node: tree.Value, now: datetime, me: str | None) -> Test:
    """The test of a field's value. A post without a value in that field does not answer, so `NOT` of it does."""
    match FIELDS[node.field].takes:
        case Takes.NAME:
            return _name_test(node, me)
        case Takes.CHOICE:
            return _choice_test(node)
        case Takes.RANK | Takes.NUMBER | Takes.WHOLE:
            return _number_test(node)
        case Takes.SITE:
            return _site_test(node)
    return _time_test(node, now)


def _name_test(node: tree.Value, me: str | None) -> Test:
    names, wanted = _NAMES[node.field], fields.ascii_lower(node.value)
    if node.field == "assignee" and wanted == "none":
        return _IS["unassigned"]
    if node.field == "assignee" and wanted == "me":
        return lambda seen: me is not None and seen.post.assignee == me
    if wanted == "none":
        return lambda seen: not any(names(seen.post))
    is_it = patterns.name_test(node.value)
    return lambda seen: any(is_it(each) for each in names(seen.post) if each)


def _choice_test(node: tree.Value) -> Test:
    wanted = node.value.lower()
    if node.field == "has":
        return _HAS[wanted]
    if node.field == "is":
        return _IS.get(wanted) or _status_test(Status(wanted))
    if node.field == "status":
        return _status_test(Status(wanted))
    name = node.field
    return lambda seen: getattr(seen.post, name) == wanted


def _status_test(status: Status) -> Test:
    return lambda seen: seen.post.status == status


def _number_test(node: tree.Value) -> Test:
    compare = COMPARE[node.op]
    if node.field == "priority":
        rank = Priority(node.value.lower()).rank
        return lambda seen: seen.post.priority is not None and compare(seen.post.priority.rank, rank)
    wanted = fields.number(node.value)
    name = "case_id" if node.field == "case" else node.field

    def test(seen: Seen) -> bool:
        value = getattr(seen.post, name)
        return value is not None and bool(compare(value, wanted))

    return test


def _site_test(node: tree.Value) -> Test:
    host = fields.site(node.value)
    is_it, is_below = patterns.name_test(host), patterns.name_test("*." + host)
    return lambda seen: is_it(seen.host) or is_below(seen.host)


def _time_test(node: tree.Value, now: datetime) -> Test:
    edge, name = time_edge(node, now)
    compare = COMPARE[name]
    return lambda seen: seen.at is not None and compare(seen.at, edge)


def time_edge(node: tree.Value, now: datetime) -> tuple[datetime, str]:
    """The moment a time field compares with, and how: `age:>4h` is before four hours ago."""
    if node.field in ("after", "before"):
        edge = fields.moment(node.value, now)
        assert edge is not None
        return edge, ">=" if node.field == "after" else "<"
    ago = fields.duration(node.value)
    assert ago is not None
    turned = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
    return now - ago, turned.get(node.op, ">=")
