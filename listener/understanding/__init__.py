"""Understand a text: language, sentiment, intents, relevance and priority, each with its reasons."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from listener.understanding.classifier import Classifier, Default, Task, lang_of, many
from listener.understanding.layer import Layer
from listener.understanding.relevance import BrandWords

__all__ = ["BrandWords", "Classifier", "Layer", "Task", "lang_of", "load", "many"]


def load(
    name: str = "default", *, weights: Mapping[str, float] | None = None, layer: bytes | None = None
) -> Classifier:
    """The classifier of that name: `default`, `onnx:PATH`, or a callable as `package.module:callable`.

    `weights` changes what a priority reason is worth (`priority.WEIGHTS`); `layer` is what this installation learnt, as
    `learn.learn` gave it (the default alone uses it). Raises `ValueError` with one sentence where there is no such
    classifier or it cannot be had.
    """
    kind, colon, rest = name.partition(":")
    if name == "default":
        return Default(weights, Layer.from_bytes(layer) if layer else None)
    if not colon or not rest:
        raise ValueError(f"There is no classifier {name!r}: use default, onnx:PATH or package.module:callable.")
    if kind == "onnx":
        from listener.understanding.onnx import Onnx

        return Onnx(rest, weights)
    try:
        found = getattr(importlib.import_module(kind), rest)
    except (ImportError, AttributeError) as fault:
        raise ValueError(f"The classifier {name!r} cannot be loaded: {fault}.") from fault
    if not callable(found):
        raise ValueError(f"The classifier {name!r} is not something that can be called.")
    classifier: Classifier = found
    return classifier
