"""The author pane as lines: who writes, how they felt, and what else they wrote."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from desk.locale import _, age, clock, ngettext
from desk.shown import clean_line, link_host, lookalike
from desk.widgets.lines import Build, Line, fit, rule, wrap
from desk.widgets.plots import spark
from desk.widgets.signs import SENTIMENT_SIGN, SENTIMENT_WORD, STATUS_SIGN
from storage.types import Case, CaseFile, Mention, Reply, Sentiment

if TYPE_CHECKING:
    from storage.dossier import Dossier

GLIMPSE = 3
"""Lines shown of an earlier post."""
ENOUGH = 6
"""Different words a text must have to be told apart from a thank-you."""
_WORD = re.compile(r"\w+")


def author(
    file: CaseFile, now: datetime, names: Iterable[str] = (), known: Dossier | None = None, draft: str = ""
) -> Build:
    """Makes the pane of the author of `file`; `names` are known names, of which a look-alike is flagged.

    `known` is what is known of them besides; what they were told before and is nearly `draft` is flagged.
    """

    def build(width: int) -> list[Line]:
        name = clean_line(file.case.author or "", 60) or _("unknown")
        lines: list[Line] = [[(line, "strong")] for line in wrap(name, width)[:2]]
        imitated = lookalike(file.case.author or "", names)
        if imitated and not (file.author and file.author.is_own):
            warning = _("Looks like {name}, and is not.", name=clean_line(imitated, 40))
            lines += [[(line, "warn")] for line in wrap(warning, width)]
        lines += _facts(file, width, now)
        if known is not None:
            lines += _besides(known, width, now, draft)
        lines += [rule(width), [(_("Earlier"), "strong")]]
        if not file.earlier:
            lines.append([(_("Nothing in other conversations."), "dim")])
        for post in file.earlier:
            lines += [*_glimpse(post, width, now), []]
        return lines

    return build


def _facts(file: CaseFile, width: int, now: datetime) -> list[Line]:
    who = file.author
    if who is None:
        return [[(_("The source does not say who wrote this."), "dim")]]
    lines: list[Line] = [[(clean_line(who.source, width), "dim")]]
    if who.is_own:
        lines.append([(_("One of our own accounts"), "own")])
    if who.url and (host := link_host(who.url)):
        lines.append([(clean_line(host, width), "dim")])
    lines.append([
        (ngettext("{n} mention", "{n} mentions", who.mentions), "normal"),
        (" · " + ngettext("{n} case", "{n} cases", who.cases), "normal"),
    ])  # fmt: skip
    if who.first_seen_at is not None:
        lines.append([(_("Seen since {time}", time=clock(who.first_seen_at, now)), "dim")])
    for mood in (Sentiment.NEGATIVE, Sentiment.NEUTRAL, Sentiment.POSITIVE):
        count = who.sentiments.get(mood, 0)
        if count:
            sign, role = SENTIMENT_SIGN[mood]
            bar = "█" * max(1, round(count / max(who.mentions, 1) * max(4, width - 18)))
            lines.append([(f"{sign} {_(SENTIMENT_WORD[mood]):<9}", role), (f" {bar} ", role), (str(count), "dim")])
    return lines


def alike(one: str, other: str) -> bool:
    """Whether two texts say nearly the same: three in four of their words, of which there are enough to tell."""
    a, b = (set(_WORD.findall(each.casefold())) for each in (one, other))
    return min(len(a), len(b)) >= ENOUGH and len(a & b) >= 0.75 * len(a | b)


def _besides(known: Dossier, width: int, now: datetime, draft: str) -> list[Line]:
    """Groups, feelings by week, other accounts, what they were told, what was noted, and their other cases."""
    lines: list[Line] = []
    if known.groups:
        lines.append([(clean_line(_("In") + " " + ", ".join(known.groups), width), "accent")])
    lines += [
        [(clean_line(_("Also {name} on {source}", name=name, source=source), width), "dim")]
        for source, name in known.accounts[:3]
    ]
    if any(week[0] for week in known.moods):
        most = max(week[0] for week in known.moods)
        for place, sign, role in ((1, "−", "negative"), (2, "+", "positive")):
            lines.append([(f"{sign} ", role), (spark([week[place] for week in known.moods], most), role)])
        lines.append([(_("by week, the last {n}", n=len(known.moods)), "dim")])
    if known.replies:
        lines += [rule(width), [(_("They were told"), "strong")]]
        for reply in known.replies:
            lines += _told(reply, width, now, draft)
    if known.notes:
        lines += [rule(width), [(_("Noted"), "strong")]]
        for note in known.notes:
            said = clean_line(str(note.data.get("text", "")), 300)
            text = f"{clock(note.at, now)}  {clean_line(note.actor, 20)}: {said}"
            lines += [[(line, "note")] for line in wrap(text, width)[:GLIMPSE]]
    if known.cases:
        lines += [rule(width), [(_("Other cases"), "strong")], *(_case(each, width, now) for each in known.cases)]
    return lines


def _told(reply: Reply, width: int, now: datetime, draft: str) -> list[Line]:
    head: Line = [(clock(reply.sent_at or reply.created_at, now), "dim"), ("  " + clean_line(reply.agent, 20), "own")]
    same: list[Line] = [[("≈ " + _("nearly what is being written"), "warn")]] if alike(reply.text, draft) else []
    text = clean_line(reply.text, 400)
    return [head, *same, *[[("  " + line, "normal")] for line in wrap(text, width - 2)[:GLIMPSE]]]


def _case(case: Case, width: int, now: datetime) -> Line:
    sign, role = SENTIMENT_SIGN[case.sentiment]
    when = fit(age(case.last_mention_at, now), 4, right=True)
    head: Line = [(STATUS_SIGN[case.status] + sign, role), (when + " ", "dim")]
    return [*head, (fit(clean_line(case.title or case.text, 100), max(4, width - 8)), "normal")]


def _glimpse(post: Mention, width: int, now: datetime) -> list[Line]:
    sign, role = SENTIMENT_SIGN[post.sentiment]
    when = clock(post.published_at or post.first_seen_at, now)
    head: Line = [(sign + " ", role), (when, "dim"), ("  " + clean_line(post.source, 16), "dim")]
    text = clean_line(post.text or post.title, 400)
    return [head, *[[("  " + line, "normal")] for line in wrap(text, width - 2)[:GLIMPSE]]]
