"""Judge the sentiment of a text by adding up what each word, each pair of words and the signs of the whole say."""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from listener.understanding.crc import Groups, Numbers, together
from listener.understanding.lists import Phrase
from listener.understanding.memory import Memory
from listener.understanding.signs import NAMES, OF_TEXT, SIGNS_OF, Found, found, signs
from listener.understanding.weights import Weights
from listener.understanding.words import CACHE, EMOJI, LETTERS, Word, edged, vocabulary
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
    """The pairs of words, hashed (`hashed`)."""
    sides: tuple[list[float], list[float]] = ([], [])
    """What each word adds to negative and to positive, half of what the pairs it is in add with it."""
    lead: tuple[float, float] = (0.0, 0.0)
    """What its opinion words add to negative and to positive by the signs."""
    odds: tuple[float, float] = (0.0, 0.0)
    """The scores of negative and positive against neutral."""

    @property
    def score(self) -> float:
        """-1 to 1."""
        return self.shares[2] - self.shares[0]


EDGES = (" ^", " $")
"""Before the first and after the last word of a text; no word has a space."""
_NEG, _POS, _FLAGS, _CRC, _TAIL, _LENGTH, _SPEAKS = range(7)
"""What is remembered of a word: its trained weights, its bits, the CRC-32 of its form and of a space and its form with
the length of that, and whether it may be shown as a reason."""


class Tongue:
    """Everything that is known of one language: its words, phrases and trained weights."""

    def __init__(self, lang: str, weights: Weights) -> None:
        self.lang = lang
        self._vocabulary, self._book = vocabulary(lang)
        own = weights.array(f"{lang or 'any'}.signs").astype(np.float64)
        self._bias, self._sides = own[0], own[1:]
        self._cues = {names: [(at, *own[1 + at]) for at in map(NAMES.index, names)] for names in SIGNS_OF.values()}
        """For the signs that a kind of cue stirs: the number of each and what it adds to negative and positive."""
        if lang:
            self._forms, self._pieces, self._pairs = (
                weights.columns(f"{lang}.{name}") for name in ("words", "pieces", "pairs")
            )
        self._seen = Memory(7, np.float64, CACHE)
        self._words: dict[int, Word] = {}
        """Row of the memory -> word."""

    def read(self, texts: Sequence[Sequence[str]]) -> list[Reading]:
        """Read and judge texts, given as their tokens."""
        with self._seen.turn:
            return self._read(texts)

    def _read(self, texts: Sequence[Sequence[str]]) -> list[Reading]:
        edged = [[EDGES[0], *tokens, EDGES[1]] for tokens in texts]
        self._learn(self._seen.unknown(edged))
        places, known = self._seen.places, self._words
        rows = [[places[token] for token in tokens] for tokens in edged]
        readings = []
        for each in rows:
            words = [known[at] for at in each[1:-1]]
            folds = [word.fold for word in words]
            phrases = self._book.find(folds)
            readings.append(Reading(self.lang, words, folds, phrases, found(words, phrases, self.lang)))
        if readings:
            self._judge(readings, rows)
        return readings

    def _learn(self, tokens: Sequence[str]) -> None:
        """Look up and weigh new words."""
        words = [
            self._vocabulary.word(token) if token not in EDGES else Word(token, token[1:], 0.0, "") for token in tokens
        ]
        forms = [word.fold.encode("utf-8", "surrogatepass") for word in words]
        rows = np.zeros((len(words), 7))
        rows[:, _CRC] = [zlib.crc32(form) for form in forms]
        rows[:, _TAIL] = [zlib.crc32(b" " + form) for form in forms]
        rows[:, _LENGTH] = [len(form) + 1 for form in forms]
        rows[:, _FLAGS] = [word.flags for word in words]
        rows[:, _SPEAKS] = [word.letters or bool(word.value) for word in words]
        if self.lang:
            rows[:, : _POS + 1] = self._weighed(words, rows[:, _CRC].astype(np.uint32))
        for at, token in enumerate(tokens):
            if token in EDGES:
                rows[at, [_NEG, _POS, _FLAGS]] = 0.0
        self._seen.add(tokens, rows)
        self._words.update((self._seen.places[token], word) for token, word in zip(tokens, words, strict=True))

    def _weighed(self, words: Sequence[Word], crcs: Numbers) -> Any:
        """What each word and the letter groups in it add to negative and to positive."""
        table, scales = self._forms
        sums = scales * table[crcs % len(table)]
        table, scales = self._pieces
        groups, owners = Groups([edged(word.fold) if word.letters else b"" for word in words]).crcs()
        said = table[groups % len(table)]
        fine = 1 / np.sqrt([len(word.fold) + 3 for word in words])
        for side, scale in enumerate(scales):
            sums[:, side] += fine * scale * np.bincount(owners, said[:, side], len(words))
        return sums

    def _judge(self, readings: Sequence[Reading], rows: Sequence[Sequence[int]]) -> None:
        """Fill in what the words of each text add up to, and the chances of the labels."""
        counts = np.array([len(each) for each in rows])
        ends = np.cumsum(counts)
        numbers = self._seen.numbers[[at for each in rows for at in each]]
        shown = np.bitwise_or.reduceat(numbers[:, _FLAGS].astype(np.int64), ends - counts)
        for reading, bits in zip(readings, shown.tolist(), strict=True):
            reading.shown = bits
            reading.signs = signs(reading.words, reading.hits, bits, reading.phrases)
        numbered = np.array([reading.signs for reading in readings])
        odds = self._bias + numbered @ self._sides
        leads = numbered @ (self._sides * _OF_OPINION) - self._sides[_NO_OPINION]
        for reading, lead in zip(readings, leads.tolist(), strict=True):
            reading.lead = tuple(lead)
        if self.lang:
            odds += self._by_words(readings, numbers, ends)
        else:
            for reading in readings:
                reading.sides = [0.0] * len(reading.words), [0.0] * len(reading.words)
        settle(readings, odds)

    def _by_words(self, readings: Sequence[Reading], numbers: Any, ends: Any) -> Any:
        """What the words of each text and the pairs of them add to its scores."""
        table, scales = self._pairs
        whole = numbers[:, [_CRC, _TAIL]].astype(np.uint32)
        crcs = together(whole[:-1, 0], whole[1:, 1], numbers[1:, _LENGTH].astype(np.intp))
        paired = np.zeros((len(numbers), 2))
        paired[:-1] = table[crcs % len(table)]
        counts = np.diff(ends, prepend=0)
        paired[ends - 1] = 0.0  # after the edge of one text begins the next
        paired[ends[counts == len(EDGES)] - len(EDGES)] = 0.0  # a text without words has no pairs
        sides = numbers[:, : _POS + 1] + scales / 2 * (paired + np.roll(paired, 1, axis=0))
        negative, positive = (sides * numbers[:, [_SPEAKS]]).T.tolist()
        pairs, start = crcs.tolist(), 0
        for reading, end in zip(readings, ends.tolist(), strict=True):
            reading.pairs = pairs[start : end - 1]
            reading.sides = negative[start + 1 : end - 1], positive[start + 1 : end - 1]
            start = end
        owners = np.repeat(np.arange(len(ends)), counts)
        sums = [
            np.bincount(owners, numbers[:, side]) + scale * np.bincount(owners, paired[:, side])
            for side, scale in enumerate(scales)
        ]
        return np.stack(sums, axis=1) / np.sqrt(counts - 1)[:, None]

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
                points[start], points[at] = points[start] + points[at], 0.0
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
        scale = 1 / math.sqrt(len(reading.words) + 1)
        points = [scale * (neg * less + pos * more) for less, more in zip(*reading.sides, strict=True)]
        if reading.hits:
            lead = max(neg * reading.lead[0] + pos * reading.lead[1], 0.2)
            toward = [max((pos - neg) * h.value, 0.0) for h in reading.hits]
            whole = sum(toward) or 1.0
            for hit, part in zip(reading.hits, toward, strict=True):
                points[hit.start] += lead * part / whole
        stops = {hit.start: hit.stop for hit in reading.hits}
        for names, spots in _cued(reading).items():
            adds = sum([reading.signs[at] * (neg * less + pos * more) for at, less, more in self._cues[names]])
            if adds > 0:
                _share(adds, spots, points, stops)
        return points, stops


def _cued(reading: Reading) -> dict[tuple[str, ...], list[tuple[int, int]]]:
    """Where cues stand, by the signs they stir."""
    kinds: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    for start, stop, phrase in reading.phrases:
        if phrase.group in SIGNS_OF:
            kinds.setdefault(SIGNS_OF[phrase.group], []).append((start, stop))
    return kinds


def _share(adds: float, spots: Sequence[tuple[int, int]], points: list[float], stops: dict[int, int]) -> None:
    """Give cues their part of what their signs add; each becomes a phrase of its own."""
    for start, stop in spots:
        points[start] += adds / len(spots)
        if not any(a < stop and start < b for a, b in stops.items()):
            stops[start] = stop


def hashed(folds: list[str]) -> list[int]:
    """The CRC-32 of each pair of neighbouring words, with the edges of the text."""
    row = " ".join(["^", *folds, "$"]).encode("utf-8", "surrogatepass").split(b" ")
    return [zlib.crc32(b" " + b, zlib.crc32(a)) for a, b in itertools.pairwise(row)]


def settle(readings: Sequence[Reading], odds: Any) -> None:
    """Fill in the scores of negative and positive, and the chances that they make (neutral scores 0)."""
    whole = np.stack([odds[:, 0], np.zeros(len(odds)), odds[:, 1]], axis=1)
    shares = np.exp(whole - whole.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    for reading, scores, chances in zip(readings, odds.tolist(), shares.tolist(), strict=True):
        reading.odds, reading.shares = tuple(scores), tuple(chances)


_OF_OPINION = np.array([[float(name not in OF_TEXT)] for name in NAMES])
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
