"""The rows. They never leave storage: doors turn them into the nouns of `types`.

No relationships: joins are queries. `datetime` columns are aware UTC on both databases (SQLModel's `UTCDateTime`).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.columns import BigId, json_of, long_text, ref, row_id


class Source(SQLModel, table=True):
    """How visiting a source went. What to visit stands in `sources.yaml`; the row outlives that."""

    name: str = Field(primary_key=True)
    kind: str = ""
    url: str = ""
    active: bool = True
    next_at: datetime | None = Field(default=None, index=True)
    lease_owner: str = ""
    lease_until: datetime | None = Field(default=None, index=True)
    interval: float = 0.0
    failures: int = 0
    health: str = "ok"
    sentence: str = long_text()
    status: int | None = None
    last_visit_at: datetime | None = None
    last_ok_at: datetime | None = None
    last_new_at: datetime | None = None
    answer: str = long_text()
    """How its last answer began, as text, for a person who wants to know why it cannot be read."""
    memory: dict[str, Any] = json_of(dict)


class Conversation(SQLModel, table=True):
    """A thread at its source. `stamp` is what the source showed of it when it was last read whole."""

    __table_args__ = (
        UniqueConstraint("source", "external_key", name="uq_conversation_external"),
        Index("ix_conversation_next", "next_at"),
    )

    id: int | None = row_id()
    source: str
    external_key: str
    external_id: str = long_text()
    url: str = long_text()
    title: str = long_text()
    followed: bool = False
    """True once it holds a mention: then its new posts are kept as context."""
    stamp: str = long_text()
    link: dict[str, Any] = json_of(dict)
    next_at: datetime | None = None
    last_post_at: datetime | None = None


class Person(SQLModel, table=True):
    """One or more authors who are one human being."""

    id: int | None = row_id()
    name: str = long_text()
    customer: str = long_text()
    """How the organisation's own records know them."""


class PersonGroup(SQLModel, table=True):
    """A group that a person is in (press, VIP, staff …)."""

    __tablename__ = "person_group"

    person_id: int = Field(sa_column=Column(BigId, ForeignKey("person.id"), primary_key=True))
    group: str = Field(primary_key=True, index=True)


class Author(SQLModel, table=True):
    """One account on one source."""

    __table_args__ = (UniqueConstraint("source", "external_key", name="uq_author_external"),)

    id: int | None = row_id()
    source: str
    external_key: str
    external_id: str = long_text()
    name: str = long_text()
    url: str = long_text()
    is_own: bool = False
    person_id: int | None = ref("person.id", nullable=True)


class Post(SQLModel, table=True):
    """A mention, or a post kept as context of one."""

    __table_args__ = (
        UniqueConstraint("source", "external_key", name="uq_post_external"),
        # holds all that figures are counted from: a report of a million mentions reads none of their texts
        Index("ix_post_mention_at", "is_mention", "at", "id", "first_seen_at", "published_at", "source", "source_kind",
              "brand", "lang", "sentiment", "priority", "author_id", "conversation_id", "case_id"),
        Index("ix_post_conversation_at", "conversation_id", "at", "id", "case_id"),
        Index("ix_post_source_at", "source", "at"),
        Index("ix_post_case", "case_id", "is_mention", "at"),
    )  # fmt: skip

    id: int | None = row_id()
    source: str
    source_kind: str = ""
    external_key: str
    external_id: str = long_text()
    conversation_id: int = ref("conversation.id", index=False)
    parent_key: str = ""
    """The `external_key` of the post it answers, whether we hold that one or not."""
    author_id: int | None = ref("author.id", nullable=True)
    author_words: str = long_text()
    kind: str = "post"
    url: str = long_text()
    title: str = long_text()
    text: str = long_text()
    title_words: str = long_text()
    text_words: str = long_text()
    """Folded tokens, each between single spaces, one space at either end: what a search looks through."""
    lang: str | None = None
    published_at: datetime | None = None
    first_seen_at: datetime
    at: datetime
    """Published, else first seen: what time-bound queries and the order of lists look at."""
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    partial: bool = False
    rating: float | None = None
    reach: int | None = None
    fingerprint: str = Field(default="", index=True)
    is_mention: bool = False
    is_own: bool = False
    brand: str | None = None
    case_id: int | None = ref("case.id", nullable=True, index=False)
    sentiment: str = "unrated"
    sentiment_score: float | None = None
    confidence: float | None = None
    relevance: float | None = None
    priority: str = "normal"
    priority_score: int = 0
    reasons: list[Any] = json_of(list)
    model: str = ""
    content_hash: str = ""


class PostMatch(SQLModel, table=True):
    """A query of a brand that a post answers."""

    __tablename__ = "post_match"

    post_id: int = Field(sa_column=Column(BigId, ForeignKey("post.id"), primary_key=True))
    brand: str = Field(primary_key=True, index=True)
    query: str = Field(primary_key=True)


class PostIntent(SQLModel, table=True):
    """An intent of a post; `place` 0 is the most likely."""

    __tablename__ = "post_intent"

    post_id: int = Field(sa_column=Column(BigId, ForeignKey("post.id"), primary_key=True))
    intent: str = Field(primary_key=True, index=True)
    place: int = 0


class Revision(SQLModel, table=True):
    """What a post said before it was edited."""

    id: int | None = row_id()
    post_id: int = ref("post.id")
    at: datetime
    title: str = long_text()
    text: str = long_text()


class Case(SQLModel, table=True):
    """The work on one person's mentions in one conversation."""

    __table_args__ = (
        UniqueConstraint("conversation_id", "author_key", name="uq_case_person"),
        Index("ix_case_inbox", "status", "priority_score", "last_mention_at", "id"),
        Index("ix_case_order", text("priority_score DESC"), "last_mention_at", "id"),
    )

    id: int | None = row_id()
    conversation_id: int = ref("conversation.id")
    author_id: int | None = ref("author.id", nullable=True)
    author_key: str
    """The author's id as text; for an unknown author the post's own key, so that strangers do not share a case."""
    brand: str | None = None
    status: str = "new"
    assignee: str | None = Field(default=None, index=True)
    lease_until: datetime | None = None
    epoch: int = 0
    version: int = 0
    priority: str = "normal"
    priority_score: int = 0
    snoozed_until: datetime | None = Field(default=None, index=True)
    opened_at: datetime
    last_mention_at: datetime
    changed: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, index=True, default=0))
    """The id of the newest event that touched it: what `changes since` looks at."""
    department: str | None = None
    """The department that has taken it, where one has."""
    handed_to: str | None = Field(default=None, index=True)
    """The department it was handed over to that did not answer yet."""
    playbook: str | None = None
    """The scenario that is followed in it."""
    checklist: list[Any] = json_of(list)
    """The playbook's steps as they were when it was opened: each its words, and who ticked it off when."""


class CaseTag(SQLModel, table=True):
    """A label an agent or a rule put on a case."""

    __tablename__ = "case_tag"

    case_id: int = Field(sa_column=Column(BigId, ForeignKey("case.id"), primary_key=True))
    tag: str = Field(primary_key=True, index=True)


class Event(SQLModel, table=True):
    """Appended, never changed: the trail, the undo, and the source of every figure."""

    __table_args__ = (Index("ix_event_actor", "actor", "id"), Index("ix_event_at", "at"))

    id: int | None = row_id()
    at: datetime
    actor: str
    kind: str
    case_id: int | None = ref("case.id", nullable=True)
    post_id: int | None = ref("post.id", nullable=True)
    reply_id: int | None = ref("reply.id", nullable=True)
    data: dict[str, Any] = json_of(dict)
    undone_by: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    """The id of the event that took it back."""


class Reply(SQLModel, table=True):
    """Our answer on its way out."""

    __table_args__ = (Index("ix_reply_state", "state", "hold_until"),)

    id: int | None = row_id()
    case_id: int = ref("case.id")
    post_id: int = ref("post.id")
    agent: str
    channel: str
    text: str = long_text()
    state: str = "draft"
    key: str = Field(unique=True)
    epoch: int = 0
    created_at: datetime
    hold_until: datetime | None = None
    lease_owner: str = ""
    lease_until: datetime | None = None
    sent_at: datetime | None = None
    url: str | None = None
    external_id: str | None = None
    error: str | None = None
    attempts: int = 0


class VisitLog(SQLModel, table=True):
    """How each visit went: the history that health is judged by."""

    __tablename__ = "visit_log"
    __table_args__ = (Index("ix_visit_source", "source", "id"),)

    id: int | None = row_id()
    source: str
    started_at: datetime
    finished_at: datetime
    outcome: str
    sentence: str = long_text()
    status: int | None = None
    pages: int = 0
    posts: int = 0
    new_posts: int = 0


class Tombstone(SQLModel, table=True):
    """A forgotten post or author, as a keyed hash: what was forgotten stays forgotten."""

    key: str = Field(primary_key=True)
    at: datetime


class RuleRun(SQLModel, table=True):
    """That a rule looked after a case because of an event: the key decides that it does so once, whoever asks."""

    __tablename__ = "rule_run"

    rule: str = Field(primary_key=True)
    case_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    event_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    """0: applied by hand to what was stored."""
    at: datetime


class Setting(SQLModel, table=True):
    """Small facts of the installation (schema stamp, secret for hashes, roll-ups' position)."""

    name: str = Field(primary_key=True)
    value: str = long_text()


class Notice(SQLModel, table=True):
    """Something to tell people outside the desk, one row a target; addresses stand in `sources.yaml` alone."""

    __table_args__ = (Index("ix_notice_target", "target", "state", "send_at"),)

    key: str = Field(primary_key=True)
    topic: str = Field(index=True)
    target: str
    at: datetime
    title: str = long_text()
    text: str = long_text()
    path: str = long_text()
    """A file to go with it."""
    state: str = "waiting"
    send_at: datetime
    batch: str = ""
    """The message it goes out with; tried again under the same name."""
    lease_owner: str = ""
    lease_until: datetime | None = None
    sent_at: datetime | None = None
    attempts: int = 0
    error: str = long_text()


class Duty(SQLModel, table=True):
    """Something to be done once, by whoever takes it first."""

    name: str = Field(primary_key=True)
    at: datetime
    lease_owner: str = ""
    lease_until: datetime | None = None
    done_at: datetime | None = None


class Lesson(SQLModel, table=True):
    """What the understanding learnt here, one row a training; the newest that was not rolled back is in use."""

    id: int | None = row_id()
    at: datetime
    version: str
    layer: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    card: list[Any] = json_of(list)
    """The score-card: a row a language and field."""
    rolled_back_at: datetime | None = None


class Presence(SQLModel, table=True):
    """Who looks at which case now, one row an agent; what was not said again for a while no longer holds."""

    agent: str = Field(primary_key=True)
    case_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    doing: str = "looking"
    seen_at: datetime


class Robots(SQLModel, table=True):
    """What the robots.txt of an origin said when it was last read; empty: it allows everything."""

    origin: str = Field(primary_key=True)
    read_at: datetime = Field(index=True)
    rules: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    quiet_until: datetime | None = None
    """Until when it asked to be left alone (Retry-After)."""


class Subscription(SQLModel, table=True):
    """A hub that was asked to say when a source's feed changes (WebSub), one row a source."""

    source: str = Field(primary_key=True)
    hub: str = long_text()
    topic: str = long_text()
    token: str = Field(index=True, unique=True)
    secret: str
    asked_at: datetime
    until: datetime | None = None
    """The end of the lease; None before the hub confirmed."""


class PostBand(SQLModel, table=True):
    """A sample of a mention's words: mentions that share a band may be copies of one text."""

    __tablename__ = "post_band"
    __table_args__ = {"sqlite_with_rowid": False}  # twelve a mention: kept once, in the order in which it is looked for

    band: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    post_id: int = Field(sa_column=Column(BigInteger, ForeignKey("post.id"), primary_key=True, index=True))
