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
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

Judge = Callable[[str], float]
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


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the default classifier beside its peers.")
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--limit", type=int, default=5000, help="texts read of each set")
    options = parser.parse_args()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    clock = time.perf_counter()
    from listener.understanding import load
    from listener.understanding.lines import classify_line
    from listener.understanding.score import macro_f1

    classify = load()
    classify("Hallo allemaal, wat is dit?")
    classify("Hello everybody, what is this?")
    start = time.perf_counter() - clock
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"start {start:.2f} s, memory +{grown:.0f} MB")
    known = peers()
    print(f"{'set':34}{'n':>7}{'ours':>8}{'texts/s':>9}" + "".join(f"{name:>13}{'/s':>7}" for name in known))
    for path in options.sets:
        lines = path.read_text(encoding="utf-8").splitlines()[: options.limit]
        records = [json.loads(line) for line in lines]
        wanted = [record["label"] for record in records]
        clock = time.process_time()
        ours = [json.loads(json.dumps(classify_line(json.loads(line), classify)))["sentiment"] for line in lines]
        speed = len(lines) / (time.process_time() - clock)
        quality = macro_f1([o.replace("unrated", "neutral") for o in ours], wanted)
        row = f"{path.stem:34}{len(lines):7}{quality:8.3f}{speed:9.0f}"
        for name, judge in known.items():
            clock = time.process_time()
            guessed = [label(judge(record["text"]), EDGE[name]) for record in records]
            row += f"{macro_f1(guessed, wanted):13.3f}{len(lines) / (time.process_time() - clock):7.0f}"
        print(row)


if __name__ == "__main__":
    main()
