"""Tell what a writer wants from the cues in a text: several intents at once, each with the words that showed it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from listener.understanding import lists
from listener.understanding.sentiment import Reading, hashed
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
    if not reading.phrases:
        return out
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


def _opening_rows(first: str, second: str, kinds: Sequence[str]) -> list[int]:
    """The rows of how a sentence begins: of what kind its first three words are, and which the first two."""
    one, two, three = kinds
    shown = f"^^{one}", f"^^{one} {two}", f"^^* {two}", f"^^{one} {two} {three}"
    return [bucket(each, ORDER_SIZE) for each in (*shown, f"^ {first}", f"^ {first} {second}", f"^^{first} {two}")]


def _closing_row(last: str) -> int:
    """The row of how a sentence ends."""
    return bucket(f"{last} $", ORDER_SIZE)


def _after_fillers(words: Sequence[str], start: int, stop: int, kinds: Mapping[str, str]) -> int:
    """Where a sentence begins to say something; two words of it are always left."""
    while start < stop - 2 and kinds.get(words[start]) == "kind_filler":
        start += 1
    return start


def _begun(words: Sequence[str], kinds: Mapping[str, str]) -> tuple[str, str, tuple[str, ...]]:
    """The first two of up to three words, and the kinds of three."""
    first, second, *_ = [*words, "", ""]
    return first, second, (*[kinds.get(word, "*") for word in words], "*", "*", "*")[:3]


def order_rows(words: list[str], kinds: Mapping[str, str]) -> list[int]:
    """The rows that tell the order of one sentence, the fillers it begins with passed over.

    They are how it begins, how it ends, and its pairs of words.
    """
    start = _after_fillers(words, 0, len(words), kinds)
    rows = _opening_rows(*_begun(words[start : start + 3], kinds))
    pairs = hashed(words)[1 + start : -1]
    return [*rows, _closing_row(words[-1] if words else ""), *[pair % ORDER_SIZE for pair in pairs]]


MOST = 16
"""Sentences of a text that are looked at."""
EDGE_ROWS = 8
"""Rows of how a sentence begins and ends."""


class Order:
    """Knows a question of one language by its words and their order; `table` are the trained weights, the bias last."""

    def __init__(self, table: Any, kinds: Mapping[str, str]) -> None:
        self._table, self._kinds = table.astype(np.float64), kinds
        *rows, self._bias = self._table.tolist()
        self._opening = lru_cache(maxsize=1 << 13)(lambda *begun: sum([rows[at] for at in _opening_rows(*begun)]))
        self._closing = lru_cache(maxsize=1 << 13)(lambda last: rows[_closing_row(last)])

    def __call__(self, readings: Sequence[Reading]) -> list[float]:
        """How much the likeliest sentence of each text is worded and ordered as a question (log-odds, -3 to 3)."""
        if not readings:
            return []
        sums = np.cumsum(self._table[np.concatenate([each.pairs for each in readings]) % ORDER_SIZE]).tolist()
        best, start = [], 0
        for reading in readings:
            stop = start + len(reading.pairs)
            best.append(self._best(reading, sums[start:stop]))
            start = stop
        return best

    def _best(self, reading: Reading, sums: Sequence[float]) -> float:
        """Of the likeliest sentence, or where there is a question mark clause; `sums` adds up the pairs one by one."""
        folds, kinds = reading.folds, self._kinds
        ends = ".?!…,;:" if reading.shown & ASK else ".?!…"
        best, start = -3.0, 0
        for stop in [*[at for at, word in enumerate(folds) if word[0] in ends][:MOST], len(folds)]:
            if stop - start > 1:
                first = _after_fillers(folds, start, stop, kinds)
                said = self._opening(*_begun(folds[first : min(first + 3, stop)], kinds)) + self._closing(
                    folds[stop - 1]
                )
                said += sums[stop - 1] - sums[first]
                best = max(best, said / math.sqrt(EDGE_ROWS + stop - first) + self._bias)
            start = stop + 1
        return min(best, 3.0)


_PLACE = {name: at for at, name in enumerate(FEATURES)}
_REST = _PLACE["negative"]


def features(readings: Sequence[Reading], seen: Sequence[Cues], ordered: Any) -> Any:
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
    shown = np.array([reading.shown for reading in readings])
    lengths = np.array([len(reading.words) for reading in readings])
    shares = np.array([reading.shares for reading in readings])
    opens = ["q_open" in cues_ and _opens(reading) for reading, cues_ in zip(readings, seen, strict=True)]
    closed = [bool(reading.folds) and reading.folds[-1] == "." for reading in readings]
    rows[:, _REST:] = np.stack(
        [
            shares[:, 0], shares[:, 2], shown & ASK > 0, opens, shown & ME > 0, shown & YOU > 0, shown & LINK > 0,
            np.minimum(lengths, 60) / 60, lengths < 5, shown & SHOUT > 0, shown & TAG > 0, shown & DIGIT > 0,
            ordered, closed,
        ], axis=1,
    )  # fmt: skip
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
