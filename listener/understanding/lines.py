"""Judge records, a JSON object each: the same record comes back with what was understood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from listener.understanding.classifier import Classifier, Task, many
from listener.understanding.relevance import BrandWords
from storage.types import Opinion


def classify_line(record: dict[str, Any], classifier: Classifier, brands: Sequence[BrandWords] = ()) -> dict[str, Any]:
    """`classify_lines` of one record."""
    return classify_lines([record], classifier, brands)[0]


def classify_lines(
    records: Sequence[dict[str, Any]], classifier: Classifier, brands: Sequence[BrandWords] = ()
) -> list[dict[str, Any]]:
    """The records, with all that `as_record` tells of the text of each added.

    It reads `text`, and where they stand there `title` and `lang` (a hint); other keys are kept as they are. Raises
    `ValueError` with one sentence where there is no text.
    """
    tasks = [_task(record, tuple(brands)) for record in records]
    opinions = many(classifier, tasks)
    return [record | as_record(opinion) for record, opinion in zip(records, opinions, strict=True)]


def _task(record: dict[str, Any], brands: tuple[BrandWords, ...]) -> Task:
    text, title, lang = record.get("text"), record.get("title"), record.get("lang")
    if not isinstance(text, str):
        raise ValueError('A record has no "text": each line must be a JSON object with a text in it.')
    return Task(text, title if isinstance(title, str) else "", lang if isinstance(lang, str) else None, brands)


def as_record(opinion: Opinion) -> dict[str, Any]:
    """An opinion as plain values, under the names of the exported mention."""
    return {
        "lang": opinion.lang,
        "sentiment": str(opinion.sentiment),
        "score": opinion.score,
        "confidence": opinion.confidence,
        "intent": opinion.intents[0] if opinion.intents else None,
        "intents": list(opinion.intents),
        "relevance": opinion.relevance,
        "priority": str(opinion.priority),
        "priority_score": opinion.priority_score,
        "reasons": [
            {"about": about, "label": label, "words": list(words), "share": share}
            for about, label, words, share in opinion.reasons
        ],
        "model": opinion.model,
    }
