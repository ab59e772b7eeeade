"""Sources that speak by themselves: what they say is heard in batches, sifted, and remembered once it is stored.

A visit to a live source lasts a spell, and the next begins at once where this one ended. So it is leased, renewed,
paused and judged as every other visit, and what a killed process had heard but not stored is heard again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from listener import judge, sources
from listener.errors import ListenerError, ReadError
from listener.network.stream import Message
from listener.streams import Streams
from listener.types import Link, LiveKind, Reading, SourceSpec
from listener.walk import Batch
from storage.intake import Intake
from storage.types import Post

log = logging.getLogger("webcare.listen")

SPELL = 120.0
"""Seconds that one visit listens."""
MOST = 500
"""Messages that are taken together."""
WAIT = 1.0
"""Seconds that are waited for more of them: so long a post may lie before it is stored."""
QUEUE = 2 * MOST
"""Messages heard and not yet taken: more stay with their sender, who waits."""
SIZE = 4 * 1024 * 1024
"""Characters of messages after which no more are taken together, nor kept waiting."""
TIMES = 40
"""Posts whose times are remembered."""
PATIENCE = 20
"""Messages in a row that mean nothing, after which this is no stream of the kind."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a second of listening brought, and what to remember once it is stored."""

    batches: Sequence[Batch]
    memory: Mapping[str, Any]


_Said = tuple[Link, Message] | ListenerError | None
"""A message, and over which line; or why no more will come."""


class _Backlog(asyncio.Queue[_Said]):
    """What was heard and not yet taken; full when it is too many messages, or too long ones."""

    size = 0
    """Characters of all of them."""

    def _put(self, item: _Said) -> None:
        self.size += _length(item)
        super()._put(item)

    def _get(self) -> _Said:
        item = super()._get()
        self.size -= _length(item)
        return item

    def full(self) -> bool:
        """Whether whoever has more to say must wait."""
        return self.size >= SIZE or super().full()


@dataclass(slots=True, kw_only=True)
class Line:
    """An open line to a live source; use it as an async context manager."""

    kind: LiveKind
    source: SourceSpec
    memory: Mapping[str, Any]
    ears: Streams
    intake: Intake
    bench: judge.Bench
    clock: Callable[[], datetime]
    heard: int = 0
    """Messages that meant something."""
    times: list[datetime] = field(default_factory=list)
    _garbled: int = 0
    _queue: _Backlog = field(init=False)
    _pumps: list[asyncio.Task[None]] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        self._queue = _Backlog(QUEUE)
        links = self.kind.live(self.source, self.memory)
        self._pumps = [asyncio.create_task(self._pump(link)) for link in links]
        return self

    async def __aexit__(self, *_: object) -> None:
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _pump(self, link: Link) -> None:
        """From one stream into the queue, which holds up the sender when it is full."""
        request = self.source.request(link.url, sources.headers(self.kind, self.source))
        end: ListenerError | None = None
        try:
            async with self.ears.open(request) as messages:
                async for message in messages:
                    await self._queue.put((link, message))
        except ListenerError as error:
            end = error
        await self._queue.put(end)

    async def spell(self, seconds: float = SPELL) -> AsyncIterator[Heard]:
        """What is said from now on, a second at a time, until the spell or a stream is over.

        Raises `ListenerError` where a stream fails that said nothing before, or says what nobody understands.
        """
        loop = asyncio.get_running_loop()
        until, is_over = loop.time() + seconds, not self._pumps
        while not is_over:
            some, is_over = await self._take(until)
            if some:
                heard = await asyncio.to_thread(self._understood, some)
                if heard.batches or heard.memory:
                    yield heard
            is_over = is_over or loop.time() >= until

    async def _take(self, until: float) -> tuple[list[tuple[Link, Message]], bool]:
        """The messages of a second, and whether they are the last."""
        some: list[tuple[Link, Message]] = []
        size, end = 0, until
        while len(some) < MOST and size < SIZE:
            try:
                async with asyncio.timeout_at(end):
                    each = await self._queue.get()
            except TimeoutError:
                return some, False
            if isinstance(each, ListenerError) and not (self.heard or some):
                raise each
            if each is None or isinstance(each, ListenerError):
                return some, True
            some.append(each)
            size += _length(each)
            if len(some) == 1:
                end = min(until, asyncio.get_running_loop().time() + WAIT)
        return some, False

    def _understood(self, some: Sequence[tuple[Link, Message]]) -> Heard:
        """Reads and sifts messages; blocks, so it is meant for a thread."""
        posts: dict[str, Post] = {}
        threads: dict[str, Link] = {}
        memory: dict[str, Any] = {}
        for link, message in some:
            reading = self._read(link, message)
            posts |= {post.external_id: post for post in reading.posts}
            threads |= {each.conversation: each for each in reading.links}
            memory |= reading.memory
        return Heard(list(self._kept(posts, threads)), memory)

    def _read(self, link: Link, message: Message) -> Reading:
        try:
            reading = self.kind.hear(message.text, message.event, link, self.source, self.clock())
        except ListenerError:
            reading = Reading()
            self._garbled += 1
        except Exception:  # a fault of ours costs this message only
            log.exception("a message of %s could not be read", self.source.name)
            reading = Reading()
            self._garbled += 1
        else:
            self.heard += 1
            self._garbled = 0
        if self._garbled >= PATIENCE:
            raise ReadError(f"{link.url} says nothing that {self.source.kind} would say: check address and kind.")
        return reading

    def _kept(self, posts: Mapping[str, Post], threads: Mapping[str, Link]) -> Sequence[Batch]:
        """Of everything: what answers a query, what is said in threads that are followed, changes of what is held."""
        name, kind = self.source.name, self.source.kind
        said = [post for post in posts.values() if not post.deleted]
        self.times = [*self.times, *(post.published_at for post in said if post.published_at)][-TIMES:]
        found = {post.external_id for post in said if self.bench.matcher.which(post, source=name, source_kind=kind)}
        mentioned = {_thread_of(posts[each]) for each in found}
        open_questions = [post for post in posts.values() if post.external_id not in found]
        asked = {each for post in open_questions for each in (post.external_id, post.conversation_id) if each}
        places = self.intake.places(name, asked)
        groups: dict[str, list[Post]] = {}
        for post in posts.values():
            thread = places.get(post.external_id) or places.get(post.conversation_id) or _thread_of(post)
            is_ours = post.external_id in places or post.conversation_id in places or thread in mentioned
            if is_ours and (not post.deleted or post.external_id in places):
                groups.setdefault(thread, []).append(replace(post, conversation_id=thread))
        return [
            Batch(posts=tuple(group), thread=replace(threads[thread], stamp="") if thread in threads else None)
            for thread, group in groups.items()
        ]


def _length(said: _Said) -> int:
    return len(said[1].text) if isinstance(said, tuple) else 0


def _thread_of(post: Post) -> str:
    return post.conversation_id or post.external_id
