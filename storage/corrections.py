"""What is held of a mention: what was understood of it, or what a person or a rule put in the place of that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from storage.database import in_chunks
from storage.errors import StepRefused
from storage.schema import EVENT, INTENT, POST
from storage.types import EventKind, Priority, Sentiment
from storage.types.words import INTENTS

SCORES: Mapping[Priority, int] = {Priority.LOW: 10, Priority.NORMAL: 35, Priority.HIGH: 65, Priority.URGENT: 90}
"""The priority score that a person's word stands for: the middle of each band."""

CORRECTABLE = ("sentiment", "intent", "priority", "relevance", "lang")

Ranked = list[tuple[str, int, list[int]]]
"""Priority, score, and the mentions that have them."""


def read(connection: Connection, post: Row[Any], field: str) -> Any:
    """What is understood of a post now; of its intents all, the most likely first."""
    if field != "intent":
        return post._mapping[field]
    every = sa.select(INTENT.c.intent).where(INTENT.c.post_id == post.id).order_by(INTENT.c.place)
    return list(connection.scalars(every))


def write(connection: Connection, post_id: int, field: str, value: Any) -> None:
    """Puts a value, as `read` gives it, in the place of what was understood."""
    if field == "intent":
        connection.execute(sa.delete(INTENT).where(INTENT.c.post_id == post_id))
        names = [value] if isinstance(value, str) else value or []
        if names:
            rows = [{"post_id": post_id, "intent": name, "place": place} for place, name in enumerate(names)]
            connection.execute(sa.insert(INTENT), rows)
        return
    values = {field: value}
    if field == "priority":
        values["priority_score"] = SCORES[Priority(value)]
    connection.execute(sa.update(POST).where(POST.c.id == post_id).values(values))


def meant(connection: Connection, field: str, value: str | float) -> Any:
    """A person's word on a field as it is stored. Raises `StepRefused` for a value that is none."""
    try:
        match field:
            case "intent":
                return _intents(connection, str(value))
            case "sentiment":
                return Sentiment(str(value)).value
            case "priority":
                return Priority(str(value)).value
            case "relevance":
                return None if value is None else min(1.0, max(0.0, float(value)))
    except ValueError:
        raise StepRefused(f"{value} is no {field}.") from None
    return value


def _intents(connection: Connection, words: str) -> list[str]:
    """The intents that `words` name: those everybody knows, and those that a classifier of your own found before."""
    names = list(dict.fromkeys(name for each in words.split(",") if (name := each.strip().casefold())))
    found = connection.scalars(sa.select(INTENT.c.intent).where(INTENT.c.intent.in_(names)).distinct())
    strange = sorted(set(names) - {*INTENTS, *found})
    if strange:
        raise StepRefused(f"{strange[0]} is no intent; choose from {', '.join(INTENTS)}.")
    return names


def is_confirmed(connection: Connection, post_id: int, field: str) -> bool:
    """Whether a person's word on it stands already: saying it twice teaches nothing."""
    said = sa.select(EVENT.c.data).where(
        EVENT.c.post_id == post_id, EVENT.c.kind == EventKind.CORRECTED.value, EVENT.c.undone_by.is_(None)
    )
    return any(data.get("field") == field for data in connection.scalars(said))


def rank(connection: Connection, case_id: int, to: Priority) -> Ranked:
    """Gives every mention of a case a priority; tells what they had, for `put_back`."""
    had: dict[tuple[str, int], list[int]] = defaultdict(list)
    query = sa.select(POST.c.id, POST.c.priority, POST.c.priority_score).where(POST.c.case_id == case_id)
    for row in connection.execute(query.order_by(POST.c.id)):
        had[row.priority, row.priority_score].append(row.id)
    values = {"priority": to.value, "priority_score": SCORES[to]}
    connection.execute(sa.update(POST).where(POST.c.case_id == case_id).values(values))
    return [(priority, score, ids) for (priority, score), ids in had.items()]


def put_back(connection: Connection, had: Iterable[tuple[str, int, list[int]]]) -> None:
    """Gives mentions the priority that `rank` took from them."""
    for priority, score, ids in had:
        for some in in_chunks(ids):
            mine = sa.update(POST).where(POST.c.id.in_(some))
            connection.execute(mine.values(priority=priority, priority_score=score))
