"""The default classifier: one pass over a text gives language, sentiment, intents, relevance and priority."""

from __future__ import annotations

import copy
import math
from array import array
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from listener.understanding import intents, priority, weights
from listener.understanding.intents import INTENTS
from listener.understanding.language import Languages
from listener.understanding.layer import Layer
from listener.understanding.relevance import Brand, BrandWords, owners, places, relevance
from listener.understanding.sentiment import Reading, Tongue, label, softmax
from listener.understanding.tokens import LIMIT, tokenise
from storage.types import Opinion, Priority, Reason, Sentiment

VERSION = "default/1"
TALK = ("direct", "problem", "waiting", "no_answer", "money", "churn", "purchase", "thanks", "rude", "outage")
"""Cues of a customer speaking, which make it likelier that a brand is meant."""


class Classifier(Protocol):
    """Judges a text."""

    def __call__(
        self,
        text: str,
        *,
        title: str = "",
        lang: str | None = None,
        brands: Sequence[BrandWords] = (),
        inherited_lang: str | None = None,
    ) -> Opinion:
        """The opinion of a text.

        `lang` is what the source says (a hint), `inherited_lang` that of the conversation or author.
        """
        ...


class Default:
    """The classifier that the package carries, with what an installation learnt on top (`layer`)."""

    def __init__(self, weights_: Mapping[str, float] | None = None, layer: Layer | None = None) -> None:
        self._weights = weights.load()
        self._priorities = {**priority.WEIGHTS, **(weights_ or {})}
        self._languages = Languages(self._weights)
        self._tongues: dict[str, Tongue] = {}
        self._orders = {
            n: (array("f", self._weights.array(f"{n}.order")[:, 0].tobytes()), intents.kinds(n)) for n in ("nl", "en")
        }
        self._brands: dict[BrandWords, Brand] = {}
        self._intents = self._weights.array("intents.table").astype(np.float64)
        self.layer = layer or Layer({})
        self.model = f"{VERSION}+{self.layer.version}" if self.layer.version else VERSION
        """Names the classifier in every opinion."""

    def with_layer(self, layer: Layer) -> Default:
        """The same classifier with another layer; what is heavy is shared."""
        other = copy.copy(self)
        other.layer = layer
        other.model = f"{VERSION}+{layer.version}" if layer.version else VERSION
        return other

    def _tongue(self, lang: str | None) -> Tongue:
        name = lang if lang in ("nl", "en") else ""
        if name not in self._tongues:
            self._tongues[name] = Tongue(name, self._weights)
        return self._tongues[name]

    def __call__(
        self,
        text: str,
        *,
        title: str = "",
        lang: str | None = None,
        brands: Sequence[BrandWords] = (),
        inherited_lang: str | None = None,
    ) -> Opinion:
        """The opinion of a text; only the first 4,000 characters are read."""
        tokens = tokenise(f"{title[:LIMIT]}\n{text}" if title else text)
        known = [self._brand(words) for words in brands]
        named = {word for brand in known for word in brand.words_of_name}
        spoken = [t for t in tokens if t.lower() not in named] if named else tokens
        lang = self._languages.detect(spoken, inherited_lang or lang)
        tongue = self._tongue(lang)
        reading = tongue.read(tokens)
        folds = reading.folds
        seen = intents.cues(reading)
        learnt = self.layer.points(lang, folds)
        relevant: float | None = None
        signs: list[Reason] = []
        if known:
            extra = 0.0 if learnt is None else float(learnt[2])
            relevant, signs, reading = self._about(tongue, reading, tokens, known, seen, extra)
        wants = self._wants(reading, seen, learnt)
        if learnt is not None:
            reading.odds = reading.odds[0] + float(learnt[0]), reading.odds[1] + float(learnt[1])
            reading.shares = softmax(*reading.odds)
        judged, chance = label(reading)
        points, level, reasons = self._priority(reading, seen, wants)
        return Opinion(
            lang=lang,
            sentiment=judged,
            score=round(reading.score, 3) if judged is not Sentiment.UNRATED else 0.0,
            confidence=round(chance, 3),
            intents=tuple([name for name, _ in wants]),
            relevance=relevant,
            priority=level,
            priority_score=points,
            reasons=(*tongue.why(reading, judged), *_shown(wants, seen), *signs, *reasons),
            model=self.model,
        )

    def scores(self, text: str, lang: str) -> tuple[list[str], list[float]]:
        """The folded words of a text, and the default's log-odds for each column of a layer (`layer.COLUMNS`)."""
        reading = self._tongue(lang).read(tokenise(text))
        wanted = self._odds(reading, intents.cues(reading)).tolist()
        return reading.folds, [*reading.odds, 0.0, *wanted]

    def _about(
        self,
        tongue: Tongue,
        reading: Reading,
        tokens: list[str],
        known: Sequence[Brand],
        seen: intents.Cues,
        extra: float,
    ) -> tuple[float, list[Reason], Reading]:
        """Whether the text is about the first of the brands it names, why, and the reading of what is said of it."""
        folds = reading.folds
        brand = next((each for each in known if places(folds, each.names)), known[0])
        relevant, signs = relevance(brand, folds, tokens, any(group in seen for group in TALK), extra)
        return relevant, signs, self._towards(tongue, reading, brand, known, tokens)

    def _brand(self, words: BrandWords) -> Brand:
        if words not in self._brands:
            self._brands[words] = Brand(words)
        return self._brands[words]

    def _towards(
        self, tongue: Tongue, reading: Reading, brand: Brand, brands: Sequence[Brand], tokens: list[str]
    ) -> Reading:
        """The reading of what is said of the brand, where the text says opposite things of several parties."""
        if not (any(h.value > 0 for h in reading.hits) and any(h.value < 0 for h in reading.hits)):
            return reading
        whose = owners(reading, brands, tokens)
        name = brand.words.name
        if name not in whose or not {*whose} - {name, ""}:
            return reading
        part = tongue.read([token for token, owner in zip(tokens, whose, strict=True) if owner == name])
        return part if part.hits else reading

    def _odds(self, reading: Reading, seen: intents.Cues) -> np.ndarray[Any, np.dtype[np.float64]]:
        """The log-odds of each intent."""
        order = intents.ordered(reading, *self._orders[reading.lang]) if reading.lang else 0.0
        odds: np.ndarray[Any, np.dtype[np.float64]] = intents.features(reading, seen, order) @ self._intents
        return odds

    def _wants(
        self, reading: Reading, seen: intents.Cues, learnt: np.ndarray[Any, np.dtype[np.float32]] | None
    ) -> list[tuple[str, float]]:
        """The intents that are likelier than not with their log-odds, likeliest first."""
        if not reading.words:
            return []
        odds = self._odds(reading, seen)
        both = (odds if learnt is None else odds + learnt[3:]).tolist()
        found = [(name, value) for name, value in zip(INTENTS, both, strict=True) if value > 0]
        return sorted(found, key=lambda pair: -pair[1])

    def _priority(
        self, reading: Reading, seen: intents.Cues, wants: list[tuple[str, float]]
    ) -> tuple[int, Priority, tuple[Reason, ...]]:
        """The priority of a text by itself: the urgencies that are named in it, what it wants, and its sentiment."""
        grounds = {name: seen[name] for name in intents.URGENCIES if name in seen}
        for name, _ in wants:
            if name in self._priorities and name not in grounds:
                grounds[name] = []
        parts = priority.Parts(negative=reading.shares[0], positive=reading.shares[2], reasons=grounds)
        return priority.score(parts, None, self._priorities)


def _shown(wants: list[tuple[str, float]], seen: intents.Cues) -> list[Reason]:
    """For each intent the cues that spoke for it."""
    out = []
    for name, odds in wants:
        words = [word for group in intents.SHOWN[name] for word in seen.get(group, ())]
        out.append(
            Reason(about="intent", label=name, words=tuple(words[:4]), share=round(1 / (1 + math.exp(-odds)), 3))
        )
    return out
