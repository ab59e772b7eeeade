"""Judge the sentiment of a text by adding up what each word, each pair of words and the signs of the whole say."""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from listener.understanding.crc import Groups, Numbers, together
from listener.understanding.lists import Phrase
from listener.understanding.memory import Memory
from listener.understanding.signs import NAMES, OF_TEXT, SIGNS_OF, Found, Shown, found, marks, signs, standing
from listener.understanding.weights import Weights
from listener.understanding.words import CACHE, EMOJI, LETTERS, Word, edged, vocabulary
from storage.types import Reason, Sentiment

FLOOR = 0.36
"""Below this chance of the best label a text stays unrated."""
SHOWN = 4
"""Words or phrases shown as reasons."""
LEAST = 0.03
"""Share of all that speaks for a label from which on a word or phrase is shown."""
TOGETHER = 4
"""Most words that are shown as one phrase where the lists do not know it."""
JOINED = 0.02
"""Share of all that speaks for a label that each word of a phrase has to add."""


@dataclass(slots=True)
class Reading:
    """A text as one language reads it: its words, the phrases in it, and what was judged of it."""

    lang: str
    words: list[Word]
    folds: list[str]
    phrases: list[tuple[int, int, Phrase]]
    hits: list[Found]
    shown: int
    """The bits of all words."""
    signs: Any
    """The numbers of the whole text (`signs.NAMES`)."""
    lead: Sequence[float]
    """What its opinion words add to negative and to positive by the signs."""
    forms: Any
    """The CRC-32 of each word's form."""
    pairs: Any
    """The pairs of words, hashed (`hashed`); none in a language without a model of its own."""
    classes: Any
    """The class of each word, 0 for none."""
    sides: tuple[Sequence[float], Sequence[float]]
    """What each word adds to negative and to positive, with all the pairs it is in: what would go if it went."""
    odds: Sequence[float] = (0.0, 0.0)
    """The scores of negative and positive against neutral."""
    shares: Sequence[float] = (0.0, 1.0, 0.0)
    """Chance of negative, neutral, positive."""

    @property
    def score(self) -> float:
        """-1 to 1."""
        return self.shares[2] - self.shares[0]


EDGES = (" ^", " $")
"""Before the first and after the last word of a text; no word has a space."""
_NEG, _POS, _FLAGS, _CRC, _TAIL, _LENGTH, _SPEAKS, _BANGS, _ASKS, _CLASS = range(10)
"""What is remembered of a word: its trained weights, its bits, the CRC-32 of its form and of a space and its form with
the length of that, whether it may be shown as a reason, how many "!" and "?" it has, and its class."""
NEAR = 3
"""How many words after another a word still counts as following it."""


class Tongue:
    """Everything that is known of one language: its words, phrases and trained weights."""

    def __init__(self, lang: str, weights: Weights) -> None:
        self.lang = lang
        self._vocabulary, self._book = vocabulary(lang)
        own = weights.array(f"{lang or 'any'}.signs").astype(np.float64)
        self._bias, self._sides = own[0], own[1:]
        adds = self._sides.tolist()
        self._cues = {names: [(at, *adds[at]) for at in map(NAMES.index, names)] for names in SIGNS_OF.values()}
        """For the signs that a kind of cue stirs: the number of each and what it adds to negative and positive."""
        if lang:
            self._forms, self._pieces, self._pairs = (
                weights.columns(f"{lang}.{name}") for name in ("words", "pieces", "pairs")
            )
            self._classes = weights.array(f"{lang}.classes").astype(np.float64)
            self._follows = weights.columns(f"{lang}.follows")
        self._seen = Memory(10, np.float64, CACHE)
        self._words: list[Word] = []
        """By the rows of the memory."""

    def read(self, texts: Sequence[Sequence[str]]) -> list[Reading]:
        """Read and judge texts, given as their tokens."""
        with self._seen.turn:
            return self._read(texts) if texts else []

    def _read(self, texts: Sequence[Sequence[str]]) -> list[Reading]:
        edged = [token for tokens in texts for token in (EDGES[0], *tokens, EDGES[1])]
        self._learn(self._seen.unknown(edged))
        rows = list(map(self._seen.places.__getitem__, edged))
        numbers, known = self._seen.numbers[rows], list(map(self._words.__getitem__, rows))
        ends = np.cumsum([len(tokens) + len(EDGES) for tokens in texts])
        spans = [(end - len(tokens) - 1, end - 1) for tokens, end in zip(texts, ends.tolist(), strict=True)]
        forms = [word.fold for word in known]
        words, folds = [known[start:stop] for start, stop in spans], [forms[start:stop] for start, stop in spans]
        phrases = [standing(*each) for each in zip(words, map(self._book.find, folds), strict=True)]
        hits = [found(*each, self.lang) for each in zip(words, phrases, strict=True)]
        starts, flags = ends - np.diff(ends, prepend=0), numbers[:, _FLAGS].astype(np.int64)
        numbered = signs(Shown(starts, flags, numbers[:, [_BANGS, _ASKS]]), hits, phrases)
        leads = numbered @ (self._sides * _OF_OPINION) - self._sides[_NO_OPINION]
        pairs, sides, odds = self._by_words(numbers, ends)
        shown, (negative, positive) = np.bitwise_or.reduceat(flags, starts), sides.T.tolist()
        near = [pairs[start - 1 : stop] for start, stop in spans]
        crcs = numbers[:, _CRC].astype(np.uint32)
        hashes = [crcs[start:stop] for start, stop in spans]
        kinds = numbers[:, _CLASS].astype(np.intp)
        classes = [kinds[start:stop] for start, stop in spans]
        by_words = [(negative[start:stop], positive[start:stop]) for start, stop in spans]
        columns: Any = (
            words,
            folds,
            phrases,
            hits,
            shown.tolist(),
            numbered,
            leads.tolist(),
            hashes,
            near,
            classes,
            by_words,
        )
        readings = [Reading(self.lang, *each) for each in zip(*columns, strict=True)]
        settle(readings, self._bias + numbered @ self._sides + odds)
        return readings

    def _learn(self, tokens: Sequence[str]) -> None:
        """Look up and weigh new words."""
        if not tokens:
            return
        edges = dict(zip(EDGES, self._vocabulary.edges, strict=True))
        words = [
            Word(token, token[1:], 0.0, "", edges[token]) if token in edges else self._vocabulary.word(token)
            for token in tokens
        ]
        forms = [word.fold.encode("utf-8", "surrogatepass") for word in words]
        rows = np.zeros((len(words), 10))
        rows[:, _CLASS] = [word.class_ for word in words]
        rows[:, _CRC] = [zlib.crc32(form) for form in forms]
        rows[:, _TAIL] = [zlib.crc32(b" " + form) for form in forms]
        rows[:, _LENGTH] = [len(form) + 1 for form in forms]
        rows[:, _FLAGS] = [word.flags for word in words]
        rows[:, _SPEAKS] = [word.letters or bool(word.value) or word.fold[0].isdigit() for word in words]
        rows[:, [_BANGS, _ASKS]] = [marks(word.fold) for word in words]
        if self.lang:
            rows[:, : _POS + 1] = self._weighed(words, rows[:, _CRC].astype(np.uint32))
        for at, token in enumerate(tokens):
            if token in EDGES:
                rows[at, [_NEG, _POS, _FLAGS]] = 0.0
        self._words[self._seen.add(tokens, rows) :] = words

    def _weighed(self, words: Sequence[Word], crcs: Numbers) -> Any:
        """What each word, its class and the letter groups in it add to negative and to positive."""
        table, scales = self._forms
        sums = scales * table[crcs % len(table)] + self._classes[[word.class_ for word in words]]
        table, scales = self._pieces
        groups, owners = Groups([edged(word.fold) if word.letters else b"" for word in words]).crcs()
        said = table[groups % len(table)]
        fine = 1 / np.sqrt([len(word.fold) + 3 for word in words])
        for side, scale in enumerate(scales):
            sums[:, side] += fine * scale * np.bincount(owners, said[:, side], len(words))
        return sums

    def _by_words(self, numbers: Any, ends: Any) -> tuple[Any, Any, Any]:
        """The hashed pairs of words, what each word adds, and what words and pairs of each text add to its scores.

        A pair is in two words, so it counts half for each.
        """
        if not self.lang:
            return ends[:0], np.zeros((len(numbers), 2)), 0.0
        table, scales = self._pairs
        whole = numbers[:, [_CRC, _TAIL]].astype(np.uint32)
        crcs = together(whole[:-1, 0], whole[1:, 1], numbers[1:, _LENGTH].astype(np.intp))
        paired = np.zeros((len(numbers), 2))
        paired[:-1] = table[crcs % len(table)]
        counts = np.diff(ends, prepend=0)
        paired[ends - 1] = 0.0  # after the edge of one text begins the next
        paired[ends[counts == len(EDGES)] - len(EDGES)] = 0.0  # a text without words has no pairs
        sides = numbers[:, : _POS + 1] + scales / 2 * (paired + np.roll(paired, 1, axis=0))
        sides += self._by_classes(numbers[:, _CLASS].astype(np.intp), counts)
        sums = np.add.reduceat(sides, ends - counts) / np.sqrt(counts - 1)[:, None]
        return crcs, sides * numbers[:, [_SPEAKS]], sums

    def _by_classes(self, classes: Any, counts: Any) -> Any:
        """What the class of each word says together with those of the words near it."""
        table, scales = self._follows
        width = math.isqrt(len(table))
        owners = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        rows, said = classes * width, np.zeros((len(classes), 2), dtype=np.int16)
        for far in range(1, NEAR + 1):
            both = table.take((rows[:-far] + classes[far:]) * (owners[:-far] == owners[far:]), axis=0)
            said[:-far] += both
            said[far:] += both
        return scales / 2 * said

    def why(self, reading: Reading, judged: Sentiment) -> tuple[Reason, ...]:
        """The words that carried a polar label, each with its share of what spoke for it, heaviest first.

        What a word adds is its part in the lead of the label over the runner-up: its own weights, half of those of the
        pairs it is in, and, for an opinion word or a cue, its part of what all of them add to the signs.
        """
        if judged not in _ENDS:
            return ()
        points, stops = self._points(reading, *_direction(reading, judged))
        whole, folds = sum([p for p in points if p > 0]) or 1.0, reading.folds
        return tuple(
            [
                Reason("sentiment", str(judged), (" ".join(folds[start:stop]),), round(weight / whole, 3))
                for weight, start, stop in _heaviest(points, stops, whole)
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
        for names, spots in _cued(reading).items() if reading.phrases else ():
            adds = sum([float(reading.signs[at]) * (neg * less + pos * more) for at, less, more in self._cues[names]])
            if adds > 0:
                _share(adds, spots, points, stops)
        return points, stops


def _heaviest(points: Sequence[float], stops: Mapping[int, int], whole: float) -> list[tuple[float, int, int]]:
    """The words and phrases that weigh most, heaviest first: weight, first word, one past the last.

    Neighbours speak as one where each adds something ("nog steeds geen"), as do the phrases of the lists.
    """
    parts = list(zip(points, range(len(points)), range(1, len(points) + 1), strict=True))
    for start, stop in sorted(stops.items(), reverse=True):
        if stop > start + 1:
            parts[start:stop] = [(sum(points[start:stop]), start, stop)]
    least, phrases = JOINED * whole, []
    for first in [at for at, part in enumerate(parts) if part[0] > least]:
        weight, start, stop = parts[first]
        phrases.append((weight, weight, start, stop))
        for more, _, stop in parts[first + 1 : first + TOGETHER]:
            weight += more
            if more > least and stop - start <= TOGETHER:
                phrases.append((weight - least * (stop - start - 1), weight, start, stop))
    chosen, taken = list[tuple[float, int, int]](), set[int]()
    for _, weight, start, stop in sorted(phrases, reverse=True):
        if taken.isdisjoint(range(start, stop)):
            taken.update(range(start, stop))
            chosen.append((weight, start, stop))
            if len(chosen) == SHOWN:
                break
    return [each for each in chosen if each[0] > LEAST * whole]


def _cued(reading: Reading) -> dict[tuple[str, ...], list[tuple[int, int]]]:
    """Where cues stand, by the signs they stir."""
    kinds: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    for start, stop, phrase in reading.phrases:
        if phrase.group in SIGNS_OF:
            kinds.setdefault(SIGNS_OF[phrase.group], []).append((start, stop))
    return kinds


def _share(adds: float, spots: Sequence[tuple[int, int]], points: list[float], stops: dict[int, int]) -> None:
    """Give cues their part of what their signs add; each becomes a phrase of its own."""
    taken = {at for start, stop in stops.items() for at in range(start, stop)}
    for start, stop in spots:
        points[start] += adds / len(spots)
        if taken.isdisjoint(range(start, stop)):
            taken.update(range(start, stop))
            stops[start] = stop


def following(classes: Sequence[int], width: int) -> list[int]:
    """For each two words near each other the number of the pair of their classes, of which there are `width`."""
    return [
        one * width + other
        for far in range(1, NEAR + 1)
        for one, other in zip(classes, classes[far:], strict=False)
        if one and other
    ]


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
        reading.odds, reading.shares = scores, chances


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
