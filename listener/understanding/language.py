"""Tell nl, en, de, fr and other apart by the letter groups of each word, every word weighed once and remembered."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np

from listener.understanding import lists
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
SHORT_LEAD = 4.0
"""The same for a text of fewer words than `SHORTEST`."""
COMMON = 4.0
"""What it adds (in nats) that a word is one of the commonest of a language."""
PLAIN = 2
"""So many words that only one language has, and none that only another has, settle it without a look at letters."""
_MARKS = set("@#")


def grams(word: str) -> list[bytes]:
    """The byte groups of 3 to 5 of a word between spaces (shorter ones mislead in short texts)."""
    raw = f" {word} ".encode("utf-8", "surrogatepass")
    return [raw[i : i + n] for n in (3, 4, 5) for i in range(len(raw) - n + 1)]


class Languages:
    """The language model: for each word a row of log-likelihoods, for a text their sum."""

    def __init__(self, weights: Weights) -> None:
        self.names: list[str] = weights.text("language.names").split()
        known = weights.raw("language.grams").split(b"\n")
        self._index = {gram: at for at, gram in enumerate(known)}
        self._table = weights.array("language.table")
        self._prior = weights.array("language.prior")
        self._ours = [self.names.index(name) for name in NAMES]
        self._common: dict[str, list[int]] = {}
        self._only: dict[str, str] = {}
        for name, word in lists.cues("common.txt"):
            if name.startswith("only_"):
                self._only.update(dict.fromkeys((word, word.capitalize(), word.upper()), name[5:]))
            else:
                self._common.setdefault(word, []).append(self.names.index(name))
        self._rows = np.zeros((CACHE, len(self.names)), dtype=np.float32)
        self._seen: dict[str, int] = {}

    def _row(self, token: str) -> int:
        """The row of a token; -1 for what is not a word."""
        if token[0] in _MARKS or not token[0].isalpha() or token.startswith(("http", "www.")):
            at = -1
        else:
            at = len(self._seen)
            word = token.lower() if token.isupper() or token.istitle() else token
            index = self._index
            found = [
                index[g]
                for g in grams(word[:40] if word.isascii() else unicodedata.normalize("NFC", word)[:40])
                if g in index
            ]
            self._rows[at] = np.add.reduce(self._table.take(found, axis=0)) if found else 0
            for name in self._common.get(word.lower().replace("’", "'"), ()):
                self._rows[at, name] += COMMON
        self._seen[token] = at
        return at

    def detect(self, tokens: list[str], inherited: str | None = None) -> str | None:
        """The language of a text; a short one takes `inherited`; None where nothing is known."""
        only = self._only
        plain = [only[t] for t in tokens[:LONGEST] if t in only]
        if len(plain) >= max(PLAIN, len(tokens[:LONGEST]) // 8) and plain.count(plain[0]) == len(plain):
            return plain[0]
        seen, row = self._seen, self._row
        if len(seen) > CACHE - LONGEST:
            seen.clear()
        rows = [at for t in tokens[:LONGEST] if (at := seen[t] if t in seen else row(t)) >= 0]
        if not rows:
            return inherited
        if foreign(tokens):
            return "other"
        scores = np.add.reduce(self._rows.take(rows, axis=0)) + self._prior
        return self._decide(scores, len(rows), inherited)

    def _decide(self, scores: np.ndarray[Any, np.dtype[np.float32]], count: int, inherited: str | None) -> str:
        best = int(scores.argmax())
        ours = max(self._ours, key=scores.__getitem__)
        scale = count**-0.5
        if count < SHORTEST and inherited and self.names[ours] != inherited:
            at = self.names.index(inherited) if inherited in self.names else -1
            if at < 0 or (scores[ours] - scores[at]) * scale < SURE:
                return inherited
        if best != ours and (scores[best] - scores[ours]) * scale > (LEAD if count >= SHORTEST else SHORT_LEAD):
            return "other"
        return self.names[ours]


def foreign(tokens: list[str]) -> bool:
    """Whether most words are in a script that none of the four languages uses."""
    words = [t for t in tokens[:LONGEST] if t[0].isalpha()]
    return 2 * sum(t[0] > "\u024f" and not "\u1e00" <= t[0] <= "\u1eff" for t in words) > len(words)
