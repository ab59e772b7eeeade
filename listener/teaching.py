"""Teaches the understanding what agents corrected and confirmed, and keeps every version of what it learnt."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from listener import understanding
from listener.errors import ListenerError
from listener.understanding.classifier import Classifier, Task
from storage.database import Database
from storage.lessons import Lessons
from storage.types import Opinion

log = logging.getLogger("webcare.listen")

NIGHTLY = timedelta(hours=24)
"""How long after a training the next one may be, when nobody asks for it."""


def classifier(name: str, weights: Mapping[str, float], database: Database | None = None) -> Classifier:
    """The configured classifier, with what was learnt in a database. Raises `ListenerError` where it cannot be had.

    What was learnt by a program too different from this one is left out, and said in the log.
    """
    layer = Lessons(database).layer() if database is not None else None
    try:
        return understanding.load(name, weights=weights, layer=layer)
    except ValueError as error:
        if layer is None:
            raise ListenerError(str(error)) from error
        log.warning("%s", error)
        return classifier(name, weights)


class Current:
    """A classifier that can be exchanged for a newer one while visits are under way."""

    def __init__(self, make: Callable[[], Classifier]) -> None:
        self._make = make
        self._classifier = make()

    def __call__(self, text: str, **about: Any) -> Opinion:
        """Judges as the classifier of the moment does."""
        return self._classifier(text, **about)

    def many(self, tasks: Sequence[Task]) -> list[Opinion]:
        """Judges many texts at once."""
        return understanding.many(self._classifier, tasks)

    def renew(self) -> None:
        """Takes what was learnt by now."""
        self._classifier = self._make()


def train(database: Database) -> list[dict[str, Any]]:
    """Trains anew from all that people said, stores what proves itself, and gives the score-card, a row a part."""
    from listener.understanding.learn import Review, learn

    lessons = Lessons(database)
    reviews = [
        Review(
            text=each.text,
            lang=each.lang,
            field=each.field,
            before=each.before,
            after=each.after,
            at=each.at,
            agent=each.agent,
        )
        for each in lessons.judgements()
    ]
    lesson = learn(reviews)
    card = [asdict(score) for score in lesson.card]
    lessons.keep(lesson.layer.to_bytes(), lesson.layer.version, card)
    return card


def nightly(database: Database, current: Current) -> bool:
    """Trains when the last training is a day old and people said something since; True when it did."""
    lessons = Lessons(database)
    newest = next(iter(lessons.history()), None)
    said = max((each.at for each in lessons.judgements()), default=None)
    if said is None or (newest and (database.now() - newest.at < NIGHTLY or said <= newest.at)):
        return False
    train(database)
    current.renew()
    return True
