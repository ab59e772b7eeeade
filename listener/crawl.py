"""One source, one visit: walk -> judge -> store -> finish. A source's faults end in its health, never as an error."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from listener import finding, judge, next_visit, sources
from listener.errors import FetchError, ListenerError, ReadError
from listener.types import Link, SourceSpec
from listener.walk import Batch, Walk, Web
from storage.intake import Intake
from storage.types import DueSource, DueThread, Health, NewPost, ReadThread, Visit

log = logging.getLogger("webcare.listen")

HOPELESS = 12
"""Failures in a row after which a source is called dead. It is still tried, once a day."""


OWN_FLOOR = 1.0
"""Seconds between visits to a site inside our own network, which nobody else has to be polite about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What a visit works with; the same for all of them."""

    web: Web
    intake: Intake
    bench: judge.Bench
    clock: Callable[[], datetime]
    chance: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a visit came to, for the log and the progress line."""

    visit: Visit
    new_posts: int = 0
    new_mentions: tuple[int, ...] = ()


async def visit(due: DueSource, spec: SourceSpec, kit: Kit) -> Outcome:
    """Visits a leased source and stores what it says; the lease is given back in the end, whatever happened."""
    started = kit.clock()
    walk: Walk | None = None
    new_posts, new_mentions = 0, list[int]()
    fault: ListenerError | None = None
    try:
        spec, memory = await _known_kind(due, spec, kit)
        walk = _walk(due.name, spec, memory, kit)
        threads = await asyncio.to_thread(kit.intake.due_threads, due.name)
        async for batch in walk.batches([_link(thread) for thread in threads]):
            stored = await _store(batch, spec, kit)
            new_posts += stored.new_posts
            new_mentions += stored.new_mentions
            await asyncio.to_thread(kit.intake.renew, [due.name])
    except ListenerError as error:
        fault = error
    except Exception as error:  # a fault of ours must not stop the other sources, nor stay unseen
        log.exception("visit of %s failed", due.name)
        fault = ReadError(f"This source could not be read because of a fault in webcare ({type(error).__name__}).")
    ended = _ended(due, spec, started, kit, walk, fault, await _rhythm(due, walk, kit))
    await asyncio.to_thread(kit.intake.finish, ended, new_posts)
    return Outcome(visit=ended, new_posts=new_posts, new_mentions=tuple(new_mentions))


async def look(spec: SourceSpec, kit: Kit) -> tuple[SourceSpec, list[NewPost], list[ListenerError]]:
    """What a source would yield now; stores nothing. Raises `ListenerError` when it yields nothing at all."""
    due = DueSource(name=spec.name, kind=spec.kind, url=spec.url)
    spec, memory = await _known_kind(due, spec, kit, remember=False)
    walk = _walk(spec.name, spec, memory, kit)
    best: dict[str, Any] = {}
    async for batch in walk.batches():
        best |= {post.external_id: post for post in batch.posts}
    found = await asyncio.to_thread(judge.judge, best.values(), kit.bench, source=spec.name, kind=spec.kind)
    return spec, found, walk.troubles


def _walk(name: str, spec: SourceSpec, memory: dict[str, Any], kit: Kit) -> Walk:
    async def stamps(conversations: Collection[str]) -> Mapping[str, str]:
        return await asyncio.to_thread(kit.intake.stamps, name, conversations)

    return Walk(web=kit.web, kind=sources.load(spec.kind), source=spec, memory=memory, stamps=stamps, now=kit.clock)


async def _known_kind(
    due: DueSource, spec: SourceSpec, kit: Kit, *, remember: bool = True
) -> tuple[SourceSpec, dict[str, Any]]:
    """The source with its kind and address as they are known by now; found out on the first visit."""
    memory = dict(due.memory)
    if spec.kind:
        return replace(spec, url=due.url or spec.url), memory
    if not due.kind:
        guess = await finding.find(spec, kit.web)
        if remember:
            await asyncio.to_thread(kit.intake.set_kind, due.name, guess.kind, guess.url)
        memory["options"] = dict(guess.options)
        due = replace(due, kind=guess.kind, url=guess.url)
    options = {**memory.get("options", {}), **spec.options}
    return replace(spec, kind=due.kind, url=due.url, options=options), memory


async def _store(batch: Batch, spec: SourceSpec, kit: Kit) -> Any:
    return await asyncio.to_thread(_store_now, batch, spec, kit)


def _store_now(batch: Batch, spec: SourceSpec, kit: Kit) -> Any:
    known = kit.intake.known(spec.name, [post.external_id for post in batch.posts])
    settled = frozenset(
        post.external_id
        for post in batch.posts
        if (held := known.get(post.external_id)) and held.is_mention and held.says_the_same(post)
    )
    found = judge.judge(batch.posts, kit.bench, source=spec.name, kind=spec.kind, settled=settled)
    return kit.intake.store(spec.name, spec.kind, found, _threads(batch, spec, kit))


def _threads(batch: Batch, spec: SourceSpec, kit: Kit) -> list[ReadThread]:
    link = batch.thread
    if link is None:
        return []
    now = kit.clock()
    newest = max((post.published_at for post in batch.posts if post.published_at), default=now)
    floor = OWN_FLOOR if spec.allow_private else next_visit.BRISK_FLOOR
    wait = next_visit.conversation(now, newest, random=kit.chance(), floor=floor)
    return [
        ReadThread(
            external_id=link.conversation,
            url=next((post.conversation_url for post in batch.posts if post.conversation_url), ""),
            title=next((post.conversation_title or post.title for post in batch.posts), ""),
            stamp=link.stamp,
            link=dataclasses.asdict(link),
            next_at=None if wait is None else now + timedelta(seconds=wait),
        )
    ]


def _link(thread: DueThread) -> Link:
    return replace(Link(**thread.link), stamp=thread.stamp)


async def _rhythm(due: DueSource, walk: Walk | None, kit: Kit) -> tuple[list[datetime], bool]:
    """When the source posts, by all that was read and not only by what was kept; and whether it did since last time."""
    read = walk.times if walk else []
    stored = await asyncio.to_thread(kit.intake.recent_times, due.name)
    since = due.last_visit_at
    return sorted({*read, *stored}), any(since is None or time > since for time in read)


def _ended(
    due: DueSource,
    spec: SourceSpec,
    started: datetime,
    kit: Kit,
    walk: Walk | None,
    fault: ListenerError | None,
    rhythm: tuple[list[datetime], bool],
) -> Visit:
    now = kit.clock()
    failures = due.failures + 1 if fault else 0
    facts = next_visit.VisitFacts(
        now=now,
        every=spec.every,
        pace=due.interval,
        posted=rhythm[0],
        found_new=rhythm[1],
        hint=walk.hint if walk else 0.0,
        failures=failures,
        retry_after=getattr(fault, "retry_after", None) or 0.0,
    )
    floor = OWN_FLOOR if spec.allow_private else None
    wait = next_visit.after(facts, random=kit.chance(), floor=floor)
    health, sentence = _health(fault, failures, walk, spec)
    outcome = "failed" if fault else "unchanged" if walk and walk.unchanged else "ok"
    return Visit(
        source=due.name,
        started_at=started,
        finished_at=now,
        next_at=now + timedelta(seconds=wait),
        interval=next_visit.pace(facts, floor=floor),
        outcome=outcome,
        health=health,
        sentence=sentence,
        status=fault.status if isinstance(fault, FetchError) else walk.status if walk else None,
        memory=walk.memory if walk else due.memory,
        pages=walk.pages if walk else 0,
        posts=walk.posts if walk else 0,
        url=walk.moved_to if walk and not fault else "",
    )


def _health(fault: ListenerError | None, failures: int, walk: Walk | None, spec: SourceSpec) -> tuple[Health, str]:
    if fault is not None:
        gone = isinstance(fault, FetchError) and fault.status == 410
        return (Health.DEAD if gone or failures >= HOPELESS else Health.DEGRADED), str(fault)
    if walk is not None and walk.troubles:
        count = len(walk.troubles)
        return Health.DEGRADED, f"{count} of its {walk.pages} pages could not be read; the first: {walk.troubles[0]}"
    return Health.OK, ""
