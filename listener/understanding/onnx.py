"""A transformer that the user brings, behind the same seam: `onnx:PATH` judges the sentiment, the default all else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from listener.understanding.classifier import Default
from listener.understanding.relevance import BrandWords
from listener.understanding.tokens import LIMIT
from storage.types import Opinion, Reason, Sentiment

LONGEST = 256
"""Tokens given to the model."""


class Onnx:
    """A sequence classifier in ONNX form, with its `tokenizer.json` and `config.json` beside it.

    The model takes `input_ids` and, where it asks for them, `attention_mask` and `token_type_ids`, and gives a row of
    logits. `config.json` names them under `id2label`; the names must begin with neg, neu and pos (in any case; without
    neutral, a text is neutral where neither wins clearly). A model whose input is of type string needs no tokeniser.
    """

    def __init__(self, path: str, weights: Mapping[str, float] | None = None) -> None:
        try:
            import onnxruntime  # type: ignore[import-untyped]
        except ImportError as fault:
            raise ValueError("The classifier onnx needs onnxruntime: install webcare[onnx].") from fault
        place = Path(path)
        file = place / "model.onnx" if place.is_dir() else place
        if not file.is_file():
            raise ValueError(
                f"There is no model at {file}: give the path of an ONNX file, or of a folder with model.onnx in it."
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        self._inputs = {each.name: each.type for each in self._session.get_inputs()}
        self._plain = "tensor(string)" in self._inputs.values()
        self._labels = _labels(file.parent / "config.json")
        self._tokenizer: Any = None if self._plain else _tokenizer(file.parent / "tokenizer.json")
        self._default = Default(weights)
        self._model = f"onnx:{file.stem if file.stem != 'model' else file.parent.name}"

    def __call__(
        self,
        text: str,
        *,
        title: str = "",
        lang: str | None = None,
        brands: Sequence[BrandWords] = (),
        inherited_lang: str | None = None,
    ) -> Opinion:
        """The default's opinion with the sentiment of the model."""
        opinion = self._default(text, title=title, lang=lang, brands=brands, inherited_lang=inherited_lang)
        whole = f"{title}\n{text}" if title else text
        if not any(c.isalpha() for c in whole[:LIMIT]):
            return opinion
        shares = self._shares(whole[:LIMIT])
        label = max(shares, key=lambda each: shares[each])
        score = shares.get(Sentiment.POSITIVE, 0.0) - shares.get(Sentiment.NEGATIVE, 0.0)
        if Sentiment.NEUTRAL not in shares and abs(score) < 1 / 3:
            label = Sentiment.NEUTRAL
        kept = [each for each in opinion.reasons if each.about != "sentiment"]
        reason = Reason(about="sentiment", label=label.value, share=round(shares.get(label, 1 - abs(score)), 3))
        return opinion._replace(
            sentiment=label,
            score=round(score, 3),
            confidence=reason.share,
            reasons=(reason, *kept),
            model=self._model,
        )

    def _shares(self, text: str) -> dict[Sentiment, float]:
        (name, *_), feed = self._inputs, {}
        if self._plain:
            feed[name] = np.array([text], dtype=object)
        else:
            encoded = self._tokenizer.encode(text)
            known = {
                "input_ids": encoded.ids,
                "attention_mask": encoded.attention_mask,
                "token_type_ids": encoded.type_ids,
            }
            feed = {key: np.array([known[key][:LONGEST]], dtype=np.int64) for key in self._inputs if key in known}
        logits = np.asarray(self._session.run(None, feed)[0], dtype=np.float64).reshape(-1)
        shares = np.exp(logits - logits.max())
        shares /= shares.sum()
        return dict(zip(self._labels, shares.tolist(), strict=True))


def _labels(config: Path) -> list[Sentiment]:
    """The order of the labels. Raises `ValueError` with one sentence where it cannot be told."""
    try:
        names = json.loads(config.read_text(encoding="utf-8"))["id2label"]
        ordered = [names[key].lower() for key in sorted(names, key=int)]
    except (OSError, KeyError, ValueError, AttributeError) as fault:
        raise ValueError(f"{config} does not say what the model's labels are: it needs an id2label.") from fault
    by = {"neg": Sentiment.NEGATIVE, "neu": Sentiment.NEUTRAL, "pos": Sentiment.POSITIVE}
    if any(name[:3] not in by for name in ordered):
        raise ValueError(f"The labels in {config} must begin with neg, neu or pos, not {', '.join(ordered)}.")
    return [by[name[:3]] for name in ordered]


def _tokenizer(file: Path) -> Any:
    """The model's tokeniser."""
    try:
        from tokenizers import Tokenizer
    except ImportError as fault:
        raise ValueError("The classifier onnx needs tokenizers: install webcare[onnx].") from fault
    if not file.is_file():
        raise ValueError(f"There is no {file}: put the model's tokenizer.json beside it.")
    return Tokenizer.from_file(str(file))
