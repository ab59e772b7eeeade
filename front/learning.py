"""Understanding texts from the command line, and what it learns from agents: how well, again, and back."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from front.house import House
from storage.errors import StorageError

if TYPE_CHECKING:
    from storage.lessons import Lessons

COLUMNS = ("lang", "field", "reviews", "changed", "before", "after", "frozen_before", "frozen_after", "used", "why")
NEW_OBJECTS = 100_000
"""So many are made before Python looks among them for circles, of which judging makes none: a quarter of its time."""


def classify(house: House, args: argparse.Namespace) -> int:
    """JSON lines in, the same lines understood out. A line that is no JSON object is said, and makes the status 1."""
    from listener import classifying

    before = gc.get_threshold()
    gc.set_threshold(NEW_OBJECTS)
    try:
        return classifying.classify(sys.stdin.buffer, sys.stdout, sys.stderr, *house.learnt_for)
    finally:
        gc.set_threshold(*before)


def status(house: House, args: argparse.Namespace) -> int:
    """Prints the score-card of the training in use: each language and field, without and with what was learnt."""
    lessons = _lessons(house)
    in_use = next((each for each in lessons.history() if each.rolled_back_at is None), None)
    if in_use is None:
        said = len(lessons.judgements())
        sys.stderr.write(f"Nothing was learnt yet; there are {said} judgements to learn from: webcare learn train.\n")
    else:
        learnt = f"version {in_use.version}" if in_use.version else "nothing that proved itself"
        sys.stderr.write(f"Trained {in_use.at:%Y-%m-%d %H:%M} UTC: {learnt}.\n")
    _show(in_use.card if in_use else [], args.format)
    return 0


def train(house: House, args: argparse.Namespace) -> int:
    """Trains from all corrections and confirmations; only what does not do worse is used."""
    from listener import teaching

    _show(teaching.train(house.database), args.format)
    return 0


def rollback(house: House, args: argparse.Namespace) -> int:
    """Puts the newest training aside; the one before it is in use again."""
    version = _lessons(house).roll_back()
    if version is None:
        raise StorageError("There is no training to roll back.")
    sys.stdout.write(f"Rolled back {version or 'the training that kept nothing'}.\n")
    return 0


def _lessons(house: House) -> Lessons:
    from storage.lessons import Lessons

    return Lessons(house.database)


def _show(card: Sequence[dict[str, Any]], form: str) -> None:
    from desk.reports import show

    show.show(_rows(card), COLUMNS, form, sys.stdout)


def _rows(card: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in card:
        plain = {name: round(value, 3) if isinstance(value, float) else value for name, value in row.items()}
        yield plain | {"why": row["sentence"]}
