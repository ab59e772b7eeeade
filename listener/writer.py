"""Judges and stores what visits bring: those that wait while the database is busy share the next transaction.

Each visit returns from here when its own part is committed; what it remembers is committed with the last, so a killed
process loses nothing. A flood is written in parts, between which others have their turn.
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
from typing import NamedTuple

from listener import judge, next_visit
from listener.turns import Turns
from listener.types import SourceSpec
from listener.walk import Batch
from storage.errors import StorageError
from storage.intake import Intake
from storage.types import Delivery, Post, ReadThread, Stored, Visit

MOST = 300
"""Mentions after which no further batch joins a transaction: about what is written while nobody notices waiting."""
ASIDE = 0.05
"""What there is to do with a post that answers no query, where a mention is one."""
PART = 100
"""Posts of a batch that are written together, but for those of one conversation, which stay together."""
LONG = 1000
"""Characters of a text that take as long as another post."""
PACE = 2000.0
"""Mentions that are judged and stored in a second."""
OWN_FLOOR = 1.0
"""Seconds between visits to a site inside our own network, which nobody else has to be polite about."""

Brought = tuple[Batch, SourceSpec]
"""Posts that a visit read, and of which source."""


class Portion(NamedTuple):
    """What a visit has written at once: posts, with the queries they answer, its ending, or both."""

    brought: Brought | None
    posts: Sequence[judge.Matched] = ()
    ending: Visit | None = None


@dataclass(slots=True)
class _Waiting:
    """Something to be written, and whom to tell."""

    what: Portion
    source: str
    work: float
    due: float
    done: asyncio.Future[Stored]


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
            stored += await self._written(await self._matched((part, spec)), spec.name)
        return stored

    async def finish(self, visit: Visit, last: Brought | None = None) -> Stored:
        """Returns when the visit's ending is stored, in one transaction with the last that it brought.

        Raises `StorageError` when it cannot be.
        """
        if last is None:
            return await self._written(Portion(None, ending=visit), visit.source)
        *before, end = _parts(last[0])
        stored = Stored()
        for part in before:
            stored += await self.store(part, last[1])
        portion = await self._matched((end, last[1]))
        return stored + await self._written(portion._replace(ending=visit), visit.source)

    async def _matched(self, brought: Brought) -> Portion:
        """The posts with the queries they answer: a few at once, many in a thread."""
        (batch, spec), match = brought, judge.matched
        if _length(batch.posts) <= PART:
            return Portion(brought, match(batch.posts, self.bench, spec.name, spec.kind))
        return Portion(brought, await asyncio.to_thread(match, batch.posts, self.bench, spec.name, spec.kind))

    async def settle(self) -> None:
        """Returns when nothing waits any more."""
        while self._work is not None:
            await asyncio.wait([self._work])

    async def _written(self, what: Portion, source: str) -> Stored:
        done: asyncio.Future[Stored] = asyncio.get_running_loop().create_future()
        work = _work(what.posts)
        self._waiting.append(_Waiting(what, source, work, self._turns.due(source, work / PACE), done))
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
        work = 0.0
        for each in sorted(self._waiting, key=attrgetter("due")):
            if each.source in group or work > MOST:
                rest.append(each)
            else:
                group[each.source] = each
                work += each.work
        self._waiting = rest
        return list(group.values())

    def _results(self, group: Sequence[Portion]) -> Sequence[Stored | Exception]:
        """What became of each; where one does harm to all it is found by writing them one by one."""
        try:
            return self.write(group)
        except Exception as error:
            if len(group) == 1 or isinstance(error, StorageError):
                return [error] * len(group)
        return [self._results([each])[0] for each in group]

    def write(self, group: Sequence[Portion]) -> Sequence[Stored]:
        """Understands and stores all of this in one transaction. Blocks: it is meant for a thread."""
        deliveries = self._deliveries([(*each.brought, each.posts) for each in group if each.brought])
        stored = iter(self.intake.store_all(deliveries, [each.ending for each in group if each.ending]))
        return [next(stored) if each.brought else Stored() for each in group]

    def _deliveries(self, brought: Sequence[tuple[Batch, SourceSpec, Sequence[judge.Matched]]]) -> list[Delivery]:
        mentions = {
            (spec.name, post.external_id): post for _, spec, posts in brought for post, matches in posts if matches
        }
        known = self.intake.known(mentions) if mentions else {}
        settled = defaultdict[str, set[str]](set)
        for (source, post_id), held in known.items():
            if held.is_mention and held.says_the_same(mentions[source, post_id]):
                settled[source].add(post_id)
        understood = judge.all_understood([(posts, settled[spec.name]) for _, spec, posts in brought], self.bench)
        return [
            Delivery(source=spec.name, kind=spec.kind, posts=posts, threads=self._threads(batch, spec))
            for (batch, spec, _), posts in zip(brought, understood, strict=True)
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
    if batch.thread is not None or _length(batch.posts) <= PART:
        yield batch
        return
    conversations = defaultdict[str, list[Post]](list)
    for post in batch.posts:
        conversations[post.conversation_id or post.external_id].append(post)
    part: list[Post] = []
    for posts in conversations.values():
        part += posts
        if _length(part) >= PART:
            yield Batch(posts=tuple(part))
            part = []
    if part:
        yield Batch(posts=tuple(part))


def _length(posts: Iterable[Post]) -> float:
    """How much there is of them, in ordinary posts."""
    return sum(1 + len(post.text) / LONG for post in posts)


def _work(posts: Sequence[judge.Matched]) -> float:
    """How much there is to do with them, in ordinary mentions."""
    return _length(post for post, matches in posts if matches) + ASIDE * len(posts)
