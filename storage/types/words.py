"""The words of the work: kinds, states and what can happen."""

from __future__ import annotations

from enum import StrEnum


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


INTENTS = (
    "question", "complaint", "compliment", "purchase", "churn", "idea",
    "error", "outage", "thanks", "news", "job", "spam",
)  # fmt: skip
"""What a writer may want, as our classifier names it; a classifier of your own may know others."""


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
    SNOOZED = "snoozed"
    WOKEN = "woken"
    PENDED = "pended"
    RESOLVED = "resolved"
    DISMISSED = "dismissed"
    SPAMMED = "spammed"
    REOPENED = "reopened"
    HANDED_OVER = "handed_over"  # offered to another department, which has to accept
    ACCEPTED = "accepted"
    REFUSED = "refused"
    PLAYBOOK = "playbook"  # a scenario is followed from here on
    TICKED = "ticked"  # a step of its checklist was done, or not after all
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
    CRISIS_BEGUN = "crisis_begun"  # from here on replies wait for approval
    CRISIS_ENDED = "crisis_ended"
    SLA_WARNED = "sla_warned"  # a target is nearly used up
    SLA_MISSED = "sla_missed"
    UNDONE = "undone"
    PARTED = "parted"  # a person took a mention out of its copies
    JOINED = "joined"  # a person put a mention with another and its copies
    MERGED = "merged"  # accounts were found to be one person
    SPLIT = "split"  # an account was taken out of its person again
    GROUPED = "grouped"  # a person was put in groups, or taken out
    LINKED = "linked"  # a person was found in the organisation's own records
    FORGOTTEN = "forgotten"  # what somebody wrote was erased


SYSTEM = "webcare"
"""The actor of an event that no person made."""
