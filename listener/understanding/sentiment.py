"""Judge the sentiment of a text by adding up what each word, each pair of words and the signs of the whole say."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

import numpy as np

from listener.understanding.lists import Phrase
from listener.understanding.signs import Found, found, signs
from listener.understanding.weights import Weights
from listener.understanding.words import CACHE, Word, bucket, pieces, vocabulary
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
    phrases: list[tuple[int, int, Phrase]]
    hits: list[Found] = field(default_factory=list)
    shares: tuple[float, float, float] = (0.0, 1.0, 0.0)
    """Chance of negative, neutral, positive."""
    pairs: list[int] = field(default_factory=list)

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
        self._tables = [weights.array(f"{lang}.{name}") for name in ("words", "pieces", "pairs")] if lang else []
        self._seen: dict[str, Word] = {}

    def _learn(self, token: str) -> Word:
        if len(self._seen) >= CACHE:
            self._seen.clear()
        word = self._vocabulary.word(token)
        if self._tables:
            forms, parts, _ = self._tables
            row = forms[bucket(word.fold, len(forms))]
            if word.letters:
                at = [bucket(piece, len(parts)) for piece in pieces(word.fold)]
                row = row + parts[at].sum(0) / math.sqrt(len(word.fold) + 3)
            word.neg, word.pos = float(row[0]), float(row[1])
        self._seen[token] = word
        return word

    def read(self, tokens: list[str]) -> Reading:
        """Read and judge a text."""
        seen, learn = self._seen, self._learn
        words = [seen[t] if t in seen else learn(t) for t in tokens]
        folds = [w.fold for w in words]
        reading = Reading(self.lang, words, self._book.find(folds))
        reading.hits = found(words, reading.phrases, self.lang)
        self.judge(reading, folds)
        return reading

    def judge(self, reading: Reading, folds: list[str]) -> None:
        """Fill in the chances of the labels."""
        words = reading.words
        own = self._signs[0] + np.array(signs(words, reading.hits)) @ self._signs[1:]
        neg, pos = float(own[0]), float(own[1])
        if self._tables and words:
            table = self._tables[2]
            edged = ["^", *folds, "$"]
            reading.pairs = [bucket(a + " " + b, len(table)) for a, b in itertools.pairwise(edged)]
            both = table[reading.pairs].sum(0)
            scale = 1 / math.sqrt(len(words) + 1)
            neg += scale * (sum([w.neg for w in words]) + float(both[0]))
            pos += scale * (sum([w.pos for w in words]) + float(both[1]))
        reading.shares = softmax(neg, pos)


def softmax(neg: float, pos: float) -> tuple[float, float, float]:
    """Chances of negative, neutral, positive from the two scores (neutral is 0)."""
    top = max(neg, pos, 0.0)
    a, b, c = math.exp(neg - top), math.exp(-top), math.exp(pos - top)
    return a / (a + b + c), b / (a + b + c), c / (a + b + c)


def label(reading: Reading) -> tuple[Sentiment, float]:
    """The label and its chance; unrated where there is nothing to go by, or the chance is below `FLOOR`.

    In a language without a model of its own only signs (emoji, emoticons) are something to go by.
    """
    best = max(reading.shares)
    silent = not any(w.letters or w.emoji for w in reading.words) if reading.lang else not reading.hits
    if best < FLOOR or silent:
        return Sentiment.UNRATED, best
    at = reading.shares.index(best)
    return (Sentiment.NEGATIVE, Sentiment.NEUTRAL, Sentiment.POSITIVE)[at], best


def why(reading: Reading, judged: Sentiment) -> tuple[Reason, ...]:
    """The words that carried the label, each with its share of what spoke for it."""
    sign = {Sentiment.NEGATIVE: -1.0, Sentiment.POSITIVE: 1.0}.get(judged, 0.0)
    if not sign:
        return ()
    scale = 1 / math.sqrt(len(reading.words) + 1)
    points = [sign * (w.pos - w.neg) * scale if w.letters or w.emoji else 0.0 for w in reading.words]
    for hit in reading.hits:
        points[hit.start] += sign * hit.value * (0.8 + 2 * scale)
        for at in range(hit.start + 1, hit.stop):
            points[hit.start] += points[at]
            points[at] = 0.0
    order = sorted((p, at) for at, p in enumerate(points) if p > 0.02)[::-1][:SHOWN]
    total = sum(p for p in points if p > 0) or 1.0
    spans = {hit.start: hit for hit in reading.hits}
    return tuple(
        Reason(
            about="sentiment",
            label=judged.value,
            words=(_shown(reading, at, spans.get(at)),),
            share=round(p / total, 3),
        )
        for p, at in order
    )


def _shown(reading: Reading, at: int, hit: Found | None) -> str:
    return " ".join(w.fold for w in reading.words[at : hit.stop]) if hit else reading.words[at].fold
