"""Every figure counted once more from the exported log, by the words of docs/reports.md and nothing of the product."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import webcare
from storage.errors import StorageError
from storage.figures import framing, packs
from storage.types import Opinion, Priority, Receipt, Sentiment

ZONE = ZoneInfo("Europe/Amsterdam")
CONFIG = """
timezone: Europe/Amsterdam
brands: {zonnebank: {query: zonnebank}}
hours:
  kantoor: {mon-fri: ["09:00-12:30", "13:00-17:30"], sun: "00:00-04:00"}
  altijd: {mon-sun: "00:00-24:00"}
sla:
  - {for: "priority:urgent", first_response: 1h, resolution: 1d, hours: altijd}
  - {for: "priority:high", first_response: 4h, next_response: 2h}
"""
OPEN = {0: [(540, 750), (780, 1050)], 6: [(0, 240)], 5: []} | {day: [(540, 750), (780, 1050)] for day in range(1, 5)}
"""The office by weekday, in minutes of the wall's clock."""
HOUR = 3600.0
PROMISES: dict[str, dict[str, float]] = {
    "urgent": {"first": HOUR, "resolution": 24 * HOUR},
    "high": {"first": 4 * HOUR, "next": 2 * HOUR},
}


class Life:
    """A forum and two agents around the night the clocks change; what is refused does not happen."""

    def __init__(self, desk: Any, clock: Any, seed: int) -> None:
        self.desk, self.clock, self.random, self.posts = desk, clock, random.Random(seed), list[int]()
        clock.time = datetime(2026, 10, 23, 6, tzinfo=UTC)
        self.arrive()

    def live(self) -> None:
        self.clock.advance(minutes=self.random.choice([2, 17, 45, 150, 500]))
        steps = [*[self.arrive] * 5, self.own, *[self.work] * 7, self.reply, self.reply, self.undo]
        with suppress(StorageError):
            self.random.choice(steps)()

    def arrive(self) -> None:
        published = self.clock() - timedelta(minutes=self.random.choice([0, 5, 90, 1500, -30]))
        opinion = Opinion(
            lang="nl", sentiment=self.random.choice(list(Sentiment)), intents=("question",),
            priority=self.random.choice(list(Priority)),
        )  # fmt: skip
        self.posts.append(
            self.desk.post(
                author=self.random.choice(["Jan", "Petra"]), conversation=f"c{self.random.randint(1, 5)}",
                published_at=self.random.choice([published, published, published, None]), opinion=opinion,
            )
        )  # fmt: skip

    def own(self) -> None:
        published = self.clock() - timedelta(minutes=self.random.choice([0, 30, 2000]))
        said = {"author": "Webcare", "external_id": f"o{self.clock()}", "conversation": f"c{self.random.randint(1, 5)}"}
        self.desk.post("Wij zoeken het uit", is_own=True, published_at=self.random.choice([published, None]), **said)

    def work(self) -> None:
        steps, agent = self.desk.steps, self.random.choice(["anna", "bram"])
        post = self.random.choice(self.posts)
        case = self.desk.inbox.mention(post).case_id
        acts: list[Callable[[], object]] = [
            lambda: steps.claim(case, agent), lambda: steps.release(case, agent),
            lambda: steps.assign(case, agent, self.random.choice(["anna", "bram", None])),
            lambda: steps.pend(case, agent), lambda: steps.snooze(case, agent, self.clock() + timedelta(days=1)),
            lambda: steps.resolve(case, agent), lambda: steps.resolve(case, agent), lambda: steps.dismiss(case, agent),
            lambda: steps.reopen(case, agent), lambda: steps.reopen(case, agent),
            lambda: steps.correct(post, agent, "sentiment", self.random.choice(list(Sentiment)).value),
        ]  # fmt: skip
        self.random.choice(acts)()

    def reply(self) -> None:
        case, agent = (
            self.desk.inbox.mention(self.random.choice(self.posts)).case_id,
            self.random.choice(["anna", "bram"]),
        )
        channel = self.random.choice(["wordpress", "email"])
        held = self.desk.hold(case, agent, f"Dank {self.random.random()}", channel=channel)
        self.clock.advance(minutes=1)
        if self.random.random() < 0.2:
            self.desk.outbox.cancel(held.id, agent)
        elif self.desk.outbox.take_due("here:1"):
            self.clock.advance(minutes=1)
            self.desk.outbox.sent(held.id, Receipt())

    def undo(self) -> None:
        self.random.choice([self.desk.undo.undo, self.desk.undo.redo])(self.random.choice(["anna", "bram"]))


# What follows knows two files and the configuration. It counts in seconds since 1970.


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def is_open(at: float) -> bool:
    wall = datetime.fromtimestamp(at, ZONE)
    minute = wall.hour * 60 + wall.minute
    return any(opens <= minute < closes for opens, closes in OPEN[wall.weekday()])


def office(start: float, end: float) -> float:
    """Minute by minute."""
    total, at = 0.0, start
    while at < end:
        until = min(end, (at // 60 + 1) * 60)
        total += (until - at) if is_open(at) else 0
        at = until
    return total


class Recount:
    """The figures of one report."""

    def __init__(self, mentions: list[Any], events: list[Any], start: float, end: float, now: float) -> None:
        self.now = now
        for each in mentions:
            seen, published = seconds(each["first_seen_at"]), each["published_at"] and seconds(each["published_at"])
            each["seen"], each["dated"] = seen, published is not None and published <= seen
            each["asked"] = published if each["dated"] else seen
        every: dict[int, list[Any]] = defaultdict(list)
        for each in sorted(mentions, key=lambda each: (each["asked"], each["id"])):
            every[each["case_id"]].append(each)
        self.inside = [each for each in mentions if start <= each["asked"] < end]
        self.cases = {id_: all_ for id_, all_ in every.items() if start <= all_[0]["asked"] < end}
        self.stretches: list[tuple[int, str, float, float, str, list[tuple[float, float]], str, str]] = []
        self.facts: dict[int, dict[str, Any]] = {}
        for id_, all_ in every.items():
            self.facts[id_] = self.follow(id_, all_, [each for each in events if each["case_id"] == id_])

    def follow(self, id_: int, mentions: list[Any], events: list[Any]) -> dict[str, Any]:
        things: list[tuple[float, int, float, Any]] = [(m["seen"], 0, m["asked"], m) for m in mentions]
        for e in events:
            stays = e["kind"] in ("held", "submitted", "sent")
            if (e["undone_by"] is None or stays) and seconds(e["at"]) <= self.now:
                things.append((seconds(e["at"]), 1, e["id"], e))
        things.sort(key=lambda each: each[:3])
        status, waiting, working, floor = "new", list[Any](), None, float("-inf")
        facts: dict[str, Any] = {"reopened": 0, "closed": False, "answered": False, "answers": []}
        pauses: list[list[float]] = []
        mine: list[list[Any]] = []

        def response() -> str:
            return "next" if facts["answered"] else "first"

        for place, (at, is_event, _, thing) in enumerate(things):
            if not is_event:
                waiting.append(thing)
                if working is None and status not in CLOSED:
                    working = thing["asked"]
                continue
            kind, before = thing["kind"], status
            if kind in ("sent", "answered_elsewhere"):
                facts["answers"].append((who(thing), channel(thing)))
                given = thing["sent_at"] if kind == "sent" else thing["data"]["published_at"]
                spoken = seconds(given) if given else at
                older = [m for m in waiting if kind != "sent" and m["dated"] and spoken < m["asked"]]
                hit = [m for m in waiting if m not in older]
                if hit or not (kind != "sent" and waiting):
                    if hit:
                        begin, done = max(min(m["asked"] for m in hit), floor), min(spoken, at)
                        how = "done" if done >= begin else "unknown"
                        done = done if done >= begin else at
                        if status not in CLOSED:
                            mine.append([response(), begin, done, how, who(thing), channel(thing)])
                        waiting, floor = older, done
                    facts["answered"] = True
            if kind in ("sent", "held", "submitted"):
                status = "open" if status == "new" else status
            elif kind in STATUS:
                status = thing["data"]["to"] if kind == "reopened" else STATUS[kind]
            if status == before:
                continue
            if pauses and len(pauses[-1]) == 1:
                pauses[-1].append(at)
            if status in ("pending", "snoozed"):
                pauses.append([at])
            if status in CLOSED and before not in CLOSED:
                if waiting:
                    begin = max(min(m["asked"] for m in waiting), floor)
                    mine.append([response(), begin, at, "left", "", ""])
                how = "done" if status == "resolved" else "left"
                if working is not None:
                    mine.append(["resolution", working, at, how, who(thing), ""])
                working, floor, facts["closed"] = None, at, True
            elif before in CLOSED and status not in CLOSED:
                facts["reopened"] += 1
                fresh = [m for when, is_event, _, m in things[:place] if not is_event and when == at]
                if fresh:
                    waiting, working = fresh, max(min(m["asked"] for m in fresh), floor)
                else:
                    working = floor = at
        if status not in CLOSED:
            if waiting:
                mine.append([response(), max(min(m["asked"] for m in waiting), floor), self.now, "running", "", ""])
            if working is not None:
                mine.append(["resolution", working, self.now, "running", "", ""])
        for name, begin, end, how, person, way in mine:
            held = [(p[0], p[1] if len(p) > 1 else self.now) for p in pauses]
            held = [(max(a, begin), min(b, end)) for a, b in held if max(a, begin) < min(b, end)]
            self.stretches.append((id_, name, begin, end, how, held, person, way))
        rated = [m["sentiment"] for m in mentions if m["sentiment"] != "unrated"]
        facts |= {"status": status, "running": any(each[3] == "running" and each[0] != "resolution" for each in mine)}
        facts["sent"] = sum(each["kind"] == "sent" for each in events)
        facts["negative"] = mentions[0]["sentiment"] == "negative" and len(rated) > 1
        facts["better"] = facts["negative"] and rated[-1] != "negative"
        return facts

    def business(self, id_: int, begin: float, end: float, held: list[tuple[float, float]]) -> float:
        always = self.promise(id_) and self.cases[id_][-1]["priority"] in ("urgent", "high")
        length = (lambda a, b: b - a) if always else office
        return length(begin, end) - sum(length(a, b) for a, b in held)

    def promise(self, id_: int) -> dict[str, float]:
        return PROMISES.get(self.cases[id_][-1]["priority"], {})

    def service(self, name: str) -> list[Any]:
        found = [each for each in self.stretches if each[1] == name and each[0] in self.cases]
        done = [each for each in found if each[4] == "done"]
        calendar = [end - begin for _, _, begin, end, *_ in done]
        open_ = [self.business(id_, begin, end, held) for id_, _, begin, end, _, held, *_ in done]
        hits = missed = 0
        for id_, _, begin, end, how, held, *_ in found:
            if name in self.promise(id_):
                used, allowed = self.business(id_, begin, end, held), self.promise(id_)[name]
                ended = how in ("done", "unknown")
                hits += ended and used <= allowed
                missed += used > allowed if ended else used >= allowed
        target = hits / (hits + missed) if hits + missed else None
        counts = [sum(each[4] == how for each in found) for how in ("running", "left", "unknown")]
        return [len(done), *ranks(calendar), *ranks(open_), target, hits + missed, *counts]


CLOSED = ("resolved", "dismissed", "spam")
STATUS = {
    "pended": "pending", "snoozed": "snoozed", "woken": "open", "resolved": "resolved", "dismissed": "dismissed",
    "spammed": "spam", "reopened": "",
}  # fmt: skip


def who(event: Any) -> str:
    return event["agent"] or ("" if event["actor"] == "webcare" else event["actor"])


def channel(event: Any) -> str:
    return "elsewhere" if event["kind"] == "answered_elsewhere" else event["channel"]


def ranks(values: list[float]) -> list[float | None]:
    return [median(values), sorted(values)[ceil(0.9 * len(values)) - 1]] if values else [None, None]


def share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


@pytest.mark.parametrize("seed", [3])
def test_a_stranger_finds_the_same_figures(
    desk: Any, clock: Any, database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch, seed: int,
) -> None:  # fmt: skip
    from desk.printing import hours
    from desk.reports.make import Request, make
    from desk.service import read
    from storage.figures import Figures
    from storage.settings import parse

    monkeypatch.setattr(packs, "PACK", 7)
    monkeypatch.setattr(framing, "BLOCK", 5)
    life = Life(desk, clock, seed)
    for _ in range(120):
        life.live()
    (tmp_path / "sources.yaml").write_text(CONFIG)

    def lines(*words: str) -> list[Any]:
        arguments = [
            *words,
            "--format",
            "jsonl",
            "--config",
            str(tmp_path / "sources.yaml"),
            "--database",
            database_url,
        ]
        assert webcare.main(arguments) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    start, end = datetime(2026, 10, 24, tzinfo=ZONE), datetime(2026, 11, 12, tzinfo=ZONE)
    service = read(parse(CONFIG, "sources.yaml", {}))
    request = Request(query="*", start=start, end=end, zone=ZONE, hours=hours(service))
    summary = make(Figures(desk.database), request).summary()
    said = {each.kpi: each.cell.value for each in summary.headlines}
    tables = {
        table.key: {line.key: [cell.value for cell in line.cells] for line in table.lines} for table in summary.tables
    }
    found = Recount(
        lines("mentions", "--all"), lines("events"), start.timestamp(), end.timestamp(), clock().timestamp()
    )
    assert len(found.inside) == said["mentions"] > 15
    for kpi, name in (("response_time", "first"), ("next_response_time", "next"), ("resolution_time", "resolution")):
        assert tables["service"][kpi] == pytest.approx(found.service(name), abs=1e-3), kpi
    facts = [found.facts[id_] for id_ in found.cases]
    closed, right = [each for each in facts if each["closed"]], [each for each in facts if each["sent"]]
    right = [each for each in right if each["reopened"] or each["status"] == "resolved"]
    once = [each for each in right if each["sent"] == 1 and not each["reopened"] and each["status"] == "resolved"]
    threads = {each["conversation_id"] for each in found.inside}
    joined = {each["conversation_id"] for each in found.inside if found.facts[each["case_id"]]["answered"]}
    late = [each["seen"] - seconds(each["published_at"]) for each in found.inside if each["dated"]]
    rated = [each["sentiment"] for each in found.inside if each["sentiment"] != "unrated"]
    expected = {
        "cases": len(facts),
        "waiting": sum(each["running"] for each in facts),
        "open_cases": sum(each["status"] not in CLOSED for each in facts),
        "answered": share(sum(each["answered"] for each in facts), len(facts)),
        "reopen_rate": share(sum(each["reopened"] > 0 for each in closed), len(closed)),
        "first_time_right": share(len(once), len(right)),
        "turnaround": share(sum(each["better"] for each in facts), sum(each["negative"] for each in facts)),
        "participation": share(len(joined), len(threads)),
        "replies": sum(each["sent"] for each in facts),
        "outside_hours": 0.0,  # one of the calendars never closes
        "ingestion_delay": median(late),
        "net_sentiment": (rated.count("positive") - rated.count("negative")) / len(rated),
    }
    assert {kpi: said[kpi] for kpi in expected} == pytest.approx(expected)
    ways = [way for each in facts for _, way in each["answers"]]
    assert {name: cells[0] for name, cells in tables["channels"].items()} == {way: ways.count(way) for way in ways}
    people = [person for each in facts for person, _ in each["answers"] if person]
    assert {name: cells[0] for name, cells in tables["agents"].items() if cells[0]} == {
        person: people.count(person) for person in people
    }
