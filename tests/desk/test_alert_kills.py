"""Killed at whatever step, the alarm tells everything, and nothing twice but what was on its way out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from desk import alarms, alerts, notifier
from storage.database import Database
from storage.inbox import Inbox
from storage.intake import Intake
from storage.notices import Message
from storage.settings import parse
from storage.teamwork import Teamwork
from storage.threads import TAG
from storage.types import EventKind, Match, NewPost, Opinion, Post, Priority, Sentiment

ZONE = ZoneInfo("Europe/Amsterdam")
ALERTS = alerts.read(
    parse(
        'alerts: [{unclaimed: 15m, timebomb: true, handover: 10m, notify: ["https://a.example", "https://b.example"]}]',
        "s.yaml",
        {},
    )
)


class Killed(BaseException):
    """The process is gone: nothing catches it."""


class Steps:
    """Counts the steps to the outside, and ends the process at one of them."""

    def __init__(self, kill_at: int) -> None:
        self.left = kill_at

    def step(self, *_: Any) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed

    def over(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Every transaction that writes is a step; the end comes just before it would count."""
        write = Database.write

        @contextmanager
        def stepping(database: Database) -> Iterator[Any]:
            with write(database) as connection:
                yield connection
                self.step()

        monkeypatch.setattr(Database, "write", stepping)


def arrange(database: Database, clock: Any) -> None:
    """A thread that blows up, an urgent case that nobody has, a hand-over that waits."""
    begin = clock()

    def arrive(number: int, thread: str, priority: Priority, *, match: bool = True) -> None:
        post = Post(
            external_id=f"p{number}", url=f"https://forum.example/{number}", text="zonnebank", author=f"u{number}",
            author_id=f"u{number}", conversation_id=thread, published_at=clock(),
        )  # fmt: skip
        opinion = Opinion(sentiment=Sentiment.NEGATIVE, priority=priority, priority_score=40) if match else None
        matches = (Match(brand="zonnebank", query="zonnebank"),) if match else ()
        new = NewPost(post=post, matches=matches, opinion=opinion, wants_case=match)
        Intake(database).store("forum", "phpbb", [new])

    for number in range(16):
        clock.time = begin + timedelta(hours=12 * (1 - 0.75**number))
        arrive(number, "bomb", Priority.NORMAL, match=number % 8 == 0)
    arrive(98, "urgent", Priority.URGENT)
    arrive(99, "handed", Priority.NORMAL)
    Teamwork(database).hand_over(next(iter(Inbox(database).ids("author:u99"))), "anna", "service")
    clock.advance(minutes=20)


def told(url: str, clock: Any, monkeypatch: pytest.MonkeyPatch, steps: Steps) -> Counter[tuple[str, str, str]]:
    """What arrived: address, name of the message and title of each notice, over as many rounds as it takes."""
    heard: Counter[tuple[str, str, str]] = Counter()

    def send(target: Any, message: Message) -> None:
        steps.step()
        heard.update((target.url, message.key, notice.title) for notice in message.notices)
        steps.step()

    with monkeypatch.context() as patch:
        patch.setattr(notifier, "send", send)
        steps.over(patch)
        database = Database(url, clock=clock)
        for _ in range(2):
            with suppress(Killed):
                alarms.tick(database, ALERTS, ZONE)
            clock.advance(minutes=6)  # longer than a dead process's lease
        database.close()
    return heard


@pytest.fixture
def arranged(tmp_path: Any, sqlite_url: str, clock: Any) -> Callable[[int], str]:
    """Copies of one arranged database."""
    import shutil

    database = Database(sqlite_url, clock=clock)
    arrange(database, clock)
    with database.read() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()

    def copy(number: int) -> str:
        path = tmp_path / f"copy{number}.db"
        shutil.copy(sqlite_url.removeprefix("sqlite:///"), path)
        return f"sqlite:///{path}"

    return copy


def test_killed_at_the_kth_step(arranged: Callable[[int], str], clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now, kill_at, titles = clock(), 0, set[str]()
    while True:
        kill_at += 1
        clock.time, steps, url = now, Steps(kill_at), arranged(kill_at)
        heard = told(url, clock, monkeypatch, steps)
        titles = titles or {title for _, _, title in heard}
        assert {title for _, _, title in heard} == titles
        assert len(heard) == 6, (kill_at, heard)  # each notice went in one message, by one name
        assert sum(heard.values()) <= 6 + 3, (kill_at, heard)  # the message that was under way, again
        database = Database(url, clock=clock)
        flagged = list(Inbox(database).ids(f"tag:{TAG}"))
        events = [each for case_id in flagged for each in Inbox(database).trail(case_id)]
        assert len(flagged) == sum(each.kind is EventKind.TAGGED for each in events) == 2
        database.close()
        if steps.left > 0:
            break
    assert len(titles) == 3 and kill_at > 10
