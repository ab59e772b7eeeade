"""Listening from the command line: collecting, trying an address, the sources' health, and queries."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from desk.reports import show
from desk.shown import clean_block, clean_line
from front.house import House


class Seldom(logging.Filter):
    """Lets the same sentence through once a minute: a database that is away for a night must not fill the disk."""

    MINUTE = 60.0
    MOST = 1000
    """Sentences that are remembered."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written."""
        sentence, now = record.getMessage(), record.created
        if now - self._said.get(sentence, -self.MINUTE) < self.MINUTE:
            return False
        if len(self._said) >= self.MOST:
            self._said.clear()
        self._said[sentence] = now
        return True


def listen(house: House, args: argparse.Namespace) -> int:
    """Collects, once or until stopped. With `--once` a source that failed makes the exit status 1."""
    from desk import rule_runs
    from listener import commands

    handler = logging.StreamHandler()
    handler.addFilter(Seldom())
    form = "%(asctime)s %(name)s %(levelname)s %(message)s"
    logging.basicConfig(level=logging.WARNING, format=form, handlers=[handler])
    commands.quiet_libraries()
    watchlist = house.watchlist  # first: a bad configuration is refused before anything is opened
    rule_runs.begin(house.database, house.rules)
    well = commands.listen(
        house.database,
        watchlist,
        once=args.once,
        regardless=args.now,
        names=args.source,
        workers=max(1, args.workers),
        chores=() if args.once else chores(house),
        clean=clean_line,
    )
    if args.once:
        rule_runs.run(house.database, house.policy, house.rules)
        for work in look_after(house):
            work()
    return 0 if well else 1


def chores(house: House) -> list[Any]:
    """What the desk does by itself while somebody listens: send what is due, wake what slept, follow rules, warn."""
    from desk import channels, clockwork, rule_runs

    async def turn() -> None:
        await asyncio.to_thread(clockwork.tick, house.database, house.policy, channels.load)

    async def follow() -> None:
        await asyncio.to_thread(rule_runs.run, house.database, house.policy, house.rules)

    now_and_then = [(30.0, partial(asyncio.to_thread, work)) for work in look_after(house)]
    return [(2.0, turn), (2.0, follow), *now_and_then]


def look_after(house: House) -> list[Callable[[], object]]:
    """What is done by the clock: promises at risk, whom to tell of what, reports that are due, what is to be forgotten.

    Each is a chore of its own, so that none waits for another that fails.
    """
    from desk import alarms, notifier, printing, retention, rule_runs
    from desk.watch import Watch

    database, folder, zone = house.database, house.config_path.parent, house.policy.timezone
    return [
        Watch(database, house.service).round,
        partial(alarms.tick, database, house.alerts, zone),
        partial(notifier.deliver, database, rule_runs.targets(house.rules)),
        partial(printing.tick, database, house.timetable, folder, zone, house.service),
        partial(retention.tick, database, house.privacy, folder, zone),
    ]


def look(house: House, args: argparse.Namespace) -> int:
    """Prints what an address or a source would yield now; stores nothing."""
    from listener import commands

    spec, posts, troubles = commands.look(house.database, house.watchlist, args.address)
    print(f"{clean_line(spec.url)} is read as {spec.kind}: {len(posts)} posts.", file=sys.stderr)  # noqa: T201
    for trouble in troubles:
        print(clean_line(trouble), file=sys.stderr)  # noqa: T201
    columns = ["published_at", "author", "matches", "lang", "sentiment", "intents", "priority", "title", "text"]
    columns += [] if args.format == "table" else ["kind", "conversation", "parent", "id", "url"]
    show.show(map(_would_be, posts), columns, args.format, sys.stdout)
    return 0


def _would_be(new: Any) -> dict[str, Any]:
    post, opinion = new.post, new.opinion
    return {
        "published_at": post.published_at.isoformat(timespec="minutes") if post.published_at else None,
        "author": post.author,
        "matches": [f"{match.brand}/{match.query}" for match in new.matches],
        "lang": opinion.lang if opinion else post.lang,
        "sentiment": opinion.sentiment.value if opinion else None,
        "intents": list(opinion.intents) if opinion else [],
        "priority": opinion.priority.value if opinion else None,
        "title": post.title,
        "text": post.text,
        "kind": post.kind.value,
        "conversation": post.conversation_id,
        "parent": post.parent_id,
        "id": post.external_id,
        "url": post.url,
    }


def sources(house: House, args: argparse.Namespace) -> int:
    """Prints the sources of the configuration, or how visiting them goes."""
    if args.what == "list":
        rows: Iterator[dict[str, Any]] = (
            {"name": each.name, "kind": each.kind or "(found out)", "every": each.every, "url": each.url}
            for each in house.watchlist.sources
        )
        show.show(rows, ("name", "kind", "every", "url"), args.format, sys.stdout)
        return 0
    from listener import commands

    columns = ["name", "kind", "health", "posts", "mentions", "last_ok_at", "next_at", "sentence"]
    columns += [] if args.format == "table" else ["last_visit_at", "last_new_at", "failures", "url"]
    show.show(commands.health(house.database), columns, args.format, sys.stdout)
    return 0


def discover(house: House, args: argparse.Namespace) -> int:
    """Prints the kind of an address, the feeds it names, and why."""
    from listener import commands

    rows = commands.discover(house.watchlist, args.address)
    show.show(rows, ("kind", "url", "title", "why"), args.format, sys.stdout)
    return 0


def decide(house: House, args: argparse.Namespace) -> int:
    """Writes down what a person decided of a source: to accept, pause or retry it."""
    from listener import commands

    print(commands.decide(house.database, args.what, args.name))  # noqa: T201
    return 0


def answer(house: House, args: argparse.Namespace) -> int:
    """Prints how the last answer of a source began."""
    from storage.roster import Roster

    print(clean_block(Roster(house.database).answer(args.name)) or "Nothing was kept of it yet.")  # noqa: T201
    return 0


def import_opml(house: House, args: argparse.Namespace) -> int:
    """Prints the subscriptions of an OPML file as lines for `sources.yaml`."""
    from listener import opml

    sys.stdout.writelines(f"  - {line}\n" for line in opml.entries(args.file))
    return 0
