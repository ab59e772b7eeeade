"""Measure what 400 reviews give, by the commands alone: store, review, train, classify what was never seen.

    python bench/learning.py SET.jsonl …      each line {"text": …, "label": negative|neutral|positive, "lang": …}

Each set is a source of its own and gets a house of its own. Its first 400 texts, in an order drawn once, become cases;
an agent corrects the sentiment where it is wrong and resolves what is right (`webcare case`), `webcare learn train`
learns, and `webcare classify` judges up to 1,200 other texts before and after. The labels of the set stand for the
agent. A set that the default was trained on has nothing to teach it: train without it first (docs/understanding.md).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from front import parser
from listener.understanding.score import macro_f1
from storage import migrations
from storage.database import Database
from storage.inbox import Inbox
from storage.intake import Intake
from storage.types import Match, NewPost, Opinion, Post, Sentiment

COMMAND = str(Path(__file__).parents[1] / "webcare.py")
REVIEWS, UNSEEN = 400, 1200
CONFIG = "brands:\n  zonnebank:\n    query: zonnebank\nsources: []\n"


def webcare(house: Path, *words: str, given: str = "") -> list[dict[str, Any]]:
    """What a command prints, as records."""
    done = subprocess.run(
        [sys.executable, COMMAND, *words], cwd=house, input=given, stdout=subprocess.PIPE, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def judged(house: Path, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The items as `webcare classify` understands them in a house."""
    return webcare(house, "classify", given="\n".join(json.dumps({"text": each["text"]}) for each in items))


def quality(found: list[dict[str, Any]], items: list[dict[str, Any]]) -> float:
    """Macro-F1 of the sentiment, unrated counted as neutral."""
    return macro_f1(
        [each["sentiment"].replace("unrated", "neutral") for each in found], [each["label"] for each in items]
    )


def stored(database: Database, found: list[dict[str, Any]]) -> list[int]:
    """Stores texts with what was understood of them; their cases."""
    posts = [
        NewPost(
            post=Post(
                external_id=f"p{at}", url=f"https://example.test/{at}", text=each["text"], conversation_id=f"c{at}"
            ),
            matches=(Match(brand="zonnebank", query="zonnebank"),),
            opinion=Opinion(lang=each["lang"], sentiment=Sentiment(each["sentiment"]), score=each["score"]),
            wants_case=True,
        )
        for at, each in enumerate(found)
    ]
    mentions = Intake(database).store("review", "feed", posts).new_mentions
    return [Inbox(database).mention(each).case_id or 0 for each in mentions]


def reviewed(house: Path, cases: list[int], found: list[dict[str, Any]], items: list[dict[str, Any]]) -> int:
    """An agent says of each case what the label says; how many were wrong."""
    wrong = 0
    for case, each, item in zip(cases, found, items, strict=True):
        differs = each["sentiment"] != item["label"]
        step = ["sentiment", item["label"]] if differs else ["resolve"]
        words = ["case", str(case), *step, "--agent", "anna", "--config", str(house / "sources.yaml")]
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            parser.run(parser.build(words).parse_args(words))
        wrong += differs
    return wrong


def measure(path: Path, house: Path) -> None:
    """One set, in a house of its own."""
    items = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    random.Random(4).shuffle(items)
    seen, unseen = items[:REVIEWS], items[REVIEWS : REVIEWS + UNSEEN]
    (house / "sources.yaml").write_text(CONFIG, encoding="utf-8")
    database = Database(f"sqlite:///{house / 'webcare.db'}")
    migrations.upgrade(database)
    found = judged(house, seen)
    before = quality(judged(house, unseen), unseen)
    wrong = reviewed(house, stored(database, found), found, seen)
    card = webcare(house, "learn", "train", "--format", "jsonl")
    after = quality(judged(house, unseen), unseen)
    print(f"{path.stem:34}{len(unseen):6}{wrong:7}{before:9.3f}{after:9.3f}")
    for row in card:
        print(
            f"    {row['lang']} {row['field']}: {row['reviews']} reviews, {row['before']} -> {row['after']},", end=" "
        )
        print(f"frozen {row['frozen_before']} -> {row['frozen_after']}. {row['why']}")


def main() -> None:
    parser_ = argparse.ArgumentParser(description="Measure what 400 reviews give, by the commands.")
    parser_.add_argument("sets", nargs="+", type=Path)
    print(f"{'set':34}{'unseen':>6}{'wrong':>7}{'before':>9}{'after':>9}")
    for path in parser_.parse_args().sets:
        with tempfile.TemporaryDirectory() as house:
            measure(path, Path(house))


if __name__ == "__main__":
    main()
