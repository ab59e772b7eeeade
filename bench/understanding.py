"""Measure the default classifier beside the lexicon peers that are installed: quality, speed, memory, start.

    python bench/understanding.py SET.jsonl …      each line {"text": …, "label": negative|neutral|positive, "lang": …}

Peers are used where they can be imported (vaderSentiment, textblob, textblob_nl, afinn); nothing is downloaded. Speed
counts what `webcare classify` does: a JSON line in, a JSON line out, on one core, in CPU time.
"""

from __future__ import annotations

import argparse
import importlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

Judge = Callable[[str], float]
COMMAND = str(Path(__file__).parents[1] / "webcare.py")
EDGE = {"VADER": 0.05, "AFINN": 0.0, "TextBlob": 0.0, "textblob-nl": 0.0}
"""Above this score a peer says positive, below its opposite negative."""


def peers() -> dict[str, Judge]:
    """The peers that can be imported, each as a score of a text."""

    def vader() -> Judge:
        analyser = importlib.import_module("vaderSentiment.vaderSentiment").SentimentIntensityAnalyzer()
        return lambda text: float(analyser.polarity_scores(text)["compound"])

    def afinn() -> Judge:
        return importlib.import_module("afinn").Afinn().score

    def textblob() -> Judge:
        blob = importlib.import_module("textblob").TextBlob
        return lambda text: float(blob(text).sentiment.polarity)

    def textblob_nl() -> Judge:
        analyser = importlib.import_module("textblob_nl").PatternAnalyzer()
        return lambda text: float(analyser.analyze(text)[0])

    found = {}
    for name, make in (("VADER", vader), ("AFINN", afinn), ("TextBlob", textblob), ("textblob-nl", textblob_nl)):
        try:
            found[name] = make()
        except ImportError:
            print(f"{name} is not installed", file=sys.stderr)
    return found


def label(score: float, edge: float) -> str:
    return "positive" if score > edge else "negative" if score < -edge else "neutral"


def whole(lines: list[str]) -> None:
    """Says how fast `webcare classify` is from its start to its end, and how long without a line, in CPU time."""
    spent = []
    for given in ("", "\n".join(lines)):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, COMMAND, "classify"], input=given, stdout=subprocess.DEVNULL, text=True, check=True
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    size = sum(len(json.loads(line)["text"]) for line in lines) / len(lines)
    print(
        f"webcare classify: start {spent[0]:.2f} s; {len(lines)} texts of {size:.0f} characters, start to end:", end=" "
    )
    print(f"{len(lines) / spent[1]:.0f} texts/s (goal: at least 5000)")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the default classifier beside its peers.")
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--limit", type=int, default=5000, help="texts read of each set")
    options = parser.parse_args()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    clock = time.perf_counter()
    from listener.understanding import load
    from listener.understanding.lines import classify_lines
    from listener.understanding.score import macro_f1

    classify = load()
    classify("Hallo allemaal, wat is dit?")
    classify("Hello everybody, what is this?")
    start = time.perf_counter() - clock
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"start {start:.2f} s, memory +{grown:.0f} MB")
    whole([line for path in options.sets for line in path.read_text(encoding="utf-8").splitlines()[: options.limit]])
    known = peers()
    print(f"{'set':34}{'n':>7}{'ours':>8}{'texts/s':>9}" + "".join(f"{name:>13}{'/s':>7}" for name in known))
    for path in options.sets:
        lines = path.read_text(encoding="utf-8").splitlines()[: options.limit]
        records = [json.loads(line) for line in lines]
        wanted = [record["label"] for record in records]
        clock = time.process_time()
        judged = [json.dumps(each) for each in classify_lines([json.loads(line) for line in lines], classify)]
        speed = len(lines) / (time.process_time() - clock)
        ours = [json.loads(each)["sentiment"] for each in judged]
        quality = macro_f1([o.replace("unrated", "neutral") for o in ours], wanted)
        row = f"{path.stem:34}{len(lines):7}{quality:8.3f}{speed:9.0f}"
        for name, judge in known.items():
            clock = time.process_time()
            guessed = [label(judge(record["text"]), EDGE[name]) for record in records]
            row += f"{macro_f1(guessed, wanted):13.3f}{len(lines) / (time.process_time() - clock):7.0f}"
        print(row)


if __name__ == "__main__":
    main()
