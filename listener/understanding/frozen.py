"""The frozen set: labelled texts of our own, never trained on, against which every change is held."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from listener.understanding.classifier import Classifier, Task, many
from listener.understanding.lists import read
from listener.understanding.score import f1, macro_f1, ndcg


@cache
def _of(name: str, lang: str, told: str) -> tuple[dict[str, Any], ...]:
    every = (json.loads(line) for line in read(name).splitlines())
    return tuple(item for item in every if item["lang"] == lang and told in item)


def items(lang: str, told: str = "label") -> tuple[dict[str, Any], ...]:
    """The frozen texts of a language that tell a `label`, their `intents` or a `priority` (0 to 3).

    Intents are told of those that speak to or of a service, a priority of those by the author of the word lists.
    """
    return _of("ours_frozen.jsonl", lang, told)


def taught(lang: str, told: str = "label") -> tuple[dict[str, Any], ...]:
    """The texts of our own that the default was trained on, labelled the same way."""
    return _of("ours_dev.jsonl", lang, told)


REPLAYED = 1_200
"""So many taught texts, up to twice as many, are learnt again with what agents correct: enough to remember by."""


def replayed(lang: str, told: str = "label") -> tuple[dict[str, Any], ...]:
    """The taught texts that a layer is learnt together with, evenly from all there are."""
    every = taught(lang, told)
    return every[:: max(1, len(every) // REPLAYED)]


def score(classifier: Classifier, lang: str, field: str) -> float:
    """How well a classifier does on the frozen set: macro-F1 of the sentiment, F1 of all intents together, or NDCG@20.

    Relevance has no frozen texts, as each installation has its own brands; it is always 1.
    """
    wanted = items(lang, {"sentiment": "label", "priority": "priority"}.get(field, "intents"))
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
