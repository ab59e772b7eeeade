"""Turn a text into the same few dozen numbers in every language: what its opinion words add up to, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from listener.understanding.lists import Phrase
from listener.understanding.words import (
    ACCOUNT,
    BITS,
    BUT,
    DIGIT,
    DOTS,
    LINK,
    ME,
    MORE,
    NEGATION,
    STRETCHED,
    TAG,
    UPPER,
    YOU,
    Word,
)

NAMES = (
    "positive_mean", "negative_mean", "positive_sum", "negative_sum", "positive_max", "negative_max",
    "positive_count", "negative_count", "undone_positive", "undone_negative", "end_positive", "end_negative",
    "start_positive", "start_negative", "but_positive", "but_negative", "but", "strong_positive",
    "strong_negative", "exclamation", "question", "dots", "capitals", "stretched", "link", "mention",
    "hashtag", "length", "no_opinion", "both", "balance", "glad_exclamation", "cross_exclamation",
    "cross_question", "glad_question", "more", "me", "you", "emoji_positive", "emoji_negative", "negations",
    "digits", "single_positive", "single_negative", "trouble", "troubles", "grave", "asks", "wishes", "leaves",
    "reports", "thanks", "wants", "asks_only",
)  # fmt: skip
"""The names of the numbers, in order."""
OF_TEXT = frozenset(
    {
        "exclamation", "question", "dots", "capitals", "stretched", "link", "mention", "hashtag", "length", "more",
        "me", "you", "negations", "digits", "but", "trouble", "troubles", "grave", "asks", "wishes", "leaves",
        "reports", "thanks", "wants", "asks_only",
    }
)  # fmt: skip
"""Those that do not speak of opinion words; all others are 0 in a text without any, but `no_opinion`, which is 1."""
TROUBLE = frozenset({"problem", "waiting", "no_answer", "rude", "repeat", "error", "outage"})
GRAVE = frozenset({"safety", "privacy", "fraud", "legal", "media"})
ASKS = frozenset({"q_open", "q_ask", "polite"})
REPORTS = frozenset({"news", "job"})
"""Groups of cues that colour a text though no word of theirs is an opinion: a plain fact may be a complaint."""
SIGNS_OF = {
    **dict.fromkeys(TROUBLE, ("trouble", "troubles")), **dict.fromkeys(GRAVE, ("grave",)),
    **dict.fromkeys(REPORTS, ("reports",)), **dict.fromkeys(ASKS, ("asks", "asks_only")), "idea": ("wishes",),
    "churn": ("leaves",), "thanks": ("thanks",), "purchase": ("wants",),
}  # fmt: skip
"""The signs that a cue of a group stirs."""
NEGATION_REACH = 4
UNDO = -0.7
"""What a negation leaves of an opinion word."""
NAMED = 0.3
"""What an opinion word counts in a plain question ("can I block my card"), in the words of another, and one of trouble
that is over: it names what is spoken of."""
GUARDS = {
    "stay": "churn", "no_thanks": "thanks", "not_outage": "outage", "my_job": "job", "not_safety": "safety",
    "not_privacy": "privacy", "not_legal": "legal", "not_media": "media", "not_idea": "idea", "not_fraud": "fraud",
}  # fmt: skip
"""Groups of phrases that only look like the cues they stand over."""
_HEATED = frozenset({"rhetoric", "rude", "repeat", "no_answer", "waiting"})
"""Groups of cues that show that a question is more than one."""
_STIRS = TROUBLE | {"deadline", "money"}
"""Groups of cues that no longer count where the text goes on to say that it is over."""
_QUOTES = frozenset('"“”')
QUOTED, OWN = 15, 4
"""Tokens that a quotation has at most, and that a text must have around it."""
_OPENERS = frozenset({"is", "zijn", "hebben", "heb", "hebt", "are", "was", "has", "have", "did"})
"""Words that ask where they open a clause whose subject follows ("is de storing opgelost")."""
_DOUBT_AFTER = 2
"""Words after "solved" in which a doubt may stand ("opgelost moet worden")."""


Phrases = list[tuple[int, int, Phrase]]


def standing(words: list[Word], phrases: Phrases) -> Phrases:
    """The phrases of a text that mean what they say.

    Left out are those under a guard ("geen brand"), trouble that the text goes on to call over ("storing opgelost"),
    and "solved" where it is not so: "nog niet opgelost" and "wanneer is het opgelost?" have all their trouble left, and
    so has what follows ("opgelost, maar nu valt het weer weg").
    """
    groups = {phrase.group for _, _, phrase in phrases}
    if not groups.isdisjoint(GUARDS):
        guarded = [(a, b, GUARDS[p.group]) for a, b, p in phrases if p.group in GUARDS]
        phrases = [
            each
            for each in phrases
            if not any(group == each[2].group and a <= each[0] and each[1] <= b for a, b, group in guarded)
        ]
    if "over" not in groups:
        return phrases
    told = [each for each in phrases if each[2].group != "over" or _is_done(words, each)]
    done = _over(told)
    return [each for each in told if each[0] >= done or each[2].group not in _STIRS]


def _over(phrases: Phrases) -> int:
    """Up to which word the trouble of a text is over, given what stands in it."""
    return max([start for start, _, phrase in phrases if phrase.group == "over"], default=0)


def _is_done(words: list[Word], solved: tuple[int, int, Phrase]) -> bool:
    """Whether "solved" is told as a fact: not denied, asked, wished for or doubted near it, no "but" after it."""
    start, stop, _ = solved
    first = next((at + 1 for at in range(start - 1, -1, -1) if words[at].stop or words[at].role == "but"), 0)
    last = next((at for at in range(stop, len(words)) if words[at].stop), len(words))
    doubted = any(word.role == "doubt" for word in words[first : stop + _DOUBT_AFTER])
    asked = (last < len(words) and "?" in words[last].fold) or (first < start - 1 and words[first].fold in _OPENERS)
    undone = any(word.role == "negation" for word in words[first:start])
    return not (doubted or asked or undone or any(word.role == "but" for word in words[stop:last]))


@dataclass(slots=True)
class Found:
    """An opinion word where it stands: first token, one past the last, and its value after negation and stress."""

    start: int
    stop: int
    value: float
    undone: bool = False
    emoji: bool = False


def found(words: list[Word], phrases: Phrases, lang: str) -> list[Found]:
    """The opinion words and phrases of a text, longest first where they overlap, in order."""
    taken: dict[int, Found] = {}
    for start, stop, phrase in sorted(phrases, key=_shortness) if phrases else ():
        if phrase.group == "opinion" and not any(at in taken for at in range(start, stop)):
            hit = Found(start, stop, phrase.value)
            taken.update(dict.fromkeys(range(start, stop), hit))
    hits = [
        Found(at, at + 1, word.value, emoji=word.emoji)
        for at, word in enumerate(words)
        if word.value and at not in taken
    ]
    hits += {id(hit): hit for hit in taken.values()}.values()
    for hit in hits:
        _colour(words, hit, lang)
    if phrases and hits:
        asked, done = {at for each in _asked(words, phrases) for at in each}, _over(phrases)
        for hit in hits:
            if not hit.emoji and (hit.start in asked or (hit.start < done and hit.value < 0)):
                hit.value *= NAMED
        _mock(hits, phrases)
    if hits:
        for start, stop in _quoted(words):
            for hit in hits:
                if start < hit.start < stop:
                    hit.value *= NAMED
    hits.sort(key=lambda hit: hit.start)
    return [hit for hit in hits if hit.value]


def _quoted(words: list[Word]) -> list[tuple[int, int]]:
    """Where somebody else is quoted: between quotation marks, where there are words around them."""
    marks_ = [at for at, word in enumerate(words) if not word.letters and word.fold in _QUOTES]
    pairs = zip(marks_[::2], marks_[1::2], strict=False)
    return [(a, b) for a, b in pairs if b - a <= QUOTED and len(words) - (b - a) > OWN]


def _mock(hits: list[Found], phrases: Phrases) -> None:
    """Turn the praise of a phrase that mocks what goes wrong after it ("fijn zo'n app die crasht")."""
    for start, stop, phrase in phrases:
        if phrase.group == "mock" and _goes_wrong(hits, phrases, stop):
            for hit in hits:
                if start <= hit.start and hit.value > 0:
                    hit.value *= UNDO


def _goes_wrong(hits: list[Found], phrases: Phrases, start: int) -> bool:
    """Whether something is blamed or in trouble from a word on."""
    blamed = any(hit.start >= start and hit.value < 0 for hit in hits)
    return blamed or any(at >= start and phrase.group in TROUBLE for at, _, phrase in phrases)


def _asked(words: list[Word], phrases: Phrases) -> list[range]:
    """The sentences that plainly ask how or whether something can be done."""
    groups = {phrase.group for _, _, phrase in phrases}
    if "how" not in groups or not groups.isdisjoint(_HEATED):
        return []
    asked = []
    for start, _, phrase in phrases:
        if phrase.group == "how" and (start == 0 or words[start - 1].stop):
            end = next((at for at in range(start, len(words)) if words[at].stop), len(words))
            if not any(word.role == "negation" for word in words[start:end]):
                asked.append(range(start, end))
    return asked


def _shortness(hit: tuple[int, int, Phrase]) -> int:
    return hit[0] - hit[1]


def _colour(words: list[Word], hit: Found, lang: str) -> None:
    """Stress, weaken or turn an opinion word by what stands before it (in Dutch also right after a single word)."""
    if hit.emoji:
        return
    for at in range(hit.start - 1, max(hit.start - 1 - NEGATION_REACH, -1), -1):
        word = words[at]
        if word.stop or word.role == "but" or word.fold == ",":
            break
        if word.role == "negation":
            hit.undone = True
        elif at == hit.start - 1 and word.role in ("more", "less"):
            hit.value *= 1.35 if word.role == "more" else 0.65
    after = words[hit.stop] if hit.stop < len(words) else None
    if lang == "nl" and after is not None and after.role == "negation" and hit.stop - hit.start == 1 and hit.value > 0:
        hit.undone = True
    if words[hit.start].upper:
        hit.value *= 1.2
    if hit.undone:
        hit.value *= UNDO


class Shown(NamedTuple):
    """The words of many texts one after the other, each text between two edges, which show nothing."""

    starts: Any
    """Where each text begins, its first edge."""
    flags: Any
    """The bits of each word."""
    marks: Any
    """How many "!" and "?" each word has."""

    def texts(self) -> tuple[Any, Any]:
        """For each word its text, and its place in it."""
        counts = np.diff(self.starts, append=len(self.flags))
        return np.repeat(np.arange(len(counts)), counts), np.arange(len(self.flags)) - np.repeat(
            self.starts + 1, counts
        )


def shown_by(texts: Sequence[Sequence[Word]]) -> Shown:
    """What the words of texts show."""
    rows = [row for words in texts for row in (_EDGE, *[(w.flags, *marks(w.fold)) for w in words], _EDGE)]
    flags, *bangs = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    counts = np.array([len(words) + 2 for words in texts])
    return Shown(np.cumsum(counts) - counts, flags, np.stack(bangs, axis=1))


_EDGE = (0, 0, 0)


def marks(fold: str) -> tuple[int, int]:
    """How many "!" and "?" a token has."""
    return (fold.count("!"), fold.count("?")) if fold[0] in "?!.…" else (0, 0)


def signs(
    words: Shown, hits: Sequence[Sequence[Found]], phrases: Sequence[Phrases]
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The numbers of `NAMES`, a row a text; `hits` and `phrases` are what was found in each text."""
    there = np.add.reduceat((words.flags[:, None] >> np.arange(BITS)) & 1, words.starts)
    has, n = (there > 0).astype(float), np.diff(words.starts, append=len(words.flags)) - 2
    shout, ask = (np.minimum(np.add.reduceat(words.marks, words.starts), (3, 2)) / (3, 2)).T
    said = _said(words, hits, n)
    (p, m), counts = said["{}_sum"].T, said["{}_count"]
    columns = {name.format(side): both[:, at] for name, both in said.items() for at, side in enumerate(_SIDES)}
    columns |= {name: has[:, _at(bit)] for name, bit in _SHOWN.items()}
    columns |= {name: np.minimum(there[:, _at(bit)], most) / unit for name, (bit, most, unit) in _COUNTED.items()}
    columns |= _cued(phrases)
    columns |= {
        "positive_sum": np.minimum(p, 3.0), "negative_sum": np.minimum(m, 3.0), "length": np.log1p(n) / 4,
        "exclamation": shout, "question": ask, "no_opinion": ~(counts > 0).any(1), "both": (counts > 0).all(1),
        "balance": (p - m) / (p + m + 0.5),
        "glad_exclamation": shout * (p > m), "cross_exclamation": shout * (m > p), "cross_question": ask * m,
        "glad_question": ask * p,
    }  # fmt: skip
    columns["asks_only"] = columns["asks"] * columns["no_opinion"]
    return np.stack([columns[name] for name in NAMES], axis=1, dtype=np.float64)


_SIDES = ("positive", "negative")
_SHOWN = {
    "dots": DOTS,
    "stretched": STRETCHED,
    "link": LINK,
    "mention": ACCOUNT,
    "hashtag": TAG,
    "digits": DIGIT,
    "but": BUT,
}
_COUNTED = {
    "capitals": (UPPER, 4, 4), "more": (MORE, 3, 1), "me": (ME, 3, 1), "you": (YOU, 3, 1),
    "negations": (NEGATION, 3, 1),
}  # fmt: skip
"""Signs that count words: their bit, how many count, and what is one."""


def _at(bit: int) -> int:
    """The column of a bit."""
    return bit.bit_length() - 1


def _said(words: Shown, hits: Sequence[Sequence[Found]], n: Any) -> dict[str, Any]:
    """By the names of signs, what the opinion words of each text add up to: the positive, and the negative."""
    flat = [(at, h.start, h.value, h.undone, h.emoji) for at, found_ in enumerate(hits) for h in found_]
    texts, start, value, undone, emoji = np.array(flat, dtype=np.float64).reshape(-1, 5).T
    at = texts.astype(np.intp)
    size, long = np.abs(value), n[at]
    cell: Any = 2 * at + (value < 0)

    def added(which: Any, cells: Any = cell) -> Any:
        return np.bincount(cells, which, 2 * len(n)).reshape(-1, 2)

    largest = np.zeros(2 * len(n))
    np.maximum.at(largest, cell, size)
    whole = added(size)
    return {
        "{}_mean": whole / np.sqrt(np.maximum(n, 1))[:, None], "{}_sum": whole, "{}_max": largest.reshape(-1, 2),
        "{}_count": np.log1p(added(np.ones(len(at)))), "undone_{}": added(size * undone, cell ^ 1),
        "end_{}": added(size * (3 * start >= 2 * long)), "start_{}": added(size * (3 * start < long)),
        "but_{}": added(size * (start > _turns(words)[at])), "strong_{}": added(size >= 0.75),
        "emoji_{}": added(size * emoji), "single_{}": np.where(n[:, None] < 6, whole, 0.0),
    }  # fmt: skip


def _turns(words: Shown) -> Any:
    """Where the last "but" of each text stands; past every word where there is none."""
    turn = words.flags & BUT > 0
    owners, places = words.texts()
    last = np.full(len(words.starts), len(words.flags))
    last[owners[turn]] = places[turn]
    return last


_CUES = ("trouble", "grave", "asks", "wishes", "leaves", "reports", "thanks", "wants")
_CUE_OF = {group: _CUES.index(names[0]) for group, names in SIGNS_OF.items()}


def _cued(phrases: Sequence[Phrases]) -> dict[str, Any]:
    """What the cues tell of trouble, questions, wishes, goodbyes, reports and thanks."""
    wide = len(_CUES)
    cells = [
        at * wide + _CUE_OF[phrase.group]
        for at, found_ in enumerate(phrases)
        for _, _, phrase in found_
        if phrase.group in _CUE_OF
    ]
    counts = np.bincount(np.array(cells, dtype=np.intp), minlength=len(phrases) * wide).reshape(-1, wide)
    return dict(zip(_CUES, (counts > 0).T, strict=True)) | {"troubles": np.log1p(counts[:, 0])}
