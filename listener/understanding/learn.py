"""Learn from what agents corrected and confirmed: train a layer, and keep only what proves better than the default."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from listener.understanding import fit, frozen
from listener.understanding.classifier import Default
from listener.understanding.fit import Bags, Vector
from listener.understanding.frozen import taught
from listener.understanding.intents import INTENTS
from listener.understanding.layer import COLUMNS, SIZE, Layer, rows
from listener.understanding.score import macro_f1

LAST = 200
"""Reviews, the newest, on which the layer must prove itself before it is used."""
BLOCK = 50
"""Reviews judged at a time in that proof, each block by a layer trained on all before it (test, then train)."""
ANCHORS = (0.5, 2.0)
"""What a text of our own counts beside a review, so that the layer does not forget what was known: lightly, and where
that loses something on the frozen set, firmly."""
FEWEST = 20
"""Reviews of one kind and language below which nothing is learnt."""
CONFIRMED = 0.5
"""What a confirmation counts; a correction counts 1."""
HOLD = 1.0
"""Weight decay of the layer: small, so that a few hundred reviews do not outshout the default."""
STRENGTHS = (1.0, 0.7, 0.5, 0.35, 0.25)
"""How far the layer is believed; the first that does not do worse on the frozen set is taken."""
ANCHOR = "webcare"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
LABELS = ("negative", "neutral", "positive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One judgement of an agent on one text. `after` equal to `before` is a confirmation.

    `field` is sentiment (negative, neutral, positive), intent (names joined by ","), or relevance ("yes", "no").
    """

    text: str
    lang: str
    field: str
    before: str
    after: str
    at: datetime
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A row of the score-card: one field in one language, its score without and with the layer."""

    lang: str
    field: str
    reviews: int
    changed: float
    """Share of reviews in which the agent changed something."""
    before: float
    after: float
    frozen_before: float
    frozen_after: float
    used: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """What training gave: the layer (perhaps empty) and the score-card."""

    layer: Layer
    card: tuple[Score, ...] = field(default=())


@dataclass(slots=True)
class _Pupil:
    """Reviews of one field in one language, as numbers."""

    columns: list[int]
    bags: list[list[int]]
    scale: list[float]
    offsets: Vector
    labels: Any
    weights: Vector


def learn(reviews: Iterable[Review], base: Default | None = None) -> Lesson:
    """Train a layer from all reviews, oldest first, and keep the parts that prove themselves.

    A part is kept where, on the newest `LAST` reviews (each judged before it is learnt from), it is at least as good as
    the default, and where it makes nothing worse on the frozen set. The same reviews always give the same bytes.
    """
    default = base or Default()
    ordered = sorted(reviews, key=lambda each: (each.at, each.text, each.field))
    tables: dict[str, Any] = {}
    card = []
    for lang, name in sorted({(each.lang, each.field) for each in ordered}):
        mine = _latest([each for each in ordered if (each.lang, each.field) == (lang, name)])
        if lang not in ("nl", "en") or name not in FIELDS:
            continue
        table, score = _lesson(default, lang, name, mine)
        card.append(score)
        if table is not None:
            tables[lang] = tables.get(lang, 0) + table
    return Lesson(Layer({k: v.astype(np.float32) for k, v in tables.items()}), tuple(card))


FIELDS = {"sentiment": [0, 1], "relevance": [2], "intent": list(range(3, len(COLUMNS)))}
"""Which columns of a layer a field teaches."""


def _latest(reviews: Sequence[Review]) -> list[Review]:
    """The last word on each text."""
    return list({each.text: each for each in reviews}.values())


def _lesson(default: Default, lang: str, name: str, reviews: Sequence[Review]) -> tuple[Any, Score]:
    """The table of one field in one language, or None where it is not to be used, and its row of the score-card."""
    pupil = _pupil(default, lang, name, [*_anchors(lang, name), *reviews])
    changed = sum(each.before != each.after for each in reviews) / len(reviews)

    def row(before: float, after: float, frozen_: tuple[float, float], used: bool, sentence: str) -> Score:
        return Score(
            lang=lang, field=name, reviews=len(reviews), changed=round(changed, 3), before=round(before, 3),
            after=round(after, 3), frozen_before=round(frozen_[0], 3), frozen_after=round(frozen_[1], 3), used=used,
            sentence=sentence,
        )  # fmt: skip

    if len(reviews) < FEWEST:
        return None, row(
            0, 0, (0, 0), False, f"{FEWEST - len(reviews)} more reviews are needed before anything is learnt."
        )
    own = len(pupil.bags) - len(reviews)
    first = frozen.score(default, lang, name)
    for firmness in ANCHORS:
        pupil.weights[:own] = firmness
        before, after = _proof(pupil, name, own)
        then = 0.0
        if after < before:
            sentence = "The default does better on the newest reviews, so it stays."
            continue
        sentence = "It would do worse on the frozen set, so the default stays."
        table = _train(pupil, range(len(pupil.bags)))
        for strength in STRENGTHS:
            then = frozen.score(default.with_layer(Layer({lang: (table * strength).astype(np.float32)})), lang, name)
            if then >= first:
                return table * strength, row(before, after, (first, then), True, "Used.")
    return None, row(before, after, (first, then), False, sentence)


def _anchors(lang: str, name: str) -> list[Review]:
    """Our own texts for training as if somebody had confirmed them; none for relevance, which is each brand's own."""
    if name == "relevance":
        return []
    known = [
        (item["text"], item["label"] if name == "sentiment" else ",".join(item["intents"])) for item in taught(lang)
    ]
    return [Review(text=t, lang=lang, field=name, before=x, after=x, at=LONG_AGO, agent=ANCHOR) for t, x in known]


def _pupil(default: Default, lang: str, name: str, reviews: Sequence[Review]) -> _Pupil:
    folds, offsets = zip(*default.scores([each.text for each in reviews], lang), strict=True)
    columns = FIELDS[name]
    corrected = np.array([_weight(each) for each in reviews])
    if name == "sentiment":
        labels: Any = np.array([LABELS.index(each.after) if each.after in LABELS else 1 for each in reviews])
    elif name == "relevance":
        labels = np.array([[float(each.after == "yes")] for each in reviews])
    else:
        labels = np.array([[float(intent in each.after.split(",")) for intent in INTENTS] for each in reviews])
    bags = [rows(each) for each in folds]
    scale = [1 / np.sqrt(len(each) + 1) for each in folds]
    return _Pupil(columns, bags, scale, np.array(offsets)[:, columns], labels, corrected)


def _weight(review: Review) -> float:
    return 1.0 if review.before != review.after else CONFIRMED


def _train(pupil: _Pupil, which: Sequence[int]) -> Vector:
    """The table that some of the reviews teach."""
    width = len(pupil.columns)
    bags = Bags([pupil.bags[at] for at in which], SIZE - 1, np.array([pupil.scale[at] for at in which]))
    at = np.array(which)
    offsets, labels, weights = pupil.offsets[at], pupil.labels[at], pupil.weights[at]

    def loss(flat: Vector) -> tuple[float, Vector]:
        table = flat.reshape(SIZE, width)
        scores = offsets + bags.sums(table[:-1]) + table[-1]
        if pupil.labels.ndim == 1:
            value, slopes = fit.softmax_loss(scores, labels, weights)
        else:
            parts = [fit.logistic_loss(scores[:, k], labels[:, k], weights) for k in range(width)]
            value, slopes = sum(part[0] for part in parts), np.stack([part[1] for part in parts], axis=1)
        slope = np.vstack([bags.back(slopes), slopes.sum(0)]) + HOLD * table
        return value + 0.5 * HOLD * float((table**2).sum()), slope.ravel()

    small = fit.minimise(loss, np.zeros(SIZE * width), steps=40).reshape(SIZE, width)
    table = np.zeros((SIZE, len(COLUMNS)))
    table[:, pupil.columns] = small
    return table


def _proof(pupil: _Pupil, name: str, anchors: int) -> tuple[float, float]:
    """The score of default and layer on the newest reviews, each block judged by what was learnt before it."""
    count = len(pupil.bags)
    start = max(count - LAST, anchors + FEWEST // 2)
    plain, learnt = pupil.offsets.copy(), pupil.offsets.copy()
    for block in range(start, count, BLOCK):
        table = _train(pupil, range(block))[:, pupil.columns]
        for at in range(block, min(block + BLOCK, count)):
            learnt[at] += table[pupil.bags[at]].sum(0) * pupil.scale[at] + table[-1]
    return _score(plain[start:], pupil.labels[start:], name), _score(learnt[start:], pupil.labels[start:], name)


def _score(scores: Vector, labels: Any, name: str) -> float:
    """Macro-F1 over the labels (sentiment, relevance), or F1 over all intents together."""
    if name == "sentiment":
        full = np.stack([scores[:, 0], np.zeros(len(scores)), scores[:, 1]], axis=1)
        return macro_f1(full.argmax(axis=1).tolist(), labels.tolist())
    guess = (scores > 0).astype(float)
    if name == "relevance":
        return macro_f1(guess[:, 0].tolist(), labels[:, 0].tolist())
    both = float((guess * labels).sum())
    return 2 * both / max(float(guess.sum() + labels.sum()), 1.0)
