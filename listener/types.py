"""The listener's own nouns: a page, what was read from it, and what to listen to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from typing import Any, Protocol

from storage.addresses import Allowed
from storage.types import Post


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of the web, and on which terms."""

    url: str
    _: KW_ONLY
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent to the origin of `url` alone, not to where it redirects."""
    etag: str = ""
    last_modified: str = ""
    """Validators of the page as it is known, sent back as they came."""
    allow_private: Allowed = False
    pause: float | None = None
    """Seconds to the next request to the host; None: the polite pause."""
    cut: int = 0
    """Bytes after which the body is left off; 0: a body that is too large is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An answer from the web, already decompressed and bounded."""

    url: str
    """Where it was found, after redirects."""
    status: int
    headers: Mapping[str, str]
    """Lower-case names."""
    body: bytes
    fetched_at: datetime
    moved_to: str = ""
    """Set when every hop was permanent (301/308): where the address lives now."""

    @property
    def content_type(self) -> str:
        """The media type without parameters, lower case."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """The answer "as you knew it" (304) to a conditional request."""

    url: str
    """Where it was found, after redirects."""
    headers: Mapping[str, str]
    """Lower-case names; validators and caching hints may be fresher than those of the page."""
    fetched_at: datetime
    moved_to: str = ""
    """Set when every hop was permanent (301/308): where the address lives now."""


Get = Callable[[Request], Awaitable[Page | NotModified]]
"""Asks for an address: `PoliteFetcher.get`."""
Send = Callable[[Request, bytes], Awaitable[Page]]
"""Posts something to an address: `PoliteFetcher.post`."""
Gate = Callable[[str], AbstractAsyncContextManager[None]]
"""Entered around every single request, with its address: where politeness waits, refuses and learns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An address a reader wants to see next, and in which role it will read it."""

    url: str
    role: str = "list"
    """A word of the kind's own: list, conversation, comments …"""
    conversation: str = ""
    """The source's identity of the thread this address shows; "" for lists."""
    stamp: str = ""
    """Changes when the conversation changes. An address whose stamp is the one remembered is not fetched again."""
    carry: Mapping[str, Any] = field(default_factory=dict)
    """What reading that page will need to know (title, parent, options found on the way). JSON values only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """Who says when a feed changes (WebSub), and the name it knows the feed by."""

    url: str
    topic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a page held: posts, addresses that lead further, and what to remember of the source."""

    posts: tuple[Post, ...] = ()
    links: tuple[Link, ...] = ()
    memory: Mapping[str, Any] = field(default_factory=dict)
    """Merged into what the source remembers (a cursor, a found feed)."""
    hint: float = 0.0
    """Seconds the source asks to be left alone (ttl, sy:updatePeriod); 0 where it does not say."""
    hub: Hub | None = None
    incomplete: bool = False
    """Whether the conversation may have posts that its pages do not show: then none is gone for not being there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSpec:
    """A source as `sources.yaml` names it."""

    name: str
    url: str
    kind: str = ""
    """"": to be found out."""
    every: float | None = None
    """Seconds between visits, where a person decided it."""
    pause: float | None = None
    """Seconds between two requests to its host, where it is our own site; else the polite pause."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """The kind's own keys (selectors, api key …), secrets filled in."""
    allow_private: Allowed = False

    def request(
        self, url: str, headers: Mapping[str, str] | None = None, etag: str = "", last_modified: str = ""
    ) -> Request:
        """A request for this source, on its terms."""
        return Request(
            url,
            headers=headers or {},
            etag=etag,
            last_modified=last_modified,
            allow_private=self.allow_private,
            pause=self.pause,
        )


class Kind(Protocol):
    """A kind of source: a module on the shelf `listener/sources/`. Both functions are pure.

    `start` says where a visit begins. `read` turns a page, fetched for `link`, into a `Reading`; it raises
    `listener.errors.ReadError` with one sentence when the page is not what it should be.

    A kind may also have `headers(source)`, sent with each request; `fallback(link, error, source, memory)`, the links
    to try instead of one that failed; and `LISTS_ALL` (true, or a function of the link where it begins), which says
    that a conversation read to its end shows all of its posts: one that is stored and not shown any more is then
    marked as deleted.
    """

    def start(self, source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]: ...

    def read(self, page: Page, link: Link, source: SourceSpec) -> Reading: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LogIn:
    """What is posted to be let in."""

    url: str
    content: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What a log-in gave: the kind's `headers` find it as the option `token`."""

    token: str
    seconds: float
    """How long it is good for."""
    refresh: str = ""
    """What gets the next one without the password."""


class LoginKind(Kind, Protocol):
    """A kind whose sources may want a log-in. Both functions are pure.

    `login` says what to post, with what `refresh` the last key gave, or None where the source's options hold no
    account. `key` reads the answer; it raises `ListenerError` where that is none.
    """

    def login(self, source: SourceSpec, refresh: str) -> LogIn | None: ...

    def key(self, page: Page) -> Key: ...


class LiveKind(Kind, Protocol):
    """A kind that also speaks by itself. Both functions are pure.

    `live` says which streams are to be heard (ws, wss, or http for server-sent events); none where the source is not
    to be heard live. `hear` turns a message into posts, the links of their conversations, and what to remember once
    they are stored; it raises `ListenerError` for what it does not understand.
    """

    def live(self, source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]: ...

    def hear(self, text: str, event: str, link: Link, source: SourceSpec, now: datetime) -> Reading: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """A watched name, ours or a competitor's."""

    name: str
    queries: Mapping[str, str]
    """Query name -> expression; a single `query:` is named after the brand."""
    competitor: bool = False
    own_accounts: tuple[str, ...] = ()
    """Handles, names or addresses that speak for the brand; "@" and case do not matter."""
    context: tuple[str, ...] = ()
    """Words that make it likely that a post is about this brand."""
    products: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorbell:
    """Where hubs ring (WebSub)."""

    callback: str
    """The address under which they reach us."""
    host: str
    port: int
    """Where we listen ourselves: behind a web server that has the callback's name and certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchlist:
    """All that `sources.yaml` says of listening."""

    brands: tuple[Brand, ...] = ()
    sources: tuple[SourceSpec, ...] = ()
    classifier: str = "default"
    contact: str = ""
    """Put in the User-Agent, so that a site's owner can reach the operator."""
    allow_private: Allowed = False
    """For addresses that are tried without being a source."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """Priority reason -> weight, over the defaults."""
    websub: Doorbell | None = None
