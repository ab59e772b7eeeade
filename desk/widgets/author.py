"""The author pane as lines: who writes, how they felt, and what else they wrote."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from desk.locale import _, clock, ngettext
from desk.shown import clean_line, link_host, lookalike
from desk.widgets.lines import Build, Line, rule, wrap
from desk.widgets.signs import SENTIMENT_SIGN, SENTIMENT_WORD
from storage.types import CaseFile, Mention, Sentiment

GLIMPSE = 3
"""Lines shown of an earlier post."""


def author(file: CaseFile, now: datetime, names: Iterable[str] = ()) -> Build:
    """Makes the pane of the author of `file`; `names` are known names, of which a look-alike is flagged."""

    def build(width: int) -> list[Line]:
        name = clean_line(file.case.author or "", 60) or _("unknown")
        lines: list[Line] = [[(line, "strong")] for line in wrap(name, width)[:2]]
        imitated = lookalike(file.case.author or "", names)
        if imitated and not (file.author and file.author.is_own):
            warning = _("Looks like {name}, and is not.", name=clean_line(imitated, 40))
            lines += [[(line, "warn")] for line in wrap(warning, width)]
        lines += _facts(file, width, now)
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


def _glimpse(post: Mention, width: int, now: datetime) -> list[Line]:
    sign, role = SENTIMENT_SIGN[post.sentiment]
    when = clock(post.published_at or post.first_seen_at, now)
    head: Line = [(sign + " ", role), (when, "dim"), ("  " + clean_line(post.source, 16), "dim")]
    text = clean_line(post.text or post.title, 400)
    return [head, *[[("  " + line, "normal")] for line in wrap(text, width - 2)[:GLIMPSE]]]
