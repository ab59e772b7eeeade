"""Looks what is to be told: a spike, a time bomb, a silence, a promise at risk, a case nobody takes, an ill source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from desk import timebomb
from desk.alerts import Alert
from desk.clocks import spoken
from desk.notifier import deliver
from desk.spike import HOUR, LEAST, Baseline, Period, baseline, baseline_periods, telling_words
from storage.database import Database
from storage.figures import Figures
from storage.history import Histories
from storage.inbox import Inbox
from storage.notices import Notices
from storage.query import fold
from storage.roster import Roster
from storage.threads import Thread, Threads
from storage.types import Case, Event, EventKind, Health, Mention, Priority, Status

TEXTS = 500
"""Texts of each side that words are compared in."""
MOST_CASES = 50
"""Cases of a thread that are asked what they are about."""
USUAL_TIMES = 3.0
"""Deviations that make a spike where the alert names none."""
CASES = 500
"""First cases of the inbox that are looked at for an urgent one that nobody has."""
WAITING = (Status.NEW, Status.OPEN)
LATE = timedelta(days=1)
"""What was said of a promise longer ago is told to nobody any more."""

FREED = frozenset({EventKind.RELEASED, EventKind.ASSIGNED, EventKind.REOPENED, EventKind.WOKEN, EventKind.PRIORITISED})
"""After these a case is nobody's anew, or urgent anew."""


class Finding(NamedTuple):
    """Something to tell. A topic is told once, or once in `again`."""

    topic: str
    title: str
    text: str
    again: timedelta | None = None
    flags: tuple[int, ...] = ()
    """Cases to be labelled with it."""
    why: Mapping[str, Any] = {}
    """What the label says."""


def tick(database: Database, alerts: Sequence[Alert], zone: ZoneInfo) -> int:
    """One round: what came up is written down, what is due is sent. Gives the number of messages that arrived."""
    notices = Notices(database)
    for alert in alerts:
        targets = [target.id for target in alert.targets]
        findings = list(find(database, alert, zone))
        known = notices.told([each.topic for each in findings if each.again is None])
        for found in (each for each in findings if each.topic not in known):
            send_at = alert.send_at(database.now())
            if found.flags:  # first: what was told is not looked at again
                Threads(database).flag(found.flags, found.why)
            notices.tell(found.topic, targets, found.title, found.text, send_at=send_at, again=found.again)
    return deliver(database, [target for alert in alerts for target in alert.targets])


def find(database: Database, alert: Alert, zone: ZoneInfo) -> Iterator[Finding]:
    """What an alert has to tell now, told before or not."""
    if alert.spike:
        yield from _spike(database, alert, alert.spike, zone)
    if alert.timebomb:
        yield from _bombs(database, alert, zone)
    if alert.silence:
        yield from _silence(database, alert, alert.silence)
    if alert.unclaimed:
        yield from _unclaimed(database, alert, alert.unclaimed)
    if alert.handover:
        yield from _handed(database, alert, alert.handover)
    if alert.sla:
        yield from _promises(database, alert, zone)
    if alert.sources:
        yield from _ill(database, alert, alert.sources)


def _spike(database: Database, alert: Alert, times: float, zone: ZoneInfo) -> Iterator[Finding]:
    now, figures = database.now(), Figures(database)
    here = figures.arrivals(alert.on, now - HOUR, now)
    found = _usual(database, alert.on, zone) if len(here) >= LEAST else None
    if found is None or len(here) <= found[0].limit(times):
        return
    usual, periods = found
    words = telling_words(_texts(figures, alert.on, [(now - HOUR, now)]), _texts(figures, alert.on, periods))
    text = f"{len(here)} mentions in the past hour; {usual.mean:.1f} is usual, over {usual.limit(times):.1f} is a spike"
    text += f" (from {usual.hours} hours). " + (f"More than usual: {', '.join(words)}." if words else "")
    yield Finding(f"spike:{alert.id}", f"Spike: {len(here)} mentions in an hour for {alert.on}", text, alert.again)


def _usual(database: Database, query: str, zone: ZoneInfo) -> tuple[Baseline, Sequence[Period]] | None:
    """What is usual for a query at this hour, and the stretches that say so; None without enough history."""
    now, since, figures = database.now(), Histories(database).since(), Figures(database)
    periods = baseline_periods(now, since, zone) if since else ()
    moments = (at for period in periods for at in figures.arrivals(query, *period))
    return (baseline(moments, periods), periods) if periods else None


def _bombs(database: Database, alert: Alert, zone: ZoneInfo) -> Iterator[Finding]:
    now = database.now()
    threads = Threads(database).unseen(now, window=timebomb.WINDOW, least=timebomb.LEAST_POSTS)
    likely = [each for each in threads if timebomb.score(each, now, zone) >= timebomb.LIMIT]
    mine = [each for each in likely if is_about(database, alert.on, each)]
    usual = _usual(database, alert.on, zone) if mine else None
    limit = max(float(LEAST), usual[0].limit(alert.spike or USUAL_TIMES) if usual else 0.0)
    for thread in mine:
        if bomb := timebomb.weigh(thread, now, zone, limit):
            why = {"reasons": [reason.label for reason in bomb.reasons], "fuse_hours": round(bomb.fuse / HOUR, 1)}
            title = f"Time bomb on {thread.source}: {bomb.fused()}"
            text = f"Nobody looked at it or answered: {thread.title} {thread.url}\n{bomb.sentence(alert.on)}"
            topic = f"timebomb:{alert.id}:{thread.conversation_id}"
            yield Finding(topic, title, text, flags=thread.case_ids, why=why)


def is_about(database: Database, query: str, thread: Thread) -> bool:
    """Whether one of a thread's cases has a mention that answers a query."""
    cases = " OR ".join(f"case:{id_}" for id_ in thread.case_ids[:MOST_CASES])
    return next(Inbox(database).mentions(f"({query}) ({cases})", limit=1), None) is not None


def _texts(figures: Figures, query: str, periods: Sequence[Period]) -> list[set[str]]:
    most = max(1, TEXTS // len(periods))
    found = (mention for period in periods for mention in islice(figures.mentions(query, *period), most))
    return [_words(mention) for mention in found]


def _words(mention: Mention) -> set[str]:
    words = f"{fold.words(mention.title)} {fold.words(mention.text)}".split()
    return {word for word in words if len(word) > 2 and word.isalpha()}


def _silence(database: Database, alert: Alert, length: timedelta) -> Iterator[Finding]:
    newest = next(Inbox(database).mentions(alert.on, limit=1), None)
    if newest is None:
        return
    at = newest.published_at or newest.first_seen_at
    quiet = database.now() - at
    if quiet > length:
        text = f"The last mention for {alert.on} was {spoken(quiet)} ago. Look whether its sources still answer."
        yield Finding(f"silence:{alert.id}:{newest.id}", f"Silence: nothing in {spoken(length)} for {alert.on}", text)


def _unclaimed(database: Database, alert: Alert, length: timedelta) -> Iterator[Finding]:
    inbox, now = Inbox(database), database.now()
    for case in inbox.page(f"({alert.on}) is:open", limit=CASES):
        if case.priority is not Priority.URGENT or case.status not in WAITING or _is_held(case, now):
            continue
        since = _nobodys_since(case, inbox.trail)
        if now - since >= length:
            title = f"Case {case.id} is urgent and nobody has it"
            text = f"On {case.source}, for {spoken(now - since)}: {case.url}"
            yield Finding(f"unclaimed:{alert.id}:{case.id}:{since.isoformat()}", title, text)


def _is_held(case: Case, now: datetime) -> bool:
    return case.assignee is not None and (case.lease_until is None or case.lease_until >= now)


def _nobodys_since(case: Case, trail: Callable[[int], Sequence[Event]]) -> datetime:
    freed = [event.at for event in trail(case.id) if event.kind in FREED]
    lapsed = [case.lease_until] if case.assignee and case.lease_until else []
    return max([case.opened_at, *freed, *lapsed])


def _handed(database: Database, alert: Alert, length: timedelta) -> Iterator[Finding]:
    inbox, now = Inbox(database), database.now()
    for case in inbox.page(f"({alert.on}) is:open -handover:none", limit=CASES):
        given = [event for event in inbox.trail(case.id) if event.kind is EventKind.HANDED_OVER]
        if given and now - given[-1].at >= length:
            title = f"Case {case.id}: {case.handed_to} did not answer its hand-over"
            text = f"Handed over by {given[-1].actor} {spoken(now - given[-1].at)} ago: {case.url}"
            yield Finding(f"handover:{alert.id}:{given[-1].id}", title, text)


def _promises(database: Database, alert: Alert, zone: ZoneInfo) -> Iterator[Finding]:
    inbox = Inbox(database)
    for event in Histories(database).said(database.now() - LATE):
        asked = f"({alert.on}) case:{event.case_id}"
        mention = next(inbox.mentions(asked, limit=1), None)
        if mention is not None:
            is_missed, target = event.kind is EventKind.SLA_MISSED, str(event.data["target"]).replace("_", " ")
            title = f"Case {event.case_id}: {target} {'missed' if is_missed else 'at risk'}"
            at = datetime.fromisoformat(event.data["due"]).astimezone(zone) if event.data.get("due") else None
            due = f"Due {at:%Y-%m-%d %H:%M}. " if at else ""
            yield Finding(f"sla:{alert.id}:{event.id}", title, f"{due}On {mention.source}: {mention.url}")


def _ill(database: Database, alert: Alert, length: timedelta) -> Iterator[Finding]:
    """Sources in trouble, each once for each time it falls ill: a silent one is read well, so its last news tells."""
    now = database.now()
    for source in Roster(database).troubled():
        since = source.last_new_at if source.health is Health.SILENT else source.last_ok_at
        if source.health is Health.DEGRADED and since is not None and now - since < length:
            continue
        title = f"Source {source.name} is {source.health.value.replace('_', ' ')}"
        last = f"It was last read well {spoken(now - source.last_ok_at)} ago." if source.last_ok_at else ""
        text = f"{source.sentence} {last}".strip()
        topic = f"source:{alert.id}:{source.name}:{source.health.value}:{since.isoformat() if since else ''}"
        yield Finding(topic, title, f"{text}\n{source.url}")
