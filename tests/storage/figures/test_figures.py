"""What reports are counted from: mentions with what became of their cases, as it is and as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from desk.service import Promise
from storage import figures as module
from storage import tables
from storage.database import Database
from storage.errors import QueryError
from storage.figures import Figures, frames, framing, packs
from storage.figures.open_time import moment_of
from storage.query.grammar import parse
from storage.sla import read_calendar
from storage.stretches import TARGETS
from storage.types import EventKind, Status
from storage.types.figures import Ending, Frame, Hours

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


@pytest.fixture(autouse=True)
def few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is read or measured some at a time goes over the border."""
    monkeypatch.setattr(packs, "PACK", 3)
    monkeypatch.setattr(framing, "BLOCK", 2)


@pytest.fixture
def history(database: Database) -> History:
    return History(database)


def rows_of(frame: Frame) -> list[SimpleNamespace]:
    """The columns of a frame as a row a mention."""
    cases, waits = frame.cases, frame.waits
    found = []
    for place, mention in enumerate(frame.mention.tolist()):
        case = int(frame.case[place])
        row = SimpleNamespace(mention_id=mention, case_id=None, status=None, opens_case=False, waits=[])
        row.at, row.facets = moment_of(frame.at[place]), frame.facets[frame.facet[place]]
        row.author = frame.authors[frame.author[place]][1]
        if case >= 0:
            row.case_id, row.status = int(cases.id[case]), list(Status)[cases.status[case]]
            row.opens_case = int(cases.opening[case]) == place
            for name in ("answered", "replies", "reopened", "was_closed", "began_negative", "ended_negative"):
                setattr(row, name, getattr(cases, name)[case].item())
            row.waits = [
                (
                    TARGETS[waits.target[n]], moment_of(waits.begin[n]), moment_of(waits.end[n]),
                    Ending(waits.ending[n]).name, frame.people[waits.actor[n]],
                )
                for n in range(len(waits.case)) if waits.case[n] == case
            ]  # fmt: skip
        found.append(row)
    return found


@pytest.fixture
def rows(database: Database) -> Callable[..., list[SimpleNamespace]]:
    def ask(query: str = "", **more: Any) -> list[SimpleNamespace]:
        return rows_of(Figures(database).frame(query, START, END, **more))

    return ask


Rows = Callable[..., list[SimpleNamespace]]


def test_a_mention_carries_what_became_of_its_case(history: History, rows: Rows) -> None:
    case = history.case()
    first = history.mention(case, seen=0.5, published=0, sentiment="negative", lang="nl")
    second = history.mention(case, seen=3, published=2)
    history.happen(case, 1, EventKind.SENT)
    history.happen(case, 4, EventKind.RESOLVED, "bram", **{"from": "open", "to": "resolved"})
    one, two = rows()
    assert (one.mention_id, one.opens_case, two.mention_id, two.opens_case) == (first, True, second, False)
    assert one.waits == [
        ("first_response", at(0), at(1), "DONE", "anna"),
        ("next_response", at(2), at(4), "LEFT", "bram"),
        ("resolution", at(0), at(4), "DONE", "bram"),
    ]
    assert (one.status, one.replies, one.answered) == (Status.RESOLVED, 1, True)
    assert (one.facets.sentiment, one.facets.lang, one.facets.brands) == ("negative", "nl", ("zonnebank",))


def test_a_mention_without_a_case_has_no_times(history: History, rows: Rows) -> None:
    history.mention(seen=0)
    (row,) = rows()
    assert (row.case_id, row.status, row.waits, row.opens_case) == (None, None, [], False)


def test_every_intent_and_brand_of_a_mention_counts(history: History, rows: Rows) -> None:
    history.mention(seen=0)
    post = history.mention(seen=1)
    history.insert(tables.PostIntent(post_id=post, intent="question", place=1))
    history.insert(tables.PostIntent(post_id=post, intent="complaint", place=0))
    history.insert(tables.PostMatch(post_id=post, brand="maanbank", query="maanbank"))
    history.insert(tables.PostMatch(post_id=post, brand="zonnebank", query="bank"))
    assert [(row.facets.intents, row.facets.brands) for row in rows()] == [
        ((), ("zonnebank",)),
        (("complaint", "question"), ("zonnebank", "maanbank")),
    ]


def test_an_undone_step_does_not_count(history: History, rows: Rows) -> None:
    case = history.case()
    history.mention(case, seen=0)
    history.undo(case, history.happen(case, 1, EventKind.RESOLVED), 2)
    (row,) = rows()
    assert (row.status, row.was_closed, row.waits[-1][3]) == (Status.NEW, False, "RUNNING")


def test_the_period_takes_its_first_moment_and_not_its_last(history: History, database: Database) -> None:
    inside = history.mention(seen=0)
    history.mention(seen=1)
    assert Figures(database).frame("", at(0), at(1)).mention.tolist() == [inside]
    assert Figures(database).arrivals("", at(0), at(1)) == [at(0)]


def test_only_mentions_that_answer_the_query_are_counted(history: History, rows: Rows) -> None:
    nl = history.mention(seen=0, lang="nl")
    history.mention(seen=0, lang="en")
    history.mention(seen=0, lang="nl", is_mention=False, case_id=None)
    assert [row.mention_id for row in rows("lang:nl")] == [nl]


def test_a_bad_query_is_refused_before_anything_is_read(database: Database) -> None:
    with pytest.raises(QueryError):
        Figures(database).frame('"half', START, END)


def test_as_of_shows_neither_what_was_found_nor_what_was_done_later(history: History, rows: Rows) -> None:
    case = history.case()
    first = history.mention(case, seen=0)
    history.mention(case, seen=9)
    history.happen(case, 1, EventKind.RESOLVED)
    history.happen(case, 5, EventKind.REOPENED)
    (row,) = rows(as_of=at(3))
    assert (row.mention_id, row.status, row.waits[-1][2], row.reopened) == (first, Status.RESOLVED, at(1), 0)
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
    monkeypatch.setattr(frames, "PAGE", 3)
    posts = [history.mention(seen=hours // 4) for hours in range(14)]
    figures = Figures(database)
    assert figures.frame("", START, END).mention.tolist() == posts
    assert [mention.id for mention in figures.mentions("zonnebank", START, END)] == posts


def test_a_query_the_database_can_only_narrow_down_is_checked_in_memory(history: History, rows: Rows) -> None:
    wanted = history.mention(seen=0, text="Zonnebank is top", text_words=" zonnebank is top ")
    history.mention(seen=1, text="zonnebank is Top", text_words=" zonnebank is top ")
    assert [row.mention_id for row in rows('"Zonnebank"c')] == [wanted]


def test_a_case_that_goes_on_outside_the_report_is_counted_whole(history: History, database: Database) -> None:
    case = history.case()
    first = history.mention(case, seen=0, sentiment="negative")
    history.mention(case, seen=30, sentiment="positive")
    history.happen(case, 31, EventKind.SENT)
    figures = Figures(database)
    (row,) = rows_of(figures.frame("", at(-1), at(24)))
    assert (row.mention_id, row.opens_case) == (first, True)
    assert row.waits[0][:4] == ("first_response", at(0), at(31), "DONE")
    assert (row.began_negative, row.ended_negative) == (True, False)
    (later,) = rows_of(figures.frame("", at(24), at(48)))
    assert not later.opens_case
    (asked,) = rows_of(figures.frame("sentiment:positive", START, END))
    assert not asked.opens_case


def test_business_time_is_that_of_the_first_promise_that_suits_the_newest_mention(
    history: History, database: Database
) -> None:
    zone = ZoneInfo("UTC")
    office, night = (read_calendar({"mon-sun": each}, zone) for each in ("09:00-17:00", "00:00-24:00"))
    urgent = Promise(query="priority:urgent", node=parse("priority:urgent"), calendar=night,
                     targets={"first_response": timedelta(hours=1)})  # fmt: skip
    worded = Promise(query='"Nu"c', node=parse('"Nu"c'), calendar=night, targets={"resolution": timedelta(hours=9)})
    hours = Hours(default=office, promises=(urgent, worded), staffed=(office,))
    for number, more in enumerate(({}, {"priority": "urgent"}, {"text": "Nu", "text_words": " nu "})):
        case = history.case()
        history.mention(case, seen=-1 + number / 60, **more)
        history.happen(case, 2, EventKind.SENT)
    waits = (frame := Figures(database).frame("", START, END, hours=hours)).waits
    first = waits.target == TARGETS.index("first_response")
    assert [round(each / 60) for each in waits.used[first]] == [120, 179, 178]
    assert [str(each) for each in waits.allowed[first]] == ["nan", "3600.0", "nan"]
    assert [str(each) for each in waits.allowed[~first]] == ["nan", "nan", "32400.0"]
    assert (frame.outside.tolist(), frame.has_hours) == ([True, True, True], True)


def test_time_in_which_we_wait_for_the_customer_is_nobodys(history: History, database: Database) -> None:
    case = history.case()
    history.mention(case, seen=0)
    history.happen(case, 1, EventKind.PENDED, **{"from": "new", "to": "pending"})
    history.happen(case, 5, EventKind.WOKEN, **{"from": "pending", "to": "open"})
    history.happen(case, 6, EventKind.SENT)
    waits = Figures(database).frame("", START, END).waits
    assert ((waits.end - waits.begin)[0] / 3.6e9, waits.used[0] / 3600) == (6, 2)
