"""What the understanding learns from agents: how well, again, and back."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from desk.reports import show
from front.house import House
from listener import teaching
from storage.errors import StorageError
from storage.lessons import Lessons

COLUMNS = ("lang", "field", "reviews", "changed", "before", "after", "frozen_before", "frozen_after", "used", "why")


def status(house: House, args: argparse.Namespace) -> int:
    """Prints the score-card of the training in use: each language and field, without and with what was learnt."""
    lessons = Lessons(house.database)
    in_use = next((each for each in lessons.history() if each.rolled_back_at is None), None)
    if in_use is None:
        said = len(lessons.judgements())
        sys.stderr.write(f"Nothing was learnt yet; there are {said} judgements to learn from: webcare learn train.\n")
    else:
        learnt = f"version {in_use.version}" if in_use.version else "nothing that proved itself"
        sys.stderr.write(f"Trained {in_use.at:%Y-%m-%d %H:%M} UTC: {learnt}.\n")
    show.show(_rows(in_use.card if in_use else []), COLUMNS, args.format, sys.stdout)
    return 0


def train(house: House, args: argparse.Namespace) -> int:
    """Trains from all corrections and confirmations; only what does not do worse is used."""
    show.show(_rows(teaching.train(house.database)), COLUMNS, args.format, sys.stdout)
    return 0


def rollback(house: House, args: argparse.Namespace) -> int:
    """Puts the newest training aside; the one before it is in use again."""
    version = Lessons(house.database).roll_back()
    if version is None:
        raise StorageError("There is no training to roll back.")
    sys.stdout.write(f"Rolled back {version or 'the training that kept nothing'}.\n")
    return 0


def _rows(card: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in card:
        plain = {name: round(value, 3) if isinstance(value, float) else value for name, value in row.items()}
        yield plain | {"why": row["sentence"]}
