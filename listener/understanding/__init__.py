"""Understand a text: language, sentiment, intents, relevance and priority, each with its reasons."""

from __future__ import annotations

from collections.abc import Mapping

from listener.understanding.classifier import Classifier, Default
from listener.understanding.relevance import BrandWords

__all__ = ["BrandWords", "Classifier", "load"]


def load(name: str = "default", *, weights: Mapping[str, float] | None = None) -> Classifier:
    """The classifier of that name: `default`; `weights` changes what a priority reason is worth."""
    if name == "default":
        return Default(weights)
    raise ValueError(f"There is no classifier {name!r}: use default.")
