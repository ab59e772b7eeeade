"""Tell what a writer wants from the cues in a text: several intents at once, each with the words that showed it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from listener.understanding import lists
from listener.understanding.sentiment import Reading
from listener.understanding.tokens import fold
from listener.understanding.words import ASK, DIGIT, LINK, ME, SHOUT, TAG, YOU, bucket

GUARDS = {
    "stay": "churn", "no_thanks": "thanks", "not_outage": "outage", "my_job": "job", "not_safety": "safety",
    "not_legal": "legal", "not_media": "media", "not_idea": "idea", "not_fraud": "fraud",
}  # fmt: skip
"""Groups of phrases that only look like the cues they stand over."""
URGENCIES = (
    "safety", "privacy", "fraud", "legal", "media", "outage", "vulnerable", "deadline", "money", "repeat",
    "churn", "waiting",
    "problem", "direct",
)  # fmt: skip
Cues = dict[str, list[str]]


def cues(reading: Reading) -> Cues:
    """Group -> the phrases of it in the text, those under a guard left out."""
    out: Cues = {}
    guarded = [(a, b, GUARDS[p.group]) for a, b, p in reading.phrases if p.group in GUARDS]
    for start, stop, phrase in reading.phrases:
        group = phrase.group
        if group == "opinion" or any(g == group and a <= start and stop <= b for a, b, g in guarded):
            continue
        if phrase.text not in (known := out.setdefault(group, [])):
            known.append(phrase.text)
    return out


INTENTS = (
    "question", "complaint", "compliment", "purchase", "churn", "idea", "error", "outage", "thanks", "news",
    "job", "spam",
)  # fmt: skip
GROUPS = (
    "q_open", "q_ask", "rhetoric", "polite", "problem", "waiting", "no_answer", "rude", "churn", "stay",
    "thanks", "no_thanks",
    "solved", "praise", "idea", "error", "outage", "not_outage", "purchase", "bought", "news", "job",
    "my_job", "spam", "safety",
    "privacy", "fraud", "legal", "media", "vulnerable", "deadline", "money", "repeat", "direct",
)  # fmt: skip
FEATURES = (
    "bias", *GROUPS, *(f"more {g}" for g in GROUPS), "negative", "positive", "mark", "opens", "me", "you",
    "link", "length", "short",
    "exclamation", "hashtag", "number", "ordered", "closed",
)  # fmt: skip
"""What an intent is judged by: each group of cues (there at all; how many more), and a few numbers of the text."""
STYLE = ("ordered", "closed")
"""Numbers that tell a question; of other intents they would only tell how our own texts happen to be written."""


KINDS = ("kind_wh", "kind_verb", "kind_subject", "kind_filler")
"""Cue groups that are not looked for in a text: what kind of word a word is."""


def kinds(lang: str) -> dict[str, str]:
    """Word -> kind, for nl or en."""
    return {fold(text): group for group, text in lists.cues(f"cues_{lang}.txt") if group in KINDS}


ORDER_SIZE = 1 << 14
"""Rows of the table of word pairs by which a question is known."""


@lru_cache(maxsize=1 << 10)
def _kind_rows(one: str, two: str, three: str) -> tuple[int, ...]:
    """The rows of what kind the first three words of a sentence are."""
    shown = (f"^^{one}", f"^^{one} {two}", f"^^* {two}", f"^^{one} {two} {three}")
    return tuple(bucket(each, ORDER_SIZE) for each in shown)


def order_rows(words: list[str], kinds: Mapping[str, str], pairs: Sequence[int]) -> list[int]:
    """The rows that tell the order of one sentence, of which `pairs` are the hashed pairs from its second word on.

    They are its pairs of words, how it ends, and, fillers passed over, its first words and of what kind they are.
    """
    start, last = 0, len(words) - 2
    while start < last and kinds.get(words[start]) == "kind_filler":
        start += 1
    one, two, three, *_ = [*[kinds.get(word, "*") for word in words[start : start + 3]], "*", "*", "*"]
    first, second = [*words[start : start + 2], "", ""][:2]
    edges = (f"^ {first}", f"^ {first} {second}", f"^^{first} {two}", f"{words[-1] if words else ''} $")
    return [
        *_kind_rows(one, two, three),
        *[bucket(edge, ORDER_SIZE) for edge in edges],
        *[pair % ORDER_SIZE for pair in pairs[start:]],
    ]


def ordered(reading: Reading, table: Sequence[float], kinds: Mapping[str, str]) -> float:
    """How much the likeliest sentence of a text has the words and the order of a question (log-odds, -3 to 3).

    The last number of `table` is the bias. Where there is a question mark, a clause may hold the question.
    """
    best, start, count = -3.0, 0, 0
    folds = reading.folds
    ends = ".?!…,;:" if reading.shown & ASK else ".?!…"
    for at, word in enumerate([*folds, "."]):
        if word[0] in ends:
            if at - start > 1 and count < 8:
                found = order_rows(folds[start:at], kinds, reading.pairs[start + 1 : at])
                best = max(best, sum([table[row] for row in found]) / math.sqrt(len(found) + 1) + table[-1])
                count += 1
            start = at + 1
    return min(best, 3.0)


_PLACE = {name: at for at, name in enumerate(FEATURES)}
_REST = _PLACE["negative"]


def features(readings: Sequence[Reading], seen: Sequence[Cues], ordered: Sequence[float]) -> Any:
    """The numbers of `FEATURES`, a row a text. `ordered`: how much the order of the words is that of a question."""
    rows = np.zeros((len(readings), len(FEATURES)))
    rows[:, 0] = 1.0
    there = [
        (at, place, len(phrases))
        for at, cues_ in enumerate(seen)
        for group, phrases in cues_.items()
        if (place := _PLACE.get(group)) is not None
    ]
    texts, places, counts = np.array(there, dtype=np.intp).reshape(-1, 3).T
    rows[texts, places] = 1.0
    rows[texts, places + len(GROUPS)] = np.minimum(counts, 4) - 1.0
    rows[:, _REST:] = [
        (
            reading.shares[0], reading.shares[2], reading.shown & ASK > 0, "q_open" in cues_ and _opens(reading),
            reading.shown & ME > 0, reading.shown & YOU > 0, reading.shown & LINK > 0,
            min(len(reading.words), 60) / 60, len(reading.words) < 5, reading.shown & SHOUT > 0,
            reading.shown & TAG > 0, reading.shown & DIGIT > 0, order,
            bool(reading.folds) and reading.folds[-1] == ".",
        )
        for reading, cues_, order in zip(readings, seen, ordered, strict=True)
    ]  # fmt: skip
    return rows


def _opens(reading: Reading) -> bool:
    """Whether a clause begins as an open question does."""
    return any(
        p.group == "q_open" and (a == 0 or reading.words[a - 1].stop or reading.folds[a - 1] == ",")
        for a, _, p in reading.phrases
    )


SHOWN: dict[str, tuple[str, ...]] = {
    "question": ("q_ask", "q_open"), "complaint": ("rude", "problem", "waiting", "no_answer", "repeat", "money"),
    "compliment": ("praise", "thanks"), "thanks": ("thanks",),
    **{name: (name,) for name in ("purchase", "churn", "idea", "error", "outage", "news", "job", "spam")},
}  # fmt: skip
"""The groups whose phrases are shown as the reason of an intent."""
