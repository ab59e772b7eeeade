"""Promises are read from the file, counted from what happened, and said once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk import alerts, service, timetable
from desk.clerk import Clerk
from desk.clocks import Clock, Standing, clocks, standing
from desk.policy import Policy
from desk.service import Service
from desk.watch import Watch
from storage.case_times import Step
from storage.database import Database
from storage.errors import ConfigError
from storage.history import Histories, Wait
from storage.intake import Intake
from storage.settings import parse
from storage.sla import State, business_time
from storage.types import EventKind, Match, NewPost, Opinion, Post, Priority

OFFICE = """
timezone: Europe/Amsterdam
hours: {kantoor: {mon-fri: ["09:00-12:30", "13:00-17:30"]}}
sla:
  - {for: "priority:>=high", first_response: 1h, next_response: 30m, resolution: 8h, hours: kantoor}
  - {first_response: 4h, hours: kantoor}
"""
K = EventKind


def read(text: str) -> Service:
    """The service of a file."""
    return service.read(parse(text, "sources.yaml", {}))


def at(text: str) -> datetime:
    """`mon 09:00` in Amsterdam, in a week of March 2026 without a clock change."""
    day, time = text.split()
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    moment = datetime.fromisoformat(f"2026-03-0{2 + days.index(day)}T{time}+01:00")
    return moment.astimezone(UTC)


def told(now: str, *happened: tuple[str, EventKind | str], text: str = OFFICE) -> dict[str, list[Clock]]:
    """The clocks by target, when mentions came (`ask`) and steps were taken at these times."""
    (promise, *_) = read(text).promises
    waits = [Wait(at(time), at(time), True) for time, what in happened if what == "ask"]
    steps = [Step(at(time), what) for time, what in happened if isinstance(what, EventKind)]
    found: dict[str, list[Clock]] = {}
    for clock in clocks(waits, steps, promise, at(now)):
        found.setdefault(clock.target, []).append(clock)
    return found


def states(found: dict[str, list[Clock]], target: str) -> list[State]:
    """How the clocks of a target stand."""
    return [clock.reading.state for clock in found.get(target, [])]


def test_only_the_hours_somebody_is_there_count() -> None:
    (first,) = told("tue 09:10", ("mon 17:00", "ask"))["first_response"]
    assert (first.reading.state, first.reading.used) == (State.ACTIVE, timedelta(minutes=40))
    assert first.reading.due_at == at("tue 09:30")
    assert first.warn_at == at("tue 09:18")


def test_an_answer_ends_the_first_clock_and_the_next_question_starts_another() -> None:
    found = told("mon 11:40", ("mon 10:00", "ask"), ("mon 10:30", K.SENT), ("mon 11:00", "ask"))
    assert states(found, "first_response") == [State.HIT]
    assert states(found, "next_response") == [State.MISSED]
    assert found["next_response"][0].since == at("mon 11:00")


def test_several_questions_are_one_wait_since_the_oldest() -> None:
    found = told("mon 11:50", ("mon 10:00", "ask"), ("mon 10:50", "ask"), ("mon 11:20", K.SENT))
    assert [clock.since for clock in found["first_response"]] == [at("mon 10:00")]
    assert states(found, "first_response") == [State.MISSED]
    assert "next_response" not in found


@pytest.mark.parametrize("pause", [K.PENDED, K.SNOOZED])
def test_a_pause_keeps_the_time_that_is_left(pause: EventKind) -> None:
    happened = (("mon 09:00", "ask"), ("mon 09:45", pause))
    (paused,) = told("wed 12:00", *happened)["first_response"]
    assert (paused.reading.state, paused.left) == (State.PAUSED, timedelta(minutes=15))
    (woken,) = told("thu 09:00", *happened, ("thu 09:00", K.WOKEN))["first_response"]
    assert woken.reading.due_at == at("thu 09:15")
    assert [each.reason.value for each in woken.pauses] == [{K.PENDED: "pending", K.SNOOZED: "snoozed"}[pause]]


def test_a_reopened_case_starts_anew_and_its_closed_days_are_nobodys_delay() -> None:
    happened = (("mon 09:00", "ask"), ("mon 09:10", K.SENT), ("mon 09:20", K.RESOLVED))
    found = told("thu 10:00", *happened, ("thu 09:50", "ask"), ("thu 09:50", K.REOPENED), ("thu 09:55", K.SENT))
    assert states(found, "resolution") == [State.HIT, State.ACTIVE]
    assert found["resolution"][1].reading.used == timedelta(minutes=10)
    assert [clock.reading.used for clock in found["next_response"]] == [timedelta(minutes=5)]


def test_a_case_opened_again_by_hand_waits_from_then() -> None:
    happened = (("mon 09:00", "ask"), ("mon 09:10", K.DISMISSED), ("wed 10:00", K.REOPENED))
    (first,) = told("wed 10:30", *happened)["first_response"]
    assert (first.since, first.reading.used) == (at("wed 10:00"), timedelta(minutes=30))


def test_what_is_closed_without_an_answer_in_time_promised_nothing() -> None:
    assert "first_response" not in told("tue 09:00", ("mon 09:00", "ask"), ("mon 09:10", K.RESOLVED))
    late = told("tue 09:00", ("mon 09:00", "ask"), ("mon 10:10", K.RESOLVED))
    assert states(late, "first_response") == [State.MISSED]
    assert states(late, "resolution") == [State.HIT]


def test_nothing_runs_for_spam_that_goes_on_writing() -> None:
    found = told("tue 09:00", ("mon 09:00", "ask"), ("mon 09:10", K.SPAMMED), ("mon 10:00", "ask"))
    assert found == {}


def test_an_answer_from_elsewhere_answers_what_was_asked_before_it() -> None:
    (promise, *_) = read(OFFICE).promises
    seen = at("mon 12:00")
    waits = [Wait(at("mon 09:00"), seen, True), Wait(at("mon 11:00"), seen, True)]
    steps = [Step(seen, K.ANSWERED_ELSEWHERE, spoken_at=at("mon 09:30"))]
    found = {clock.target: clock for clock in clocks(waits, steps, promise, seen)}
    assert (found["first_response"].reading.state, found["first_response"].done_at) == (State.HIT, at("mon 09:30"))
    assert (found["next_response"].since, found["next_response"].is_running) == (at("mon 11:00"), True)
    old = [Step(seen, K.ANSWERED_ELSEWHERE, spoken_at=at("mon 08:00"))]
    assert [c.target for c in clocks(waits[:1], old, promise, seen) if c.done_at] == []


def test_a_question_found_late_never_makes_a_time_before_the_last_answer() -> None:
    (promise, *_) = read(OFFICE).promises
    waits = [Wait(at("mon 09:00"), at("mon 09:00"), True), Wait(at("mon 09:10"), at("mon 11:00"), True)]
    found = clocks(waits, [Step(at("mon 10:00"), K.SENT)], promise, at("mon 11:00"))
    assert [c.since for c in found if c.target == "next_response"] == [at("mon 10:00")]


def test_a_case_stands_by_all_its_clocks() -> None:
    missed = (("mon 09:00", "ask"), ("mon 11:00", K.SENT))
    of = lambda now, *happened: standing(c for each in told(now, *happened).values() for c in each)  # noqa: E731
    assert of("mon 11:00", *missed) is Standing.ACTIVE_WITH_MISSES
    assert of("mon 12:00", *missed, ("mon 11:30", K.RESOLVED)) is Standing.MISSED
    assert of("mon 09:30", ("mon 09:00", "ask")) is Standing.ACTIVE
    assert of("mon 12:00", ("mon 09:00", "ask"), ("mon 09:10", K.SENT), ("mon 09:20", K.RESOLVED)) is Standing.HIT
    assert of("mon 12:00") is None


moves = st.sampled_from(
    ["ask", K.SENT, K.ANSWERED_ELSEWHERE, K.PENDED, K.SNOOZED, K.WOKEN, K.RESOLVED, K.DISMISSED, K.SPAMMED, K.REOPENED]
)


@given(st.lists(st.tuples(st.integers(0, 6 * 24 * 60), moves, st.integers(-3000, 3000)), min_size=1, max_size=15))
def test_whatever_happens_no_clock_says_nonsense(happened: list[tuple[int, Any, int]]) -> None:
    (promise, *_) = read(OFFICE).promises
    start, now = at("mon 00:00"), at("sun 23:59")
    waits, steps = [], []
    for minute, what, shift in sorted(happened, key=lambda each: each[0]):
        moment, other = start + timedelta(minutes=minute), start + timedelta(minutes=minute + shift)
        if what == "ask":
            waits.append(Wait(min(moment, other), moment, dated=shift < 0))
        else:
            steps.append(Step(moment, what, spoken_at=other if what == K.ANSWERED_ELSEWHERE else None))
    found = clocks(waits, steps, promise, now)
    for clock in found:
        end = clock.done_at or clock.left_at or now
        assert timedelta() <= clock.reading.used <= max(end - clock.since, timedelta())
        assert clock.reading.used == sum((b - a for a, b in clock.reading.counted), timedelta())
        assert clock.is_running or clock.reading.state in (State.HIT, State.MISSED)
    running = [clock.target for clock in found if clock.is_running]
    assert len(running) == len(set(running))
    assert len({"first_response", "next_response"}.intersection(running)) <= 1
    assert len([clock for clock in found if clock.target == "first_response" and clock.done_at]) <= 1


def test_every_fault_of_the_file_is_said_with_its_place() -> None:
    text = """
hours: {kantoor: {mon-fry: ["09:00-17:00"]}, laat: {mon: ["9 to 5"]}, ver: {mon: ["09:00-10:00"], timezone: Mars/Base}}
sla:
  - {for: "priority:>=high", hours: kantor, first_response: 1h}
  - {for: "*", hours: kantoor}
"""
    with pytest.raises(ConfigError) as caught:
        read(text)
    said = "\n".join(caught.value.complaints)
    assert "sources.yaml:2: hours.kantoor: 'mon-fry' names no day" in said
    assert "hours.laat: '9 to 5' is no stretch of hours" in said
    assert "hours.ver:" in said
    assert "sources.yaml:4: sla[0]: hours names no calendar (did you mean kantoor?)" in said
    assert "sources.yaml:5: sla[1]: promises nothing" in said
    with pytest.raises(ConfigError) as caught:
        read('hours: {k: {mun: "9:00-17:00"}}\nsla: [{for: "priority:>=hgh", first_response: soon}]')
    said = "\n".join(caught.value.complaints)
    assert "hours.k: 'mun' names no day" in said
    assert "sla[0].for: is not a query" in said
    assert "sla[0].first_response: 'soon' is no length of time" in said


def arrive(database: Database, priority: Priority = Priority.HIGH) -> None:
    """Stores a mention of Jan's."""
    post = Post(external_id="p1", url="https://forum.example/1", text="Zonnebank werkt niet", author="Jan")
    opinion = Opinion(priority=priority, priority_score=65)
    new = NewPost(post=post, matches=(Match(brand="zonnebank", query="zonnebank"),), opinion=opinion, wants_case=True)
    Intake(database).store("forum", "phpbb", [new])


ROUND_THE_CLOCK = 'sla: [{for: "priority:>=high", first_response: 1h, resolution: 8h}]'


def said_of(database: Database) -> list[tuple[EventKind, str]]:
    """What was said of the targets."""
    return [(event.kind, event.data["target"]) for event in Histories(database).said(datetime(2026, 1, 1, tzinfo=UTC))]


def test_a_warning_and_a_breach_are_said_once_each_also_by_another_process(
    database: Database, clock: Any, another: Callable[[], Database]
) -> None:
    promised = read(ROUND_THE_CLOCK)
    arrive(database)
    watch = Watch(database, promised)
    assert watch.round() == 0
    clock.advance(minutes=47)
    assert watch.round() == 0
    clock.advance(minutes=1)
    assert watch.round() == 1
    assert watch.round() == Watch(another(), promised).round() == 0
    clock.advance(minutes=12)
    assert (watch.round(), watch.round(), Watch(another(), promised).round()) == (1, 0, 0)
    assert said_of(database) == [(K.SLA_WARNED, "first_response"), (K.SLA_MISSED, "first_response")]


def test_nothing_is_said_of_what_was_answered_in_time_or_is_not_promised(database: Database, clock: Any) -> None:
    arrive(database, Priority.LOW)
    clock.advance(days=2)
    assert Watch(database, read(ROUND_THE_CLOCK)).round() == 0
    assert Watch(database, Service()).round() == 0


def test_a_warning_neither_stops_a_reply_nor_an_undo(sqlite_database: Database, clock: Any) -> None:
    arrive(sqlite_database)
    desk = Clerk(
        sqlite_database, agent="anna", policy=Policy(), channels=lambda name: None, service=read(ROUND_THE_CLOCK)  # type: ignore[arg-type, return-value]
    )  # fmt: skip
    before = desk.claim(1)
    clock.advance(minutes=50)
    assert Watch(sqlite_database, desk.service).round() == 1
    assert desk.open(1).case.version == before.version
    desk.undo(1)
    assert desk.open(1).case.assignee is None


def test_why_shows_every_stretch_that_was_counted(sqlite_database: Database, clock: Any) -> None:
    clock.time = at("mon 12:00")
    arrive(sqlite_database)
    desk = Clerk(
        sqlite_database, agent="anna", policy=Policy(), channels=lambda name: None, service=read(OFFICE)  # type: ignore[arg-type, return-value]
    )  # fmt: skip
    clock.time = at("mon 13:10")
    desk.pend(1)
    clock.time = at("mon 16:00")
    lines = "\n".join(desk.why(1).sentences())
    assert (
        "first_response: paused. 1 h by kantoor, for priority:>=high; 40 min used since 2026-03-02 12:00, 20 min left."
        in lines
    )
    assert "  counted 2026-03-02 12:00 to 2026-03-02 12:30: 30 min\n" in lines
    assert "  counted 2026-03-02 13:00 to 2026-03-02 13:10: 10 min\n" in lines
    assert "  paused 2026-03-02 13:10 until now: pending\n" in lines
    assert [clock.target for clock in desk.clocks(desk.open(1))] == ["first_response", "resolution"]


def test_the_examples_of_the_page_can_be_read() -> None:
    page = Path(__file__).parents[2] / "docs" / "service.md"
    blocks = re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.S)
    addresses = dict.fromkeys(("ALERT_URL", "CHAT_URL", "HOOK_URL", "HOOK_SECRET"), "https://hooks.example/1")
    assert blocks
    for block in blocks:
        document = parse(block, "service.md", addresses)
        assert any(reader.read(document) for reader in (service, alerts, timetable))


def test_closed_days_stand_in_a_file_beside_the_configuration(tmp_path: Path) -> None:
    event = "BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20200427\r\nRRULE:FREQ=YEARLY\r\nEND:VEVENT\r\n"
    timed = "BEGIN:VEVENT\r\nUID:2\r\nDTSTART:20260428T120000\r\nDTEND:20260428T230000\r\nEND:VEVENT\r\n"
    (tmp_path / "vrij.ics").write_text(f"BEGIN:VCALENDAR\r\n{event}{timed}END:VCALENDAR\r\n", encoding="utf-8")
    text = "hours: {kantoor: {mon-sun: ['09:00-17:00'], closed: [vrij.ics, '2026-04-29']}}"
    calendar = service.read(parse(text, str(tmp_path / "sources.yaml"), {})).calendars["kantoor"]
    days = [datetime(2026, 4, day, tzinfo=ZoneInfo("Europe/Amsterdam")) for day in (26, 27, 28, 29, 30)]
    open_time = [business_time(calendar, day, day + timedelta(hours=24)) for day in days]
    assert [each / timedelta(hours=1) for each in open_time] == [8, 0, 3, 0, 8]
    for name, said in (
        ("weg.ics", "weg.ics cannot be read: No such file"),
        ("sources.yaml.ics", "is no iCalendar file"),
    ):
        (tmp_path / "sources.yaml.ics").write_text("x", encoding="utf-8")
        with pytest.raises(ConfigError, match=said):
            service.read(parse(f"hours: {{a: {{closed: {name}}}}}", str(tmp_path / "sources.yaml"), {}))
