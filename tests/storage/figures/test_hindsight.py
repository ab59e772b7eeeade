"""Looking back gives what was seen at the time: random histories, with snapshots taken while they happened."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from desk.clocks import clocks
from desk.service import Promise, Service
from storage.errors import StorageError
from storage.figures import Figures
from storage.figures.open_time import moment_of
from storage.history import Histories
from storage.query.grammar import parse
from storage.sla import always, read_calendar
from storage.stretches import TARGETS
from storage.types import Mention, Opinion, Priority, Receipt, Sentiment, Status
from storage.types.figures import Ending, Frame, Hours

START, END = datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
AGENTS = ("anna", "bram")
QUERIES = (
    "is:open",
    "priority:>=high",
    "status:resolved OR tag:vraag",
    "sentiment:negative",
    "assignee:anna",
    "has:reply",
    "has:note",
)

Snapshot = tuple[datetime, dict[str, Any], list[Mention], dict[str, list[int]]]

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
OFFICE = read_calendar({"mon-fri": ["09:00-12:30", "13:00-17:30"]}, AMSTERDAM)
PROMISES = (
    Promise(query="is:open priority:urgent", node=parse("is:open priority:urgent"), calendar=always(AMSTERDAM),
            targets={"first_response": timedelta(hours=1)}),
    Promise(query="*", node=parse("*"), calendar=OFFICE,
            targets={"first_response": timedelta(hours=4), "resolution": timedelta(hours=8)}),
)  # fmt: skip
HOURS = Hours(default=OFFICE, promises=PROMISES, staffed=(OFFICE,))


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
            lambda: steps.prioritise(case, agent, self.random.choice(list(Priority))),
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
        frame = self.figures.frame("", START, END, hours=HOURS)
        mentions = list(self.figures.mentions("", START, END))
        found = {query: self.figures.frame(query, START, END).mention.tolist() for query in QUERIES}
        moment = self.clock()
        self.clock.advance(seconds=1)
        return moment, columns(frame), mentions, found


def columns(frame: Frame) -> dict[str, Any]:
    """Everything a frame says, in an order that does not depend on how it was read."""
    cases, waits = frame.cases, frame.waits
    found: dict[str, Any] = {
        "mentions": list(zip(frame.mention.tolist(), frame.at.tolist(), map(str, frame.late), strict=True)),
        "facets": [each._replace(brands=tuple(sorted(each.brands)), intents=tuple(sorted(each.intents)))
                   for place in frame.facet for each in (frame.facets[place],)],
        "authors": [frame.authors[place] for place in frame.author],
        "outside": frame.outside.tolist(),
    }  # fmt: skip
    found |= {field.name: getattr(cases, field.name).tolist() for field in fields(cases)}
    names = (field.name for field in fields(waits) if field.name not in ("actor", "channel"))
    rows = [getattr(waits, name).tolist() for name in names]
    people = [frame.people[place] for place in waits.actor]
    found["waits"] = sorted(map(str, zip(*rows, people, strict=True)))
    answers = frame.answers
    found["answers"] = sorted(
        (int(case), frame.people[actor], frame.channels[channel])
        for case, actor, channel in zip(answers.case, answers.actor, answers.channel, strict=True)
    )
    return found


def facts(mention: Mention) -> tuple[object, ...]:
    return (
        mention.id, mention.status, mention.assignee, mention.tags, mention.sentiment, mention.intents,
        mention.priority, mention.text, mention.deleted_at,
    )  # fmt: skip


@pytest.mark.parametrize("seed", (2, 3))
def test_what_is_looked_back_at_is_what_was_seen(desk: Any, clock: Any, seed: int) -> None:
    life, snapshots = Life(desk, clock, seed), []
    for step in range(60):
        life.live()
        if step % 20 == 19:
            snapshots.append(life.snapshot())
    assert len(snapshots[-1][2]) > 5
    for moment, frame, mentions, found in snapshots:
        past = list(life.figures.mentions("", START, END, as_of=moment))
        assert [facts(each) for each in past] == [facts(each) for each in mentions]
        then = columns(life.figures.frame("", START, END, hours=HOURS, as_of=moment))
        assert {name: then[name] for name in frame} == frame
        for query, ids in found.items():
            assert life.figures.frame(query, START, END, as_of=moment).mention.tolist() == ids, query


@pytest.mark.parametrize("seed", [7, 8])
def test_figures_agree_with_what_the_desk_shows(desk: Any, clock: Any, seed: int) -> None:
    life = Life(desk, clock, seed)
    for _ in range(70):
        life.live()
    cases = life.figures.frame("", START, END).cases
    for place, id_ in enumerate(cases.id.tolist()):
        case = desk.inbox.case(id_)
        trail = [event for event in desk.inbox.trail(id_) if "undone_by" not in event.data]
        kinds = [event.kind.value for event in trail]
        assert list(Status)[cases.status[place]] is case.status
        assert cases.replies[place] == kinds.count("sent")
        assert cases.answered[place] >= ("sent" in kinds)
        left = [event.data["from"] for event in trail if event.kind.value == "reopened"]
        assert cases.reopened[place] == sum(status in ("resolved", "dismissed", "spam") for status in left)


@pytest.mark.parametrize("seed", (2, 3))
def test_people_waited_as_long_as_the_clocks_of_their_case_say(desk: Any, clock: Any, seed: int) -> None:
    life = Life(desk, clock, seed)
    for _ in range(80):
        life.live()
    clock.advance(minutes=7)
    frame, now = life.figures.frame("", START, END, hours=HOURS), clock()
    waits, service = frame.waits, Service(promises=PROMISES, zone=AMSTERDAM)
    for history in Histories(desk.database).of(frame.cases.id.tolist()):
        promise = service.promise_for(history.newest, now)
        assert promise is not None
        mine = np.flatnonzero(frame.cases.id[waits.case] == history.case_id).tolist()
        counted = sorted(
            (TARGETS[waits.target[n]], moment_of(waits.begin[n]), waits.used[n])
            for n in mine
            if TARGETS[waits.target[n]] in promise.targets
            and (waits.ending[n] != Ending.LEFT or waits.used[n] >= waits.allowed[n])
        )
        assert counted == sorted(
            (each.target, each.since, each.reading.used.total_seconds())
            for each in clocks(history.waits, history.steps, promise, now)
        )
