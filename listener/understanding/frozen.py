"""The frozen set: labelled texts of our own, never trained on, against which every change is held."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from listener.understanding.classifier import Classifier, Task, many
from listener.understanding.lists import read
from listener.understanding.score import f1, macro_f1, ndcg


@cache
def _of(name: str, lang: str) -> tuple[dict[str, Any], ...]:
    every = (json.loads(line) for line in read(name).splitlines())
    return tuple(item for item in every if item["lang"] == lang)


def items(lang: str) -> tuple[dict[str, Any], ...]:
    """The frozen texts of a language: text, label, intents, priority (0 to 3)."""
    return _of("ours_frozen.jsonl", lang)


def taught(lang: str) -> tuple[dict[str, Any], ...]:
    """The texts of our own that the default was trained on, labelled the same way."""
    return _of("ours_dev.jsonl", lang)


REPLAYED = 3
"""Of how many taught texts one is learnt again with what agents correct: enough to remember by, soon done."""


def replayed(lang: str) -> tuple[dict[str, Any], ...]:
    """The taught texts that a layer is learnt together with."""
    return taught(lang)[::REPLAYED]


def score(classifier: Classifier, lang: str, field: str) -> float:
    """How well a classifier does on the frozen set: macro-F1 of the sentiment, F1 of all intents together, or NDCG@20.

    Relevance has no frozen texts, as each installation has its own brands; it is always 1.
    """
    wanted = items(lang)
    if field == "relevance" or not wanted:
        return 1.0
    opinions = many(classifier, [Task(item["text"], lang=lang) for item in wanted])
    if field == "sentiment":
        return macro_f1(
            [o.sentiment.value.replace("unrated", "neutral") for o in opinions], [i["label"] for i in wanted]
        )
    if field == "priority":
        ranked = sorted(zip(opinions, wanted, strict=True), key=lambda pair: (-pair[0].priority_score, pair[1]["id"]))
        return ndcg([item["priority"] for _, item in ranked], 20)
    names = sorted({name for item in wanted for name in item["intents"]})
    pairs = [(name in o.intents, name in i["intents"]) for o, i in zip(opinions, wanted, strict=True) for name in names]
    return f1([guess for guess, _ in pairs], [want for _, want in pairs])[2]
