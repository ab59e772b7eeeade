"""The listener's command-line verbs: what each does with what the front door hands it."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from typing import Any, TextIO
from urllib.parse import urlsplit

from listener import crawl, finding, judge, live, teaching, websub
from listener.errors import ListenerError
from listener.fetch import Fetcher
from listener.login import Keys
from listener.politeness import PoliteFetcher
from listener.reading import Readers
from listener.schedule import WORKERS, Chore, Schedule, run
from listener.streams import Streams
from listener.types import SourceSpec, Watchlist
from listener.understanding.classifier import Classifier
from storage.database import Database
from storage.hubs import Hubs
from storage.intake import Intake
from storage.types import Health, NewPost, SourceHealth

ONCE = 10.0
"""Seconds that a live source is heard by a listener that visits each source once."""
HOUR = 3600.0
"""Seconds between two looks whether it is time to learn."""


def listen(
    database: Database,
    watchlist: Watchlist,
    *,
    once: bool = False,
    regardless: bool = False,
    names: Sequence[str] = (),
    workers: int = WORKERS,
    chores: Sequence[Chore] = (),
    clean: Callable[[str], str] = str,
    out: TextIO | None = None,
) -> bool:
    """Collects until stopped, or once; True when every source could be read, and what it said stored.

    Says each visit on `out` (else stderr), with what comes from the web made fit for a terminal by `clean`.
    """
    progress = Progress(out or sys.stderr, len(names or watchlist.sources) if once else 0, clean)
    unwritten = run(_listen(database, watchlist, once, regardless, names, workers, chores, progress))
    progress.close()
    return progress.failed == unwritten == 0


async def _listen(
    database: Database,
    watchlist: Watchlist,
    once: bool,
    regardless: bool,
    names: Sequence[str],
    workers: int,
    chores: Sequence[Chore],
    progress: Progress,
) -> int:
    unknown = set(names) - {source.name for source in watchlist.sources}
    if unknown:
        raise ListenerError(f"sources.yaml has no source called {', '.join(sorted(unknown))}.")
    current = await asyncio.to_thread(_current, database, watchlist)

    async def learn() -> None:
        await asyncio.to_thread(teaching.nightly, database, current)

    async with kit(database, watchlist, current, is_for_ever=not once) as tools:
        schedule = Schedule(tools, watchlist.sources, workers=workers, names=names or None, report=progress.say)
        await asyncio.to_thread(schedule.register)
        if once:
            await schedule.once(regardless=regardless)
        else:
            await schedule.forever([*chores, (HOUR, learn)])
    return schedule.unwritten


@asynccontextmanager
async def kit(
    database: Database, watchlist: Watchlist, classifier: Classifier | None = None, *, is_for_ever: bool = False
) -> AsyncIterator[crawl.Kit]:
    """Everything a visit works with, open; closed again at the end. Only who stays `is_for_ever` can be rung at."""
    judging = classifier if classifier else await asyncio.to_thread(_current, database, watchlist)
    bench = await asyncio.to_thread(judge.prepare, watchlist, judging)
    async with Fetcher(contact=watchlist.contact) as fetcher, Readers() as readers:
        intake = Intake(database)
        web = PoliteFetcher(fetcher, shelf=intake, now=database.now)
        async with _subscriber(watchlist, database, web) if is_for_ever else nullcontext() as subscriber:
            yield crawl.Kit(
                web=web,
                intake=intake,
                bench=bench,
                clock=database.now,
                run=readers.run,
                keys=Keys(web.post),
                ears=Streams(fetcher, web),
                subscriber=subscriber,
                spell=live.SPELL if is_for_ever else ONCE,
            )


@asynccontextmanager
async def _subscriber(
    watchlist: Watchlist, database: Database, web: PoliteFetcher
) -> AsyncIterator[websub.Subscriber | None]:
    """Who asks hubs to ring, with the door they ring at open; None where the configuration names none."""
    if watchlist.websub is None:
        yield None
        return
    hubs = Hubs(database)
    async with websub.answering(watchlist.websub, hubs):
        subscriber = websub.Subscriber(web.post, hubs, watchlist.websub.callback)
        try:
            yield subscriber
        finally:
            await subscriber.close()


def _current(database: Database, watchlist: Watchlist) -> teaching.Current:
    return teaching.Current(lambda: teaching.classifier(watchlist.classifier, watchlist.weights, database))


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


class Progress:
    """What visits have to say, a line each; on a terminal also a count that is overwritten in place.

    Without a `total` it goes on for ever, and how a source does is said only when that changes.
    """

    def __init__(self, out: TextIO, total: int, clean: Callable[[str], str]) -> None:
        self.out, self.total, self.clean = out, total, clean
        self.done = self.failed = 0
        self.live = out.isatty() and total > 0

    def say(self, outcome: crawl.Outcome) -> None:
        """Reports one visit."""
        visit = outcome.visit
        self.done += 1
        self.failed += visit.outcome in ("failed", "refused")
        if self.live:
            self.out.write("\r\x1b[K")
        if visit.sentence and (outcome.news or self.total):
            self.out.write(f"{visit.source}: {visit.health.value}: {self.clean(visit.sentence)}\n")
        elif outcome.news and visit.health is Health.OK:
            self.out.write(f"{visit.source}: it does well again\n")
        if outcome.new_posts or (not self.total and visit.outcome == "ok"):
            posts, mentions = _counted(outcome.new_posts, "new post"), _counted(len(outcome.new_mentions), "mention")
            self.out.write(f"{visit.source}: {posts}, {mentions}\n")
        if self.live:
            width = 30 * self.done // self.total
            self.out.write(f"[{'#' * width}{'.' * (30 - width)}] {self.done}/{self.total}")
        self.out.flush()

    def close(self) -> None:
        """Leaves the terminal on a fresh line."""
        if self.live:
            self.out.write("\n")


def look(database: Database, watchlist: Watchlist, address: str) -> tuple[SourceSpec, list[NewPost], list[str]]:
    """What an address, or a source of the watchlist by name, would yield now; stores nothing.

    Returns the source with the kind that was found, the posts, and sentences on what could not be read.
    """
    return asyncio.run(_look(database, watchlist, _spec(watchlist, address)))


async def _look(
    database: Database, watchlist: Watchlist, spec: SourceSpec
) -> tuple[SourceSpec, list[NewPost], list[str]]:
    async with kit(database, watchlist) as tools:
        found, posts, troubles = await crawl.look(spec, tools)
    return found, posts, [str(trouble) for trouble in troubles]


def _spec(watchlist: Watchlist, address: str) -> SourceSpec:
    for source in watchlist.sources:
        if source.name == address:
            return source
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ListenerError(f"{address} is neither a source of sources.yaml nor a web address (http://… or https://…).")
    same_site = (each for each in watchlist.sources if urlsplit(each.url).netloc == parts.netloc)
    allowed = next((each.allow_private for each in same_site), watchlist.allow_private)
    return SourceSpec(name=parts.hostname, url=address, allow_private=allowed)


def health(database: Database) -> Iterator[dict[str, Any]]:
    """A row a source, for `sources health`."""
    for source in Intake(database).health():
        yield _health_row(source)


def _health_row(source: SourceHealth) -> dict[str, Any]:
    return {
        "name": source.name,
        "kind": source.kind,
        "health": source.health.value,
        "sentence": source.sentence,
        "posts": source.posts,
        "mentions": source.mentions,
        "last_visit_at": _iso(source.last_visit_at),
        "last_ok_at": _iso(source.last_ok_at),
        "last_new_at": _iso(source.last_new_at),
        "next_at": _iso(source.next_at),
        "failures": source.failures,
        "url": source.url,
    }


def _iso(time: Any) -> str | None:
    return time.isoformat(timespec="seconds") if time else None


def decide(database: Database, what: str, name: str) -> str:
    """A person's word on a source: `accept` what it became, `pause` it, or `retry` it now; says what was done.

    Raises `NotFound` where the database knows no such source.
    """
    intake = Intake(database)
    if what == "pause":
        intake.pause(name)
        return f"{name} is left alone until `webcare sources retry {name}`."
    if what == "accept":
        intake.accept(name)
        return f"{name} is accepted as it is now; its next visit stores what it says."
    intake.retry(name)
    return f"{name} is due now."


def quiet_libraries() -> None:
    """Our own log speaks; libraries only when something is wrong."""
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


def discover(watchlist: Watchlist, address: str) -> list[dict[str, str]]:
    """The kind of an address, then the feeds its page names; a row each, with why."""
    return asyncio.run(_discover(watchlist, _spec(watchlist, address)))


async def _discover(watchlist: Watchlist, spec: SourceSpec) -> list[dict[str, str]]:
    async with Fetcher(contact=watchlist.contact) as fetcher, Readers() as readers:
        web = PoliteFetcher(fetcher)
        guess = await finding.find(spec, web.get, readers.run)
        feeds = await finding.feeds(spec, web.get, readers.run)
    rows = [{"kind": guess.kind, "url": guess.url, "title": "", "why": guess.why}]
    return rows + [{"kind": "feed", "url": feed.url, "title": feed.title, "why": "named by the page"} for feed in feeds]
