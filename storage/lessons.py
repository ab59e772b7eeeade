"""The door for learning: what agents corrected and confirmed, and what was learnt from it, version by version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage.database import Database
from storage.schema import EVENT, LESSON, POST
from storage.types import SYSTEM, EventKind
from storage.workflow import RULE

ABOUT_US = {EventKind.RESOLVED.value: "yes", EventKind.SENT.value: "yes", EventKind.DISMISSED.value: "no"}
"""What handling a case says about its mentions: who answers or resolves it finds it about us, who dismisses it not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a person said of a text; `after` equal to `before` is a confirmation."""

    text: str
    lang: str
    field: str
    """sentiment, intent, relevance or priority."""
    before: str
    after: str
    at: datetime
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonRow:
    """One training."""

    id: int
    at: datetime
    version: str
    card: Sequence[dict[str, Any]]
    rolled_back_at: datetime | None


class Lessons:
    """What there is to learn from, and what was learnt."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def judgements(self) -> list[Judgement]:
        """All corrections that stand, and for the rest of what people handled, that they left it as it was."""
        with self.database.read() as connection:
            corrected = [*self._corrections(connection), *self._prioritised(connection)]
            known = {(post_id, each.field) for post_id, each in corrected}
            confirmed = [each for post_id, each in self._handled(connection) if (post_id, each.field) not in known]
        return [each for _, each in corrected] + confirmed

    def _corrections(self, connection: sa.Connection) -> Iterator[tuple[int, Judgement]]:
        stands = sa.and_(EVENT.c.kind == EventKind.CORRECTED.value, EVENT.c.undone_by.is_(None))
        for row in connection.execute(_events(stands)):
            field = str(row.data.get("field"))
            before, after = (_as_text(field, row.data.get(key)) for key in ("from", "to"))
            yield row.post_id, _judgement(row, field, before, after)

    def _prioritised(self, connection: sa.Connection) -> Iterator[tuple[int, Judgement]]:
        """The priority that a person set last on each case, said of every mention in it."""
        last = (
            sa.select(EVENT.c.case_id, sa.func.max(EVENT.c.id).label("id"))
            .where(EVENT.c.kind == EventKind.PRIORITISED.value, _BY_HAND)
            .group_by(EVENT.c.case_id)
            .subquery()
        )
        query = (
            sa.select(*_SAID, EVENT.c.at.label("said_at"), EVENT.c.actor, EVENT.c.data)
            .select_from(sa.join(last, EVENT, EVENT.c.id == last.c.id).join(POST, POST.c.case_id == last.c.case_id))
            .where(POST.c.is_mention, POST.c.external_id != "")
            .order_by(POST.c.id)
        )
        for row in connection.execute(query):
            before = (priority for priority, _, ids in row.data.get("was", ()) if row.post_id in ids)
            yield row.post_id, _judgement(row, "priority", next(before, row.priority), str(row.data.get("to")))

    def _handled(self, connection: sa.Connection) -> Iterator[tuple[int, Judgement]]:
        last = (
            sa.select(EVENT.c.case_id, sa.func.max(EVENT.c.id).label("id"))
            .where(EVENT.c.kind.in_(ABOUT_US), _BY_HAND)
            .group_by(EVENT.c.case_id)
            .subquery()
        )
        set_by = EVENT.alias()
        ranked = sa.exists(sa.literal(1)).where(
            set_by.c.case_id == POST.c.case_id,
            set_by.c.kind == EventKind.PRIORITISED.value,
            set_by.c.undone_by.is_(None),
        )
        said = (EVENT.c.at.label("said_at"), EVENT.c.actor, EVENT.c.kind.label("step"), ranked.label("ranked"))
        query = (
            sa.select(*_SAID, *said)
            .select_from(sa.join(last, EVENT, EVENT.c.id == last.c.id).join(POST, POST.c.case_id == last.c.case_id))
            .where(POST.c.is_mention, POST.c.external_id != "")
            .order_by(POST.c.id)
        )
        for row in connection.execute(query):
            about_us = ABOUT_US[row.step]
            judged = "no" if row.relevance is not None and row.relevance < 0.5 else "yes"
            yield row.post_id, _judgement(row, "relevance", judged, about_us)
            if about_us == "no":
                continue
            if not row.ranked:  # by a rule: that nobody changed what it said does not make it right
                yield row.post_id, _judgement(row, "priority", row.priority, row.priority)
            if row.sentiment != "unrated":
                yield row.post_id, _judgement(row, "sentiment", row.sentiment, row.sentiment)

    def layer(self) -> bytes | None:
        """What is in use; None where nothing was learnt, or all of it was rolled back."""
        with self.database.read() as connection:
            row = connection.execute(_in_use().limit(1)).first()
        return bytes(row.layer) if row is not None and row.version else None

    def keep(self, layer: bytes, version: str, card: Sequence[dict[str, Any]]) -> None:
        """Stores a training; its layer is in use from now on."""
        values = {"at": self.database.now(), "version": version, "layer": layer, "card": list(card)}
        with self.database.write() as connection:
            connection.execute(sa.insert(LESSON).values(**values))

    def roll_back(self) -> str | None:
        """Puts the newest training aside and gives its version; None where there is none in use."""
        with self.database.write() as connection:
            row = connection.execute(_in_use().limit(1)).first()
            if row is None:
                return None
            aside = sa.update(LESSON).where(LESSON.c.id == row.id)
            connection.execute(aside.values(rolled_back_at=self.database.now()))
            return str(row.version)

    def history(self) -> list[LessonRow]:
        """All trainings, the newest first."""
        with self.database.read() as connection:
            rows = connection.execute(sa.select(LESSON).order_by(LESSON.c.id.desc())).all()
        return [
            LessonRow(id=row.id, at=row.at, version=row.version, card=row.card, rolled_back_at=row.rolled_back_at)
            for row in rows
        ]


_SAID = (
    POST.c.id.label("post_id"), POST.c.title, POST.c.text, POST.c.lang, POST.c.sentiment, POST.c.relevance,
    POST.c.priority,
)  # fmt: skip
_BY_HAND = sa.and_(EVENT.c.actor != SYSTEM, EVENT.c.actor.not_like(f"{RULE}%"), EVENT.c.undone_by.is_(None))


def _events(where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    columns = (*_SAID, EVENT.c.at.label("said_at"), EVENT.c.actor, EVENT.c.data)
    both = sa.join(EVENT, POST, POST.c.id == EVENT.c.post_id)
    return sa.select(*columns).select_from(both).where(where, POST.c.external_id != "").order_by(EVENT.c.id)


def _in_use() -> sa.Select[Any]:
    return sa.select(LESSON).where(LESSON.c.rolled_back_at.is_(None)).order_by(LESSON.c.id.desc())


def _judgement(row: Any, field: str, before: str, after: str) -> Judgement:
    return Judgement(
        text=f"{row.title}\n{row.text}".strip(),
        lang=row.lang or "",
        field=field,
        before=before,
        after=after,
        at=row.said_at,
        agent=row.actor,
    )


def _as_text(field: str, value: Any) -> str:
    if field == "relevance":
        return "no" if value is not None and float(value) < 0.5 else "yes"
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "" if value is None else str(value)
