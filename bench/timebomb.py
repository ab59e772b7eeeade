"""Time bombs planted among ordinary threads on quiet sources: told before the volume alarm, and how often wrongly.

    python bench/timebomb.py [--days 14] [--seeds 101-108]     the figures, on seeds that no constant was chosen on
    python bench/timebomb.py --choose [--seeds 1-10]           the bias that `desk/timebomb.py` holds

A thread is a cascade: each post draws further posts, later by a power law (Hawkes). Ordinary threads draw fewer than
one each, some of them angry, a few of them hot; a bomb draws more than one for a day or two. Days and weeks have their
rhythm, desks answer some threads and leave others. The volume alarm is the product's own spike alarm, on the brand's
mentions and on its negative mentions, whichever speaks first. What this cannot tell: whether real threads draw posts
like this, how often nobody looks, and how well sentiment is told of such posts. `webcare alerts try` asks your own
history.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from desk import spike, timebomb
from storage.threads import USUAL, Thread, Voice

ZONE = ZoneInfo("Europe/Amsterdam")
START = datetime(2026, 9, 28, tzinfo=UTC)
WARM_UP = timedelta(days=22)
"""History before anything is judged: three weeks, so that the volume alarm knows the hours of the week."""
STEP = timedelta(minutes=15)
HOUR = timedelta(hours=1)
SOURCES, BUSY = 14, 2
THREADS_A_DAY = 400
NAMED = 0.3
"""The share of answers in a thread that name the brand, and so are mentions."""
WRONG = 0.2
"""The share of mentions whose sentiment is told wrongly."""


@dataclass(frozen=True)
class Cascade:
    """A simulated thread; `seen_at` is when the desk looks at it, if ever."""

    source: str
    voices: tuple[Voice, ...]
    seen_at: datetime | None
    is_bomb: bool


def weight(at: datetime) -> float:
    """How many write at this hour: not the curve that the detector believes in."""
    wall = at.astimezone(ZONE)
    day = 0.55 - 0.45 * math.cos(2 * math.pi * (wall.hour + wall.minute / 60 - 3.5) / 24)
    return day * (0.75 if wall.weekday() >= 5 else 1.0)


def cascade(rng: random.Random, begin: datetime, draws: float, lag: float, most: int, fades: float) -> list[datetime]:
    """Times of posts; each draws `draws` others on average, after `lag` hours or much more, until interest fades."""
    times, queue = [begin], [begin]
    while queue and len(times) < most:
        parent = queue.pop(0)
        interest = math.exp(-((parent - begin) / HOUR) / fades)
        for _ in range(np.random.default_rng(rng.getrandbits(32)).poisson(draws * interest)):
            at = parent + timedelta(hours=lag * (rng.paretovariate(1.6) - 0.6) * rng.expovariate(1))
            while rng.random() > weight(at) + 0.05:  # who would write at night writes later
                at += timedelta(hours=rng.random() * 2)
            times.append(at)
            queue.append(at)
        queue.sort()
    return sorted(times)


def thread(rng: random.Random, begin: datetime, *, is_bomb: bool) -> Cascade:
    """An ordinary thread, or a bomb, on some source."""
    source = f"quiet{rng.randrange(SOURCES)}" if is_bomb or rng.random() < 0.6 else f"busy{rng.randrange(BUSY)}"
    angry, hot = is_bomb or rng.random() < 0.35, rng.random() < 0.08
    if is_bomb:
        draws, lag, most, fades = rng.uniform(1.3, 1.9), rng.uniform(1.0, 4.0), 800, rng.uniform(20, 60)
    else:
        draws, lag, most, fades = (
            (rng.uniform(0.85, 1.05) if hot else rng.betavariate(4, 4)),
            rng.uniform(0.5, 5),
            150,
            72,
        )
    times = cascade(rng, begin, draws, lag, most, fades)
    crowd = max(3, int(len(times) * rng.uniform(0.35, 0.9)))
    voices = []
    for number, at in enumerate(times):
        mention = number == 0 or rng.random() < NAMED
        negative = rng.random() < (0.75 if angry else 0.12)
        told = negative if rng.random() > WRONG else not negative
        author = 0 if number == 0 else rng.randrange(crowd)
        voices.append(Voice(at, author, mention, told if mention and rng.random() > 0.15 else None))
    looked = rng.random() < 0.5 and not is_bomb
    seen = begin + timedelta(hours=rng.lognormvariate(1.5, 1.0)) if looked else None
    return Cascade(source, tuple(voices), seen, is_bomb)


def world(seed: int, days: int) -> list[Cascade]:
    """All threads of a while: a bomb every third day or so, once there is history."""
    rng, end = random.Random(seed), START + WARM_UP + timedelta(days=days)
    found, at, bomb = list[Cascade](), START, START + WARM_UP + timedelta(hours=rng.random() * 48)
    while at < end:
        at += timedelta(hours=rng.expovariate(THREADS_A_DAY / 24))
        if rng.random() < weight(at):
            found.append(thread(rng, at, is_bomb=False))
    while bomb < end - timedelta(days=2):
        planted = thread(rng, bomb, is_bomb=True)
        if len(planted.voices) >= 40:  # some die at once: no bomb
            found.append(planted)
            bomb += timedelta(hours=rng.expovariate(1 / 72))
        bomb += timedelta(hours=0.1)
    return found


class Watched:
    """The world as a desk with its alarms sees it."""

    def __init__(self, threads: Sequence[Cascade], days: int) -> None:
        self.threads = sorted(threads, key=lambda each: each.voices[0].at)
        self.begin, self.end = START + WARM_UP, START + WARM_UP + timedelta(days=days)
        named = [voice for each in threads for voice in each.voices if voice.is_mention]
        self.streams = (sorted(v.at for v in named), sorted(v.at for v in named if v.is_negative))
        self.bombs = [number for number, each in enumerate(self.threads) if each.is_bomb]
        self.posts: dict[str, list[datetime]] = {}
        for each in threads:
            self.posts.setdefault(each.source, []).extend(voice.at for voice in each.voices)
        for moments in self.posts.values():
            moments.sort()

    def steps(self) -> Iterator[datetime]:
        now = self.begin
        while now < self.end:
            yield now
            now += STEP

    def limit(self, moments: Sequence[datetime], now: datetime) -> tuple[int, float]:
        """Mentions in the hour before `now`, and how many would be a spike."""
        periods = spike.baseline_periods(now, START, ZONE)
        here = [
            at for since, until in periods for at in moments[bisect_left(moments, since) : bisect_left(moments, until)]
        ]
        usual = spike.baseline(here, periods)
        count = bisect_left(moments, now) - bisect_left(moments, now - HOUR)
        return count, max(float(spike.LEAST), usual.limit(3))

    def spikes(self) -> tuple[dict[int, datetime], int]:
        """Bomb -> when the volume alarm first spoke of it; and how often it spoke of nothing.

        It speaks of a bomb when there would be no spike without it, and more than one mention is the bomb's. Told
        again after six hours at the earliest.
        """
        first, wrong, last = dict[int, datetime](), 0, START
        for now in self.steps():
            loud = [stream for stream in (0, 1) if self.is_spike(stream, now)]
            guilty = [n for n in self.bombs for stream in loud if self.share(stream, now, n) > 1]
            guilty = [n for n in guilty if any(not self.is_spike(stream, now, without=n) for stream in loud)]
            for number in guilty:
                first.setdefault(number, now)
            if loud and not guilty and now - last >= timedelta(hours=6):
                wrong, last = wrong + 1, now
        return first, wrong

    def is_spike(self, stream: int, now: datetime, *, without: int | None = None) -> bool:
        """Whether the hour before `now` is a spike, with or without one bomb in it."""
        count, most = self.limit(self.streams[stream], now)
        if without is not None:
            count -= self.share(stream, now, without)
        return count >= spike.LEAST and count > most

    def share(self, stream: int, now: datetime, number: int) -> int:
        """A thread's mentions in the hour before `now`."""
        voices = (voice for voice in self.threads[number].voices if now - HOUR <= voice.at < now)
        return sum(voice.is_mention and (stream == 0 or bool(voice.is_negative)) for voice in voices)

    def candidates(self, now: datetime) -> Iterator[tuple[int, Thread]]:
        """What the door would give: threads nobody looked at, with posts enough in the window."""
        for number, each in enumerate(self.threads):
            if each.voices[0].at > now:
                return
            if each.voices[-1].at < now - timebomb.WINDOW or (each.seen_at and each.seen_at <= now):
                continue
            voices = tuple(voice for voice in each.voices if voice.at <= now)
            if sum(voice.at > now - timebomb.WINDOW for voice in voices) >= timebomb.LEAST_POSTS:
                moments = self.posts[each.source]
                usual = bisect_left(moments, now) - bisect_left(moments, now - USUAL)
                usual -= sum(voice.at > now - USUAL for voice in voices)
                begun = voices[0].at
                yield number, Thread(
                    conversation_id=number, source=each.source, url="", title="", began_at=begun, case_ids=(number,),
                    voices=voices, usual=max(0, usual) / (USUAL / HOUR),
                )  # fmt: skip


def told(watched: Watched) -> dict[int, tuple[datetime, timebomb.Bomb]]:
    """Thread -> when it was first called a time bomb, and as what."""
    found: dict[int, tuple[datetime, timebomb.Bomb]] = {}
    for now in watched.steps():
        for number, thread_ in watched.candidates(now):
            if number not in found:
                bomb = timebomb.weigh(thread_, now, ZONE, 8.0)
                if bomb is not None:
                    found[number] = (now, bomb)
    return found


def judge(seeds: Sequence[int], days: int) -> None:
    """Prints both alarms' figures."""
    planted, wrong, wrong_spikes = 0, 0, 0
    pairs: list[tuple[datetime | None, datetime | None]] = []
    posts_at, fuses = list[int](), list[float]()
    for seed in seeds:
        watched = Watched(world(seed, days), days)
        calls, (spikes, missed) = told(watched), watched.spikes()
        wrong, wrong_spikes = wrong + sum(n not in watched.bombs for n in calls), wrong_spikes + missed
        planted += len(watched.bombs)
        for number in watched.bombs:
            called, bomb = calls.get(number, (None, None))
            pairs.append((called, spikes.get(number)))
            if called and bomb:
                posts_at.append(sum(voice.at <= called for voice in watched.threads[number].voices))
                fuses.append(bomb.fuse / HOUR)
        print(
            f"seed {seed}: {len(watched.bombs)} bombs, {len(calls)} threads called, {len(spikes)} by volume", flush=True
        )
    ahead = [(volume - called) / HOUR for called, volume in pairs if called and volume]
    earlier = sum(called is not None and (volume is None or called < volume) for called, volume in pairs)
    print(
        f"planted: {planted}; told by time bomb {sum(c is not None for c, _ in pairs)}, "
        f"by volume {sum(v is not None for _, v in pairs)}"
    )
    print(f"earlier than by volume: {earlier} of {planted} ({earlier / planted:.0%}; goal 80 %)")
    print(f"hours ahead, where both told: {spread(ahead)}; posts in the thread by then: {spread(posts_at)}")
    print(f"fuse as told, waking hours: {spread(fuses)}")
    total = days * len(seeds)
    print(f"false alarms a day: time bomb {wrong / total:.2f} (goal 1), volume {wrong_spikes / total:.2f}")


def spread(values: Sequence[float]) -> str:
    """Tenth, half and nine tenths of them."""
    low, middle, high = np.quantile(values, [0.1, 0.5, 0.9]) if values else (math.nan,) * 3
    return f"median {middle:.1f} (10 % {low:.1f}, 90 % {high:.1f})"


def choose(seeds: Sequence[int], days: int) -> None:
    """Prints which bias lets the weights of `desk/timebomb.py` be wrong how often a day."""
    best: list[float] = []
    for seed in seeds:
        watched, most = Watched(world(seed, days), days), dict[int, float]()
        for now in watched.steps():
            for number, thread_ in watched.candidates(now):
                found = None if watched.threads[number].is_bomb else timebomb.signs(thread_, now, ZONE)
                if found:
                    odds = sum(weight * found[name] for name, weight in timebomb.WEIGHTS.items())
                    most[number] = max(odds, most.get(number, -math.inf))
        best += most.values()
    best.sort(reverse=True)
    for a_day in (0.25, 0.5, 0.75, 1.0):
        print(f"bias {-best[round(a_day * days * len(seeds))]:.1f}: {a_day} false alarms a day")


def main() -> None:
    parser = argparse.ArgumentParser(description="Back-test the time bomb alarm on simulated threads.")
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--seeds", default="")
    parser.add_argument("--choose", action="store_true")
    given = parser.parse_args()
    first, _, last = (given.seeds or ("1-10" if given.choose else "101-108")).partition("-")
    seeds = range(int(first), int(last or first) + 1)
    sizes = Counter(min(8, len(each.voices) // 5) * 5 for each in world(seeds[0], given.days))
    print("posts in a thread:", dict(sorted(sizes.items())))
    (choose if given.choose else judge)(seeds, given.days)


if __name__ == "__main__":
    main()
