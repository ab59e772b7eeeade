"""Judge records, a JSON object each: the same record comes back with what was understood."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from listener.understanding.classifier import Classifier
from listener.understanding.relevance import BrandWords
from storage.types import Opinion


def classify_line(record: dict[str, Any], classifier: Classifier, brands: Sequence[BrandWords] = ()) -> dict[str, Any]:
    """The record with all that `as_record` tells of its text added.

    It reads `text`, and where they stand there `title` and `lang` (a hint); other keys are kept as they are. Raises
    `ValueError` with one sentence where there is no text.
    """
    text = record.get("text")
    if not isinstance(text, str):
        raise ValueError('A record has no "text": each line must be a JSON object with a text in it.')
    title, lang = record.get("title"), record.get("lang")
    opinion = classifier(
        text, title=title if isinstance(title, str) else "", lang=lang if isinstance(lang, str) else None, brands=brands
    )
    return {**record, **as_record(opinion)}


def classify_lines(
    records: Iterable[dict[str, Any]], classifier: Classifier, brands: Sequence[BrandWords] = ()
) -> Iterator[dict[str, Any]]:
    """`classify_line` for each record."""
    for record in records:
        yield classify_line(record, classifier, brands)


def as_record(opinion: Opinion) -> dict[str, Any]:
    """An opinion as plain values, under the names of the exported mention."""
    return {
        "lang": opinion.lang,
        "sentiment": opinion.sentiment.value,
        "score": opinion.score,
        "confidence": opinion.confidence,
        "intent": opinion.intents[0] if opinion.intents else None,
        "intents": list(opinion.intents),
        "relevance": opinion.relevance,
        "priority": opinion.priority.value,
        "priority_score": opinion.priority_score,
        "reasons": [
            {"about": r.about, "label": r.label, "words": list(r.words), "share": r.share} for r in opinion.reasons
        ],
        "model": opinion.model,
    }
