"""Robots.txt, pauses and Retry-After: decides whether and when a host may be asked, and remembers what it said."""

from __future__ import annotations

import asyncio
import copy
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol

from listener.errors import Blocked, FetchError, OutOfTime
from listener.network.addresses import Target, parse, shown
from listener.network.failures import LONGEST_RETRY, span
from listener.network.robots import MOST_BYTES, Robots
from listener.patience import Patience
from listener.types import Gate, NotModified, Page, Request

PAUSE = 1.0
"""Seconds between the starts of two requests to one host, where its robots.txt does not ask for more."""

_ROBOTS_FRESH = 86400.0  # RFC 9309 2.4: not longer than 24 hours
_ROBOTS_GRACE = 30 * 86400.0  # RFC 9309 2.3.1.4: how long an old copy stands in for one that cannot be reached
_ROBOTS_RETRY = 60.0
_UNSAID_PAUSE = 60.0
"""Seconds a host is left alone after a 429 that names no time."""
_PATIENCE = 30.0
"""A host that wants to be left alone for longer is not waited for: the visit ends with a sentence."""
_MOST_HOSTS = 50_000


class Fetches(Protocol):
    """What politeness stands in front of: `listener.fetch.Fetcher`."""

    async def get(self, request: Request, gate: Gate = ...) -> Page | NotModified: ...

    async def post(self, request: Request, content: bytes, gate: Gate = ...) -> Page: ...


class Shelf(Protocol):
    """Where robots.txt and a wish to be left alone outlive a restart: `storage.intake.Intake`. All block."""

    def robots(self, origin: str) -> tuple[datetime, bytes] | None: ...

    def keep_robots(self, origin: str, read_at: datetime, rules: bytes) -> None: ...

    def quiet_until(self, origin: str) -> datetime | None: ...

    def keep_quiet(self, origin: str, until: datetime) -> None: ...


def _utc_now() -> datetime:
    return datetime.now(UTC)


def awake_or_asleep() -> float:
    """Seconds that never go back, and that go on while the machine sleeps where the system can tell (Linux)."""
    return time.clock_gettime(_BOOT_TIME) if _BOOT_TIME is not None else time.monotonic()


_BOOT_TIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)


@dataclass(slots=True)
class _Host:
    """A host's turnstile: who is in, and when the next may start."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    """Those inside included."""
    free_at: float = 0.0
    held_until: float = 0.0


class Turnstile:
    """Lets one at a time through to a host, a pause apart; holds everybody when the host asked for quiet.

    `clock` gives seconds that never go back, `sleep` waits for some of them.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = awake_or_asleep,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.clock, self._sleep = clock, sleep
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def through(self, host: str, pause: float = 0.0) -> AsyncIterator[None]:
        """Wait for our turn; `pause` is the time from this start to the next. Raises `FetchError` in a long hold."""
        place = self._place(host)
        place.waiting += 1
        try:
            async with place.lock:
                await self._wait(host, place)
                place.free_at = self.clock() + pause
                yield
        finally:
            place.waiting -= 1

    async def _wait(self, host: str, place: _Host) -> None:
        quiet = place.held_until - self.clock()
        if quiet > _PATIENCE:
            raise FetchError(f"{host} asked us to come back in {span(quiet)}.", status=429, retry_after=quiet)
        while (left := max(place.free_at, place.held_until) - self.clock()) > 0:
            await self._sleep(left)

    def hold(self, host: str, seconds: float) -> None:
        """Let nobody through to the host for so many seconds from now."""
        place = self._place(host)
        place.held_until = max(place.held_until, self.clock() + seconds)

    def _place(self, host: str) -> _Host:
        if host not in self._hosts and len(self._hosts) >= _MOST_HOSTS:
            self._forget_idle()
        return self._hosts.setdefault(host, _Host())

    def _forget_idle(self) -> None:
        now = self.clock()
        self._hosts = {
            host: place
            for host, place in self._hosts.items()
            if place.waiting or max(place.free_at, place.held_until) > now
        }


@dataclass(frozen=True, slots=True)
class _Kept:
    """A robots.txt in memory, or why there is none."""

    fresh_until: float
    read_at: float
    robots: Robots | None
    sentence: str = ""
    status: int | None = None
    retry_after: float | None = None


class PoliteFetcher:
    """A fetcher that keeps to robots.txt, pauses and Retry-After, on every hop and for every source of a host."""

    def __init__(
        self,
        fetcher: Fetches,
        *,
        pause: float = PAUSE,
        turnstile: Turnstile | None = None,
        shelf: Shelf | None = None,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._fetcher, self._pause, self._shelf, self._now = fetcher, pause, shelf, now
        self._turnstile = turnstile or Turnstile()
        self._asking = Turnstile()
        self._is_invited = False
        self._patience: Patience | None = None
        self._clock = self._turnstile.clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def get(self, request: Request) -> Page | NotModified:
        """As `Fetcher.get`, when and where the host allows it.

        Raises `Blocked` naming robots.txt where that forbids the address.
        """
        return await self._fetcher.get(request, partial(self._gate, request))

    async def post(self, request: Request, content: bytes) -> Page:
        """As `Fetcher.post`, at our turn. Robots.txt does not speak to somebody who has been given a key."""
        return await self._fetcher.post(request, content, partial(self._turn, self._pause_of(request)))

    def invited(self) -> PoliteFetcher:
        """The same for a source that gave us a key to its interface, where its terms take the place of robots.txt."""
        guest = copy.copy(self)
        guest._is_invited = True
        return guest

    def within(self, patience: Patience) -> PoliteFetcher:
        """The same for one visit, which is over when its time is."""
        visitor = copy.copy(self)
        visitor._patience = patience
        return visitor

    def turn(self, request: Request) -> AbstractAsyncContextManager[None]:
        """Our turn at a host, for somebody who opens a stream there; raises as `get` does."""
        return self._gate(request, request.url)

    def _pause_of(self, request: Request) -> float:
        return self._pause if request.pause is None else request.pause

    @asynccontextmanager
    async def _gate(self, request: Request, url: str) -> AsyncIterator[None]:
        """Around each question on the way of a request: robots.txt first, then our turn at the host."""
        target = parse(url)
        robots = Robots() if self._is_invited else await self._robots(target, request)
        allows = robots.allows(target.url) if robots.is_small else await asyncio.to_thread(robots.allows, target.url)
        if not allows:
            raise Blocked(f"The robots.txt of {target.netloc} does not allow us to fetch {shown(target.url)}.")
        async with self._turn(max(self._pause_of(request), robots.delay), url):
            yield

    @asynccontextmanager
    async def _turn(self, pause: float, url: str) -> AsyncIterator[None]:
        """Our turn at the host; what it says about coming back counts for everybody."""
        host = _host(parse(url))
        async with self._turnstile.through(host, pause):
            try:
                # an answer that comes within the pause costs nothing: we would have waited anyway
                async with self._patience.spend(host, min(pause, PAUSE)) if self._patience else nullcontext():
                    yield
            except FetchError as error:
                if error.status in (429, 503):
                    unsaid = _UNSAID_PAUSE if error.status == 429 else 0.0
                    await self._hold(
                        host, parse(url).origin, unsaid if error.retry_after is None else error.retry_after
                    )
                raise

    async def _hold(self, host: str, origin: str, seconds: float) -> None:
        """Leave a host alone for so long; a long while outlives a restart."""
        self._turnstile.hold(host, seconds)
        if self._shelf is not None and seconds > _PATIENCE:
            await asyncio.to_thread(self._shelf.keep_quiet, origin, self._now() + timedelta(seconds=seconds))

    async def _robots(self, target: Target, request: Request) -> Robots:
        """The rules for an origin, from memory or read anew by one of those who wait for them."""
        kept = self._kept.get(target.origin)
        if kept is not None and self._is_fresh(kept):
            self._kept.move_to_end(target.origin)
        else:
            kept = await self._read_anew(target, request)
        if kept.robots is None:
            raise FetchError(kept.sentence, status=kept.status, retry_after=kept.retry_after)
        return kept.robots

    async def _read_anew(self, target: Target, request: Request) -> _Kept:
        """The rules from the shelf or the site, unless somebody else has just read them."""
        async with self._asking.through(target.origin):
            kept = self._kept.get(target.origin)
            if kept is None and self._shelf is not None:
                kept, quiet = await asyncio.to_thread(self._from_shelf, self._shelf, target.origin)
                self._turnstile.hold(_host(target), quiet)
            if kept is None or not self._is_fresh(kept):
                kept = await self._ask(target, kept, request)
            self._keep(target.origin, kept)
            return kept

    def _is_fresh(self, kept: _Kept) -> bool:
        return kept.fresh_until > self._clock()

    async def _ask(self, target: Target, old: _Kept | None, request: Request) -> _Kept:
        """Fetch a robots.txt; without one (4xx, endless redirects) everything is allowed (RFC 9309 2.3.1)."""
        asked = Request(f"{target.origin}/robots.txt", allow_private=request.allow_private, cut=MOST_BYTES)
        try:
            page = await self._fetcher.get(asked, partial(self._turn, self._pause_of(request)))
        except (Blocked, OutOfTime):  # neither says anything about the host
            raise
        except FetchError as error:
            if error.status is not None and 300 <= error.status < 500 and error.status != 429:
                return await self._said(target.origin, b"")
            return self._without(error, old, target)
        return await self._said(target.origin, page.body if isinstance(page, Page) else b"")

    def _without(self, error: FetchError, old: _Kept | None, target: Target) -> _Kept:
        """Unreachable: an old copy, else nothing is allowed."""
        now = self._clock()
        if old and old.robots and now - old.read_at < _ROBOTS_GRACE:
            return _Kept(now + _ROBOTS_RETRY, old.read_at, old.robots)
        why = f"{str(error).rstrip('.')} (asked for robots.txt, without which {target.netloc} is left alone)."
        return _Kept(now + _ROBOTS_RETRY, now, None, why, error.status, error.retry_after)

    async def _said(self, origin: str, body: bytes) -> _Kept:
        """What was just answered; a restart finds it on the shelf."""
        robots = await asyncio.to_thread(self._learnt, origin, body)
        return _Kept(self._clock() + _ROBOTS_FRESH, self._clock(), robots)

    def _learnt(self, origin: str, body: bytes) -> Robots:
        robots = Robots.read(body)
        if self._shelf is not None:
            self._shelf.keep_robots(origin, self._now(), robots.text)
        return robots

    def _from_shelf(self, shelf: Shelf, origin: str) -> tuple[_Kept | None, float]:
        """The rules that were kept, and the seconds that the origin still wants to be left alone."""
        found, until, now = shelf.robots(origin), shelf.quiet_until(origin), self._now()
        quiet = min(max(0.0, (until - now).total_seconds()), LONGEST_RETRY) if until else 0.0
        if found is None:
            return None, quiet
        read_at = self._clock() - max(0.0, (now - found[0]).total_seconds())
        return _Kept(read_at + _ROBOTS_FRESH, read_at, Robots.read(found[1])), quiet

    def _keep(self, origin: str, kept: _Kept) -> None:
        self._kept[origin] = kept
        self._kept.move_to_end(origin)
        while len(self._kept) > _MOST_HOSTS:
            self._kept.popitem(last=False)


def _host(target: Target) -> str:
    """Who is asked: a host with all its web servers on the usual ports; another port is another host."""
    return target.host if target.port in (80, 443) else target.netloc
