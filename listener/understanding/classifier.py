"""The default classifier: one pass over a text gives language, sentiment, intents, relevance and priority."""

from __future__ import annotations

import copy
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from listener.understanding import intents, priority, weights
from listener.understanding.intents import INTENTS, Order, Wordings
from listener.understanding.language import Languages
from listener.understanding.layer import Layer
from listener.understanding.relevance import BrandWords, Naming, Parties, relevance, said_of
from listener.understanding.sentiment import Reading, Tongue, label, settle
from listener.understanding.tokens import LIMIT, tokenise
from listener.understanding.words import ME
from storage.types import Opinion, Reason, Sentiment

VERSION = "default/1"
BATCH = 512
"""Texts judged together: enough to share what a step costs, few enough to stay near the processor."""
LETTERS = 100_000
"""Characters of theirs after which no more are judged together: each word takes some hundreds of bytes meanwhile."""
TALK = frozenset(
    ("direct", "problem", "waiting", "no_answer", "money", "churn", "purchase", "thanks", "rude", "outage")
)
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


class Task(NamedTuple):
    """A text to be judged among others, with what is known around it."""

    text: str
    title: str = ""
    lang: str | None = None
    """What the source says (a hint)."""
    brands: tuple[BrandWords, ...] = ()
    conversation: str = ""
    """A short text speaks the language of the first before it in its conversation; "": it stands alone."""


def many(classifier: Classifier, tasks: Sequence[Task]) -> list[Opinion]:
    """The opinion of each text: of all at once where the classifier has a method `many`, else one by one."""
    at_once = getattr(classifier, "many", None)
    if at_once is not None:
        opinions: list[Opinion] = at_once(tasks)
        return opinions
    spoken: dict[str, str] = {}
    judged = []
    for task in tasks:
        before = spoken.get(task.conversation)
        judged.append(
            classifier(task.text, title=task.title, lang=task.lang, brands=task.brands, inherited_lang=before)
        )
        _remember(spoken, task, judged[-1].lang)
    return judged


def lang_of(classifier: Classifier, text: str) -> str:
    """The language of a text, or "": told without judging the text where the classifier has a method `language`."""
    alone = getattr(classifier, "language", None)
    return (classifier(text).lang if alone is None else alone(text)) or ""


def _remember(spoken: dict[str, str], task: Task, lang: str | None) -> None:
    if lang and task.conversation:
        spoken.setdefault(task.conversation, lang)


class Default:
    """The classifier that the package carries, with what an installation learnt on top (`layer`)."""

    def __init__(self, weights_: Mapping[str, float] | None = None, layer: Layer | None = None) -> None:
        self._weights = weights.load()
        self._priorities = weights_ or {}
        self._languages = Languages(self._weights)
        self._tongues: dict[str, Tongue] = {}
        self._wants: dict[str, tuple[Order, Wordings]] = {}
        self._parties: dict[tuple[BrandWords, ...], Parties] = {}
        self._intents, self._classes = (
            self._weights.array(f"intents.{name}").astype(np.float64) for name in ("table", "classes")
        )
        self.layer = layer or Layer({})
        self.model = f"{VERSION}+{self.layer.version}" if self.layer.version else VERSION
        """Names the classifier in every opinion."""

    def with_layer(self, layer: Layer) -> Default:
        """The same classifier with another layer; what is heavy is shared."""
        other = copy.copy(self)
        other.layer = layer
        other.model = f"{VERSION}+{layer.version}" if layer.version else VERSION
        return other

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
        return self.many([Task(text, title, inherited_lang or lang, tuple(brands))])[0]

    def language(self, text: str) -> str | None:
        """The language of a text that stands alone."""
        return self._languages.spoken(tokenise(text))

    def many(self, tasks: Sequence[Task]) -> list[Opinion]:
        """The opinion of each text, as if it were the only one, but that a short one follows its conversation."""
        spoken: dict[str, str] = {}
        return [opinion for some in _batches(tasks) for opinion in self._judged(some, spoken)]

    def scores(self, texts: Sequence[str], lang: str) -> list[tuple[list[str], list[float], list[float]]]:
        """The folded words and signs of each text, and its log-odds for each column of a layer (`layer.COLUMNS`)."""
        readings = self._tongue(lang).read([tokenise(text) for text in texts])
        odds = self._odds(readings, [intents.cues(reading) for reading in readings])
        return [(r.folds, r.signs, [*r.odds, 0.0, *wants]) for r, wants in zip(readings, odds.tolist(), strict=True)]

    def parts(self, texts: Sequence[str], lang: str) -> list[priority.Parts]:
        """What each text brings to its priority."""
        readings = self._tongue(lang).read([tokenise(text) for text in texts])
        seen = [intents.cues(reading) for reading in readings]
        odds = self._odds(readings, seen)
        wants = [[(INTENTS[at], 0.0) for at in np.flatnonzero(row > 0)] for row in odds]
        return [_parts(*each, (None, ())) for each in zip(readings, seen, wants, strict=True)]

    def _judged(self, tasks: Sequence[Task], spoken: dict[str, str]) -> list[Opinion]:
        tokens = [tokenise(f"{each.title[:LIMIT]}\n{each.text}" if each.title else each.text) for each in tasks]
        parties = [self._held_against(each.brands) for each in tasks]
        langs = self._langs(tasks, tokens, parties, spoken)
        readings = self._read(tokens, langs)
        seen = [intents.cues(reading) for reading in readings]
        learnt = [self.layer.points(lang, r.folds, r.signs) for lang, r in zip(langs, readings, strict=True)]
        namings = [party.naming(reading.folds) for party, reading in zip(parties, readings, strict=True)]
        abouts = [_about(*each) for each in zip(readings, tokens, namings, seen, learnt, strict=True)]
        readings = self._towards(readings, tokens, parties, namings, langs)
        odds = self._odds(readings, seen)
        for at, points in enumerate(learnt):
            if points is not None:
                odds[at] += points[3:]
                settle([readings[at]], np.array([readings[at].odds]) + points[:2])
        wants: list[list[Want]] = [[] for _ in tasks]
        for at, which in np.argwhere(odds > 0).tolist():
            wants[at].append((INTENTS[which], float(odds[at, which])))
        whole = zip(langs, readings, seen, abouts, wants, strict=True)
        return [self._opinion(*each) for each in whole]

    def _held_against(self, brands: tuple[BrandWords, ...]) -> Parties:
        if brands not in self._parties:
            self._parties[brands] = Parties(brands)
        return self._parties[brands]

    def _langs(
        self, tasks: Sequence[Task], tokens: Sequence[list[str]], parties: Sequence[Parties], spoken: dict[str, str]
    ) -> list[str | None]:
        """The language of each text; the words of brands say nothing of it."""
        bare = [
            [token for token in each if token.lower() not in party.named] if party.named else each
            for each, party in zip(tokens, parties, strict=True)
        ]
        langs = []
        for task, guess in zip(tasks, self._languages.guess(bare), strict=True):
            langs.append(guess.after(spoken.get(task.conversation) or task.lang))
            _remember(spoken, task, langs[-1])
        return langs

    def _tongue(self, lang: str | None) -> Tongue:
        name = lang if lang in ("nl", "en") else ""
        if name not in self._tongues:
            if name:
                order = Order(self._weights.array(f"{name}.order")[:, 0], intents.kinds(name))
                worded = [self._weights.array(f"{name}.{table}") for table in ("intents", "lean")]
                self._wants[name] = order, Wordings(*worded)
            self._tongues[name] = Tongue(name, self._weights)
        return self._tongues[name]

    def _read(self, tokens: Sequence[list[str]], langs: Sequence[str | None]) -> list[Reading]:
        """Each text as its language reads it."""
        by_tongue = defaultdict[Tongue, list[int]](list)
        for at, lang in enumerate(langs):
            by_tongue[self._tongue(lang)].append(at)
        readings = {
            at: reading
            for tongue, here in by_tongue.items()
            for at, reading in zip(here, tongue.read([tokens[at] for at in here]), strict=True)
        }
        return [readings[at] for at in range(len(tokens))]

    def _towards(
        self,
        readings: Sequence[Reading],
        tokens: Sequence[list[str]],
        parties: Sequence[Parties],
        namings: Sequence[Naming | None],
        langs: Sequence[str | None],
    ) -> list[Reading]:
        """The readings; of a text that says opposite things of several parties that of what is said of the first."""
        parts = {
            at: part
            for at, (naming, party) in enumerate(zip(namings, parties, strict=True))
            if naming and (part := said_of(readings[at], tokens[at], naming, party.brands))
        }
        towards = dict(zip(parts, self._read(list(parts.values()), [langs[at] for at in parts]), strict=True))
        return [towards[at] if at in towards and towards[at].hits else each for at, each in enumerate(readings)]

    def _odds(self, readings: Sequence[Reading], seen: Sequence[intents.Cues]) -> Any:
        """The log-odds of each intent, a row a text."""
        ordered, worded = np.zeros(len(readings)), np.zeros((len(readings), len(INTENTS)))
        for lang in {reading.lang for reading in readings} - {""}:
            here = [at for at, reading in enumerate(readings) if reading.lang == lang]
            some, (order, wordings) = [readings[at] for at in here], self._wants[lang]
            ordered[here], worded[here] = order(some), wordings(some)
        odds = worded + intents.features(readings, seen, ordered) @ self._intents
        classed = intents.classed(readings, len(self._classes))
        odds += np.einsum("tc,ci->ti", classed, self._classes)  # "@" would wake threads that cost more than they help
        return odds

    def _opinion(
        self, lang: str | None, reading: Reading, seen: intents.Cues, about: _About, wants: list[Want]
    ) -> Opinion:
        if wants:
            wants = sorted(wants, key=_lightness) if reading.words else []
        judged, chance = label(reading)
        parts = _parts(reading, seen, wants, about)
        points, level, reasons = priority.score(parts, None, self._priorities, self.layer.priorities.get(reading.lang))
        return Opinion(
            lang=lang,
            sentiment=judged,
            score=round(reading.score, 3) if judged is not Sentiment.UNRATED else 0.0,
            confidence=round(chance, 3),
            intents=tuple([name for name, _ in wants]),
            relevance=about[0],
            priority=level,
            priority_score=points,
            reasons=(*self._tongue(lang).why(reading, judged), *_shown(wants, seen), *about[1], *reasons),
            model=self.model,
        )


def _batches(tasks: Sequence[Task]) -> Iterator[list[Task]]:
    batch, letters = list[Task](), 0
    for task in tasks:
        batch.append(task)
        letters += min(len(task.text) + len(task.title), LIMIT)
        if len(batch) == BATCH or letters > LETTERS:
            yield batch
            batch, letters = [], 0
    if batch:
        yield batch


def _lightness(want: Want) -> float:
    return -want[1]


Want = tuple[str, float]
"""An intent that is likelier than not, and its log-odds."""
_About = tuple[float | None, Sequence[Reason]]
"""Whether a text is about a brand, and why."""


def _about(reading: Reading, tokens: Sequence[str], naming: Naming | None, seen: intents.Cues, learnt: Any) -> _About:
    """Whether the text is about the first of the brands that it names, and why."""
    if naming is None:
        return None, ()
    extra = 0.0 if learnt is None else float(learnt[2])
    return relevance(naming, reading.folds, tokens, not TALK.isdisjoint(seen), extra)


def _parts(reading: Reading, seen: intents.Cues, wants: Sequence[tuple[str, float]], about: _About) -> priority.Parts:
    """What a text brings to its priority: its urgencies, what it wants, its sentiment, whether it is about us."""
    grounds = {name: seen[name] for name in intents.URGENCIES if name in seen} if seen else {}
    for name, _ in wants:
        if name in priority.WEIGHTS and name not in grounds:
            grounds[name] = []
    near, signs = about
    doubts = [reason for reason in signs if reason.share < 0] if signs else ()
    return priority.Parts(
        reading.shares[0],
        reading.shares[2],
        reading.shown & ME > 0,
        near if near is not None and doubts else 1.0,
        [word for reason in doubts for word in reason.words] if doubts else (),
        grounds,
    )


def _shown(wants: list[tuple[str, float]], seen: intents.Cues) -> list[Reason]:
    """For each intent the cues that spoke for it."""
    out = []
    for name, odds in wants:
        words = tuple(dict.fromkeys([word for group in intents.SHOWN[name] for word in seen.get(group, ())]))
        out.append(Reason("intent", name, words[:4], round(1 / (1 + math.exp(-odds)), 3)))
    return out
