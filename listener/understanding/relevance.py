"""Tell whether a text is about a brand, and what it thinks of that brand where several stand in one text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from listener.understanding.sentiment import Reading
from listener.understanding.tokens import folded
from storage.types import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandWords:
    """What a brand is called and what belongs to it."""

    name: str
    terms: tuple[str, ...] = ()
    """Other names: aliases, the terms of its queries, its own accounts. A last `*` takes every ending."""
    context: tuple[str, ...] = ()
    """Words that make it likely that a text is about this brand."""
    products: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    """Words that make it likely that something else of that name is meant."""
    ours: bool = True
    """False for a competitor."""

    def __hash__(self) -> int:
        return hash(self.name)  # a brand may have thousands of terms, and is looked up for every text


class Forms:
    """The folded forms of names, by what a word must be, or begin with, to be the first of one."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.words: set[str] = set()
        """Single words of the forms."""
        self._whole: dict[str, list[tuple[str, ...]]] = {}
        self._begun: dict[str, list[tuple[str, ...]]] = {}
        """By the first letter, for forms of one word that may go on."""
        self._open: set[tuple[str, ...]] = set()
        """Forms whose last word may go on."""
        for text in texts:
            if head := tuple(fold.lstrip("@#") or fold for fold in folded(text.rstrip("*"))):
                self._add(head, text.endswith("*"))

    def _add(self, head: tuple[str, ...], goes_on: bool) -> None:
        self.words.update(head)
        if goes_on:
            self._open.add(head)
        begun = goes_on and len(head) == 1
        forms = self._begun.setdefault(head[0][0], []) if begun else self._whole.setdefault(head[0], [])
        if head not in forms:
            forms.append(head)

    def found(self, bare: Sequence[str]) -> list[tuple[int, int]]:
        """(first, one past the last) of each place where one of the forms stands, in order."""
        whole, begun = self._whole, self._begun
        if not begun and whole.keys().isdisjoint(bare):
            return []
        starts = [at for at, word in enumerate(bare) if word in whole or word[:1] in begun]
        return sorted({(at, end) for at in starts for end in self._ends(bare, at)})

    def _ends(self, bare: Sequence[str], at: int) -> list[int]:
        """Where each form ends that begins at this word."""
        first = bare[at]
        possible = (*self._whole.get(first, ()), *self._begun.get(first[:1], ()))
        return [at + len(head) for head in possible if self._stands(head, bare[at : at + len(head)])]

    def _stands(self, head: tuple[str, ...], there: Sequence[str]) -> bool:
        if len(there) < len(head) or tuple(there[:-1]) != head[:-1]:
            return False
        return there[-1] == head[-1] or (head in self._open and there[-1].startswith(head[-1]))


POINTS = {"account": 2.0, "name": 1.0, "context": 1.2, "product": 1.5, "service": 0.5, "elsewhere": -2.2, "sense": -1.6}
"""Log-odds of each sign that a text is about the brand."""
BIAS = -0.1


class Brand:
    """A brand's words, folded once."""

    def __init__(self, words: BrandWords) -> None:
        self.words = words
        self.names = Forms((words.name, *words.terms))
        self.signs = {
            "context": Forms(words.context),
            "product": Forms(words.products),
            "elsewhere": Forms(words.elsewhere),
        }


class Parties:
    """The brands that texts are held against, the first likeliest, and all single words of their names."""

    def __init__(self, brands: Sequence[BrandWords]) -> None:
        self.brands = [Brand(words) for words in brands]
        self.named = frozenset(word for brand in self.brands for word in brand.names.words)
        """Words that tell nothing of the language of a text."""

    def naming(self, folds: Sequence[str]) -> Naming | None:
        """Where a text names the first of them that it names; the likeliest where it names none."""
        bare = [f.lstrip("@#") if f[0] in "@#" and len(f) > 1 else f for f in folds] if self.brands else ()
        for brand in self.brands:
            if places := brand.names.found(bare):
                return Naming(brand, places, bare)
        return Naming(self.brands[0], [], bare) if self.brands else None


class Naming(NamedTuple):
    """The brand that a text is held against."""

    brand: Brand
    places: list[tuple[int, int]]
    """(first, one past the last) of each place where it is named."""
    bare: Sequence[str]
    """The folded words, "@name" and "#name" as the name."""


ARTICLES = frozenset(
    (
        "een", "de", "het", "a", "an", "the", "mijn", "onze", "my", "our", "zo'n", "die", "dat", "this",
        "minuten", "minuutjes", "uur", "uurtje", "kwartier", "kwartiertje", "minutes", "hour", "hours",
    )
)  # fmt: skip
"""Words, measures among them, after which a noun stands likelier than a name."""


def relevance(
    naming: Naming, folds: Sequence[str], tokens: Sequence[str], talk: bool, extra: float = 0.0
) -> tuple[float, list[Reason]]:
    """0 to 1, whether a text is about the brand, with the signs that spoke; `extra` is what was learnt from the agents.

    `talk`: the text speaks of service, money, trouble or to the brand. A name in lower case after an article
    is likelier the common noun ("onder de zonnebank") where the brand writes itself with a capital.
    """
    brand, named, bare = naming
    signs: list[tuple[str, tuple[str, ...]]] = []
    if any(tokens[a][0] in "@#" for a, _ in named):
        signs.append(("account", tuple(sorted({tokens[a] for a, _ in named if tokens[a][0] in "@#"}))))
    elif named:
        signs.append(("name", tuple(sorted({" ".join(folds[a:b]) for a, b in named}))))
    for sign, forms in brand.signs.items():
        there = sorted({" ".join(folds[a:b]) for a, b in forms.found(bare)})
        signs += [(sign, (word,)) for word in there[:3]]
    if talk:
        signs.append(("service", ()))
    if named and all(_common(brand, folds, tokens, a) for a, _ in named):
        signs.append(("sense", tuple(folds[max(named[0][0] - 1, 0) : named[0][1]])))
    odds = (BIAS if named else -2.0) + extra + sum(POINTS[sign] for sign, _ in signs)
    reasons = [Reason(about="relevance", label=sign, words=words, share=POINTS[sign]) for sign, words in signs]
    if extra:
        reasons.append(Reason(about="relevance", label="learnt", share=round(extra, 2)))
    return round(1 / (1 + math.exp(-odds)), 3), reasons


def _common(brand: Brand, folds: Sequence[str], tokens: Sequence[str], at: int) -> bool:
    """Whether a place of the name looks like the common noun."""
    return bool(at) and tokens[at][:1].islower() and folds[at - 1] in ARTICLES and not brand.words.name[:1].isdigit()


def said_of(reading: Reading, tokens: Sequence[str], naming: Naming, brands: Sequence[Brand]) -> list[str]:
    """The tokens that speak of the first brand a text names, where it says good and bad of several parties.

    None where nothing good or bad is said of that one.
    """
    name, values = naming.brand.words.name, [hit.value for hit in reading.hits]
    if not naming.places or not values or not min(values) < 0 < max(values):
        return []
    named = parties(reading, naming, brands, tokens)
    if not {*named.values()} - {name, ""}:
        return []
    whose = owners(reading, named)
    if not any(whose[hit.start] == name for hit in reading.hits):
        return []
    return [token for token, owner in zip(tokens, whose, strict=True) if owner == name]


def parties(reading: Reading, naming: Naming, brands: Sequence[Brand], tokens: Sequence[str]) -> dict[int, str]:
    """Where a party is named: a brand, an "@account" that is none, or a capitalised word inside a sentence."""
    others = brands[brands.index(naming.brand) + 1 :]  # those before it are named nowhere
    found = [(brand.words.name, place) for brand in others for place in brand.names.found(naming.bare)]
    found = [*((naming.brand.words.name, place) for place in naming.places), *found]
    named = {at: name for name, place in found for at in range(*place)}
    words = reading.words
    for at in [at for at, word in enumerate(words) if word.names]:
        if at not in named and (tokens[at][0] == "@" or (at and not words[at - 1].stop)):
            named[at] = tokens[at]
    return named


def owners(reading: Reading, named: Mapping[int, str]) -> list[str]:
    """For each token the name it speaks of: that of the last party named in its clause, or before; "" before any."""
    out, now = [], ""
    for clause in clauses(reading):
        now = next((named[at] for at in clause if at in named), now)
        for at in clause:
            now = named.get(at, now)
            out.append(now)
    return out


def clauses(reading: Reading) -> list[range]:
    """The clauses of a text: cut at stops, commas and words like "but"."""
    words, out, start = reading.words, [], 0
    for at in [at for at, word in enumerate(words) if word.ends or word.role == "but"]:
        if words[at].role == "but" and at > start:
            out.append(range(start, at))
            start = at
        elif words[at].ends:
            out.append(range(start, at + 1))
            start = at + 1
    if start < len(words):
        out.append(range(start, len(words)))
    return out
