"""Whether a conversation that nobody looks at is about to blow up, why, and how long is left; pure.

A spike alarm counts the mentions of a query, and a thread on a quiet source moves that count when everybody is there
already. What gives it away long before is its own rhythm: more people, faster and faster, of whom many are angry.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

from storage.threads import Thread, Voice
from storage.types import Reason

LEAST_POSTS = 4
LEAST_PEOPLE = 3
"""With fewer posts, or fewer people, there is no rhythm to speak of yet."""

WINDOW = timedelta(hours=48)
"""How far back the rhythm of a thread is looked at."""

RECENT = timedelta(hours=6)
"""What counts as now, where a thread is held against its source."""

AWAKE = (0.4, 0.2, *[0.1] * 4, 0.3, 0.6, *[1.0] * 15, 0.7)
"""How much of an hour each hour of the day is worth: at night few write, and morning alone is no acceleration."""

BEFORE = tuple(accumulate(AWAKE, initial=0.0))

STEEPEST = 30.0
"""The fastest growth that is told apart, in e-folds over the window."""

WEIGHTS = {"accelerates": 0.4, "people": 2.4, "negative": 2.2, "loud": 0.8}
BIAS = -10.1
"""Four signs add up to the log-odds of a logistic model. On simulated threads many weights do about equally well, so
these let every sign count; `bench/timebomb.py --choose` gives the bias for half a false alarm a day."""

LIMIT = 0.5
"""The score from which a thread is called a time bomb."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bomb:
    """A thread that grows like one that blows up."""

    score: float
    """0 to 1, by the model."""
    per_hour: float
    """Posts an hour it has now, in waking hours."""
    doubling: timedelta
    """In how much waking time that doubles."""
    fuse: timedelta
    """The waking time until its own posts would be called a spike of the query; zero where they would be now."""
    reasons: tuple[Reason, ...]
    """What speaks for it; the shares are what each adds to the model's log-odds."""

    def fused(self) -> str:
        """How long is left, in words."""
        hours = self.fuse / timedelta(hours=1)
        return "it is a spike by now" if hours < 0.5 else f"about {hours:.0f} h left"

    def sentence(self, query: str) -> str:
        """What it does and why it is told."""
        doubling = self.doubling / timedelta(hours=1)
        why = "; ".join(f"{reason.label} ({reason.share:+.1f})" for reason in self.reasons)
        return f"It doubles every {doubling:.1f} h; until it is a spike of {query}: {self.fused()}. Why: {why}."


def waking_hours(moment: datetime, zone: ZoneInfo) -> float:
    """Waking hours since the year 1, by the clock on the wall."""
    wall = moment.astimezone(zone)
    within = (wall.minute * 60 + wall.second) / 3600
    return wall.toordinal() * BEFORE[24] + BEFORE[wall.hour] + within * AWAKE[wall.hour]


def signs(thread: Thread, now: datetime, zone: ZoneInfo) -> dict[str, float] | None:
    """The four signs of a thread at `now`; None where it has too few posts or people, or nobody angry."""
    voices = [each for each in thread.voices if now - WINDOW <= each.at <= now]
    people = len({each.author for each in voices})
    rated = [each.is_negative for each in voices if each.is_negative is not None]
    if len(voices) < LEAST_POSTS or people < LEAST_PEOPLE or not any(rated):
        return None
    recent = sum(each.at > now - RECENT for each in voices)
    usual = thread.usual * RECENT / timedelta(hours=1)
    places = _places(voices, thread.began_at, now, zone)
    trend = (sum(places) / len(places) - 0.5) * math.sqrt(12 * len(places))
    return {
        "accelerates": min(6.0, max(-2.0, trend)),
        "people": math.log2(people),
        "negative": sum(rated) / len(rated),
        "loud": math.log2((1 + recent) / (1 + usual)),
    }


def score(thread: Thread, now: datetime, zone: ZoneInfo) -> float:
    """How likely the model calls a thread to blow up, 0 to 1; 0 where there is too little to say."""
    found = signs(thread, now, zone)
    if found is None:
        return 0.0
    return 1 / (1 + math.exp(-BIAS - sum(WEIGHTS[name] * value for name, value in found.items())))


def weigh(thread: Thread, now: datetime, zone: ZoneInfo, limit: float) -> Bomb | None:
    """The time bomb that a thread is at `now`; None where it is none, or too little to say.

    `limit` is how many mentions an hour of the query would be a spike.
    """
    found, likely = signs(thread, now, zone), score(thread, now, zone)
    if found is None or likely < LIMIT:
        return None
    voices = [each for each in thread.voices if now - WINDOW <= each.at <= now]
    begin = max(thread.began_at, now - WINDOW)
    hours = max(0.1, waking_hours(now, zone) - waking_hours(begin, zone))
    folds = growth(_places(voices, thread.began_at, now, zone))
    rate = len(voices) / hours * (folds / -math.expm1(-folds) if folds else 1.0)
    mentions = rate * sum(each.is_mention for each in voices) / len(voices)
    left = math.log(limit / mentions) * hours / folds if folds and 0 < mentions < limit else 0.0
    return Bomb(
        score=likely,
        per_hour=rate,
        doubling=timedelta(hours=hours * math.log(2) / folds) if folds else WINDOW,
        fuse=timedelta(hours=min(left, WINDOW / timedelta(hours=1))),
        reasons=_reasons(found, voices, thread, rate),
    )


def _places(voices: Sequence[Voice], began_at: datetime, now: datetime, zone: ZoneInfo) -> list[float]:
    """Where between its beginning and now each post stands, in waking time, 0 to 1; the first one is the beginning."""
    begin = max(began_at, now - WINDOW)
    first, last = waking_hours(begin, zone), waking_hours(now, zone)
    span = max(last - first, 1e-9)
    return [(waking_hours(each.at, zone) - first) / span for each in voices if each.at > begin] or [0.5]


def growth(places: Sequence[float]) -> float:
    """The e-folds by which the rate grew, of posts at these places between 0 and 1; 0 where it does not grow.

    The maximum likelihood of a rate that grows exponentially (Cox & Lewis 1966, chapter 3): the mean place of a post is
    then 1 / (1 - e^-g) - 1 / g, which is solved for g by halving.
    """
    mean = sum(places) / len(places)
    if mean <= 0.5:
        return 0.0
    low, high = 1e-6, STEEPEST
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if -1 / math.expm1(-middle) - 1 / middle < mean else (low, middle)
    return low


def _reasons(found: dict[str, float], voices: Sequence[Voice], thread: Thread, rate: float) -> tuple[Reason, ...]:
    rated = [each.is_negative for each in voices if each.is_negative is not None]
    labels = {
        "accelerates": f"faster and faster: {len(voices)} posts, {rate:.1f} an hour by now",
        "people": f"{len({each.author for each in voices})} people joined in",
        "negative": f"{sum(rated)} of {len(rated)} mentions are negative",
        "loud": f"{thread.source} is quiet: {thread.usual:.1f} posts an hour are usual there",
    }
    shares = [Reason(about="timebomb", label=labels[name], share=WEIGHTS[name] * found[name]) for name in WEIGHTS]
    return tuple(sorted((each for each in shares if each.share > 0), key=lambda each: -each.share))
