"""How a judgement, a status or a step looks in a few cells: always a sign or a letter, colour only beside it."""

from __future__ import annotations

from datetime import datetime

from rich.cells import cell_len

from desk.locale import N_, _, age
from desk.shown import clean_line
from desk.widgets.lines import Line, fit
from storage.types import Case, Priority, ReplyState, Sentiment, Status

SENTIMENT_SIGN = {
    Sentiment.NEGATIVE: ("−", "negative"),
    Sentiment.NEUTRAL: ("o", "dim"),
    Sentiment.POSITIVE: ("+", "positive"),
    Sentiment.UNRATED: ("·", "dim"),
}
PRIORITY_SIGN = {
    Priority.URGENT: ("P1", "urgent"),
    Priority.HIGH: ("P2", "high"),
    Priority.NORMAL: ("P3", "normal"),
    Priority.LOW: ("P4", "dim"),
}
STATUS_SIGN = {
    Status.NEW: "•",
    Status.OPEN: " ",
    Status.PENDING: "…",
    Status.SNOOZED: "z",
    Status.RESOLVED: "✓",
    Status.DISMISSED: "×",
    Status.SPAM: "§",
}
SENTIMENT_WORD = {
    Sentiment.NEGATIVE: N_("negative"),
    Sentiment.NEUTRAL: N_("neutral"),
    Sentiment.POSITIVE: N_("positive"),
    Sentiment.UNRATED: N_("not rated"),
}
PRIORITY_WORD = {
    Priority.URGENT: N_("urgent"),
    Priority.HIGH: N_("high"),
    Priority.NORMAL: N_("normal"),
    Priority.LOW: N_("low"),
}
STATUS_WORD = {
    Status.NEW: N_("new"),
    Status.OPEN: N_("open"),
    Status.PENDING: N_("waiting for the writer"),
    Status.SNOOZED: N_("snoozed"),
    Status.RESOLVED: N_("resolved"),
    Status.DISMISSED: N_("irrelevant"),
    Status.SPAM: N_("spam"),
}
REPLY_WORD = {
    ReplyState.DRAFT: N_("draft"),
    ReplyState.AWAITING_APPROVAL: N_("waits for approval"),
    ReplyState.HELD: N_("held"),
    ReplyState.SENDING: N_("on its way"),
    ReplyState.SENT: N_("sent"),
    ReplyState.UNCERTAIN: N_("uncertain: look whether it is there"),
    ReplyState.FAILED: N_("failed"),
    ReplyState.CANCELLED: N_("cancelled"),
}

INTENT_WORDS = (
    N_("question"), N_("complaint"), N_("compliment"), N_("purchase"), N_("churn"), N_("idea"), N_("error"),
    N_("outage"), N_("thanks"), N_("news"), N_("job"), N_("spam"),
)  # fmt: skip
"""The intents that are known to be found, so that they are translated."""
REASON_WORDS = (
    N_("safety"), N_("privacy"), N_("fraud"), N_("legal"), N_("media"), N_("vulnerable"), N_("deadline"), N_("money"),
    N_("repeat"), N_("waiting"), N_("problem"), N_("direct"), N_("reach"), N_("velocity"), N_("unanswered"), N_("over"),
    N_("again"), N_("name"), N_("context"), N_("learnt"), N_("account"), N_("product"), N_("service"),
)  # fmt: skip
"""Reasons by name, so that they are translated; one that is not here is shown as it is."""
ABOUT_WORDS = (N_("sentiment"), N_("intent"), N_("priority"), N_("relevance"), N_("language"))
"""What a reason can be about."""

NARROW, MIDDLE, WIDE, AMPLE = (10, 0, 3), (11, 0, 6), (12, 9, 7), (14, 12, 9)
"""Cells of a row for the author, the source, and who has it: in a narrow list beside a conversation, in
a wider one, alone, and in a wide one.
"""


def holder(case: Case, now: datetime) -> str:
    """Who has the case now; "" when nobody does, or when the lease ran out."""
    if case.assignee is None or (case.lease_until is not None and case.lease_until < now):
        return ""
    return clean_line(case.assignee, 20)


def case_row(case: Case, width: int, now: datetime, *, marked: bool = False, seen: str = "") -> Line:
    """A case as a row of the list: mark, status, priority, sentiment, age, author, text, source, holder.

    Where nobody has it, `seen` says who is at it, after ◦ (looking) or ✎ (writing).
    """
    author, source, held = NARROW if width < 60 else MIDDLE if width < 76 else WIDE if width < 100 else AMPLE
    quiet = not case.status.is_open
    priority, loud = PRIORITY_SIGN[case.priority]
    sign, feeling = SENTIMENT_SIGN[case.sentiment]
    text = width - 16 - author - held - (source + 1 if source else 0)
    line = [
        ("*" if marked else " ", "accent"),
        (STATUS_SIGN[case.status] + " ", "good" if quiet else "accent"),
        (priority + " ", "dim" if quiet else loud),
        (sign + " ", "dim" if quiet else feeling),
        (fit(age(case.last_mention_at, now), 4, right=True) + "  ", "dim"),
        (fit(clean_line(case.author or _("unknown"), 40), author) + " ", "dim" if quiet else "strong"),
        *_said(case, text, quiet),
    ]
    if source:
        line.append((" " + fit(clean_line(case.source, 20), source), "dim"))
    stuck = case.reply_state in (ReplyState.UNCERTAIN, ReplyState.FAILED)
    who = "!" if stuck else _held(case, now, held) or _short(clean_line(seen, 20), held)
    return [*line, (" " + fit(who, held), "error" if stuck else "own")]


def _said(case: Case, width: int, quiet: bool) -> Line:
    """The title, and in what room is left the text."""
    title, text = clean_line(case.title, 200), clean_line(case.text, 200)
    normal = "dim" if quiet else "normal"
    if not title and not text:
        return [(fit(_("(no text)"), width), "dim")]
    if not title or text.startswith(title[:40]):
        return [(fit(text, width), normal)]
    rest = width - cell_len(title) - 2
    if rest < 10:
        return [(fit(title, width), normal)]
    return [(title + "  ", normal), (fit(text, rest), "dim")]


def _held(case: Case, now: datetime, width: int) -> str:
    name = holder(case, now)
    if case.reply_state is ReplyState.DRAFT and name:
        return name[: width - 2] + "✎"
    return _short(name, width)


def _short(name: str, width: int) -> str:
    """In a narrow row its first letters."""
    return name if width > 3 else name[:width]
