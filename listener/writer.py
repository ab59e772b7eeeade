"""Judges and stores what visits bring: those that wait while the database is busy share the next transaction.

Each visit returns from here when its own part is committed, so a killed process loses nothing that it went on from. A
flood is written in parts, between which others have their turn.
"""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter

from listener import judge, next_visit
from listener.turns import Turns
from listener.types import SourceSpec
from listener.walk import Batch
from storage.errors import StorageError
from storage.intake import Intake
from storage.types import Delivery, Post, ReadThread, Stored, Visit

MOST = 300
"""Posts after which no further batch joins a transaction: about what is written while nobody notices waiting."""
PART = 100
"""Posts of a batch that are written together, but for those of one conversation, which stay together."""
LONG = 1000
"""Characters of a text that take as long as another post."""
PACE = 2000.0
"""Posts that are judged and stored in a second."""
OWN_FLOOR = 1.0
"""Seconds between visits to a site inside our own network, which nobody else has to be polite about."""

Brought = tuple[Batch, SourceSpec]
"""Posts that a visit read, and of which source."""


@dataclass(slots=True)
class _Waiting:
    """Something to be written, and whom to tell."""

    what: Brought | Visit
    source: str
    posts: float
    due: float
    done: asyncio.Future[Stored | None]


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
        self._turns = Turns()
        self._work: asyncio.Task[None] | None = None

    async def store(self, batch: Batch, spec: SourceSpec) -> Stored:
        """Returns when the batch is stored. Raises `StorageError` when it cannot be."""
        stored = Stored()
        for part in _parts(batch):
            more = await self._written((part, spec), spec.name, _work(part.posts)) or Stored()
            stored = Stored(
                new_mentions=stored.new_mentions + more.new_mentions,
                edited_mentions=stored.edited_mentions + more.edited_mentions,
                new_posts=stored.new_posts + more.new_posts,
            )
        return stored

    async def finish(self, visit: Visit) -> None:
        """Returns when the visit's ending is stored. Raises `StorageError` when it cannot be."""
        await self._written(visit, visit.source, 0.0)

    async def settle(self) -> None:
        """Returns when nothing waits any more."""
        while self._work is not None:
            await asyncio.wait([self._work])

    async def _written(self, what: Brought | Visit, source: str, posts: float) -> Stored | None:
        done: asyncio.Future[Stored | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(what, source, posts, self._turns.due(source, posts / PACE), done))
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
        """What is written together, in the order it is due: of each source one thing, so that its own order is kept."""
        group: dict[str, _Waiting] = {}
        rest: list[_Waiting] = []
        posts = 0.0
        for each in sorted(self._waiting, key=attrgetter("due")):
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


def _parts(batch: Batch) -> Iterator[Batch]:
    """A batch that is no conversation in parts, none of which divides a conversation: what is kept of one depends on
    all of it."""
    if batch.thread is not None or _work(batch.posts) <= PART:
        yield batch
        return
    conversations = defaultdict[str, list[Post]](list)
    for post in batch.posts:
        conversations[post.conversation_id or post.external_id].append(post)
    part: list[Post] = []
    for posts in conversations.values():
        part += posts
        if _work(part) >= PART:
            yield Batch(posts=tuple(part))
            part = []
    if part:
        yield Batch(posts=tuple(part))


def _work(posts: Iterable[Post]) -> float:
    """How much there is to do, in ordinary posts."""
    return sum(1 + len(post.text) / LONG for post in posts)
