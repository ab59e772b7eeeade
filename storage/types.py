"""The nouns that cross rooms: frozen, keyword-only, with aware UTC datetimes.

A noun per life stage: a `Post` is what a source says; a `NewPost` is a post with what we found in it; a `Mention`
is a stored post as the desk and the exports see it; a `Case` is the work on one person's mentions in one conversation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any


class PostKind(StrEnum):
    """What sort of public text a post is."""

    ARTICLE = "article"
    POST = "post"
    COMMENT = "comment"
    REPLY = "reply"
    REVIEW = "review"


class Sentiment(StrEnum):
    """The opinion a text holds; `UNRATED` where it is too short, wordless or too unsure to say."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"
    UNRATED = "unrated"


class Priority(StrEnum):
    """How soon a case wants a person, lowest first."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def rank(self) -> int:
        """0 (low) to 3 (urgent), for comparing and sorting."""
        return list(Priority).index(self)


class Status(StrEnum):
    """The state of the work on a case."""

    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"
    DISMISSED = "dismissed"
    SPAM = "spam"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something: new, open, pending or snoozed."""
        return self in (Status.NEW, Status.OPEN, Status.PENDING, Status.SNOOZED)


class ReplyState(StrEnum):
    """Where a reply is on its way out. `UNCERTAIN`: it may or may not have arrived, and is never resent by itself."""

    DRAFT = "draft"
    AWAITING_APPROVAL = "awaiting_approval"
    HELD = "held"
    SENDING = "sending"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Health(StrEnum):
    """How a source does, from its own history."""

    OK = "ok"
    DEGRADED = "degraded"
    SILENT = "silent"
    DEAD = "dead"
    ON_HOLD = "on_hold"


class EventKind(StrEnum):
    """What can happen. Events are only ever appended, in the transaction of the row they speak of."""

    FOUND = "found"  # a mention joined the case
    EDITED = "edited"  # its text changed at the source
    DELETED = "deleted"  # it is gone at the source
    CONTEXT = "context"  # other posts joined its conversation
    ANSWERED_ELSEWHERE = "answered_elsewhere"  # an own account answered outside this desk
    CLAIMED = "claimed"
    RELEASED = "released"
    ASSIGNED = "assigned"
    TAGGED = "tagged"
    UNTAGGED = "untagged"
    NOTED = "noted"
    PRIORITISED = "prioritised"
    CORRECTED = "corrected"  # a person corrected the understanding
    CONFIRMED = "confirmed"  # a person handled it and left the understanding as it was
    SNOOZED = "snoozed"
    WOKEN = "woken"
    PENDED = "pended"
    RESOLVED = "resolved"
    DISMISSED = "dismissed"
    SPAMMED = "spammed"
    REOPENED = "reopened"
    DRAFTED = "drafted"
    SUBMITTED = "submitted"  # a reply waits for approval
    APPROVED = "approved"
    REJECTED = "rejected"
    HELD = "held"
    CANCELLED = "cancelled"
    SENDING = "sending"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    RULE = "rule"  # a rule did something
    SLA_WARNED = "sla_warned"  # a target is nearly used up
    SLA_MISSED = "sla_missed"
    UNDONE = "undone"


SYSTEM = "webcare"
"""The actor of an event that no person made."""


def _refuse_naive(noun: object) -> None:
    for each in fields(noun):  # type: ignore[arg-type]
        value = getattr(noun, each.name)
        if isinstance(value, datetime) and value.tzinfo is None:
            raise ValueError(f"{type(noun).__name__}.{each.name} must know its time zone, got {value!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One public piece of text, as its source shows it. Empty string or None: the source does not say."""

    external_id: str
    """The source's own identity of the post; unique within the source."""
    url: str
    text: str
    """Plain text, paragraphs parted by a blank line; just as it came, control characters and all."""
    title: str = ""
    author: str = ""
    """The name as shown."""
    author_id: str = ""
    """The source's identity of the account (handle, number); the shown name where there is none."""
    author_url: str = ""
    conversation_id: str = ""
    """The source's identity of the thread; "" where the post stands alone (its own id is taken)."""
    conversation_url: str = ""
    conversation_title: str = ""
    parent_id: str = ""
    """External id of the post this one answers; "" for the first post and for an answer to the thread as a whole."""
    kind: PostKind = PostKind.POST
    published_at: datetime | None = None
    edited_at: datetime | None = None
    deleted: bool = False
    partial: bool = False
    """True for a teaser: it never replaces a text that was read whole."""
    lang: str | None = None
    """ISO 639-1, where the source says it."""
    rating: float | None = None
    """A review's stars, 1 to 5."""
    reach: int | None = None
    """How many people could see it, where the source says so; None is unknown, never 0."""

    def __post_init__(self) -> None:
        _refuse_naive(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a judgement was made: the rule or label that fired, the words that made it, and their share of the score."""

    about: str
    """sentiment, intent, priority, relevance or language."""
    label: str
    words: tuple[str, ...] = ()
    share: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What a text was understood to say, with the reasons."""

    lang: str | None = None
    """nl, en, de, fr, other; None where nothing can be said."""
    sentiment: Sentiment = Sentiment.UNRATED
    score: float = 0.0
    """-1 (negative) to 1 (positive)."""
    confidence: float = 0.0
    """0 to 1, of the sentiment."""
    intents: tuple[str, ...] = ()
    """Most likely first: question, complaint, compliment, purchase, churn, idea, error, outage, thanks, news,
    job, spam."""
    relevance: float | None = None
    """0 to 1: is this about us?"""
    priority: Priority = Priority.NORMAL
    priority_score: int = 0
    """0 to 100."""
    reasons: tuple[Reason, ...] = ()
    model: str = ""
    """Which classifier judged, with its version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A query of a brand that a post answers."""

    brand: str
    query: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPost:
    """A post with what we found in it: what the listener hands to the intake."""

    post: Post
    matches: tuple[Match, ...] = ()
    """Empty: kept only as context of a conversation that has a mention."""
    opinion: Opinion | None = None
    fingerprint: str = ""
    """Equal for near-equal texts across sources; "" where the text is too short to tell."""
    wants_case: bool = False
    """A mention somebody may have to answer (not a competitor's, not our own account's)."""
    is_own: bool = False
    """Written by one of the brand's own accounts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadThread:
    """A conversation that was read whole: what to remember of it, and when to look again."""

    external_id: str
    url: str
    title: str = ""
    stamp: str = ""
    link: Mapping[str, Any] = field(default_factory=dict)
    """How to read it again: the reader's role, address and what it carried."""
    next_at: datetime | None = None
    """None: not by itself, only when its list says that it changed."""
    complete: bool = False
    """The posts stored with it are all there are: one we hold that is not among them is gone at the source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueThread:
    """A followed conversation whose turn it is."""

    external_id: str
    url: str
    stamp: str
    link: Mapping[str, Any]
    last_post_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DueSource:
    """A source whose turn it is, leased to this process, with what the last visit left behind."""

    name: str
    kind: str
    url: str
    failures: int = 0
    """Visits in a row that failed."""
    last_visit_at: datetime | None = None
    last_new_at: datetime | None = None
    interval: float = 0.0
    """Seconds the last visit chose to wait; 0 before the first."""
    memory: Mapping[str, Any] = field(default_factory=dict)
    """What is kept from visit to visit: validators by address, and what the kind asked for (a cursor, a found feed)."""
    health: Health = Health.OK
    status: int | None = None
    """The HTTP status of the last visit."""
    threads: tuple[DueThread, ...] = ()
    """Followed conversations whose turn it is too, longest waiting first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """How one visit to a source went; stored with what it asked to be remembered."""

    source: str
    started_at: datetime
    finished_at: datetime
    next_at: datetime
    interval: float
    outcome: str = "ok"
    """ok, unchanged, failed or refused."""
    health: Health = Health.OK
    sentence: str = ""
    """What happened, for a person; said when it did not go well."""
    status: int | None = None
    """The HTTP status of the last answer."""
    memory: Mapping[str, Any] = field(default_factory=dict)
    pages: int = 0
    posts: int = 0
    """Posts read."""
    new_posts: int = 0
    """Posts stored that were not known."""
    url: str = ""
    """Where the source lives now, when it moved for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What became of a batch: ids of the mentions that are new, of those edited, and how many posts were new at all."""

    new_mentions: tuple[int, ...] = ()
    edited_mentions: tuple[int, ...] = ()
    new_posts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """A source's state for `sources health` and the desk."""

    name: str
    kind: str
    url: str
    health: Health
    sentence: str
    next_at: datetime | None
    last_visit_at: datetime | None
    last_ok_at: datetime | None
    last_new_at: datetime | None
    failures: int
    posts: int
    mentions: int


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

    @property
    def intent(self) -> str | None:
        """The most likely intent."""
        return self.intents[0] if self.intents else None

    @property
    def is_mention(self) -> bool:
        """Whether it answers a query, as against context."""
        return bool(self.queries)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRow:
    """What figures are counted from: a mention with the times of its case, one row a mention."""

    mention_id: int
    case_id: int | None
    at: datetime
    """Published, else first seen."""
    first_seen_at: datetime
    source: str
    source_kind: str
    brand: str | None
    lang: str | None
    sentiment: Sentiment
    intents: tuple[str, ...]
    priority: Priority
    author: str | None
    opens_case: bool
    """True for the first mention of its case: durations are counted once a case."""
    asked_at: datetime | None
    """When the case's clock began: its first mention published, else first seen."""
    responded_at: datetime | None
    resolved_at: datetime | None
    """The last resolution, None while open again."""
    reopened: int
    replies: int
    agents: tuple[str, ...]
    """Who answered or ended the case."""
    published_at: datetime | None = None
    """As the source says; None is unknown."""
    brands: tuple[str, ...] = ()
    """All brands it is about, for the share of voice."""
    conversation_id: int = 0
    status: Status | None = None
    """Of its case, None where it has none."""
    answered: bool = False
    """Whether we responded; with `responded_at` None the moment is unknown."""
