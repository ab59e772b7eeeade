"""What the desk does by itself, and what is left when it is killed in the middle."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from desk import clockwork
from desk.clerk import Clerk
from desk.errors import SendError, SendUncertain
from desk.policy import ChannelSpec, Policy
from storage.database import Database
from storage.intake import Intake
from storage.types import EventKind, Match, Mention, NewPost, Post, Receipt, Reply, ReplyState, Status

POLICY = Policy(channels={"forum": ChannelSpec(name="site", options={"user": "webcare"})})


@dataclass
class Site:
    """A channel that keeps a ledger of what arrived, and fails as told."""

    limit: int | None = None
    tells_duplicates: bool = False
    at_desk: bool = False
    fails: Exception | None = None
    arrived: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)

    def send(self, reply: Reply, mention: Mention, options: Mapping[str, Any]) -> Receipt:
        """Writes the reply down, or fails."""
        if self.fails:
            raise self.fails
        self.arrived.append((mention.url, reply.text, options))
        return Receipt(url=f"{mention.url}#reply", external_id="r1")


def arrive(database: Database, number: int = 1, *, conversation: str = "", **more: Any) -> None:
    """Stores a mention of Jan's."""
    post = Post(
        external_id=f"p{number}",
        url=f"https://forum.example/{number}",
        text=f"De app van Zonnebank werkt niet {number}",
        author="Jan",
        conversation_id=conversation or f"c{number}",
        **more,
    )
    new = NewPost(post=post, matches=(Match(brand="zonnebank", query="zonnebank"),), wants_case=True)
    Intake(database).store("forum", "phpbb", [new])


def clerk_with(database: Database, site: Site) -> Clerk:
    """A clerk whose every channel is `site`."""
    return Clerk(database, agent="anna", policy=POLICY, channels=lambda name: site)


def replies_of(clerk: Clerk) -> list[Reply]:
    """Every reply there is."""
    return list(clerk.outbox(list(ReplyState)))


def test_a_reply_leaves_once_when_its_time_has_come(database: Database, clock: Any) -> None:
    site = Site()
    clerk = clerk_with(database, site)
    arrive(database)
    clerk.reply(1, "Beste Jan")
    assert clockwork.deliver(database, POLICY, clerk.channels) == []
    clock.advance(seconds=10)
    (sent,) = clockwork.deliver(database, POLICY, clerk.channels)
    assert (sent.state, sent.url) == (ReplyState.SENT, "https://forum.example/1#reply")
    assert clockwork.deliver(database, POLICY, clerk.channels) == []
    assert site.arrived == [("https://forum.example/1", "Beste Jan", {"user": "webcare"})]


@pytest.mark.parametrize(
    ("fails", "state", "error"),
    [
        (SendError("The site refused the password."), ReplyState.FAILED, "The site refused the password."),
        (SendUncertain("No answer within 30 seconds."), ReplyState.UNCERTAIN, "No answer within 30 seconds."),
        (
            ValueError("secret"),
            ReplyState.UNCERTAIN,
            "The channel site broke off (ValueError); look whether the reply arrived.",
        ),
    ],
)
def test_what_went_wrong_is_written_down_and_nothing_is_sent_again_by_itself(
    database: Database, clock: Any, fails: Exception, state: ReplyState, error: str
) -> None:
    site = Site(fails=fails)
    clerk = clerk_with(database, site)
    arrive(database)
    clerk.reply(1, "Beste Jan")
    clock.advance(seconds=10)
    (ended,) = clockwork.deliver(database, POLICY, clerk.channels)
    assert (ended.state, ended.error) == (state, error)
    site.fails = None
    clock.advance(hours=1)
    clockwork.tick(database, POLICY, clerk.channels)
    assert site.arrived == []


def test_one_reply_that_fails_does_not_hold_up_the_next(database: Database, clock: Any) -> None:
    site = Site()
    clerk = clerk_with(database, site)
    for number in (1, 2, 3):
        arrive(database, number)
        clerk.reply(number, f"Antwoord {number}")
    clock.advance(seconds=10)

    def channels(name: str) -> Site:
        failed = len(site.arrived) == 1 and not any(reply.error for reply in replies_of(clerk))
        return Site(fails=SendError("Nee.")) if failed else site

    states = [reply.state for reply in clockwork.deliver(database, POLICY, channels)]
    assert states == [ReplyState.SENT, ReplyState.FAILED, ReplyState.SENT]


def test_a_channel_that_is_not_there_fails_in_words(sqlite_database: Database, clock: Any) -> None:
    clerk = clerk_with(sqlite_database, Site())
    arrive(sqlite_database)
    clerk.reply(1, "Beste Jan")
    clock.advance(seconds=10)

    def channels(name: str) -> Site:
        raise LookupError(f"There is no channel {name}.")

    (ended,) = clockwork.deliver(sqlite_database, POLICY, channels)
    assert (ended.state, ended.error) == (ReplyState.FAILED, "There is no channel site.")


def test_a_reply_that_needs_a_screen_waits_for_its_writers_desk(sqlite_database: Database, clock: Any) -> None:
    site = Site(at_desk=True)
    clerk = clerk_with(sqlite_database, site)
    arrive(sqlite_database)
    clerk.reply(1, "Beste Jan")
    clock.advance(seconds=10)
    assert clockwork.deliver(sqlite_database, POLICY, clerk.channels) == []
    assert clockwork.deliver(sqlite_database, POLICY, clerk.channels, desk_of="bram") == []
    assert clerk.outbox()[0].state is ReplyState.HELD
    assert clockwork.tick(sqlite_database, POLICY, clerk.channels, desk_of="anna") == 1
    assert len(site.arrived) == 1


def test_a_reply_is_stopped_when_the_author_wrote_again_while_it_waited(database: Database, clock: Any) -> None:
    site = Site()
    clerk = clerk_with(database, site)
    arrive(database, 1, conversation="c")
    reply = clerk.reply(1, "Beste Jan")
    arrive(database, 2, conversation="c")
    clock.advance(seconds=10)
    (stopped,) = clockwork.deliver(database, POLICY, clerk.channels)
    assert stopped.state is ReplyState.FAILED
    assert "a new mention at 12:00 UTC" in str(stopped.error)
    assert site.arrived == []
    clerk.retry(reply.id)
    assert [each.state for each in clockwork.deliver(database, POLICY, clerk.channels)] == [ReplyState.SENT]


def test_a_colleagues_note_stops_a_reply_that_waits(sqlite_database: Database, clock: Any) -> None:
    clerk = clerk_with(sqlite_database, Site())
    arrive(sqlite_database)
    clerk.reply(1, "Beste Jan")
    Clerk(sqlite_database, agent="bram", policy=POLICY, channels=clerk.channels).note(1, "Niet versturen!")
    clock.advance(seconds=10)
    (stopped,) = clockwork.deliver(sqlite_database, POLICY, clerk.channels)
    assert "bram noted it" in str(stopped.error)


def test_a_snoozed_case_wakes(sqlite_database: Database, clock: Any) -> None:
    clerk = clerk_with(sqlite_database, Site())
    arrive(sqlite_database)
    clerk.snooze(1, clock() + timedelta(hours=1))
    assert clockwork.tick(sqlite_database, POLICY, clerk.channels) == 0
    clock.advance(hours=1)
    assert clockwork.tick(sqlite_database, POLICY, clerk.channels) == 1
    assert clerk.open(1).case.status is Status.OPEN


KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from desk import clockwork
from desk.policy import Policy
from storage.database import Database

class Site:
    limit, tells_duplicates, at_desk = None, True, False
    def send(self, reply, mention, options):
        if sys.argv[3] == "after":
            Path(sys.argv[4]).write_text(reply.key)
        os.kill(os.getpid(), signal.SIGKILL)

now = datetime.fromisoformat(sys.argv[2])
clockwork.deliver(Database(sys.argv[1], clock=lambda: now), Policy(), lambda name: Site())
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_process_killed_while_sending_neither_loses_nor_doubles_a_reply(
    database: Database,
    database_url: str,
    clock: Any,
    apart: Any,
    tmp_path: Any,
    moment: str,
    another: Callable[[], Database],
) -> None:
    clerk = clerk_with(database, Site())
    arrive(database)
    reply = clerk.reply(1, "Beste Jan")
    now, ledger = clock.advance(seconds=10), tmp_path / "ledger"
    assert apart.run(KILLED, database_url, now.isoformat(), moment, str(ledger)) == -signal.SIGKILL
    assert clerk.outbox()[0].state is ReplyState.SENDING

    restarted = another()
    assert clockwork.deliver(restarted, POLICY, clerk.channels) == []
    assert clockwork.recover(restarted, lambda name: Site(tells_duplicates=False)) == 1
    assert clerk.outbox()[0].state is ReplyState.UNCERTAIN
    assert clockwork.deliver(restarted, POLICY, clerk.channels) == []

    arrived = ledger.exists() and ledger.read_text() == reply.key
    assert arrived is (moment == "after")
    settled = clerk.settle(reply.id, arrived=arrived)
    assert settled.state is (ReplyState.SENT if arrived else ReplyState.FAILED)
    if not arrived:
        clerk.retry(reply.id)
        assert [each.state for each in clockwork.deliver(restarted, POLICY, clerk.channels)] == [ReplyState.SENT]
    kinds = [event.kind for event in clerk.open(1).trail]
    assert kinds.count(EventKind.SENT) == 1
