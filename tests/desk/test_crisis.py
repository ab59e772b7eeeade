"""A crisis: every reply waits, but for the approved statement, until it ends by itself or is ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from desk import clockwork
from desk.clerk import Clerk
from desk.errors import NotAllowed, SendError
from desk.policy import Member, Policy
from storage.crisis import Crises
from storage.database import Database
from storage.errors import StepRefused
from storage.intake import Intake
from storage.types import Match, Mention, NewPost, Post, Receipt, Reply, ReplyState

POLICY = Policy(team={"anna": Member(), "bram": Member(role="lead"), "tom": Member(role="trainee")})
STATEMENT = "We werken aan de storing."


class Site:
    """A channel that fails when it is told to."""

    limit = None
    tells_duplicates = at_desk = fails = False

    def send(self, reply: Reply, mention: Mention, options: Mapping[str, Any]) -> Receipt:
        """Arrives, or does not."""
        if self.fails:
            raise SendError("down")
        return Receipt()


SITE = Site()


def clerk(database: Database, agent: str) -> Clerk:
    """A clerk whose every channel is the site."""
    return Clerk(database, agent=agent, policy=POLICY, channels=lambda name: SITE)


@pytest.fixture
def case(database: Database) -> Callable[[], int]:
    """Stores a mention in a case of its own and gives its number."""
    count = iter(range(1, 100))

    def arrive() -> int:
        number = next(count)
        post = Post(external_id=f"p{number}", url="https://f.example/1", text="Stuk!", conversation_id=f"c{number}")
        new = NewPost(post=post, matches=(Match(brand="z", query="z"),), wants_case=True)
        Intake(database).store("forum", "phpbb", [new])
        return clerk(database, "bram").inbox("*", limit=100)[-1].id

    return arrive


def begin(database: Database, **length: float) -> int:
    """A crisis of four hours, unless told otherwise."""
    return Crises(database).begin(STATEMENT, database.now() + timedelta(**length or {"hours": 4}), "bram")


def test_every_reply_waits_but_the_statement_of_who_may_send(database: Database, case: Any) -> None:
    begin(database)
    own, said, learned = case(), case(), case()
    assert clerk(database, "bram").reply(own, "Mijn eigen woorden").state is ReplyState.AWAITING_APPROVAL
    assert clerk(database, "anna").reply(said, f" {STATEMENT}\n").state is ReplyState.HELD
    assert clerk(database, "tom").reply(learned, STATEMENT).state is ReplyState.AWAITING_APPROVAL


def test_a_reply_that_waits_leaves_once_a_colleague_approved_it(database: Database, case: Any) -> None:
    begin(database)
    reply = clerk(database, "anna").reply(case(), "Beste Jan")
    assert clerk(database, "bram").approve(reply.id).state is ReplyState.HELD
    (sent,) = clockwork.deliver(database, POLICY, lambda name: SITE)
    assert sent.state is ReplyState.SENT


def test_what_was_about_to_leave_waits_too(database: Database, case: Any) -> None:
    first, second = case(), case()
    reply = clerk(database, "anna").reply(first, "Beste Jan")
    kept = clerk(database, "anna").reply(second, STATEMENT)
    assert begin(database) == 1
    assert clerk(database, "anna").reply_of(reply.id).state is ReplyState.AWAITING_APPROVAL
    assert clerk(database, "anna").reply_of(kept.id).state is ReplyState.HELD


def test_a_failed_reply_does_not_slip_past(database: Database, case: Any, clock: Any, monkeypatch: Any) -> None:
    reply = clerk(database, "anna").reply(case(), "Beste Jan")
    clock.advance(minutes=1)
    monkeypatch.setattr(SITE, "fails", True)
    (failed,) = clockwork.deliver(database, POLICY, lambda name: SITE)
    assert failed.state is ReplyState.FAILED
    begin(database)
    assert clerk(database, "anna").retry(reply.id).state is ReplyState.AWAITING_APPROVAL


def test_it_ends_by_itself(database: Database, case: Any, clock: Any) -> None:
    begin(database, hours=1)
    clock.advance(hours=1)
    assert clerk(database, "anna").crisis() is None
    assert clerk(database, "anna").reply(case(), "Beste Jan").state is ReplyState.HELD
    with pytest.raises(StepRefused, match="no crisis"):
        Crises(database).end("bram")


def test_it_can_be_changed_and_ended_and_leaves_its_trail(database: Database, case: Any) -> None:
    begin(database)
    Crises(database).begin("Nieuwe woorden", database.now() + timedelta(hours=8), "anna")
    found = clerk(database, "tom").crisis()
    assert found is not None
    assert (found.statement, found.by, found.until) == ("Nieuwe woorden", "anna", database.now() + timedelta(hours=8))
    Crises(database).end("bram")
    assert clerk(database, "anna").reply(case(), "Beste Jan").state is ReplyState.HELD
    with database.read() as connection:
        events = connection.exec_driver_sql("SELECT kind, actor FROM event WHERE kind LIKE 'crisis%%' ORDER BY id")
        assert [tuple(row) for row in events] == [
            ("crisis_begun", "bram"),
            ("crisis_begun", "anna"),
            ("crisis_ended", "bram"),
        ]


def test_it_needs_an_end_and_words(sqlite_database: Database) -> None:
    with pytest.raises(StepRefused, match="is past"):
        begin(sqlite_database, hours=-1)
    with pytest.raises(StepRefused, match="needs a statement"):
        Crises(sqlite_database).begin("  ", sqlite_database.now() + timedelta(hours=1), "bram")


def test_it_is_for_leads(sqlite_database: Database) -> None:
    clerk(sqlite_database, "bram").permit("crisis")
    with pytest.raises(NotAllowed):
        clerk(sqlite_database, "anna").permit("crisis")


async def test_every_desk_shows_it_in_its_status_line(desk: Any, arrive: Any, sqlite_database: Database) -> None:
    arrive()
    async with desk("carla", size=(160, 40)) as seat:
        begin(sqlite_database)
        await seat.poll()
        seat.screen.paint_bars()
        await seat.settle()
        assert f"but for: {STATEMENT}" in seat.text
        Crises(sqlite_database).end("bram")
        await seat.poll()
        seat.screen.paint_bars()
        await seat.settle()
        assert STATEMENT not in seat.text
