"""Train the intents: what we believe of each cue beforehand, and labelled texts to correct the belief."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from listener.understanding import fit, intents
from listener.understanding.fit import Bags, Vector
from listener.understanding.intents import ORDER_SIZE, WORDS_SIZE, order_rows

PRIOR = {
    "question": """
        bias 0.5, ordered 1.4, mark 3.0, opens 0.5, q_open 0.3, q_ask 1.8, rhetoric -1.5, negative -0.5
    """,
    "complaint": """
        bias -3.2, negative 3, positive -2, problem 1.5, waiting 1.5, no_answer 1.5, rude 1.2, repeat 0.6,
        money 0.5, churn 0.5, direct 0.4, privacy 0.8, fraud 0.6, legal 0.6, safety 0.6, news -1, spam -1.5,
        job -1.5, idea -0.6, me 0.3, more problem 0.4, more rude 0.3
    """,
    "compliment": """
        bias -3.6, positive 3.6, negative -2, praise 1.8, thanks 0.5, spam -1.5, job -1.5, news -0.8, more
        praise 0.5, q_open -0.8, idea -0.8, no_thanks -0.7, mark -0.8
    """,
    "purchase": """
        bias -3.2, purchase 3, more purchase 0.8, bought -0.8, spam -1.5, news -1, job -1.5
    """,
    "churn": """
        bias -3.4, churn 4.0, more churn 0.8, stay -2.5, negative 1, positive -0.8, job -1, news -1.5
    """,
    "idea": """
        bias -3.2, idea 2.8, more idea 1.2, rude -0.5, spam -1.5, job -1.5
    """,
    "error": """
        bias -3.8, error 3, more error 1.2, spam -1
    """,
    "outage": """
        bias -3.6, outage 2.8, more outage 1.2, not_outage -2.5, spam -1, job -2, positive -1
    """,
    "thanks": """
        bias -3.2, thanks 4.4, no_thanks -3, spam -0.5, negative -0.6
    """,
    "news": """
        bias -3.6, news 2, more news 1, me -1.5, you -1.5, link 0.8, mark -1, negative -0.5, job -1
    """,
    "job": """
        bias -4, job 2.4, more job 1.4, my_job -2.5, link 0.3
    """,
    "spam": """
        bias -4, spam 1.6, more spam 1.4, link 1, exclamation 0.3, problem -1, direct -0.3, me -0.4
    """,
}
"""What a feature is worth to an intent before any labelled text is seen (log-odds)."""


def prior() -> Vector:
    """The intent table before training, a column an intent."""
    table = np.zeros((len(intents.FEATURES), len(intents.INTENTS)))
    for at, name in enumerate(intents.INTENTS):
        for belief in " ".join(PRIOR[name].split()).split(","):
            feature, _, value = belief.strip().rpartition(" ")
            table[intents.FEATURES.index(feature), at] = float(value)
    return table


FIRM = 8.0
"""How firmly a question's belief is held of how many cues there are and how a text opens: few texts of ours tell it."""
LEAN = 0.4
"""Added to each intent's odds: a missed wish costs an agent more than one too many (chosen by cross-validation)."""


CLASS_HOLD = 4.0
"""How firmly the word classes are held to telling nothing of an intent."""


def train_table(
    numbers: Sequence[Any],
    wanted: Sequence[Sequence[str]],
    asked: Sequence[tuple[Any, bool]] = (),
    hold: float = 1.0,
) -> Vector:
    """The intent table after training: logistic regression an intent, held to the prior with force `hold`.

    A row of `numbers` holds the features, then the word classes. `asked` are more texts for the question alone, whether
    each is one, of half weight.
    """
    start, wide = prior(), len(numbers[0]) - len(intents.FEATURES)
    start = np.vstack([start, np.zeros((wide, len(intents.INTENTS)))])
    table = start.copy()
    for at, name in enumerate(intents.INTENTS):
        more = asked if name == "question" else ()
        rows = np.array([*numbers, *(row for row, _ in more)])
        labels = np.array([*(float(name in each) for each in wanted), *(float(label) for _, label in more)])
        weights = np.array([1.0] * len(numbers) + [0.5] * len(more))
        if name != "question":
            rows[:, [intents.FEATURES.index(feature) for feature in intents.STYLE]] = 0.0
        firm = [name == "question" and (feature == "opens" or "more " in feature) for feature in intents.FEATURES]
        firmly = np.append(np.where(firm, FIRM, 1.0), np.full(wide, CLASS_HOLD))
        table[:, at] = _logistic(rows, labels, weights, start[:, at], hold * firmly)
    return table


def train_words(
    rows: list[list[int]], known: Vector, wanted: Sequence[Sequence[str]], hold: float = 0.5
) -> tuple[Vector, Vector]:
    """What words and pairs of words (`intents.word_rows`) say of each intent beyond the log-odds `known`; and its lean.

    Both have a column an intent.
    """
    bags = Bags(rows, 2 * WORDS_SIZE, np.array([1 / np.sqrt(len(row) / 2 + 1) for row in rows]))
    table, lean = np.zeros((2 * WORDS_SIZE, len(intents.INTENTS))), np.zeros((1, len(intents.INTENTS)))
    for at, name in enumerate(intents.INTENTS):
        labels, weights = np.array([float(name in each) for each in wanted]), np.ones(len(wanted))

        def loss(flat: Vector, at: int = at, labels: Any = labels, weights: Any = weights) -> tuple[float, Vector]:
            value, slope = fit.logistic_loss(known[:, at] + flat[0] + bags.sums(flat[1:, None])[:, 0], labels, weights)
            grad: Any = np.concatenate([[slope.sum()], bags.back(slope[:, None])[:, 0] + hold * flat[1:]])
            return value + 0.5 * hold * float(flat[1:] @ flat[1:]), grad

        flat = fit.minimise(loss, np.zeros(2 * WORDS_SIZE + 1), steps=60)
        table[:, at], lean[0, at] = flat[1:], flat[0] + LEAN
    return table, lean


def _logistic(rows: Vector, labels: Vector, weights: Vector, belief: Vector, hold: Vector) -> Vector:
    """The weights of a logistic regression, each held to a belief."""

    def loss(x: Vector) -> tuple[float, Vector]:
        value, slope = fit.logistic_loss(rows @ x, labels, weights)
        away = x - belief
        return value + 0.5 * float((hold * away**2).sum()), rows.T @ slope + hold * away

    return fit.minimise(loss, belief.copy(), steps=200)


STOPS = "?!.…"


def is_asked(folds: Sequence[str]) -> bool | None:
    """Whether a text is one sentence that ends in a question mark; None where it is more than one sentence."""
    stops = [f for f in folds if f[0] in STOPS]
    if len(stops) == 1 and "?" in stops[0] and folds[-1] == stops[0] and len(folds) > 1:
        return True
    return False if len(stops) <= 1 and not any("?" in stop for stop in stops) else None


def train_order(texts: Sequence[list[str]], kinds: Mapping[str, str], hold: float = 0.5) -> Vector:
    """The pairs of words by which a question is known without its mark; trained on sentences, the mark taken off.

    A text counts as a question where its only stop is a "?" at the end, as none where it has no "?".
    """
    rows, labels = [], []
    for folds in texts:
        asked = is_asked(folds)
        if asked is not None:
            words = [f for f in folds if f[0] not in STOPS]
            rows.append(order_rows(words, kinds))
            labels.append(float(asked))
    bags = Bags(rows, ORDER_SIZE, np.array([1 / np.sqrt(len(row) + 1) for row in rows]))
    wanted = np.array(labels)
    weights = np.where(wanted > 0, 0.5 / max(wanted.mean(), 1e-9), 0.5 / max(1 - wanted.mean(), 1e-9)) ** 0.5

    def loss(flat: Vector) -> tuple[float, Vector]:
        table = flat[1:, None]
        value, slope = fit.logistic_loss(flat[0] + bags.sums(table)[:, 0], wanted, weights)
        grad: Any = np.concatenate([[slope.sum()], bags.back(slope[:, None])[:, 0] + hold * flat[1:]])
        return value + 0.5 * hold * float(flat[1:] @ flat[1:]), grad

    flat = fit.minimise(loss, np.zeros(ORDER_SIZE + 1))
    return np.vstack([flat[1:, None], [[flat[0]]]])
