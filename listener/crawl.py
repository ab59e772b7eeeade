"""One source, one visit: walk -> judge -> store -> finish. A source's faults end in its health, never as an error."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from listener import finding, health, judge, live, login, next_visit, sources, understanding
from listener.errors import FetchError, ListenerError, ReadError
from listener.patience import Patience
from listener.politeness import PoliteFetcher
from listener.reading import Run, here
from listener.streams import Streams
from listener.types import Link, LiveKind, SourceSpec
from listener.walk import Batch, Findings, Walk
from listener.websub import Subscriber
from listener.writer import OWN_FLOOR, Writer
from storage.errors import StorageError
from storage.intake import Intake
from storage.types import DueSource, DueThread, NewPost, Post, Stored, Visit

log = logging.getLogger("webcare.listen")

SWEEP = 24 * 3600.0
"""Seconds after which a source is asked as if for the first time: that it says "not modified" is no proof."""
RENEW = timedelta(minutes=1)
"""How long a visit goes on before it says that it still needs its source."""
MOVES = 3
"""Visits that must be sent on for good to one address before that is taken for the source's own."""
LEAST_SPELL = 10.0
"""Seconds between the begins of two visits to a live source."""
SAMPLE = 400
"""Characters of a list by which its language is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What a visit works with; the same for all of them."""

    web: PoliteFetcher
    intake: Intake
    bench: judge.Bench
    clock: Callable[[], datetime]
    chance: Callable[[], float] = random.random
    run: Run = here
    """How pages are read: within bounds, where it is `Readers.run`."""
    keys: login.Keys | None = None
    """How sources are logged in to; None: as far as their options go."""
    ears: Streams | None = None
    """How live sources are heard; None: only their lists are read."""
    subscriber: Subscriber | None = None
    """Who asks hubs to ring; None: nobody does."""
    spell: float = live.SPELL
    """Seconds that a visit listens to a live source."""
    patience: Patience = field(default_factory=Patience)
    """The time of the visit under way."""

    def for_visit(self) -> Kit:
        """The same with a time of its own for one visit."""
        patience = Patience()
        return replace(self, web=self.web.within(patience), run=patience.bounding(self.run), patience=patience)

    def writer(self) -> Writer:
        """A queue for what visits of one event loop bring."""
        return Writer(self.intake, self.bench, self.clock, self.chance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a visit came to, for the log and the progress line."""

    visit: Visit
    new_posts: int = 0
    new_mentions: tuple[int, ...] = ()
    news: bool = False
    """Whether the source's health is another than before."""


@dataclass(slots=True, kw_only=True)
class _Course:
    """A visit under way."""

    due: DueSource
    spec: SourceSpec
    started: datetime
    memory: dict[str, Any]
    found: Findings = field(default_factory=Findings)
    is_live: bool = False
    sweep: bool = False
    fault: ListenerError | None = None
    stored: Stored = field(default_factory=Stored)
    last: Batch | None = None
    """What was read and is not stored yet: the last of it is stored when the visit ends, in one transaction."""

    @property
    def failures(self) -> int:
        """Visits in a row that gave nothing, this one included."""
        return self.due.failures + 1 if self.fault else 0

    @property
    def status(self) -> int | None:
        """Of the last answer that says how the source does."""
        return self.fault.status if isinstance(self.fault, FetchError) else self.found.status


async def visit(due: DueSource, spec: SourceSpec, kit: Kit, writer: Writer) -> Outcome:
    """Visits a leased source and stores what it says; the lease is given back in the end, whatever happened.

    Raises `StorageError` when the database cannot be used: that is no fault of the source.
    """
    course = _Course(due=due, spec=spec, started=kit.clock(), memory=dict(due.memory))
    try:
        await _go(course, kit.for_visit(), writer)
    except ListenerError as error:
        course.fault = error.bare()
        if kit.keys is not None and getattr(error, "status", None) == 401:
            kit.keys.forget(due.name)
    except StorageError:
        raise
    except Exception as error:  # a fault of ours must not stop the other sources, nor stay unseen
        course.fault = _of_ours(due, error)
    ended = await _finished(course, kit, writer)
    return Outcome(
        visit=ended,
        new_posts=course.stored.new_posts,
        new_mentions=course.stored.new_mentions,
        news=ended.health is not due.health,
    )


def _of_ours(due: DueSource, error: Exception) -> ReadError:
    """A fault of ours, in the log and as it is told."""
    log.error("visit of %s failed", due.name, exc_info=error)
    name = type(error).__name__
    return ReadError(f"It could not be read because of a fault in webcare ({name}): report it.")


async def _finished(course: _Course, kit: Kit, writer: Writer) -> Visit:
    """The visit's ending, stored with the last that was read; by itself where that is what cannot be stored."""
    if course.last is not None:
        ended = _ended(course, kit)
        try:
            course.stored += await writer.finish(ended, (course.last, course.spec))
            return replace(ended, new_posts=course.stored.new_posts)
        except StorageError:
            raise
        except Exception as error:
            course.fault = _of_ours(course.due, error)
    ended = _ended(course, kit)
    await writer.finish(ended)
    return ended


async def _go(course: _Course, kit: Kit, writer: Writer) -> None:
    due = course.due
    course.spec = await _known_kind(due, course.spec, course.memory, kit)
    if kit.keys is not None and (known_here := await kit.keys.let_in(sources.load(course.spec.kind), course.spec)):
        course.spec, kit = known_here, replace(kit, web=kit.web.invited())
    course.sweep = _is_sweep(course, kit)
    walk = _walk(due.name, course.spec, course.memory, kit, course.found, sweep=course.sweep)
    threads = await asyncio.to_thread(kit.intake.awake_threads, due.name) if course.sweep else due.threads
    known, renewed = False, kit.clock()
    async with _live_line(course, kit) as line:
        async for batch in walk.batches([_link(thread) for thread in threads]):
            if not known and batch.thread is None:
                known = _recognise(course, batch.posts, kit)
            with kit.patience.count():
                await _store_last(course, writer)
            course.last = batch
            if kit.clock() - renewed > RENEW:
                await asyncio.to_thread(kit.intake.renew, [due.name])
                renewed = kit.clock()
        if line is not None:
            await _store_last(course, writer)
            await _hear(line, course, kit, writer)
    if kit.subscriber is not None and course.found.hub is not None:
        kit.subscriber.ask(course.spec, course.found.hub)


async def _store_last(course: _Course, writer: Writer) -> None:
    if (batch := course.last) is not None:
        course.last = None
        course.stored += await writer.store(batch, course.spec)


@asynccontextmanager
async def _live_line(course: _Course, kit: Kit) -> AsyncIterator[live.Line | None]:
    """The source's streams, if any: open before its lists are read, so that nothing falls in between."""
    kind = sources.load(course.spec.kind)
    if kit.ears is None or not hasattr(kind, "live") or not kind.live(course.spec, course.memory):
        yield None
        return
    course.is_live = True
    async with live.Line(
        kind=cast(LiveKind, kind),
        source=course.spec,
        memory=course.memory,
        ears=kit.ears,
        intake=kit.intake,
        bench=kit.bench,
        clock=kit.clock,
    ) as line:
        yield line


async def _hear(line: live.Line, course: _Course, kit: Kit, writer: Writer) -> None:
    """Stores what is said for a spell; up to where it was stored is remembered each time, in case we are killed."""
    due, spec = course.due, course.spec
    async for heard in line.spell(kit.spell):
        for batch in heard.batches:
            course.stored += await writer.store(batch, spec)
        course.memory |= heard.memory
        await asyncio.to_thread(kit.intake.set_kind, due.name, spec.kind, spec.url, course.memory)
    course.found.times += line.times
    course.found.posts += line.heard
    course.found.unchanged = course.found.unchanged and not line.heard


def _is_sweep(course: _Course, kit: Kit) -> bool:
    """Whether to forget, this once, what need not be asked again; never on the first visit, which asks for all."""
    now, last = kit.clock().timestamp(), course.memory.get("swept")
    if last is not None and now - last < SWEEP * (1 + next_visit.JITTER * kit.chance()):
        return False
    course.memory["swept"] = int(now)
    return last is not None


def _recognise(course: _Course, posts: Sequence[Post], kit: Kit) -> bool:
    """Sees to it that the posts of a list are those of the source we knew. Raises `health.OnHold`."""
    before, now = course.memory.get("identity", {}), health.identity(posts)
    if health.is_known(before, now):
        now["lang"] = before["lang"]
    else:
        text = "\n".join(f"{post.title}\n{post.text[:500]}" for post in posts)[:SAMPLE]
        now["lang"] = understanding.lang_of(kit.bench.classifier, text)
        health.check_identity(before, now, course.spec.url)
    course.memory["identity"] = now
    return True


async def look(spec: SourceSpec, kit: Kit) -> tuple[SourceSpec, list[NewPost], list[ListenerError]]:
    """What a source would yield now; stores nothing. Raises `ListenerError` when it yields nothing at all."""
    kit, memory = kit.for_visit(), dict[str, Any]()
    due = DueSource(name=spec.name, kind=spec.kind, url=spec.url)
    spec = await _known_kind(due, spec, memory, kit, remember=False)
    walk = _walk("", spec, memory, kit, Findings())  # no name: as if it were never visited
    best: dict[str, Any] = {}
    async for batch in walk.batches():
        best |= {post.external_id: post for post in batch.posts}
    found = await asyncio.to_thread(judge.judge, best.values(), kit.bench, source=spec.name, kind=spec.kind)
    return spec, found, walk.found.troubles


def _walk(
    name: str, spec: SourceSpec, memory: dict[str, Any], kit: Kit, found: Findings, *, sweep: bool = False
) -> Walk:
    async def stamps(conversations: Collection[str]) -> Mapping[str, str]:
        return await asyncio.to_thread(kit.intake.stamps, name, conversations, sweep=sweep)

    if sweep:
        memory.pop("validators", None)
    kind = sources.load(spec.kind)
    return Walk(
        get=kit.web.get,
        kind=kind,
        source=spec,
        memory=memory,
        stamps=stamps,
        now=kit.clock,
        run=kit.run,
        patience=kit.patience,
        found=found,
    )


async def _known_kind(
    due: DueSource, spec: SourceSpec, memory: dict[str, Any], kit: Kit, *, remember: bool = True
) -> SourceSpec:
    """The source with its kind and address as they are known by now; found out on the first visit."""
    if spec.kind:
        return replace(spec, url=due.url or spec.url)
    if not due.kind:
        guess = await finding.find(spec, kit.web.get, kit.run)
        memory["options"] = dict(guess.options)
        if remember:
            await asyncio.to_thread(kit.intake.set_kind, due.name, guess.kind, guess.url, memory)
        due = replace(due, kind=guess.kind, url=guess.url)
    options = {**memory.get("options", {}), **spec.options}
    return replace(spec, kind=due.kind, url=due.url, options=options)


def _link(thread: DueThread) -> Link:
    return replace(Link(**thread.link), stamp=thread.stamp)


def _floor(spec: SourceSpec) -> float | None:
    return OWN_FLOOR if spec.allow_private else None


def _ended(course: _Course, kit: Kit) -> Visit:
    """What the visit leaves behind."""
    now, found = kit.clock(), course.found
    posted = _rhythm(course, now)
    facts, floor = _facts(course, posted, now), _floor(course.spec)
    how, sentence = health.judge(_signs(course, posted, now))
    wait = next_visit.after(facts, random=kit.chance(), floor=floor)
    if course.is_live and not course.fault:  # heard on at once, unless it hangs up on us every time
        wait = max(0.0, LEAST_SPELL - (now - course.started).total_seconds())
    return Visit(
        source=course.due.name,
        started_at=course.started,
        finished_at=now,
        next_at=now + timedelta(seconds=wait),
        interval=next_visit.pace(facts, floor=floor),
        outcome=_outcome(course),
        health=how,
        sentence=sentence,
        status=course.status,
        memory=course.memory,
        pages=found.pages,
        posts=found.posts,
        new_posts=course.stored.new_posts,
        url="" if course.fault else _moved(course),
        answer=found.answer,
    )


def _facts(course: _Course, posted: Sequence[datetime], now: datetime) -> next_visit.VisitFacts:
    """By which it is told when to come back."""
    last = course.due.last_visit_at
    return next_visit.VisitFacts(
        now=now,
        every=course.spec.every,
        pace=course.due.interval,
        posted=posted,
        found_new=any(last is None or time > last for time in course.found.times),
        hint=course.found.hint,
        failures=course.failures,
        retry_after=_told_to_wait(course.fault),
    )


def _signs(course: _Course, posted: Sequence[datetime], now: datetime) -> health.Signs:
    """By which it is told how the source does."""
    return health.Signs(
        now=now,
        posted=posted,
        fault=course.fault,
        failures=course.failures,
        status=course.status,
        status_before=course.due.status,
        troubles=course.found.troubles,
        pages=course.found.pages,
        more=course.found.more,
    )


def _outcome(course: _Course) -> str:
    if course.fault is not None:
        return "refused" if isinstance(course.fault, health.OnHold) else "failed"
    return "unchanged" if course.found.unchanged else "ok"


def _told_to_wait(fault: ListenerError | None) -> float:
    """Seconds the source asked to be left alone; what is on hold or said to be gone for good is tried once a day."""
    if isinstance(fault, health.OnHold) or (isinstance(fault, FetchError) and fault.status == health.GONE):
        return next_visit.CAP
    return getattr(fault, "retry_after", None) or 0.0


def _rhythm(course: _Course, now: datetime) -> list[datetime]:
    """When the source's newest posts were published, kept or not; remembered from visit to visit."""
    read = {int(time.timestamp()) for time in course.found.times if time <= now}
    posted = sorted({*course.memory.get("posted", ()), *read})[-health.RHYTHM :]
    course.memory["posted"] = posted
    return [datetime.fromtimestamp(each, UTC) for each in posted]


def _moved(course: _Course) -> str:
    """The source's new address, once it sent us on to it for good often enough; "" before."""
    to = course.found.moved_to
    before, times = course.memory.pop("moved", ("", 0))
    times = times + 1 if to == before else 1
    if not to or times >= MOVES:
        return to
    course.memory["moved"] = [to, times]
    return ""
