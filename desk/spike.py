"""Whether an hour is unusual, and which words make it so; pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean, pstdev
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)
WEEK = timedelta(weeks=1)

LEAST = 5
"""Fewer mentions are no spike, however quiet it always is; Huginn's peak detector wants 4."""
WEEKS = 8
ENOUGH_WEEKS = 3
"""The same hour of so many weeks says what is usual; with fewer, all hours of the last `DAYS` days do."""
DAYS = 14
ENOUGH_DAYS = 3
"""With less history nothing is unusual yet."""

PRIOR = 100.0
"""Words that the prior of the log-odds is worth, shared out as all texts share theirs."""
CLEARLY = 1.96
"""Standard deviations from which a word tells more than chance would (95 %)."""

Period = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is usual in an hour."""

    mean: float
    deviation: float
    hours: int
    """Counted from so many."""

    def limit(self, times: float) -> float:
        """What an hour may have before it is a spike.

        Mean + k standard deviations, the usual alarm (Huginn's peak detector: k = 3). Where history is so even that
        its deviation is less than chance alone would make it, that of a Poisson process (the root of the mean) counts.
        """
        return self.mean + times * max(self.deviation, math.sqrt(self.mean))


def baseline_periods(now: datetime, since: datetime, zone: ZoneInfo) -> tuple[Period, ...]:
    """The stretches of whole hours that say what is usual in the hour before `now`; none without enough history.

    The same hour by the clock on the wall and its two neighbours, in each of the past `WEEKS` weeks since `since`; in a
    younger history all of the past `DAYS` days.
    """
    wall = now.astimezone(zone).replace(tzinfo=None)
    ends = ((wall - n * WEEK).replace(tzinfo=zone).astimezone(now.tzinfo) for n in range(1, WEEKS + 1))
    weekly = tuple((end - 2 * HOUR, end + HOUR) for end in ends if end - 2 * HOUR >= since)
    if len(weekly) >= ENOUGH_WEEKS:
        return weekly
    hours = min((now - HOUR - since) // HOUR, DAYS * 24)
    return ((now - (hours + 1) * HOUR, now - HOUR),) if hours >= ENOUGH_DAYS * 24 else ()


def baseline(moments: Iterable[datetime], periods: Sequence[Period]) -> Baseline:
    """What is usual, from the moments of the mentions within the periods."""
    counts = {(start, hour): 0 for start, end in periods for hour in range((end - start) // HOUR)}
    for moment in moments:
        for start, end in periods:
            if start <= moment < end:
                counts[start, (moment - start) // HOUR] += 1
    return Baseline(fmean(counts.values()), pstdev(counts.values()), len(counts))


def telling_words(now: Sequence[set[str]], before: Sequence[set[str]], most: int = 5) -> list[str]:
    """The words that these texts have clearly more often than those before, the clearest first.

    Each text is its set of words. Log-odds with an informative Dirichlet prior (Monroe, Colaresi & Quinn 2008,
    "Fightin' Words"), which neither rare words nor common ones win by themselves.
    """
    here, there = (Counter(word for words in texts for word in words) for texts in (now, before))
    both, scores = here + there, dict[str, float]()
    share = PRIOR / max(1, both.total())
    for word, count in here.items():
        if count > 1:
            prior = both[word] * share
            odds = [
                math.log((n + prior) / (total + PRIOR - n - prior))
                for n, total in ((count, here.total()), (there[word], there.total()))
            ]
            spread = math.sqrt(1 / (count + prior) + 1 / (there[word] + prior))
            scores[word] = (odds[0] - odds[1]) / spread
    clear = [word for word, score in scores.items() if score > CLEARLY]
    return sorted(clear, key=lambda word: (-scores[word], word))[:most]
