"""People outside the desk are told once of what they asked to be told, in the hours they want."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk import alarms, alerts, notifier
from desk.alerts import Alert
from desk.notifier import Target
from desk.service import read as read_service
from desk.spike import HOUR, baseline, baseline_periods, telling_words
from desk.watch import Watch
from storage.database import Database
from storage.errors import ConfigError
from storage.intake import Intake
from storage.notices import Notices
from storage.settings import parse
from storage.steps import Steps
from storage.types import Health, Match, NewPost, Opinion, Post, Priority, Visit

ZONE = ZoneInfo("Europe/Amsterdam")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Receiver(ThreadingHTTPServer):
    """Keeps what it is told, and answers with `status`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.heard = 204, list[tuple[dict[str, str], bytes]]()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook?room=1"

    @property
    def titles(self) -> list[str]:
        return [json.loads(body)["data"]["title"] for _, body in self.heard]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def read(text: str, **environment: str) -> tuple[Alert, ...]:
    """The alerts of a file."""
    return alerts.read(parse(text, "sources.yaml", environment))


def alert_of(receiver: Receiver, more: str) -> tuple[Alert, ...]:
    """One alert that tells the receiver, signed."""
    text = f'allow_private: true\nalerts: [{{notify: [{{url: "${{URL}}", secret: "${{SECRET}}"}}], {more}}}]'
    return read(text, URL=receiver.url, SECRET="s3cret")


def arrive(database: Database, at: datetime, number: int, text: str = "storing bij zonnebank", **more: Any) -> None:
    """Stores a mention published at a time."""
    post = Post(
        external_id=f"p{number}", url=f"https://forum.example/{number}", text=text, author="Jan",
        conversation_id=f"c{number}", published_at=at,
    )  # fmt: skip
    opinion = Opinion(**more) if more else None
    new = NewPost(post=post, matches=(Match(brand="zonnebank", query="zonnebank"),), opinion=opinion, wants_case=True)
    Intake(database).store("forum", "phpbb", [new])


def urgent(database: Database, number: int = 1) -> None:
    """Stores an urgent mention."""
    arrive(database, database.now(), number, priority=Priority.URGENT, priority_score=95)


def test_an_urgent_case_that_nobody_has_is_told_once_and_signed(
    database: Database, clock: Any, receiver: Receiver, another: Callable[[], Database]
) -> None:
    rules = alert_of(receiver, "unclaimed: 15m")
    urgent(database)
    clock.advance(minutes=14)
    assert alarms.tick(database, rules, ZONE) == 0
    clock.advance(minutes=1)
    assert alarms.tick(database, rules, ZONE) == 1
    assert alarms.tick(database, rules, ZONE) == alarms.tick(another(), rules, ZONE) == 0
    ((headers, body),) = receiver.heard
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(b"s3cret", signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert json.loads(body)["data"]["title"] == "Case 1 is urgent and nobody has it"


def test_an_ill_source_is_told_once_each_time_it_falls_ill_and_a_paused_one_is_not(
    database: Database, clock: Any, receiver: Receiver
) -> None:
    rules, intake = alert_of(receiver, "sources: 6h"), Intake(database)
    intake.register({name: ("feed", f"https://{name}.example/") for name in ("blog", "forum")})
    intake.pause("forum")

    def visited(health: Health, sentence: str = "", *, well: bool = False) -> int:
        now, outcome = clock(), "ok" if well else "failed"
        visit = Visit(
            source="blog", started_at=now, finished_at=now, next_at=now + timedelta(hours=1), interval=3600,
            outcome=outcome, health=health, sentence=sentence,
        )  # fmt: skip
        intake.finish(visit)
        return alarms.tick(database, rules, ZONE)

    assert visited(Health.OK, well=True) == 0
    clock.advance(hours=5)
    assert visited(Health.DEGRADED, "blog.example has trouble of its own (500): we try again later.") == 0
    clock.advance(hours=1)
    assert [visited(Health.DEGRADED, "It has trouble."), alarms.tick(database, rules, ZONE)] == [1, 0]
    assert visited(Health.DEAD, "It is gone.") == 1
    assert visited(Health.OK, well=True) == 0
    clock.advance(hours=1)
    assert [visited(Health.SILENT, "A post was due.", well=True) for _ in range(2)] == [1, 0]
    said = [json.loads(body)["data"] for _, body in receiver.heard]
    assert [each["title"] for each in said] == [
        "Source blog is degraded", "Source blog is dead", "Source blog is silent"
    ]  # fmt: skip
    assert "It has trouble. It was last read well 6 h" in said[0]["text"] and "https://blog.example/" in said[0]["text"]


def test_a_case_that_somebody_has_is_nobodys_alarm_until_it_is_let_go(
    sqlite_database: Database, clock: Any, receiver: Receiver
) -> None:
    rules, steps = alert_of(receiver, "unclaimed: 15m"), Steps(sqlite_database)
    urgent(sqlite_database)
    steps.claim(1, "anna", lease=timedelta(hours=2))
    clock.advance(hours=1)
    assert alarms.tick(sqlite_database, rules, ZONE) == 0
    steps.release(1, "anna")
    clock.advance(minutes=14)
    assert alarms.tick(sqlite_database, rules, ZONE) == 0
    clock.advance(minutes=1)
    assert alarms.tick(sqlite_database, rules, ZONE) == 1


def test_a_silence_is_told_once_and_the_next_one_again(
    sqlite_database: Database, clock: Any, receiver: Receiver
) -> None:
    rules = alert_of(receiver, 'on: "brand:zonnebank", silence: 24h')
    assert alarms.tick(sqlite_database, rules, ZONE) == 0
    arrive(sqlite_database, clock(), 1)
    told = [alarms.tick(sqlite_database, rules, ZONE) for _ in range(30) if clock.advance(hours=1)]
    assert sum(told) == 1
    arrive(sqlite_database, clock(), 2)
    clock.advance(hours=25)
    assert alarms.tick(sqlite_database, rules, ZONE) == 1
    assert receiver.titles == ["Silence: nothing in 24 h for brand:zonnebank"] * 2


def test_a_promise_at_risk_and_missed_is_told(sqlite_database: Database, clock: Any, receiver: Receiver) -> None:
    rules = alert_of(receiver, "sla: true")
    watch = Watch(sqlite_database, read_service(parse("sla: [{first_response: 1h}]", "sources.yaml", {})))
    urgent(sqlite_database)
    for _ in range(10):
        clock.advance(minutes=10)
        watch.round()
        alarms.tick(sqlite_database, rules, ZONE)
    assert receiver.titles == ["Case 1: first response at risk", "Case 1: first response missed"]


def history(database: Database, clock: Any, weeks: int, an_hour: int = 2) -> int:
    """Weeks of an even hour before and after noon; gives the next free number."""
    number = 0
    start = clock.time - timedelta(weeks=weeks, days=1)
    end, clock.time = clock.time, start
    arrive(database, start, 0, "eerste")
    for week in range(weeks, 0, -1):
        for hour in (-1.5, -0.5, 0.5):
            for _ in range(an_hour):
                number += 1
                clock.time = end - timedelta(weeks=week) + timedelta(hours=hour)
                arrive(database, clock.time, number, "vraag over sparen")
    clock.time = end
    return number + 1


def test_a_spike_is_told_with_the_words_that_explain_it_and_again_only_after_a_while(
    database: Database, clock: Any, receiver: Receiver
) -> None:
    rules = alert_of(receiver, 'on: "brand:zonnebank", spike: 3, again: 2h')
    number = history(database, clock, 4)
    for each in range(number, number + 6):
        arrive(database, clock() - timedelta(minutes=5), each)
    assert alarms.tick(database, rules, ZONE) == 0, "6 is within 2 + 3 times the root of 2"
    for each in range(number + 6, number + 9):
        arrive(database, clock() - timedelta(minutes=5), each)
    assert alarms.tick(database, rules, ZONE) == 1
    (notice,) = json.loads(receiver.heard[0][1])["data"]["notices"]
    assert notice["title"] == "Spike: 9 mentions in an hour for brand:zonnebank"
    assert "2.0 is usual, over 6.2 is a spike (from 12 hours)" in notice["text"]
    assert "More than usual: bij, storing, zonnebank." in notice["text"]
    clock.advance(minutes=30)
    assert alarms.tick(database, rules, ZONE) == 0
    clock.advance(minutes=91)
    for each in range(number + 9, number + 30):
        arrive(database, clock() - timedelta(minutes=5), each)
    assert alarms.tick(database, rules, ZONE) == 1


def test_an_old_thread_found_today_is_no_spike(sqlite_database: Database, clock: Any, receiver: Receiver) -> None:
    number = history(sqlite_database, clock, 4)
    for each in range(number, number + 50):
        arrive(sqlite_database, clock() - timedelta(days=30), each)
    assert alarms.tick(sqlite_database, alert_of(receiver, "spike: 3"), ZONE) == 0


def test_without_history_nothing_is_a_spike(sqlite_database: Database, clock: Any, receiver: Receiver) -> None:
    for each in range(50):
        arrive(sqlite_database, clock(), each)
    clock.advance(minutes=1)
    assert alarms.tick(sqlite_database, alert_of(receiver, "spike: 3"), ZONE) == 0


def test_the_baseline_is_the_same_hour_by_the_clock_on_the_wall_also_over_a_clock_change() -> None:
    now = datetime(2026, 11, 3, 9, tzinfo=UTC)  # 10:00 in winter
    periods = baseline_periods(now, now - timedelta(weeks=9), ZONE)
    assert len(periods) == 8
    assert {(end - HOUR).astimezone(ZONE).hour for _, end in periods} == {10}
    assert {end - start for start, end in periods} == {3 * HOUR}
    young = baseline_periods(now, now - timedelta(days=5), ZONE)
    assert [(end - start) / HOUR for start, end in young] == [5 * 24 - 1]
    assert baseline_periods(now, now - timedelta(days=2), ZONE) == ()


@given(st.lists(st.integers(0, 30), min_size=72, max_size=100))
def test_the_baseline_agrees_with_counting(counts: list[int]) -> None:
    start = NOON - len(counts) * HOUR
    moments = [start + hour * HOUR + timedelta(minutes=n) for hour, count in enumerate(counts) for n in range(count)]
    found = baseline(moments, [(start, NOON)])
    mean = sum(counts) / len(counts)
    assert (found.mean, found.hours) == (pytest.approx(mean), len(counts))
    assert found.deviation**2 == pytest.approx(sum((count - mean) ** 2 for count in counts) / len(counts))


def test_words_that_are_always_there_explain_nothing() -> None:
    before = [{"zonnebank", "rente", "de"} for _ in range(200)]
    now = [{"zonnebank", "storing", "de"} for _ in range(20)]
    assert telling_words(now, before) == ["storing"]
    assert telling_words([], []) == []


def test_in_quiet_hours_nobody_is_told_and_then_all_at_once(
    sqlite_database: Database, clock: Any, receiver: Receiver
) -> None:
    rules = alert_of(receiver, 'unclaimed: 15m, quiet: "12:30-16:00"')  # it is 13:00 in Amsterdam
    for number in range(1, 26):
        urgent(sqlite_database, number)
    clock.advance(minutes=20)
    assert alarms.tick(sqlite_database, rules, ZONE) == 0
    clock.time = NOON + timedelta(hours=3)
    assert alarms.tick(sqlite_database, rules, ZONE) == 1
    assert receiver.titles == ["webcare: 25 alerts"]
    data = json.loads(receiver.heard[0][1])["data"]
    assert len(data["notices"]) == 25
    assert data["text"].endswith("And 5 more.")


def test_more_than_so_many_messages_an_hour_wait_and_go_together(
    sqlite_database: Database, clock: Any, receiver: Receiver
) -> None:
    rules = alert_of(receiver, "unclaimed: 1m, an_hour: 2")
    for number in range(1, 6):
        urgent(sqlite_database, number)
        clock.advance(minutes=1)
        alarms.tick(sqlite_database, rules, ZONE)
    assert len(receiver.heard) == 2
    clock.advance(minutes=60)
    alarms.tick(sqlite_database, rules, ZONE)
    assert receiver.titles[2] == "webcare: 3 alerts"


def test_a_message_that_failed_is_tried_again_under_the_same_name_and_then_given_up(
    sqlite_database: Database, clock: Any, receiver: Receiver
) -> None:
    rules = alert_of(receiver, "unclaimed: 15m")
    receiver.status = 503
    urgent(sqlite_database)
    clock.advance(minutes=15)
    assert alarms.tick(sqlite_database, rules, ZONE) == alarms.tick(sqlite_database, rules, ZONE) == 0
    assert len(receiver.heard) == 1
    for _ in range(10):
        clock.advance(hours=5)
        alarms.tick(sqlite_database, rules, ZONE)
    assert len(receiver.heard) == 6
    assert len({headers["webhook-id"] for headers, _ in receiver.heard}) == 1
    ((_, title, why),) = Notices(sqlite_database).troubles()
    assert (title, "(503)" in why, "s3cret" in why) == ("Case 1 is urgent and nobody has it", True, False)


KILLED = """
import os, signal, sys
from datetime import datetime
from desk import notifier
from desk.notifier import Target
from storage.database import Database

def killed(*_):
    if sys.argv[4] == "after":
        send(*_)
    os.kill(os.getpid(), signal.SIGKILL)

send, notifier.send = notifier.send, killed
now = datetime.fromisoformat(sys.argv[2])
notifier.deliver(Database(sys.argv[1], clock=lambda: now), [Target(url=sys.argv[3], allow_private=True)])
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_process_killed_while_telling_loses_nothing_and_says_it_under_the_same_name(
    database: Database, database_url: str, clock: Any, apart: Any, receiver: Receiver, moment: str
) -> None:
    target = Target(url=receiver.url, allow_private=True)
    Notices(database).tell("topic", [target.id], "Storing", "Kijk")
    assert apart.run(KILLED, database_url, clock().isoformat(), receiver.url, moment) == -signal.SIGKILL
    assert notifier.deliver(database, [target]) == 1
    assert notifier.deliver(database, [target]) == 0
    assert len(receiver.heard) == (2 if moment == "after" else 1)
    assert len({headers["webhook-id"] for headers, _ in receiver.heard}) == 1


def test_apprise_tells_what_is_no_web_address(sqlite_database: Database, receiver: Receiver, tmp_path: Any) -> None:
    url = receiver.url.replace("http://", "json://").partition("/hook")[0]
    target, page = Target(url=url), tmp_path / "week.html"
    page.write_text("<p>Rapport</p>")
    Notices(sqlite_database).tell("topic", [target.id], "Storing", "Kijk <b>hier</b>", path=str(page))
    assert notifier.deliver(sqlite_database, [target]) == 1
    said = json.loads(receiver.heard[0][1])
    assert (said["title"], said["message"]) == ("Storing", "Kijk <b>hier</b>")
    assert [each["filename"] for each in said["attachments"]] == ["week.html"]
    receiver.status = 500
    Notices(sqlite_database).tell("other", [target.id], "Storing", "Kijk")
    assert notifier.deliver(sqlite_database, [target]) == 0


def test_an_address_inside_the_network_is_refused_unless_allowed(
    sqlite_database: Database, clock: Any, receiver: Receiver
) -> None:
    target = Target(url=receiver.url)
    Notices(sqlite_database).tell("topic", [target.id], "Storing", "Kijk")
    assert notifier.deliver(sqlite_database, [target]) == 0
    assert receiver.heard == []


def test_every_fault_of_the_file_is_said_with_its_place_and_no_address() -> None:
    text = """
alerts:
  - {on: "brand:zonnebank", notify: ["https://hooks.example/token-4711"]}
  - {spike: 3, notify: [nowhere, "https://me:pass-4711@hooks.example", "strange://token-4711"]}
  - {silence: 24h, quiet: "late", notify: "https://hooks.example/"}
  - {sla: true}
  - {spike: -1, on: "is:opn", notify: []}
"""
    with pytest.raises(ConfigError) as caught:
        read(text)
    said = "\n".join(caught.value.complaints)
    assert "sources.yaml:6: alerts[3].notify: is missing" in said
    assert "alerts[4].spike: " in said
    assert "alerts[4].on: is not a query" in said
    with pytest.raises(ConfigError, match="sources looks at sources"):
        read("alerts: [{sources: 1h, on: 'brand:x', notify: ['https://hooks.example/']}]")
    with pytest.raises(ConfigError) as caught:
        read("\n".join(text.splitlines()[:5]))
    said = "\n".join(caught.value.complaints)
    assert "sources.yaml:3: alerts[0]: looks out for nothing" in said
    assert "sources.yaml:4: alerts[1].notify[0]: is no address" in said
    assert "alerts[1].notify[1]: holds a password" in said
    assert "alerts[1].notify[2]: is no strange:// address that Apprise understands" in said
    assert "alerts[2].quiet: 'late' is no stretch of hours" in said
    assert "4711" not in said


def test_an_address_that_the_environment_lacks_is_left_out() -> None:
    (alert,) = read('alerts: [{spike: 3, notify: ["${URL}", "https://hooks.example/x"]}]')
    assert [target.url for target in alert.targets] == ["https://hooks.example/x"]
