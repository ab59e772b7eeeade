"""What reports are counted from: rows of mentions with the times of their cases, as it is and as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from storage import figures as module
from storage import tables
from storage.database import Database
from storage.errors import QueryError
from storage.figures import Figures
from storage.types import EventKind, FigureRow, Sentiment, Status

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)


def at(hours: float) -> datetime:
    return MONDAY + timedelta(hours=hours)


@dataclass
class History:
    """Writes what happened straight into the tables."""

    database: Database
    number: int = 0

    def insert(self, row: Any) -> int:
        values = {name: value for name, value in row.model_dump().items() if name != "id" or value is not None}
        with self.database.write() as connection:
            statement = sa.insert(type(row).__table__).values(values)
            return int(connection.execute(statement).inserted_primary_key[0])

    def case(self, **more: Any) -> int:
        self.number += 1
        conversation = self.insert(tables.Conversation(source="forum", external_key=f"c{self.number}"))
        values = {"opened_at": MONDAY, "last_mention_at": MONDAY} | more
        return self.insert(tables.Case(conversation_id=conversation, author_key=f"a{self.number}", **values))

    def mention(self, case: int | None = None, *, seen: float, published: float | None = None, **more: Any) -> int:
        self.number += 1
        with self.database.read() as connection:
            table = tables.Case.__table__
            conversation = connection.scalar(sa.select(table.c.conversation_id).where(table.c.id == case))
        conversation = conversation or self.insert(tables.Conversation(source="forum", external_key=f"c{self.number}"))
        values: dict[str, Any] = {"source": "forum", "source_kind": "phpbb", "text": "Zonnebank", "is_mention": True}
        values |= {"text_words": " zonnebank ", "external_key": f"p{self.number}", "external_id": f"p{self.number}"}
        values |= {"first_seen_at": at(seen), "published_at": None if published is None else at(published)}
        values |= {"at": at(seen if published is None else published), "brand": "zonnebank", "case_id": case}
        post = self.insert(tables.Post(conversation_id=conversation, **(values | more)))
        self.insert(tables.PostMatch(post_id=post, brand="zonnebank", query="zonnebank"))
        return post

    def happen(self, case: int, hours: float, kind: EventKind, actor: str = "anna", **data: Any) -> int:
        return self.insert(tables.Event(at=at(hours), actor=actor, kind=kind.value, case_id=case, data=data))

    def undo(self, case: int, event: int, hours: float) -> None:
        undone = self.happen(case, hours, EventKind.UNDONE)
        table = tables.Event.__table__
        with self.database.write() as connection:
            connection.execute(sa.update(table).where(table.c.id == event).values(undone_by=undone))


@pytest.fixture
def history(database: Database) -> History:
    return History(database)


@pytest.fixture
def rows(database: Database) -> Callable[..., list[FigureRow]]:
    def ask(query: str = "", **more: Any) -> list[FigureRow]:
        return list(Figures(database).rows(query, START, END, **more))

    return ask


Rows = Callable[..., list[FigureRow]]


def test_a_mention_carries_the_times_of_its_case(history: History, rows: Rows) -> None:
    case = history.case()
    first = history.mention(case, seen=0.5, published=0, sentiment="negative", lang="nl")
    second = history.mention(case, seen=3, published=2)
    history.happen(case, 1, EventKind.SENT)
    history.happen(case, 4, EventKind.RESOLVED, "bram", **{"from": "open", "to": "resolved"})
    one, two = rows()
    assert (one.mention_id, one.opens_case, two.mention_id, two.opens_case) == (first, True, second, False)
    assert (one.asked_at, one.responded_at, one.resolved_at) == (at(0), at(1), at(4))
    assert (one.status, one.replies, one.agents, one.answered) == (Status.RESOLVED, 1, ("anna", "bram"), True)
    assert (one.sentiment, one.lang, one.brands) == (Sentiment.NEGATIVE, "nl", ("zonnebank",))


def test_a_mention_without_a_case_has_no_times(history: History, rows: Rows) -> None:
    history.mention(seen=0)
    (row,) = rows()
    assert (row.case_id, row.status, row.asked_at, row.opens_case) == (None, None, None, False)


def test_intents_come_most_likely_first(history: History, rows: Rows) -> None:
    post = history.mention(seen=0)
    history.insert(tables.PostIntent(post_id=post, intent="question", place=1))
    history.insert(tables.PostIntent(post_id=post, intent="complaint", place=0))
    assert rows()[0].intents == ("complaint", "question")


def test_an_undone_step_does_not_count(history: History, rows: Rows) -> None:
    case = history.case()
    history.mention(case, seen=0)
    history.undo(case, history.happen(case, 1, EventKind.RESOLVED), 2)
    (row,) = rows()
    assert (row.resolved_at, row.status) == (None, Status.NEW)


def test_the_period_takes_its_first_moment_and_not_its_last(history: History, database: Database) -> None:
    inside = history.mention(seen=0)
    history.mention(seen=1)
    found = Figures(database).rows("", at(0), at(1))
    assert [row.mention_id for row in found] == [inside]


def test_only_mentions_that_answer_the_query_are_counted(history: History, rows: Rows) -> None:
    nl = history.mention(seen=0, lang="nl")
    history.mention(seen=0, lang="en")
    history.mention(seen=0, lang="nl", is_mention=False, case_id=None)
    assert [row.mention_id for row in rows("lang:nl")] == [nl]


def test_a_bad_query_is_refused_before_anything_is_read(database: Database) -> None:
    with pytest.raises(QueryError):
        Figures(database).rows('"half', START, END)


def test_as_of_shows_neither_what_was_found_nor_what_was_done_later(history: History, rows: Rows) -> None:
    case = history.case()
    first = history.mention(case, seen=0)
    history.mention(case, seen=9)
    history.happen(case, 1, EventKind.RESOLVED)
    history.happen(case, 5, EventKind.REOPENED)
    (row,) = rows(as_of=at(3))
    assert (row.mention_id, row.status, row.resolved_at, row.reopened) == (first, Status.RESOLVED, at(1), 0)
    assert [row.status for row in rows()] == [Status.OPEN, Status.OPEN]


def test_as_of_a_moment_before_the_undo_the_step_still_stood(history: History, rows: Rows) -> None:
    case = history.case()
    history.mention(case, seen=0)
    history.undo(case, history.happen(case, 1, EventKind.RESOLVED), 3)
    assert rows(as_of=at(2))[0].status is Status.RESOLVED
    assert rows(as_of=at(4))[0].status is Status.NEW


def test_pages_hand_out_every_mention_once_in_order(
    history: History, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 3)
    posts = [history.mention(seen=hours // 4) for hours in range(14)]
    figures = Figures(database)
    assert [row.mention_id for row in figures.rows("", START, END)] == posts
    assert [mention.id for mention in figures.mentions("zonnebank", START, END)] == posts


def test_a_query_the_database_can_only_narrow_down_is_checked_in_memory(history: History, rows: Rows) -> None:
    wanted = history.mention(seen=0, text="Zonnebank is top", text_words=" zonnebank is top ")
    history.mention(seen=1, text="zonnebank is Top", text_words=" zonnebank is top ")
    assert [row.mention_id for row in rows('"Zonnebank"c')] == [wanted]
