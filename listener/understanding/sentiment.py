"""Judge the sentiment of a text by adding up what each word, each pair of words and the signs of the whole say."""

from __future__ import annotations

import itertools
import math
import zlib
from array import array
from dataclasses import dataclass, field
from operator import mul
from typing import Any

import numpy as np

from listener.understanding.lists import Phrase
from listener.understanding.signs import NAMES, OF_TEXT, SIGNS_OF, Found, found, signs
from listener.understanding.weights import Weights
from listener.understanding.words import CACHE, EMOJI, LETTERS, Word, bucket, pieces, vocabulary
from storage.types import Reason, Sentiment

FLOOR = 0.36
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
    signs: list[float] = field(default_factory=list)
    """The numbers of the whole text (`signs.NAMES`)."""
    shown: int = 0
    """The bits of all words."""
    pairs: list[int] = field(default_factory=list)
    """The pairs of words, hashed."""
    paired: tuple[list[int], list[int]] = ([], [])
    """What each pair adds to negative and to positive, in the small integers of the table of pairs."""
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
        own = weights.array(f"{lang or 'any'}.signs").astype(np.float64)
        self._bias, self._sides = own[0].tolist(), own[1:].T.tolist()
        self._ways = {way: _way(own[1:] @ np.array(way)) for way in _WAYS}
        self._forms, self._pieces, self._pairs = (
            weights.columns(f"{lang}.{name}") if lang else (array("b"), array("b"), 0.0, 0.0)
            for name in ("words", "pieces", "pairs")
        )
        self._seen: dict[str, Word] = {}

    def _learn(self, token: str) -> Word:
        if len(self._seen) >= CACHE:
            self._seen.clear()
        word = self._vocabulary.word(token)
        if self.lang:
            neg, pos, less, more = self._forms
            row = bucket(word.fold, len(neg))
            word.neg, word.pos = less * neg[row], more * pos[row]
            if word.letters:
                neg, pos, less, more = self._pieces
                size, scale = len(neg), 1 / math.sqrt(len(word.fold) + 3)
                rows = [piece % size for piece in pieces(word.fold)]
                word.neg += scale * less * sum([neg[at] for at in rows])
                word.pos += scale * more * sum([pos[at] for at in rows])
        self._seen[token] = word
        return word

    def read(self, tokens: list[str]) -> Reading:
        """Read and judge a text."""
        seen, learn = self._seen, self._learn
        words = [seen[t] if t in seen else learn(t) for t in tokens]
        folds = [w.fold for w in words]
        reading = Reading(self.lang, words, folds, self._book.find(folds))
        shown = 0
        for word in words:
            shown |= word.flags
        reading.shown = shown
        reading.hits = found(words, reading.phrases, self.lang)
        self.judge(reading)
        return reading

    def why(self, reading: Reading, judged: Sentiment) -> tuple[Reason, ...]:
        """The words that carried a polar label, each with its share of what spoke for it, heaviest first.

        What a word adds is its part in the lead of the label over the runner-up: its own weights, half of those of the
        pairs it is in, and, for an opinion word or a cue, its part of what all of them add to the signs.
        """
        if judged not in _ENDS:
            return ()
        points, stops = self._points(reading, *_direction(reading, judged))
        for start, stop in stops.items():
            for at in range(start + 1, stop):
                points[start] += points[at]
                points[at] = 0.0
        total = sum([p for p in points if p > 0]) or 1.0
        best = sorted([(p, at) for at, p in enumerate(points) if p > 0.03 * total], reverse=True)[:SHOWN]
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

    def _points(self, reading: Reading, neg: float, pos: float) -> tuple[list[float], dict[int, int]]:
        """What each word adds to `neg` times the score of negative plus `pos` times that of positive.

        Also the phrases that speak as one: first word -> one past the last.
        """
        words, scale = reading.words, 1 / math.sqrt(len(reading.words) + 1)
        less, more = neg * self._pairs[2] / 2, pos * self._pairs[3] / 2
        sides = [less * a + more * b for a, b in zip(*reading.paired, strict=True)] or [0.0] * (len(words) + 1)
        points = [
            scale * (neg * w.neg + pos * w.pos + before + after) if w.letters or w.value else 0.0
            for w, before, after in zip(words, sides, sides[1:], strict=False)
        ]
        way = self._ways[neg, pos]
        if reading.hits:
            lead = sum(map(mul, reading.signs, way.opinions)) - way.silent
            toward = [max((pos - neg) * h.value, 0.0) for h in reading.hits]
            for hit, part in zip(reading.hits, toward, strict=True):
                points[hit.start] += max(lead, 0.2) * part / (sum(toward) or 1.0)
        stops = {hit.start: hit.stop for hit in reading.hits}
        _add_cues(reading, way, points, stops)
        return points, stops

    def judge(self, reading: Reading) -> None:
        """Fill in the chances of the labels."""
        words = reading.words
        reading.signs = signs(words, reading.hits, reading.shown, reading.phrases)
        neg, pos = (
            bias + sum(map(mul, reading.signs, side)) for bias, side in zip(self._bias, self._sides, strict=True)
        )
        if self.lang and words:
            reading.pairs = hashed(reading.folds)
            negs, poss, less, more = self._pairs
            size = len(negs)
            at = [pair % size for pair in reading.pairs]
            reading.paired = [negs[row] for row in at], [poss[row] for row in at]
            scale = 1 / math.sqrt(len(words) + 1)
            neg += scale * (sum([w.neg for w in words]) + less * sum(reading.paired[0]))
            pos += scale * (sum([w.pos for w in words]) + more * sum(reading.paired[1]))
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
_WAYS = ((1.0, 0.0), (1.0, -1.0), (0.0, 1.0), (-1.0, 1.0))
"""The factors of negative and positive in every lead there is (`_direction`)."""
_ENDS = (Sentiment.NEGATIVE, Sentiment.POSITIVE)


@dataclass(frozen=True, slots=True)
class _Way:
    """What the signs add to one lead."""

    opinions: list[float]
    """Each sign that speaks of opinion words; 0 for the others."""
    silent: float
    """That there is no opinion word."""
    cues: dict[tuple[str, ...], list[tuple[int, float]]]
    """For the signs that a kind of cue stirs: the number of each and what it adds."""


def _way(sides: np.ndarray[Any, np.dtype[np.float64]]) -> _Way:
    cues = {names: [(NAMES.index(n), float(sides[NAMES.index(n)])) for n in names] for names in SIGNS_OF.values()}
    return _Way((sides * _OF_OPINION).tolist(), float(sides[_NO_OPINION]), cues)


def _add_cues(reading: Reading, way: _Way, points: list[float], stops: dict[int, int]) -> None:
    """Give the cues that speak for a label their part of what their signs add; each becomes a phrase of its own."""
    kinds: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    for start, stop, phrase in reading.phrases:
        if phrase.group in SIGNS_OF:
            kinds.setdefault(SIGNS_OF[phrase.group], []).append((start, stop))
    for names, spots in kinds.items():
        lead = sum([reading.signs[at] * adds for at, adds in way.cues[names]])
        for start, stop in spots if lead > 0 else ():
            points[start] += lead / len(spots)
            if not any(a < stop and start < b for a, b in stops.items()):
                stops[start] = stop


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
