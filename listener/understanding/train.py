"""Train the weights of the package from labelled texts: `python -m listener.understanding.train DATA_DIR`."""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from listener.understanding import fit
from listener.understanding.fit import Bags, Vector
from listener.understanding.signs import NAMES, found, signs
from listener.understanding.tokens import tokenise
from listener.understanding.train_intents import prior
from listener.understanding.train_language import language_tables
from listener.understanding.weights import pack
from listener.understanding.words import Word, bucket, pieces, vocabulary

LABELS = {"negative": 0, "neutral": 1, "positive": 2}
SIZES = {"en": (1 << 16, 1 << 16, 1 << 17), "nl": (1 << 13, 1 << 14, 1 << 13)}
"""Rows of the hashed tables of words, letter groups and word pairs."""


@dataclass
class Texts:
    """Labelled texts of one language as the models see them."""

    lang: str
    labels: list[int] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    folds: list[list[str]] = field(default_factory=list)
    signs: list[list[float]] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)

    def view(self, rows: Any) -> Texts:
        """Only the rows with these numbers."""
        return Texts(
            self.lang, *([getattr(self, n)[i] for i in rows] for n in ("labels", "sources", "folds", "signs", "raw"))
        )


def records(folder: Path, lang: str) -> Iterator[dict[str, Any]]:
    """The labelled records of one language, files in order of their names."""
    for path in sorted(folder.glob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                if record["lang"] == lang and record["label"] in LABELS:
                    yield record


def understand(lang: str, items: Iterator[dict[str, Any]]) -> Texts:
    """Tokens, opinion words and signs of the records."""
    known, book = vocabulary(lang)
    texts = Texts(lang)
    seen: dict[str, Word] = {}
    for item in items:
        tokens = tokenise(item["text"])
        for token in tokens:
            if token not in seen:
                seen[token] = known.word(token)
        words = [seen[token] for token in tokens]
        folds = [w.fold for w in words]
        texts.raw.append(item["text"])
        texts.labels.append(LABELS[item["label"]])
        texts.sources.append(item.get("source", ""))
        texts.folds.append(folds)
        texts.signs.append(signs(words, found(words, book.find(folds), lang)))
    return texts


class Design:
    """The columns of a set of texts: signs, words with their letter groups, and pairs of words."""

    def __init__(self, texts: Texts) -> None:
        words_size, pieces_size, pairs_size = SIZES[texts.lang]
        scale = np.array([1 / np.sqrt(len(f) + 1) for f in texts.folds])
        forms = sorted({f for folds in texts.folds for f in folds})
        number = {form: at for at, form in enumerate(forms)}
        self.signs = np.array(texts.signs)
        self.words = Bags([[number[f] for f in folds] for folds in texts.folds], len(forms), scale)
        self.pairs = Bags([[bucket(p, pairs_size) for p in pairs(folds)] for folds in texts.folds], pairs_size, scale)
        self.form = Bags([[bucket(f, words_size)] for f in forms], words_size)
        self.piece = Bags(
            [[bucket(p, pieces_size) for p in pieces(f)] if f[0].isalpha() else [] for f in forms],
            pieces_size,
            np.array([1 / np.sqrt(len(f) + 3) for f in forms]),
        )
        self.shapes = [(1 + len(NAMES), 2), (words_size, 2), (pieces_size, 2), (pairs_size, 2)]

    def scores(self, tables: list[Vector]) -> Vector:
        """Two columns a text."""
        own, words, pieces_, pairs_ = tables
        forms = self.form.sums(words) + self.piece.sums(pieces_)
        total: Vector = own[0] + self.signs @ own[1:] + self.words.sums(forms) + self.pairs.sums(pairs_)
        return total

    def back(self, slopes: Vector) -> list[Vector]:
        """The gradient of each table."""
        forms = self.words.back(slopes)
        own = np.vstack([slopes.sum(0), self.signs.T @ slopes])
        return [own, self.form.back(forms), self.piece.back(forms), self.pairs.back(slopes)]


def pairs(folds: list[str]) -> list[str]:
    """The pairs of neighbouring words of a text, with its edges."""
    edged = ["^", *folds, "$"]
    return [f"{a} {b}" for a, b in itertools.pairwise(edged)]


def train_sentiment(
    design: Design,
    labels: Any,
    weights: Vector,
    penalties: tuple[float, ...],
    offset: Vector | None = None,
    steps: int = 60,
) -> list[Vector]:
    """The tables of a sentiment model; a penalty of infinity leaves a table at zero."""
    shapes = design.shapes
    cuts = np.cumsum([0, *[a * b for a, b in shapes]])

    def split(flat: Vector) -> list[Vector]:
        return [flat[cuts[i] : cuts[i + 1]].reshape(shape) for i, shape in enumerate(shapes)]

    def loss(flat: Vector) -> tuple[float, Vector]:
        tables = split(flat)
        scores = design.scores(tables) + (0 if offset is None else offset)
        value, slopes = fit.softmax_loss(scores, labels, weights)
        grads = design.back(slopes)
        for at, penalty in enumerate(penalties):
            if np.isinf(penalty):
                grads[at] = np.zeros(shapes[at])
            else:
                value += 0.5 * penalty * float((tables[at] ** 2).sum())
                grads[at] = grads[at] + penalty * tables[at]
        return value, np.concatenate([g.ravel() for g in grads])

    return split(fit.minimise(loss, np.zeros(cuts[-1]), steps=steps))


PENALTIES = {"en": (1.0, 2.0, 2.0, 2.0), "base": (1.0, np.inf, np.inf, np.inf), "nl": (30.0, 8.0, 8.0, 8.0)}


def groups(sources: list[str]) -> Any:
    """Sources that belong together."""
    return np.array([source.split("-")[0] for source in sources])


def tables_of(lang: str, tables: list[Vector]) -> dict[str, Vector]:
    """The tables of a model under the names the weights file knows."""
    return {f"{lang}.{name}": table for name, table in zip(("signs", "words", "pieces", "pairs"), tables, strict=True)}


def main() -> None:
    """Train and write the weights."""
    parser = argparse.ArgumentParser(description="Train the weights of the understanding.")
    parser.add_argument("data", type=Path, help="folder with labelled texts, one JSON object a line, *.jsonl")
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).parent / "data" / "weights.bin")
    options = parser.parse_args()
    english = understand("en", records(options.data, "en"))
    labels, sources = np.array(english.labels), groups(english.sources)
    weights = fit.balanced(labels, sources)
    design = Design(english)
    whole = train_sentiment(design, labels, weights, PENALTIES["en"])
    base = train_sentiment(design, labels, weights, PENALTIES["base"])
    dutch = understand("nl", records(options.data, "nl"))
    dutch_labels = np.array(dutch.labels)
    polar = np.where(dutch_labels != 1, 1.0, 3.0)
    dutch_design = Design(dutch)
    offset = base[0][0] + dutch_design.signs @ base[0][1:]
    rest = train_sentiment(dutch_design, dutch_labels, polar * 0.5, PENALTIES["nl"], offset)
    rest[0] = rest[0] * 0 + base[0]
    for table in rest[1:]:  # the Dutch texts have no neutral: only their contrast is used
        table[:] = (table - table[:, ::-1]) / 2
    tables = {
        **tables_of("en", whole),
        **tables_of("nl", rest),
        **language_tables(),
        "any.signs": base[0],
        "intents.table": prior(),
    }
    options.output.write_bytes(pack(tables))


if __name__ == "__main__":
    main()
