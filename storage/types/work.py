"""The nouns of the desk: mentions, cases, events and replies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from storage.types.words import EventKind, PostKind, Priority, ReplyState, Sentiment, Status

if TYPE_CHECKING:
    from storage.types.posts import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A stored post as the desk, the search and the exports see it; fields without a value are None.

    Posts kept as context are of this type too, with `queries` empty and `case_id` None.
    """

    id: int
    case_id: int | None
    source: str
    source_kind: str
    brand: str | None
    """The brand it is about: the first own brand that matched, else the first competitor."""
    brands: tuple[str, ...]
    queries: tuple[str, ...]
    url: str
    title: str
    text: str
    lang: str | None
    author: str | None
    author_url: str | None
    author_id: int | None
    conversation_id: int
    """Ours; the same for all posts of one thread."""
    conversation_url: str | None
    parent_id: int | None
    """The `id` of the post it answers, where the source says so and we hold it."""
    kind: PostKind
    published_at: datetime | None
    first_seen_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    sentiment: Sentiment
    sentiment_score: float | None
    confidence: float | None
    intents: tuple[str, ...]
    relevance: float | None
    priority: Priority
    priority_score: int
    reasons: tuple[Reason, ...]
    reach: int | None
    duplicates: tuple[int, ...]
    """Ids of posts with (nearly) the same text elsewhere."""
    status: Status | None
    assignee: str | None
    tags: tuple[str, ...]
    rating: float | None
    is_own: bool = False
    external_id: str = ""
    conversation_external_id: str = ""
    """The source's own identity of the thread; a reply is addressed to it."""
    groups: tuple[str, ...] = ()
    """The groups its author's person is in."""
    has_reply: bool = False
    """Whether an answer of ours is out or on its way (held, sending, sent or uncertain)."""
    has_note: bool = False
    """Whether its case carries a note that was not undone."""
    department: str | None = None
    """The department that has taken its case."""
    handed_to: str | None = None
    """The department its case was handed over to that did not answer yet."""
    playbook: str | None = None
    """The scenario its case follows."""

    @property
    def intent(self) -> str | None:
        """The most likely intent."""
        return self.intents[0] if self.intents else None

    @property
    def is_mention(self) -> bool:
        """Whether it answers a query, as against context."""
        return bool(self.queries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A step of a playbook's checklist; who did it and when, where somebody did."""

    text: str
    by: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The unit of work: one person's mentions in one conversation; a row of the inbox."""

    id: int
    version: int
    """Grows with every change to the case or its conversation: a reply leaves only against the version it was
    written for."""
    epoch: int
    """Grows with every change of hands: the fence that keeps a late holder from writing."""
    status: Status
    assignee: str | None
    lease_until: datetime | None
    snoozed_until: datetime | None
    priority: Priority
    priority_score: int
    brand: str | None
    source: str
    source_kind: str
    conversation_id: int
    author_id: int | None
    author: str | None
    title: str
    text: str
    """Of the newest mention."""
    url: str
    lang: str | None
    sentiment: Sentiment
    intents: tuple[str, ...]
    tags: tuple[str, ...]
    mentions: int
    opened_at: datetime
    last_mention_at: datetime
    """When the newest mention was published, else first seen."""
    reply_state: ReplyState | None
    """Of the newest reply."""
    department: str | None = None
    """The department that has taken it, where one has."""
    handed_to: str | None = None
    """The department it was handed over to that did not answer yet."""
    playbook: str | None = None
    """The scenario that is followed in it."""
    checklist: tuple[Tick, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened, for ever."""

    id: int
    at: datetime
    actor: str
    kind: EventKind
    case_id: int | None
    post_id: int | None
    reply_id: int | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Our answer to a mention, and where it is on its way out."""

    id: int
    case_id: int
    post_id: int
    """The mention it answers."""
    agent: str
    channel: str
    text: str
    state: ReplyState
    key: str
    """Idempotency key, told to channels that can tell duplicates."""
    created_at: datetime
    hold_until: datetime | None
    sent_at: datetime | None
    url: str | None
    """Where it stands, once the channel has said so."""
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a channel answers when it has handed a reply over."""

    url: str | None = None
    external_id: str | None = None
    sentence: str = ""
    """What was done, for the agent: "posted", "opened in the browser, text on the clipboard"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """One account on one source, with what we know of it."""

    id: int
    source: str
    name: str
    url: str | None
    is_own: bool
    mentions: int
    cases: int
    first_seen_at: datetime | None
    sentiments: Mapping[Sentiment, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """A case opened: everything an agent needs to answer well."""

    case: Case
    conversation_title: str
    thread: tuple[Mention, ...]
    """All posts of the conversation, oldest first; those of this case carry its `case_id`."""
    replies: tuple[Reply, ...]
    trail: tuple[Event, ...]
    """Its events, oldest first; notes among them."""
    author: Author | None
    earlier: tuple[Mention, ...]
    """The author's posts in other conversations, newest first, 20 at most."""
