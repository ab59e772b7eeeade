"""Looking back gives what was seen at the time: random histories, with snapshots taken while they happened."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from storage.errors import StorageError
from storage.figures import Figures
from storage.types import FigureRow, Mention, Opinion, Priority, Receipt, Sentiment

START, END = datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
AGENTS = ("anna", "bram")
QUERIES = ("is:open", "status:resolved OR tag:vraag", "sentiment:negative", "assignee:anna", "has:reply", "has:note")

Snapshot = tuple[datetime, list[FigureRow], list[Mention], dict[str, list[int]]]


class Life:
    """A forum and two agents, doing at random what they may; what is refused does not happen."""

    def __init__(self, desk: Any, clock: Any, seed: int) -> None:
        self.desk, self.clock, self.random = desk, clock, random.Random(seed)
        self.posts: dict[int, dict[str, Any]] = {}
        self.figures = Figures(desk.database)

    def live(self) -> None:
        """One step."""
        self.clock.advance(minutes=self.random.randint(1, 300))
        steps: list[Callable[[], object]] = [self.arrive, self.edit, self.work, self.work, self.work, self.undo]
        with suppress(StorageError):
            self.random.choice(steps)()

    def arrive(self) -> None:
        published = self.clock() - timedelta(minutes=self.random.randint(0, 600))
        said = {
            "author": self.random.choice(["Jan", "Petra", "Omar"]),
            "conversation": f"c{self.random.randint(1, 4)}",
            "external_id": f"x{len(self.posts)}",
            "published_at": self.random.choice([published, published, None]),
        }
        if self.random.random() < 0.2:
            self.desk.post(**said | {"author": "Webcare", "external_id": f"o{self.clock()}"}, is_own=True)
            return
        self.posts[self.desk.post(opinion=self.opinion(), **said)] = said

    def opinion(self) -> Opinion:
        return Opinion(lang="nl", sentiment=self.random.choice(list(Sentiment)), intents=("question",))

    def edit(self) -> None:
        """What was understood stays, so that only the text is new."""
        dated = [post for post, said in self.posts.items() if said["published_at"]]
        post = self.random.choice(dated or [0])
        known = self.desk.inbox.mention(post)
        kept = Opinion(lang="nl", sentiment=known.sentiment, intents=known.intents, priority=known.priority)
        deleted = self.random.random() < 0.3
        self.desk.post(f"Anders {self.random.random()}", opinion=kept, deleted=deleted, **self.posts[post])

    def work(self) -> None:
        steps, agent = self.desk.steps, self.random.choice(AGENTS)
        post = self.random.choice(list(self.posts) or [1])
        case = self.desk.inbox.mention(post).case_id
        acts: list[Callable[[], object]] = [
            lambda: steps.claim(case, agent),
            lambda: steps.release(case, agent),
            lambda: steps.assign(case, agent, self.random.choice([*AGENTS, None])),
            lambda: steps.tag(case, agent, self.random.choice(["vraag", "klacht"])),
            lambda: steps.untag(case, agent, "vraag"),
            lambda: steps.note(case, agent, "bel terug"),
            lambda: steps.pend(case, agent),
            lambda: steps.snooze(case, agent, self.clock() + timedelta(days=1)),
            lambda: steps.resolve(case, agent),
            lambda: steps.dismiss(case, agent),
            lambda: steps.reopen(case, agent),
            lambda: steps.correct(post, agent, "sentiment", self.random.choice(list(Sentiment)).value),
            lambda: steps.correct(post, agent, "intent", self.random.choice(["complaint", "thanks"])),
            lambda: steps.correct(post, agent, "priority", self.random.choice(list(Priority)).value),
            lambda: self.reply(case, agent),
        ]
        self.random.choice(acts)()

    def reply(self, case: int, agent: str) -> None:
        reply = self.desk.hold(case, agent, f"Dank {self.random.random()}")
        self.clock.advance(minutes=1)
        if self.random.random() < 0.3:
            self.desk.outbox.cancel(reply.id, agent)
        elif self.desk.outbox.take_due("here:1"):
            self.clock.advance(minutes=1)
            self.desk.outbox.sent(reply.id, Receipt())

    def undo(self) -> None:
        agent = self.random.choice(AGENTS)
        self.random.choice([self.desk.undo.undo, self.desk.undo.redo])(agent)

    def snapshot(self) -> Snapshot:
        """What a report would say now."""
        self.clock.advance(seconds=1)
        rows = list(self.figures.rows("", START, END))
        mentions = list(self.figures.mentions("", START, END))
        found = {query: [row.mention_id for row in self.figures.rows(query, START, END)] for query in QUERIES}
        moment = self.clock()
        self.clock.advance(seconds=1)
        return moment, rows, mentions, found


def facts(mention: Mention) -> tuple[object, ...]:
    return (
        mention.id, mention.status, mention.assignee, mention.tags, mention.sentiment, mention.intents,
        mention.priority, mention.text, mention.deleted_at,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(2))
def test_what_is_looked_back_at_is_what_was_seen(desk: Any, clock: Any, seed: int) -> None:
    life, snapshots = Life(desk, clock, seed), []
    for step in range(60):
        life.live()
        if step % 20 == 19:
            snapshots.append(life.snapshot())
    assert len(snapshots[-1][1]) > 5
    for moment, rows, mentions, found in snapshots:
        past = list(life.figures.mentions("", START, END, as_of=moment))
        assert [facts(each) for each in past] == [facts(each) for each in mentions]
        for then, seen in zip(life.figures.rows("", START, END, as_of=moment), rows, strict=True):
            assert asdict(then) == asdict(seen)
        for query, ids in found.items():
            assert [row.mention_id for row in life.figures.rows(query, START, END, as_of=moment)] == ids, query


@pytest.mark.parametrize("seed", [7, 8])
def test_figures_agree_with_what_the_desk_shows(desk: Any, clock: Any, seed: int) -> None:
    life = Life(desk, clock, seed)
    for _ in range(70):
        life.live()
    for row in life.figures.rows("", START, END):
        case = desk.inbox.case(row.case_id)
        trail = [event for event in desk.inbox.trail(row.case_id) if "undone_by" not in event.data]
        kinds = [event.kind.value for event in trail]
        assert row.status is case.status
        assert row.replies == kinds.count("sent")
        assert row.answered >= ("sent" in kinds)
        closings = [event.at for event in trail if event.kind.value == "resolved"]
        assert row.resolved_at == (max(closings) if case.status.value == "resolved" else None)
        left = [event.data["from"] for event in trail if event.kind.value == "reopened"]
        assert row.reopened == sum(status in ("resolved", "dismissed", "spam") for status in left)
        assert row.responded_at is None or row.responded_at >= row.asked_at
