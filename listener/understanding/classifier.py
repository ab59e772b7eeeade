"""The default classifier: one pass over a text gives language, sentiment, intents, relevance and priority."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from listener.understanding import intents, priority, weights
from listener.understanding.intents import INTENTS
from listener.understanding.language import Languages
from listener.understanding.relevance import Brand, BrandWords, owners, places, relevance
from listener.understanding.sentiment import Reading, Tongue, label, why
from listener.understanding.tokens import LIMIT, tokenise
from storage.types import Opinion, Reason, Sentiment

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
    """The classifier that the package carries."""

    def __init__(self, weights_: Mapping[str, float] | None = None) -> None:
        self._weights = weights.load()
        self._priorities = {**priority.WEIGHTS, **(weights_ or {})}
        self._languages = Languages(self._weights)
        self._tongues: dict[str, Tongue] = {}
        self._orders = {name: (self._weights.array(f"{name}.order"), intents.kinds(name)) for name in ("nl", "en")}
        self._brands: dict[BrandWords, Brand] = {}
        self._intents = self._weights.array("intents.table").astype(np.float64)

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
        lang, _ = self._languages.detect(tokens, inherited_lang or lang)
        tongue = self._tongue(lang)
        reading = tongue.read(tokens)
        seen = intents.cues(reading)
        folds = [w.fold for w in reading.words]
        known = [self._brand(words) for words in brands]
        about = next((brand for brand in known if places(folds, brand.names)), known[0] if known else None)
        relevant: float | None = None
        signs_of: list[Reason] = []
        if about is not None:
            relevant, signs_of = relevance(about, folds, tokens, talk=any(group in seen for group in TALK))
            reading = self._towards(tongue, reading, about, known, tokens)
        judged, chance = label(reading)
        wants = self._wants(reading, seen)
        grounds = {name: seen[name] for name in intents.URGENCIES if name in seen}
        for name, _chance in wants:
            if name in self._priorities:
                grounds.setdefault(name, [])
        points, level, reasons = priority.score(
            priority.Parts(negative=reading.shares[0], positive=reading.shares[2], reasons=grounds),
            None,
            self._priorities,
        )
        return Opinion(
            lang=lang,
            sentiment=judged,
            score=round(reading.score, 3) if judged is not Sentiment.UNRATED else 0.0,
            confidence=round(chance, 3),
            intents=tuple(name for name, _ in wants),
            relevance=relevant,
            priority=level,
            priority_score=points,
            reasons=(*why(reading, judged), *self._shown(wants, seen), *signs_of, *reasons),
            model=VERSION,
        )

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

    def _shown(self, wants: list[tuple[str, float]], seen: intents.Cues) -> list[Reason]:
        """For each intent the cues that spoke for it."""
        out = []
        for name, chance in wants:
            words = tuple(word for group in intents.SHOWN[name] for word in seen.get(group, ()))[:4]
            out.append(Reason(about="intent", label=name, words=words, share=round(1 / (1 + math.exp(-chance)), 3)))
        return out

    def _wants(self, reading: Reading, seen: intents.Cues) -> list[tuple[str, float]]:
        """The intents that are likelier than not, likeliest first."""
        if not reading.words:
            return []
        order = intents.ordered(reading, *self._orders[reading.lang]) if reading.lang else 0.0
        scores = np.array(intents.features(reading, seen, order)) @ self._intents
        return sorted(
            ((INTENTS[at], float(scores[at])) for at in np.flatnonzero(scores > 0)), key=lambda pair: -pair[1]
        )
