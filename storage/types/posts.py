"""The nouns of listening: what a source says, what we found in it, and how visiting went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from storage.types.words import Health, PostKind, Priority, Sentiment


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
        for moment in (self.published_at, self.edited_at):
            if moment is not None and moment.tzinfo is None:
                raise ValueError(f"the times of a post must know their time zone, got {moment!r}")


class Reason(NamedTuple):
    """Why a judgement was made: the rule or label that fired, the words that made it, and their share of the score."""

    about: str
    """sentiment, intent, priority, relevance or language."""
    label: str
    words: tuple[str, ...] = ()
    share: float = 0.0


class Opinion(NamedTuple):
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
    sketch: tuple[int, ...] = ()
    """A sample of its words, by which copies of the text are looked for; empty where it is too short to tell."""
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
class Delivery:
    """What a visit brought of one source, to be stored together."""

    source: str
    kind: str
    posts: Sequence[NewPost] = ()
    threads: Sequence[ReadThread] = ()


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
    answer: str = ""
    """How what it said began, as text; "" where it said nothing new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What became of a batch: ids of the mentions that are new, of those edited, and how many posts were new at all."""

    new_mentions: tuple[int, ...] = ()
    edited_mentions: tuple[int, ...] = ()
    new_posts: int = 0

    def __add__(self, other: Stored) -> Stored:
        """What became of both."""
        return Stored(
            new_mentions=self.new_mentions + other.new_mentions,
            edited_mentions=self.edited_mentions + other.edited_mentions,
            new_posts=self.new_posts + other.new_posts,
        )


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
