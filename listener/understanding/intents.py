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

URGENCIES = (
    "safety", "privacy", "fraud", "legal", "media", "outage", "vulnerable", "deadline", "money", "repeat",
    "churn", "waiting", "problem", "direct", "over",
)  # fmt: skip
Cues = dict[str, list[str]]


def cues(reading: Reading) -> Cues:
    """Group -> the phrases of it in the text."""
    out: Cues = {}
    for _, _, phrase in reading.phrases:
        if (group := phrase.group) == "opinion":
            continue
        if (known := out.get(group)) is None:
            out[group] = [phrase.text]
        elif phrase.text not in known:
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
        """Of the likeliest sentence that no phrase shows to be none; `sums` adds up the pairs one by one."""
        folds = reading.folds
        told = {start for start, _, phrase in reading.phrases if phrase.group == "rhetoric"}
        best, start = -3.0, 0
        for stop in self._stops(reading):
            if stop - start > 1:
                first = _after_fillers(folds, start, stop, self._kinds)
                if told.isdisjoint((start, first)):
                    said = self._opening(*_begun(folds[first : min(first + 3, stop)], self._kinds))
                    said += self._closing(folds[stop - 1]) + sums[stop - 1] - sums[first]
                    best = max(best, said / math.sqrt(EDGE_ROWS + stop - first) + self._bias)
            start = stop + 1
        return min(best, 3.0)

    def _stops(self, reading: Reading) -> list[int]:
        """Where the sentences end, and where a clause ends before one in the order of a question.

        Where there is a question mark each clause stands for itself.
        """
        folds, ends = reading.folds, ".?!…,;:" if reading.shown & ASK else ".?!…"
        signs = [at for at, word in enumerate(reading.words) if not word.letters]
        stops = [at for at in signs if folds[at][0] in ends or (folds[at] == "," and self._turns(folds, at + 1))]
        return [*stops[:MOST], len(folds)]

    def _turns(self, folds: Sequence[str], start: int) -> bool:
        """Whether the words from here are ordered as a question ("hoe krijg ik", "can my dog")."""
        kinds = [self._kinds.get(fold) for fold in folds[start : start + 3]]
        return kinds in _INVERTED or kinds[:2] == _INVERTED[0][1:]


_INVERTED = (["kind_wh", "kind_verb", "kind_subject"],)


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


def classed(readings: Sequence[Reading], wide: int) -> Any:
    """Which of the word classes each text has, a row a text; there are `wide` of them, the first being none."""
    rows = np.zeros((len(readings), wide))
    texts = np.repeat(np.arange(len(readings)), [len(reading.classes) for reading in readings])
    rows[texts, np.concatenate([reading.classes for reading in readings])] = 1.0
    rows[:, 0] = 0.0
    return rows


WORDS_SIZE = 1 << 13
"""Rows of the table of words by which an intent is known, and as many again of pairs of them."""


def word_rows(readings: Sequence[Reading]) -> tuple[Any, Any]:
    """The rows of each text's words and then of its pairs of words, text after text; and how many each text has."""
    parts = [part for reading in readings for part in (reading.forms, reading.pairs)]
    sizes = np.array([len(part) for part in parts])
    are_pairs = np.repeat(np.arange(len(parts)) % 2, sizes)
    return np.concatenate(parts) % WORDS_SIZE + WORDS_SIZE * are_pairs, sizes.reshape(-1, 2).sum(axis=1)


class Wordings:
    """Knows intents of one language by how they are worded; `table` and `lean` are trained, a column an intent."""

    def __init__(self, table: Any, lean: Any) -> None:
        self._table, self._lean = table.astype(np.float32), lean.astype(np.float64)

    def __call__(self, readings: Sequence[Reading]) -> Any:
        """What the words of each text add to the log-odds of each intent, a row a text."""
        rows, lengths = word_rows(readings)
        said = self._table[rows]
        sums = np.add.reduceat(said, np.cumsum(lengths) - lengths)
        return self._lean + sums / np.sqrt(lengths / 2 + 1)[:, None]


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
