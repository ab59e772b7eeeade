"""Understanding JSON lines: what `webcare classify` does. It loads no more than it needs, for it is often called."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

from listener.errors import ListenerError
from listener.understanding import BrandWords, Classifier, load
from listener.understanding.lines import classify_line

if TYPE_CHECKING:
    from listener.types import Watchlist
    from storage.database import Database


def classify(
    lines: Iterable[bytes],
    out: TextIO,
    complain: TextIO,
    watchlist: Watchlist | None = None,
    database: Database | None = None,
) -> int:
    """Understands JSON lines `{"text": …}`: the same objects go out with what was found, in the same order.

    A line that is no JSON object with a text is said on `complain` by its number, and makes the status 1.
    """
    classifier, brands = _prepared(watchlist, database)
    failed = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            if not isinstance(record, dict) or not isinstance(record.get("text"), str):
                raise ValueError("it has no text")
        except (ValueError, RecursionError) as error:
            failed = 1
            complain.write(f"line {number} is not understood: {error}\n")
            continue
        out.write(json.dumps(classify_line(record, classifier, brands), ensure_ascii=False) + "\n")
    return failed


def _prepared(watchlist: Watchlist | None, database: Database | None) -> tuple[Classifier, Sequence[BrandWords]]:
    """The classifier of the configuration with what was learnt here, and the words of its brands."""
    if watchlist is None:
        return load(), ()
    from listener import judge

    if database is None:
        try:
            classifier = load(watchlist.classifier, weights=watchlist.weights)
        except ValueError as error:
            raise ListenerError(str(error)) from error
    else:
        from listener import teaching

        classifier = teaching.classifier(watchlist.classifier, watchlist.weights, database)
    return classifier, list(judge.prepare(watchlist, classifier).words.values())
