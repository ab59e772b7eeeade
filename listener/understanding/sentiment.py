"""Judge the sentiment of a text by adding up what each word, each pair of words and the signs of the whole say."""

from __future__ import annotations

import itertools
import math
import zlib
from array import array
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from listener.understanding.lists import Phrase
from listener.understanding.signs import NAMES, OF_TEXT, Found, found, signs
from listener.understanding.weights import Weights
from listener.understanding.words import CACHE, EMOJI, LETTERS, Word, bucket, pieces, vocabulary
from storage.types import Reason, Sentiment

FLOOR = 0.40
"""Below this chance of the best label a text stays unrated."""
SHOWN = 4
"""Words shown as reasons."""


@dataclass(slots=True)
class Reading:
    """A text as one language reads it: its words, the phrases in it, and what was judged of it."""

    lang: str
    words: list[Word]
    folds: list[str]
    phrases: list[tuple[int, int, Phrase]]
    hits: list[Found] = field(default_factory=list)
    shares: tuple[float, float, float] = (0.0, 1.0, 0.0)
    """Chance of negative, neutral, positive."""
    signs: np.ndarray[Any, np.dtype[np.float64]] = field(default_factory=lambda: np.zeros(len(NAMES)))
    """The numbers of the whole text (`signs.NAMES`)."""
    shown: int = 0
    """The bits of all words."""
    pairs: list[int] = field(default_factory=list)
    """The pairs of words, hashed."""
    paired: tuple[list[float], list[float]] = ([], [])
    """What each pair adds to negative and to positive."""
    odds: tuple[float, float] = (0.0, 0.0)
    """The scores of negative and positive against neutral."""

    @property
    def score(self) -> float:
        """-1 to 1."""
        return self.shares[2] - self.shares[0]


class Tongue:
    """Everything that is known of one language: its words, phrases and trained weights."""

    def __init__(self, lang: str, weights: Weights) -> None:
        self.lang = lang
        self._vocabulary, self._book = vocabulary(lang)
        self._signs = weights.array(f"{lang or 'any'}.signs").astype(np.float64)
        self._tables = [weights.array(f"{lang}.{name}") for name in ("words", "pieces")] if lang else []
        pairs = weights.array(f"{lang}.pairs") if lang else np.zeros((1, 2), dtype=np.float32)
        self._pairs_size = len(pairs)
        self._pairs_neg, self._pairs_pos = array("f", pairs[:, 0].tobytes()), array("f", pairs[:, 1].tobytes())
        self._seen: dict[str, Word] = {}

    def _learn(self, token: str) -> Word:
        if len(self._seen) >= CACHE:
            self._seen.clear()
        word = self._vocabulary.word(token)
        if self._tables:
            forms, parts = self._tables
            row = forms[bucket(word.fold, len(forms))]
            if word.letters:
                at = [piece % len(parts) for piece in pieces(word.fold)]
                row = row + np.add.reduce(parts.take(at, axis=0)) / math.sqrt(len(word.fold) + 3)
            word.neg, word.pos = float(row[0]), float(row[1])
        self._seen[token] = word
        return word

    def read(self, tokens: list[str]) -> Reading:
        """Read and judge a text."""
        seen, learn = self._seen, self._learn
        words = [seen[t] if t in seen else learn(t) for t in tokens]
        folds = [w.fold for w in words]
        reading = Reading(self.lang, words, folds, self._book.find(folds))
        for word in words:
            reading.shown |= word.flags
        reading.hits = found(words, reading.phrases, self.lang)
        self.judge(reading)
        return reading

    def why(self, reading: Reading, judged: Sentiment) -> tuple[Reason, ...]:
        """The words that carried a polar label, each with its share of what spoke for it, heaviest first.

        What a word adds is its part in the lead of the label over the runner-up: its own weights, half of those of the
        pairs it is in, and, for an opinion word, its part of what all opinion words add to the signs.
        """
        if judged not in _ENDS:
            return ()
        points = self._points(reading, *_direction(reading, judged))
        for hit in reading.hits:
            for at in range(hit.start + 1, hit.stop):
                points[hit.start] += points[at]
                points[at] = 0.0
        total = sum([p for p in points if p > 0]) or 1.0
        best = sorted([(p, at) for at, p in enumerate(points) if p > 0.03 * total], reverse=True)[:SHOWN]
        stops = {hit.start: hit.stop for hit in reading.hits}
        return tuple(
            [
                Reason(
                    about="sentiment",
                    label=judged.value,
                    words=(" ".join(reading.folds[at : stops.get(at, at + 1)]),),
                    share=round(p / total, 3),
                )
                for p, at in best
            ]
        )

    def _points(self, reading: Reading, neg: float, pos: float) -> list[float]:
        """What each word adds to `neg` times the score of negative plus `pos` times that of positive."""
        words, scale = reading.words, 1 / math.sqrt(len(reading.words) + 1)
        sides = [(neg * a + pos * b) / 2 for a, b in zip(*reading.paired, strict=True)] or [0.0] * (len(words) + 1)
        points = [
            scale * (neg * w.neg + pos * w.pos + before + after) if w.letters or w.value else 0.0
            for w, before, after in zip(words, sides, sides[1:], strict=False)
        ]
        if reading.hits:
            way = self._signs[1:] @ np.array([neg, pos])
            lead = float(reading.signs @ (way * _OF_OPINION)) - way[_NO_OPINION]
            toward = [max((pos - neg) * h.value, 0.0) for h in reading.hits]
            for hit, part in zip(reading.hits, toward, strict=True):
                points[hit.start] += max(lead, 0.2) * part / (sum(toward) or 1.0)
        return points

    def judge(self, reading: Reading) -> None:
        """Fill in the chances of the labels."""
        words = reading.words
        reading.signs = np.array(signs(words, reading.hits, reading.shown))
        neg, pos = (self._signs[0] + reading.signs @ self._signs[1:]).tolist()
        if self._tables and words:
            reading.pairs = hashed(reading.folds)
            at = [pair % self._pairs_size for pair in reading.pairs]
            reading.paired = [self._pairs_neg[row] for row in at], [self._pairs_pos[row] for row in at]
            scale = 1 / math.sqrt(len(words) + 1)
            neg += scale * (sum([w.neg for w in words]) + sum(reading.paired[0]))
            pos += scale * (sum([w.pos for w in words]) + sum(reading.paired[1]))
        reading.odds = neg, pos
        reading.shares = softmax(neg, pos)


def hashed(folds: list[str]) -> list[int]:
    """The CRC-32 of each pair of neighbouring words, with the edges of the text."""
    row = " ".join(["^", *folds, "$"]).encode("utf-8", "surrogatepass").split(b" ")
    return [zlib.crc32(b" " + b, zlib.crc32(a)) for a, b in itertools.pairwise(row)]


def softmax(neg: float, pos: float) -> tuple[float, float, float]:
    """Chances of negative, neutral, positive from the two scores (neutral is 0)."""
    top = max(neg, pos, 0.0)
    a, b, c = math.exp(neg - top), math.exp(-top), math.exp(pos - top)
    return a / (a + b + c), b / (a + b + c), c / (a + b + c)


_OF_OPINION = np.array([float(name not in OF_TEXT) for name in NAMES])
_NO_OPINION = NAMES.index("no_opinion")
_ENDS = (Sentiment.NEGATIVE, Sentiment.POSITIVE)


def _direction(reading: Reading, judged: Sentiment) -> tuple[float, float]:
    """The factors of the scores of negative and positive in the lead of a label over the runner-up."""
    second = reading.odds[1 if judged is Sentiment.NEGATIVE else 0]
    other = -1.0 if second > 0 else 0.0
    return (1.0, other) if judged is Sentiment.NEGATIVE else (other, 1.0)


def label(reading: Reading) -> tuple[Sentiment, float]:
    """The label and its chance; unrated where there is nothing to go by, or the chance is below `FLOOR`.

    In a language without a model of its own only signs (emoji, emoticons) are something to go by.
    """
    best = max(reading.shares)
    silent = not reading.shown & (LETTERS | EMOJI) if reading.lang else not reading.hits
    if best < FLOOR or silent:
        return Sentiment.UNRATED, best
    at = reading.shares.index(best)
    return (Sentiment.NEGATIVE, Sentiment.NEUTRAL, Sentiment.POSITIVE)[at], best
