"""Judges and stores what visits bring: those that wait while the database is busy share the next transaction.

Each visit returns from here when its own part is committed, so a killed process loses nothing that it went on from.
"""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from listener import judge, next_visit
from listener.types import SourceSpec
from listener.walk import Batch
from storage.errors import StorageError
from storage.intake import Intake
from storage.types import Delivery, ReadThread, Stored, Visit

MOST = 4000
"""Posts after which no further batch joins a transaction."""
OWN_FLOOR = 1.0
"""Seconds between visits to a site inside our own network, which nobody else has to be polite about."""

Brought = tuple[Batch, SourceSpec]
"""Posts that a visit read, and of which source."""


@dataclass(slots=True)
class _Waiting:
    """Something to be written, and whom to tell."""

    what: Brought | Visit
    done: asyncio.Future[Stored | None]

    @property
    def source(self) -> str:
        return self.what.source if isinstance(self.what, Visit) else self.what[1].name

    @property
    def posts(self) -> int:
        return 0 if isinstance(self.what, Visit) else len(self.what[0].posts)


class Writer:
    """A queue before the intake. Belongs to one event loop; what blocks runs in one thread at a time."""

    def __init__(
        self,
        intake: Intake,
        bench: judge.Bench,
        clock: Callable[[], datetime],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.intake, self.bench, self.clock, self.chance = intake, bench, clock, chance
        self._waiting: list[_Waiting] = []
        self._work: asyncio.Task[None] | None = None

    async def store(self, batch: Batch, spec: SourceSpec) -> Stored:
        """Returns when the batch is stored. Raises `StorageError` when it cannot be."""
        return await self._written((batch, spec)) or Stored()

    async def finish(self, visit: Visit) -> None:
        """Returns when the visit's ending is stored. Raises `StorageError` when it cannot be."""
        await self._written(visit)

    async def settle(self) -> None:
        """Returns when nothing waits any more."""
        while self._work is not None:
            await asyncio.wait([self._work])

    async def _written(self, what: Brought | Visit) -> Stored | None:
        done: asyncio.Future[Stored | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(what, done))
        if self._work is None:
            self._work = asyncio.create_task(self._write_all())
        return await done

    async def _write_all(self) -> None:
        while group := self._next_group():
            results = await asyncio.to_thread(self._results, [each.what for each in group])
            for each, result in zip(group, results, strict=True):
                if each.done.cancelled():
                    continue
                if isinstance(result, Exception):
                    each.done.set_exception(result)
                else:
                    each.done.set_result(result)
        self._work = None

    def _next_group(self) -> list[_Waiting]:
        """What is written together: of each source one thing, so that its own order is kept."""
        group: dict[str, _Waiting] = {}
        rest: list[_Waiting] = []
        posts = 0
        for each in self._waiting:
            if each.source in group or posts > MOST:
                rest.append(each)
            else:
                group[each.source] = each
                posts += each.posts
        self._waiting = rest
        return list(group.values())

    def _results(self, group: Sequence[Brought | Visit]) -> Sequence[Stored | Exception | None]:
        """What became of each; where one does harm to all it is found by writing them one by one."""
        try:
            return self.write(group)
        except Exception as error:
            if len(group) == 1 or isinstance(error, StorageError):
                return [error] * len(group)
        return [self._results([each])[0] for each in group]

    def write(self, group: Sequence[Brought | Visit]) -> Sequence[Stored | None]:
        """Judges and stores all of this in one transaction. Blocks: it is meant for a thread."""
        brought = [each for each in group if not isinstance(each, Visit)]
        endings = [each for each in group if isinstance(each, Visit)]
        stored = iter(self.intake.store_all(self._deliveries(brought), endings))
        return [None if isinstance(each, Visit) else next(stored) for each in group]

    def _deliveries(self, brought: Sequence[Brought]) -> list[Delivery]:
        matched = [judge.matched(batch.posts, self.bench, spec.name, spec.kind) for batch, spec in brought]
        mentions = {
            (spec.name, post.external_id): post
            for (_, spec), posts in zip(brought, matched, strict=True)
            for post, matches in posts
            if matches
        }
        known = self.intake.known(mentions) if mentions else {}
        settled = defaultdict[str, set[str]](set)
        for (source, post_id), held in known.items():
            if held.is_mention and held.says_the_same(mentions[source, post_id]):
                settled[source].add(post_id)
        visits = [(posts, settled[spec.name]) for (_, spec), posts in zip(brought, matched, strict=True)]
        understood = judge.all_understood(visits, self.bench)
        return [
            Delivery(source=spec.name, kind=spec.kind, posts=posts, threads=self._threads(batch, spec))
            for (batch, spec), posts in zip(brought, understood, strict=True)
        ]

    def _threads(self, batch: Batch, spec: SourceSpec) -> list[ReadThread]:
        link = batch.thread
        if link is None:
            return []
        now = self.clock()
        newest = max((post.published_at for post in batch.posts if post.published_at), default=now)
        least = OWN_FLOOR if spec.allow_private else next_visit.BRISK_FLOOR
        wait = next_visit.conversation(now, newest, random=self.chance(), floor=least)
        return [
            ReadThread(
                external_id=link.conversation,
                url=next((post.conversation_url for post in batch.posts if post.conversation_url), ""),
                title=next((post.conversation_title or post.title for post in batch.posts), ""),
                stamp=link.stamp,
                link=dataclasses.asdict(link),
                next_at=None if wait is None else now + timedelta(seconds=wait),
                complete=batch.complete,
            )
        ]
