"""Tell nl, en, de, fr and other apart by the letter groups of each word, every word weighed once and remembered."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from listener.understanding import lists
from listener.understanding.crc import Groups
from listener.understanding.memory import Memory
from listener.understanding.weights import Weights

NAMES = ("nl", "en", "de", "fr")
CACHE = 40_000
"""Words remembered before the memory is emptied and filled anew."""
LONGEST = 40
"""Tokens of a text that are looked at."""
SHORTEST = 3
"""Words a text needs before it is judged by itself; a shorter one inherits where there is something to inherit."""
SURE = 2.0
"""The lead (in nats, scaled) a short text needs to be judged against what it inherits."""
LEAD = 2.0
"""The lead (likewise) a fifth language needs over the best of the four for a text to be "other"."""
SHORT_LEAD = 6.0
"""The same for a text of fewer words than `SHORTEST`."""
COMMON = 5.0
"""What it adds (in nats) that a word is one of the commonest of a language."""
PLAIN = 2
"""So many words that only one language has, and none that only another has, settle it without a look at letters."""
_MARKS = set("@#")
_LAUGH = re.compile(r"^(?:[aw]?(?:h+[aeiou]+){2,}h*|(?:wa|xo){2,})$", re.IGNORECASE)
"""What is laughed alike in every language."""


class Guess(NamedTuple):
    """The language of a text by itself; None where it has no words."""

    lang: str | None
    leads: Mapping[str, float] | None = None
    """Of a text too short to be judged by itself, how far it leads over each language (in nats, scaled)."""

    def after(self, inherited: str | None) -> str | None:
        """The language of a text that stands where `inherited` is spoken."""
        if self.lang is None:
            return inherited
        if inherited and self.leads is not None and self.leads.get(inherited, 0.0) < SURE:
            return inherited
        return self.lang


class Languages:
    """The language model: for each word a row of log-likelihoods, for a text their sum."""

    def __init__(self, weights: Weights) -> None:
        self.names: list[str] = weights.text("language.names").split()
        keys = np.array(weights.raw("language.grams").split(b"\n"), dtype="S8").view("<u8")
        order = keys.argsort()
        self._keys, self._table = keys[order], weights.array("language.table")[order]
        self._prior = weights.array("language.prior")
        self._ours = [self.names.index(name) for name in NAMES]
        self._common: dict[str, list[int]] = {}
        self._only: dict[str, str] = {}
        for name, word in lists.cues("common.txt"):
            if name.startswith("only_"):
                self._only.update(dict.fromkeys((word, word.capitalize(), word.upper()), name[5:]))
            else:
                self._common.setdefault(word, []).append(self.names.index(name))
        self._seen = Memory(len(self.names), np.float32, CACHE)

    def guess(self, texts: Sequence[Sequence[str]]) -> list[Guess]:
        """The language of each text, given as its tokens."""
        with self._seen.turn:
            return self._guess(texts)

    def _guess(self, texts: Sequence[Sequence[str]]) -> list[Guess]:
        heads = [tokens[:LONGEST] for tokens in texts]
        guesses = [self._by_plain_words(head) for head in heads]
        self._learn(token for head, guess in zip(heads, guesses, strict=True) if guess.lang is None for token in head)
        places = self._seen.places
        rows = [
            [at for t in head if (at := places[t]) >= 0] if guess.lang is None else []
            for head, guess in zip(heads, guesses, strict=True)
        ]
        asked = [at for at, found in enumerate(rows) if found]
        for at, guess in zip(asked, self._by_letters([rows[at] for at in asked]), strict=True):
            guesses[at] = Guess("other") if foreign(heads[at]) else guess
        return guesses

    def spoken(self, tokens: Sequence[str]) -> str | None:
        """The language of most of the words that only one has; by all words where there is no such."""
        plain = Counter([self._only[each] for each in tokens if each in self._only])
        return plain.most_common(1)[0][0] if plain else self.guess([tokens])[0].lang

    def _by_plain_words(self, head: Sequence[str]) -> Guess:
        plain = list(filter(None, map(self._only.get, head)))
        if len(plain) >= max(PLAIN, len(head) // 8) and plain.count(plain[0]) == len(plain):
            return Guess(plain[0])
        return Guess(None)

    def _learn(self, tokens: Iterable[str]) -> None:
        fresh = self._seen.unknown(tokens)
        words = [token for token in fresh if _is_word(token)]
        self._seen.add(words, self._weighed(words))
        self._seen.places.update(dict.fromkeys(set(fresh).difference(words), -1))

    def _weighed(self, tokens: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
        """The row of each word: what its letter groups say together, and that it is a common one."""
        words = [t.lower() if t.isupper() or t.istitle() else t for t in tokens]
        keys, owners = Groups([_edged(word) for word in words]).keys()
        at = np.minimum(self._keys.searchsorted(keys), len(self._keys) - 1)
        known = self._keys[at] == keys
        order = owners[known].argsort(kind="stable")
        rows = np.zeros((len(words), len(self.names)), dtype=np.float32)
        owners, found = owners[known][order], self._table[at[known][order]]
        starts = np.flatnonzero(np.diff(owners, prepend=-1))
        if len(starts):
            rows[owners[starts]] = np.add.reduceat(found, starts)
        for row, word in zip(rows, words, strict=True):
            for name in self._common.get(word.lower().replace("’", "'"), ()):
                row[name] += COMMON
        return rows

    def _by_letters(self, texts: Sequence[Sequence[int]]) -> list[Guess]:
        """The language of texts of at least one word, given as the rows of their words."""
        if not texts:
            return []
        counts = np.array([len(rows) for rows in texts])
        flat = np.array([row for rows in texts for row in rows])
        scores = np.add.reduceat(self._seen.numbers[flat], np.cumsum(counts) - counts) + self._prior
        best = scores.max(axis=1)
        ours = np.array(self._ours)[scores[:, self._ours].argmax(axis=1)]
        mine, scale = scores[np.arange(len(scores)), ours], counts**-0.5
        foreign_ = (best - mine) * scale > np.where(counts >= SHORTEST, LEAD, SHORT_LEAD)
        names = [
            "other" if other else self.names[at] for other, at in zip(foreign_.tolist(), ours.tolist(), strict=True)
        ]
        guesses = [Guess(name) for name in names]
        for at in np.flatnonzero(counts < SHORTEST).tolist():
            leads = dict(zip(self.names, ((mine[at] - scores[at]) * scale[at]).tolist(), strict=True))
            guesses[at] = Guess(names[at], leads | {self.names[ours[at]]: SURE})
        return guesses


def _is_word(token: str) -> bool:
    is_name = token[0] in _MARKS or token.startswith(("http", "www."))
    return token[0].isalpha() and not is_name and not _LAUGH.match(token)


def _edged(word: str) -> bytes:
    """A word between spaces."""
    plain = word if word.isascii() else unicodedata.normalize("NFC", word)
    return f" {plain[:40]} ".encode("utf-8", "surrogatepass")


def foreign(words: Sequence[str]) -> bool:
    """Whether most words are in a script that none of the four languages uses."""
    if all(map(str.isascii, words)):
        return False
    words = [t for t in words if t[0].isalpha()]
    return 2 * sum([t[0] > "\u024f" and not "\u1e00" <= t[0] <= "\u1eff" for t in words]) > len(words)
