"""A conversation that nobody looks at and that grows faster and faster is told of, with its reasons and its fuse."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk import alarms, alerts, rehearsal, timebomb
from storage.database import Database
from storage.inbox import Inbox
from storage.intake import Intake
from storage.notices import Notices
from storage.settings import parse
from storage.steps import Steps
from storage.threads import TAG, Thread, Threads, Voice
from storage.types import EventKind, Match, NewPost, Opinion, Post, Sentiment

ZONE = ZoneInfo("Europe/Amsterdam")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LOUDER = [1 - math.log(1 + n) / math.log(31) for n in range(30)]
"""Places of posts, in a day before now: each hour brings more."""


def thread(ages: Sequence[float], *, negative: bool = True, people: int = 40, usual: float = 0.2) -> Thread:
    """A thread of posts so many days ago, every third a mention."""
    days = sorted(ages, reverse=True)
    voices = [
        Voice(NOON - timedelta(days=age), n % people, n % 3 == 0, negative if n % 3 == 0 else None)
        for n, age in enumerate(days)
    ]
    return Thread(
        conversation_id=1, source="forum", url="https://forum.example/1", title="Draad", began_at=voices[0].at,
        case_ids=(1,), voices=tuple(voices), usual=usual,
    )  # fmt: skip


def test_what_grows_is_a_bomb_with_named_reasons_and_a_fuse() -> None:
    bomb = timebomb.weigh(thread(LOUDER), NOON, ZONE, 20.0)
    assert bomb is not None
    assert {reason.about for reason in bomb.reasons} == {"timebomb"}
    assert [reason.share for reason in bomb.reasons] == sorted((r.share for r in bomb.reasons), reverse=True)
    said = bomb.sentence("brand:zonnebank")
    assert "30 posts" in said and "30 people" in said and "10 of 10 mentions are negative" in said
    assert timedelta() < bomb.fuse <= timebomb.WINDOW
    sooner = timebomb.weigh(thread(LOUDER), NOON, ZONE, 8.0)
    assert sooner is not None and sooner.fuse < bomb.fuse


@pytest.mark.parametrize(
    "calm",
    [
        thread(LOUDER, negative=False),
        thread(LOUDER[:3]),
        thread(LOUDER, people=2),
        thread([1 - age for age in LOUDER], usual=30, people=5),
    ],
    ids=["content", "few posts", "two people", "dying down on a busy source"],
)
def test_what_is_calm_is_none(calm: Thread) -> None:
    assert timebomb.weigh(calm, NOON, ZONE, 20.0) is None


@given(st.lists(st.floats(0, 3), min_size=1, max_size=60), st.floats(0, 50), st.integers(1, 60))
def test_every_thread_has_a_score_between_nought_and_one(ages: list[float], usual: float, people: int) -> None:
    one = thread(ages, usual=usual, people=people)
    assert 0 <= timebomb.score(one, NOON, ZONE) <= 1
    bomb = timebomb.weigh(one, NOON, ZONE, 10.0)
    assert bomb is None or (timedelta() <= bomb.fuse <= timebomb.WINDOW and bomb.per_hour >= 0)


@given(st.floats(0.1, 25))
def test_growth_is_found_again_in_posts_that_grew_so(folds: float) -> None:
    places = [math.log1p((n + 0.5) / 2000 * math.expm1(folds)) / folds for n in range(2000)]
    assert timebomb.growth(places) == pytest.approx(folds, rel=0.02, abs=0.02)
    assert timebomb.growth([1 - place for place in places]) == 0


def test_nights_are_short_and_clock_changes_do_not_turn_time_back() -> None:
    moments = [datetime(2026, 10, 24, 12, tzinfo=UTC) + timedelta(minutes=15 * n) for n in range(200)]
    hours = [timebomb.waking_hours(moment, ZONE) for moment in moments]
    drops = [after - before for before, after in pairwise(hours) if after < before]
    assert all(drop > -timebomb.AWAKE[2] for drop in drops)  # the hour that comes twice, at night's small worth
    night = [timebomb.waking_hours(datetime(2026, 11, 21, hour, tzinfo=UTC), ZONE) for hour in (1, 4)]
    day = [timebomb.waking_hours(datetime(2026, 11, 21, hour, tzinfo=UTC), ZONE) for hour in (10, 13)]
    assert night[1] - night[0] < (day[1] - day[0]) / 5


class Forum:
    """A quiet forum on a real database."""

    def __init__(self, database: Database, clock: Any) -> None:
        self.database, self.clock, self.posts = database, clock, 0

    def post(self, conversation: str, author: str, *, match: bool = True, own: bool = False) -> None:
        self.posts += 1
        post = Post(
            external_id=f"p{self.posts}", url=f"https://forum.example/{self.posts}", text="zonnebank doet het niet",
            author=author, author_id=author, conversation_id=conversation, published_at=self.database.now(),
        )  # fmt: skip
        matches = (Match(brand="zonnebank", query="zonnebank"),) if match else ()
        opinion = Opinion(sentiment=Sentiment.NEGATIVE, score=-0.6) if match else None
        new = NewPost(post=post, matches=matches, opinion=opinion, wants_case=match and not own, is_own=own)
        Intake(self.database).store("forum", "phpbb", [new])

    def grow(self, conversation: str = "bomb") -> None:
        """A day of posts, faster and faster."""
        begin = self.clock()
        for n, age in enumerate(LOUDER):
            self.clock.time = begin + timedelta(days=1 - age)
            self.post(conversation, f"{conversation}{n}", match=n % 3 == 0)


@pytest.fixture
def forum(database: Database, clock: Any) -> Forum:
    clock.time = NOON - timedelta(days=20)
    here = Forum(database, clock)
    here.post("old", "jan")
    clock.time = NOON - timedelta(days=1)
    return here


RULES = alerts.read(
    parse('alerts: [{on: "brand:zonnebank", timebomb: true, notify: ["https://hook.example"]}]', "s.yaml", {})
)


def told(database: Database) -> list[str]:
    (target,) = (target for alert in RULES for target in alert.targets)
    message = Notices(database).take(target.id, an_hour=100)
    return [notice.title for notice in message.notices] if message else []


def tick(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarms, "deliver", lambda *_: 0)
    alarms.tick(database, RULES, ZONE)


def test_a_bomb_is_told_once_and_can_be_found(
    database: Database, forum: Forum, clock: Any, monkeypatch: pytest.MonkeyPatch, another: Callable[[], Database]
) -> None:
    forum.grow()
    for each in (database, database, another()):
        tick(each, monkeypatch)
    (title,) = told(database)
    assert title.startswith("Time bomb on forum: ")
    tick(database, monkeypatch)
    assert told(database) == []
    flagged = list(Inbox(database).ids(f"tag:{TAG}"))
    assert len(flagged) == 10
    events = [event for event in Inbox(database).trail(flagged[0]) if event.kind is EventKind.TAGGED]
    assert len(events) == 1 and any("people joined in" in reason for reason in events[0].data["reasons"])
    Steps(database).untag(flagged[0], "anna", TAG)
    tick(database, monkeypatch)
    assert flagged[0] not in Inbox(database).ids(f"tag:{TAG}")  # what a person took off stays off


@pytest.mark.parametrize("how", ["claimed", "dismissed", "answered by us", "another brand's"])
def test_what_somebody_looked_at_is_no_bomb(
    database: Database, forum: Forum, clock: Any, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    forum.grow()
    match how:
        case "claimed":
            steps = Steps(database)
            for case_id in Inbox(database).ids("*"):
                steps.claim(case_id, "anna")
                steps.release(case_id, "anna")
        case "dismissed":
            Steps(database).dismiss(list(Inbox(database).ids("*")), "rule:weg")
        case "answered by us":
            forum.post("bomb", "zonnebank", own=True)
        case "another brand's":
            monkeypatch.setattr(Inbox, "mentions", lambda *_, **__: iter(()))
    tick(database, monkeypatch)
    monkeypatch.undo()
    assert told(database) == []


def test_the_past_is_told_as_it_stood(database: Database, forum: Forum, clock: Any) -> None:
    forum.grow()
    now = clock()
    Steps(database).claim(next(iter(Inbox(database).ids("*"))), "anna")
    (alert,) = RULES
    found = rehearsal.rehearse(database, alert, now - timedelta(hours=14), now, ZONE)
    assert [each.title.partition(":")[0] for each in found] == ["Time bomb on forum"]
    assert now - timedelta(days=1) < found[0].at < now
    before = Threads(database).unseen(now - timedelta(hours=30), window=timebomb.WINDOW, least=1)
    assert [len(each.voices) for each in before] == []
