"""From a source's first address to all its posts: lists say what changed, each changed conversation is read whole.

start -> list pages -> posts shown there            (a batch)
                    -> changed conversations -> all their pages  (a batch each)
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from listener import next_visit, reader, sources
from listener.errors import Blocked, FetchError, ListenerError, OutOfTime, ReadError, is_gone
from listener.pages import charsets
from listener.patience import Patience
from listener.reading import Run, here
from listener.types import Get, Hub, Kind, Link, NotModified, Page, Reading, SourceSpec
from storage.types import Post

log = logging.getLogger("webcare.listen")

READING = 15.0
"""Seconds of reading pages, waiting for the readers included, after which a visit leaves the rest to the next one."""
PAGES = 150
"""Pages a visit may fetch; what is left over is found again by the next visit."""
POSTS = 20_000
"""Posts after which a visit reads no further."""
LINKS = 50_000
"""Links of its lists, all of which are held until the lists are read, after which a visit reads no further."""
BYTES = 64 * 1024 * 1024
"""Of pages, decoded, after which a visit reads no further."""
LISTS = 0.8
"""How much of that lists may take: the rest is for the conversations they lead to."""
THREAD_PAGES = 80
"""Pages of one conversation that are read."""
THREAD_BYTES = 16 * 1024 * 1024
"""Of its pages, after which no more of one conversation is read: all of it is held at once."""
THREAD_POSTS = 3000
"""The same for posts: they are stored by one transaction, for which all others wait."""
FEW = 40
"""Pages of a conversation up to which a post that is on none of them is gone; of longer ones a kind may leave some."""
ANSWER = 4000
"""Characters of a page that are kept for a person to look at."""
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
KEPT = 3
"""Pages of a list that are kept, as they may be asked for as pages of a conversation a moment later."""
SMALL = 1024 * 1024
"""Bytes of the largest of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Posts to be stored together; `thread` is the link of the conversation when it was read whole."""

    posts: tuple[Post, ...]
    thread: Link | None = None
    complete: bool = False
    """Whether a post of the conversation that is not here is gone at the source."""


@dataclass(slots=True)
class Findings:
    """How a walk went, and what it found besides posts to store."""

    pages: int = 0
    posts: int = 0
    """Of those that were read."""
    unchanged: bool = True
    """True while every list answered that nothing changed."""
    times: list[datetime] = field(default_factory=list)
    """When the posts that were read were published, kept or not: the rhythm of the source."""
    hint: float = 0.0
    """Seconds the source asks to be left alone."""
    hub: Hub | None = None
    """Who says when the source changes, where it names somebody."""
    troubles: list[ListenerError] = field(default_factory=list)
    """What went wrong beyond the first page, in order."""
    status: int | None = None
    moved_to: str = ""
    answer: str = ""
    """How the source's first page began, or the first that could not be read."""
    more: bool = False
    """Whether the visit ended before all was read: the next one goes on."""


@dataclass(slots=True)
class Walk:
    """One visit's way through a source; `found` says how it went."""

    get: Get
    kind: Kind
    source: SourceSpec
    memory: dict[str, Any]
    stamps: Callable[[Collection[str]], Awaitable[Mapping[str, str]]]
    """What is remembered of conversations (id -> stamp)."""
    now: Callable[[], datetime]
    run: Run = here
    """How pages are read: within bounds, where it is `Readers.run`."""
    patience: Patience = field(default_factory=Patience)
    """The time of the visit, which `get` and `run` use up."""
    found: Findings = field(default_factory=Findings)
    _validators: dict[str, list[str]] = field(default_factory=dict)
    _before: dict[str, Any] = field(default_factory=dict)
    """What readings changed of the memory, as it was before the visit; None where it was not."""
    _read_for: float = 0.0
    _starts: list[Link] = field(default_factory=list)
    """Where lists begin that were not read yet; a page taken for a conversation may be one."""
    _left_over: bool = False
    """Whether something must be asked again by the next visit."""
    _bytes: int = 0
    _looked_at: dict[str, Page] = field(default_factory=dict)
    """Pages that led on to one address only, as those of a thread that is a source do: they are not asked for twice."""
    _links: int = 0

    async def batches(self, threads: Collection[Link] = ()) -> AsyncIterator[Batch]:
        """Reads the lists, then each conversation that changed, and `threads` whether they changed or not.

        Raises `FetchError` or `ReadError` when the source as a whole gave nothing; trouble with single conversations
        is collected in `found.troubles`.
        """
        waiting: dict[str, Link] = {link.conversation: link for link in threads}
        self._starts = self.kind.start(self.source, self.memory)
        while self._starts:
            async for batch, links in self._lists():
                waiting |= {link.conversation: link for link in links if not _is_less(link, waiting)}
                if batch.posts:
                    yield batch
            has_all_lists, has_gone_on, apart = not self.found.more, False, list[Post]()
            for link in await self._changed(waiting, {each.conversation for each in threads}):
                if self._is_enough():
                    break
                batch_of_thread = await self._conversation(link)
                if batch_of_thread is not None:
                    has_gone_on = has_gone_on or bool(batch_of_thread.thread and batch_of_thread.thread.stamp)
                    apart += [post for post in batch_of_thread.posts if post.conversation_id != link.conversation]
                    yield batch_of_thread
            if apart:  # read by writer, not by thread: what a conversation needs may have come after what answers it
                yield Batch(posts=tuple(apart[:THREAD_POSTS]))
            if self.found.more and has_all_lists and has_gone_on:
                self._forget()
            waiting = {}
        if not self._left_over:  # else the next visit must see the lists again
            self.memory["validators"] = self._validators

    def _forget(self) -> None:
        """Takes back how far the lists were read: the next visit goes on with the conversations that were left."""
        for key, value in self._before.items():
            if value is None:
                self.memory.pop(key, None)
            else:
                self.memory[key] = value

    def _is_enough(self, share: float = 1.0) -> bool:
        """Whether the rest is left to the next visit, so that no source takes all the time or memory."""
        found = (self.found.pages / PAGES, self.found.posts / POSTS, self._links / LINKS, self._bytes / BYTES)
        if max(*found, self._read_for / READING, self.patience.used) < share:
            return False
        self._leave_the_rest()
        return True

    def _leave_the_rest(self) -> None:
        self.found.more = self._left_over = True

    async def _lists(self) -> AsyncIterator[tuple[Batch, list[Link]]]:
        waiting, first, seen = deque(self._starts), not self.found.pages, set[str]()
        self._starts = []
        while waiting:
            link = waiting.popleft()
            if link.url in seen:
                continue
            if self._is_enough(LISTS):
                return
            seen.add(link.url)
            try:
                reading = await self._read(link, conditional=True)
            except OutOfTime:
                if first:
                    raise
                self._leave_the_rest()
                return
            except ListenerError as error:
                instead = self._fallback(link, error)
                if not instead and first:
                    raise
                if not instead:
                    self.found.troubles.append(error.bare())
                    self._left_over = True
                waiting.extend(instead)
                continue
            first = False
            self._links += len(reading.links)
            threads = [each for each in reading.links if each.conversation]
            waiting.extend(each for each in reading.links if not each.conversation)
            yield Batch(posts=_shown(reading, threads)), threads

    async def _changed(self, waiting: Mapping[str, Link], always: set[str]) -> list[Link]:
        """The conversations whose stamp is not the one remembered."""
        asked = [link.conversation for link in waiting.values() if link.stamp]
        known = await self.stamps(asked) if asked else {}
        return [
            link
            for link in waiting.values()
            if not link.stamp or link.conversation in always or known.get(link.conversation) != link.stamp
        ]

    async def _conversation(self, start: Link) -> Batch | None:
        """All pages of one conversation; without its stamp when a page was missing, so that it is read again."""
        posts: dict[str, Post] = {}
        waiting, seen, whole, troubles = deque([start]), set[str](), True, len(self.found.troubles)
        most = self._bytes + THREAD_BYTES
        lists_all = self._lists_all(start)
        while waiting and len(seen) < THREAD_PAGES and len(posts) < THREAD_POSTS and self._bytes < most:
            link = waiting.popleft()
            if link.url in seen:
                continue
            seen.add(link.url)
            try:
                reading = await self._read(link)
            except OutOfTime:
                self._leave_the_rest()
                whole = False
                break
            except ListenerError as error:
                instead = self._fallback(link, error)
                waiting.extend(instead)
                lists_all = False  # another way may show less
                if not instead:
                    self.found.troubles.append(error.bare())
                    whole = whole and is_gone(error)
                continue
            posts |= {post.external_id: post for post in reading.posts}
            lists_all = lists_all and not reading.incomplete
            onward = [each for each in reading.links if each.conversation in ("", start.conversation)]
            lists = [each for each in onward if each.role == "list" and not each.conversation]
            self._starts += lists
            waiting.extend(each for each in onward if each not in lists)
        self._left_over = self._left_over or not whole
        if not posts and not whole:
            return None
        return Batch(
            posts=tuple(posts.values()),
            thread=start if whole else replace(start, stamp=""),
            complete=lists_all and whole and not waiting and len(seen) <= FEW and len(self.found.troubles) == troubles,
        )

    def _lists_all(self, start: Link) -> bool:
        """Whether the kind says that a conversation that begins at this link shows all of its posts."""
        said = getattr(self.kind, "LISTS_ALL", False)
        return bool(said(start) if callable(said) else said)

    def _fallback(self, link: Link, error: ListenerError) -> list[Link]:
        other_way = getattr(self.kind, "fallback", None)
        if other_way is None or isinstance(error, Blocked) or getattr(error, "retry_after", None):
            return []
        links: list[Link] = other_way(link, error, self.source, self.memory)
        return [each for each in links if each.url != link.url]

    async def _read(self, link: Link, *, conditional: bool = False) -> Reading:
        page = await self._fetch(link, conditional=conditional)
        if page is None:
            return Reading()
        reading = await self._parsed(page, link)
        if conditional and len(reading.links) == 1 and not reading.posts and len(page.body) < SMALL:
            self._looked_at |= {link.url: page} if len(self._looked_at) < KEPT else {}
        self._before = {key: self.memory.get(key) for key in reading.memory} | self._before
        self.memory |= reading.memory
        self.found.hint = max(self.found.hint, reading.hint)
        self.found.hub = self.found.hub or reading.hub
        self.found.posts += len(reading.posts)
        self.found.times += [post.published_at for post in reading.posts if post.published_at]
        return reading

    async def _parsed(self, page: Page, link: Link) -> Reading:
        """What the kind makes of the page; a fault of ours costs this page only, and is said."""
        self.found.answer = self.found.answer or beginning(page)
        started = time.monotonic()
        try:
            reading: Reading = await self.run(reader.read, page, self.kind.read, link, self.source)
        except ListenerError:
            self.found.answer = self.found.answer if self.found.troubles else beginning(page)
            raise
        except Exception as error:
            log.exception("%s could not be read as %s", page.url, self.source.kind)
            name = type(error).__name__
            raise ReadError(f"{page.url} was not understood for a fault in webcare ({name}): report it.") from error
        finally:
            self._read_for += time.monotonic() - started
        if max(len(reading.posts), len(reading.links)) == reader.POSTS:
            self.found.troubles.append(
                ReadError(f"{page.url} holds too much for one page: {reader.POSTS} of it are read.")
            )
        return reading

    async def _fetch(self, link: Link, *, conditional: bool) -> Page | None:
        """The page; None when the source says, or its bytes say, that it is the one of the last visit."""
        if not conditional and link.url in self._looked_at:
            return self._looked_at.pop(link.url)
        etag, last_modified, digest = self.memory.get("validators", {}).get(link.url, ["", "", ""])
        if not conditional:
            etag = last_modified = digest = ""
        self.found.pages += 1
        headers = sources.headers(self.kind, self.source)
        try:
            page = await self.get(self.source.request(link.url, headers, etag, last_modified))
        except FetchError as error:
            self.found.status = error.status
            raise
        if conditional:
            self.found.hint = max(self.found.hint, next_visit.http_hint(page.headers, self.now()))
            if page.moved_to and link.url == self.source.url:
                self.found.moved_to = page.moved_to
        if isinstance(page, NotModified):
            self._validators[link.url] = [etag, last_modified, digest]
            self.found.status = 304
            return None
        self.found.status = page.status
        self._bytes += len(page.body)
        if not conditional:
            return page
        now = hashlib.sha256(page.body).hexdigest()[:24]
        self._validators[link.url] = [page.headers.get("etag", ""), page.headers.get("last-modified", ""), now]
        if now == digest:
            return None
        self.found.unchanged = False
        return page


def _is_less(link: Link, waiting: Mapping[str, Link]) -> bool:
    """Whether a link leads to the answers alone where the whole conversation is going to be read."""
    known = waiting.get(link.conversation)
    return link.role == "comments" and known is not None and known.role != "comments"


def beginning(page: Page) -> str:
    """How a page begins, as text without what a database or a terminal stumbles over, after a line that sums it up."""
    charset = page.headers.get("content-type", "").partition("charset=")[2].split(";")[0].strip(" \"'")
    text = page.body[: 4 * ANSWER].decode(charsets.known(charset) or "utf-8", "replace")
    plain = _UNFIT.sub("\N{REPLACEMENT CHARACTER}", text[:ANSWER])
    return f"{page.status} {page.content_type or '?'}, {len(page.body):,} bytes, {page.url[:300]}\n\n{plain}"


def _shown(reading: Reading, threads: Collection[Link]) -> tuple[Post, ...]:
    """What a list shows of posts. Where the conversation will be read as well, that reading is the one that counts.

    A link in the role `comments` leads to the answers alone: what it answers is only shown here.
    """
    read_whole = {link.conversation for link in threads if link.role != "comments"}
    return tuple(
        replace(post, partial=True) if (post.conversation_id or post.external_id) in read_whole else post
        for post in reading.posts
    )
