"""Learn from what agents corrected and confirmed: train a layer, and keep only what proves better than the default."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from listener.understanding import fit, frozen, priority
from listener.understanding.classifier import Default
from listener.understanding.fit import Bags, Vector
from listener.understanding.frozen import replayed
from listener.understanding.intents import INTENTS
from listener.understanding.layer import COLUMNS, SIZE, Layer, rows
from listener.understanding.learn_priority import agreement, fitted
from listener.understanding.score import macro_f1
from listener.understanding.signs import NAMES
from storage.types import Priority

LAST = 200
"""Reviews, the newest, on which the layer must prove itself before it is used."""
BLOCK = 50
"""Reviews judged at a time in that proof, each block by a layer trained on all before it (test, then train)."""
ANCHORS = (0.5, 2.0)
"""What a text of our own counts beside a review, so that the layer does not forget what was known: lightly, and where
that loses something on the frozen set, firmly."""
FEWEST = 20
"""Reviews of one kind and language below which nothing is learnt."""
HOLD, SIGNS_HOLD, BIAS_HOLD = 1.0, 5.0, 0.1
"""Weight decay of words and pairs, of signs, and of the bias: what holds for all texts of a source is learnt first."""
EVEN = 0.5
"""How far the labels of the reviews are made even, so that what is said seldom is not forgotten."""
STRENGTHS = (1.0, 0.7, 0.5, 0.35, 0.25)
"""How far the layer is believed; the first that does not do worse on the frozen set is taken."""
ANCHOR = "webcare"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
LABELS = ("negative", "neutral", "positive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One judgement of an agent on one text. `after` equal to `before` is a confirmation.

    `field` is sentiment (negative, neutral, positive), intent (names joined by ","), relevance ("yes", "no"), or
    priority (a level).
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
    signs: Vector
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
    priorities: dict[str, dict[str, float]] = {}
    card = []
    for lang, name in sorted({(each.lang, each.field) for each in ordered}):
        mine = _latest([each for each in ordered if (each.lang, each.field) == (lang, name)])
        if lang not in ("nl", "en") or name not in (*FIELDS, "priority"):
            continue
        if name == "priority":
            changes, score = _priority_lesson(default, lang, mine)
            card.append(score)
            if changes:
                priorities[lang] = changes
            continue
        table, score = _lesson(default, lang, name, mine)
        card.append(score)
        if table is not None:
            tables[lang] = tables.get(lang, 0) + table
    return Lesson(Layer({k: v.astype(np.float32) for k, v in tables.items()}, priorities), tuple(card))


FIELDS = {"sentiment": [0, 1], "relevance": [2], "intent": list(range(3, len(COLUMNS)))}
"""Which columns of a layer a field teaches."""


def _latest(reviews: Sequence[Review]) -> list[Review]:
    """The last word on each text."""
    return list({each.text: each for each in reviews}.values())


def _lesson(default: Default, lang: str, name: str, reviews: Sequence[Review]) -> tuple[Any, Score]:
    """The table of one field in one language, or None where it is not to be used, and its row of the score-card."""
    if len(reviews) < FEWEST:
        return None, _too_few(reviews)
    pupil = _pupil(default, lang, name, [*_anchors(lang, name), *reviews])
    own = len(pupil.bags) - len(reviews)
    first = frozen.score(default, lang, name)
    for firmness in ANCHORS:
        pupil.weights[:own] = firmness
        before, after = _proof(pupil, name, own)
        then = 0.0
        if after < before:
            sentence = WORSE_HERE
            continue
        sentence = WORSE_THERE
        table = _train(pupil, range(len(pupil.bags)), own)
        for strength in STRENGTHS:
            then = frozen.score(default.with_layer(Layer({lang: (table * strength).astype(np.float32)})), lang, name)
            if then >= first:
                return table * strength, _row(reviews, (before, after), (first, then), USED)
    return None, _row(reviews, (before, after), (first, then), sentence)


USED = "Used."
WORSE_HERE = "The default does better on the newest reviews, so it stays."
WORSE_THERE = "It would do worse on the frozen set, so the default stays."


def _row(reviews: Sequence[Review], here: tuple[float, float], there: tuple[float, float], sentence: str) -> Score:
    """The row of the score-card; `here` and `there` are the scores on the newest reviews and on the frozen set."""
    changed = sum(each.before != each.after for each in reviews) / len(reviews)
    (before, after), (frozen_before, frozen_after) = here, there
    return Score(
        lang=reviews[0].lang, field=reviews[0].field, reviews=len(reviews), changed=round(changed, 3),
        before=round(before, 3), after=round(after, 3), frozen_before=round(frozen_before, 3),
        frozen_after=round(frozen_after, 3), used=sentence == USED, sentence=sentence,
    )  # fmt: skip


def _too_few(reviews: Sequence[Review]) -> Score:
    return _row(reviews, (0, 0), (0, 0), f"{FEWEST - len(reviews)} more reviews are needed before anything is learnt.")


def _priority_lesson(default: Default, lang: str, reviews: Sequence[Review]) -> tuple[dict[str, float], Score]:
    """The changes of the weights of priority reasons in one language, empty where they are not to be used."""
    if len(reviews) < FEWEST:
        return {}, _too_few(reviews)
    held = default.parts([item["text"] for item in replayed(lang, "priority")], lang)
    parts = [*held, *default.parts([each.text for each in reviews], lang)]
    levels = [*(priority.score(each)[1] for each in held), *(Priority(each.after) for each in reviews)]
    weights = np.array([ANCHORS[0]] * len(held) + [1.0] * len(reviews))

    def learnt(count: int) -> dict[str, float]:
        return fitted(parts[:count], levels[:count], weights[:count])

    start = max(len(parts) - LAST, len(held) + FEWEST // 2)
    blocks = [range(at, min(at + BLOCK, len(parts))) for at in range(start, len(parts), BLOCK)]
    after = sum(
        len(block) * agreement(parts[block.start : block.stop], levels[block.start : block.stop], learnt(block.start))
        for block in blocks
    ) / (len(parts) - start)
    before = agreement(parts[start:], levels[start:], None)
    first, then = frozen.score(default, lang, "priority"), 0.0
    if after < before:
        return {}, _row(reviews, (before, after), (first, then), WORSE_HERE)
    whole = learnt(len(parts))
    for strength in STRENGTHS:
        changes = {name: round(value * strength, 3) for name, value in whole.items()}
        then = frozen.score(default.with_layer(Layer({}, {lang: changes})), lang, "priority")
        if then >= first:
            return changes, _row(reviews, (before, after), (first, then), USED)
    return {}, _row(reviews, (before, after), (first, then), WORSE_THERE)


def _anchors(lang: str, name: str) -> list[Review]:
    """Our own texts for training as if somebody had confirmed them; none for relevance, which is each brand's own."""
    if name == "relevance":
        return []
    if name == "sentiment":
        known = [(item["text"], item["label"]) for item in replayed(lang)]
    else:
        known = [(item["text"], ",".join(item["intents"])) for item in replayed(lang, "intents")]
    return [Review(text=t, lang=lang, field=name, before=x, after=x, at=LONG_AGO, agent=ANCHOR) for t, x in known]


def _pupil(default: Default, lang: str, name: str, reviews: Sequence[Review]) -> _Pupil:
    folds, signs, offsets = zip(*default.scores([each.text for each in reviews], lang), strict=True)
    columns = FIELDS[name]
    if name == "sentiment":
        labels: Any = np.array([LABELS.index(each.after) if each.after in LABELS else 1 for each in reviews])
    elif name == "relevance":
        labels = np.array([[float(each.after == "yes")] for each in reviews])
    else:
        labels = np.array([[float(intent in each.after.split(",")) for intent in INTENTS] for each in reviews])
    bags = [rows(each) for each in folds]
    scale = [1 / np.sqrt(len(each) + 1) for each in folds]
    shown = np.array(signs) * (name == "sentiment")
    return _Pupil(columns, bags, scale, shown, np.array(offsets)[:, columns], labels, np.ones(len(reviews)))


def _train(pupil: _Pupil, which: Sequence[int], own: int) -> Vector:
    """The table that some of the reviews teach; the first `own` are our own texts."""
    width = len(pupil.columns)
    bags = Bags([pupil.bags[at] for at in which], SIZE - 1, np.array([pupil.scale[at] for at in which]))
    at = np.array(which)
    offsets, signs, labels, weights = pupil.offsets[at], pupil.signs[at], pupil.labels[at], pupil.weights[at]
    if labels.ndim == 1:
        weights = weights * fit.balanced(labels, at < own, EVEN)
    hold = np.concatenate([np.full(SIZE - 1, HOLD), [BIAS_HOLD], np.full(len(NAMES), SIGNS_HOLD)])[:, None]

    def loss(flat: Vector) -> tuple[float, Vector]:
        table = flat.reshape(-1, width)
        scores = offsets + bags.sums(table[: SIZE - 1]) + table[SIZE - 1] + signs @ table[SIZE:]
        if pupil.labels.ndim == 1:
            value, slopes = fit.softmax_loss(scores, labels, weights)
        else:
            parts = [fit.logistic_loss(scores[:, k], labels[:, k], weights) for k in range(width)]
            value, slopes = sum(part[0] for part in parts), np.stack([part[1] for part in parts], axis=1)
        slope = np.vstack([bags.back(slopes), slopes.sum(0), signs.T @ slopes]) + hold * table
        return value + 0.5 * float((hold * table**2).sum()), slope.ravel()

    small = fit.minimise(loss, np.zeros(hold.size * width), steps=40).reshape(-1, width)
    table = np.zeros((hold.size, len(COLUMNS)))
    table[:, pupil.columns] = small
    return table


def _proof(pupil: _Pupil, name: str, anchors: int) -> tuple[float, float]:
    """The score of default and layer on the newest reviews, each block judged by what was learnt before it."""
    count = len(pupil.bags)
    start = max(count - LAST, anchors + FEWEST // 2)
    plain, learnt = pupil.offsets.copy(), pupil.offsets.copy()
    for block in range(start, count, BLOCK):
        table = _train(pupil, range(block), anchors)[:, pupil.columns]
        for at in range(block, min(block + BLOCK, count)):
            learnt[at] += table[pupil.bags[at]].sum(0) * pupil.scale[at] + table[SIZE - 1]
            learnt[at] += pupil.signs[at] @ table[SIZE:]
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
