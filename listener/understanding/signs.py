"""Turn a text into the same few dozen numbers in every language: what its opinion words add up to, and where."""

from __future__ import annotations

import math
from dataclasses import dataclass

from listener.understanding.lists import Phrase
from listener.understanding.words import ACCOUNT, ASK, DIGIT, DOTS, LINK, SHOUT, STRETCHED, TAG, UPPER, Word

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


@dataclass(slots=True)
class Found:
    """An opinion word where it stands: first token, one past the last, and its value after negation and stress."""

    start: int
    stop: int
    value: float
    undone: bool = False
    emoji: bool = False


def found(words: list[Word], phrases: list[tuple[int, int, Phrase]], lang: str) -> list[Found]:
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
    hits.sort(key=lambda hit: hit.start)
    return [hit for hit in hits if hit.value]


def _shortness(hit: tuple[int, int, Phrase]) -> int:
    return hit[0] - hit[1]


def _colour(words: list[Word], hit: Found, lang: str) -> None:
    """Stress, weaken or turn an opinion word by what stands before it (in Dutch also right after a single word)."""
    if hit.emoji:
        return
    for at in range(hit.start - 1, max(hit.start - 1 - NEGATION_REACH, -1), -1):
        word = words[at]
        if word.stop or word.role == "but":
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


def signs(words: list[Word], hits: list[Found], shown: int, phrases: list[tuple[int, int, Phrase]]) -> list[float]:
    """The numbers of `NAMES` for a text; `shown` is all the bits of its words, `phrases` all that was found in it."""
    n = len(words)
    good, bad = [h.value for h in hits if h.value > 0], [-h.value for h in hits if h.value < 0]
    sums = _sums(hits, n)
    p, m = sums[:2]
    roles = [w.role for w in words if w.role]
    shout, ask = _marks(words) if shown & (SHOUT | ASK) else (0.0, 0.0)
    capitals = min([w.upper for w in words].count(True), 4) / 4 if shown & UPPER else 0.0
    root = math.sqrt(n or 1)
    return [
        p / root, m / root, min(p, 3.0), min(m, 3.0), max(good, default=0.0), max(bad, default=0.0),
        math.log1p(len(good)), math.log1p(len(bad)), *sums[2:8], *_turn(words, hits, roles),
        len([1 for v in good if v >= 0.75]), len([1 for v in bad if v >= 0.75]), shout, ask, float(shown & DOTS > 0),
        capitals, float(shown & STRETCHED > 0), float(shown & LINK > 0), float(shown & ACCOUNT > 0),
        float(shown & TAG > 0),
        math.log1p(n) / 4, float(not hits), float(bool(good and bad)), (p - m) / (p + m + 0.5),
        shout * (p > m), shout * (m > p), ask * m, ask * p,
        min(roles.count("more"), 3), min(roles.count("me"), 3), min(roles.count("you"), 3), *sums[8:],
        min(roles.count("negation"), 3), float(shown & DIGIT > 0), p if n < 6 else 0.0, m if n < 6 else 0.0,
        *_cued([phrase.group for _, _, phrase in phrases], not hits),
    ]  # fmt: skip


def _sums(hits: list[Found], n: int) -> list[float]:
    """What is positive and what negative: in all, turned by a negation, in the last third, in the first, in emoji."""
    sums = [0.0] * 10
    for hit in hits:
        side, size = (0, hit.value) if hit.value > 0 else (1, -hit.value)
        sums[side] += size
        if hit.undone:  # named after what it was
            sums[3 - side] += size
        if 3 * hit.start >= 2 * n:
            sums[4 + side] += size
        if 3 * hit.start < n:
            sums[6 + side] += size
        if hit.emoji:
            sums[8 + side] += size
    return sums


def _cued(groups: list[str], silent: bool) -> tuple[float, ...]:
    """What the cues tell of trouble, questions, wishes, goodbyes, reports and thanks."""
    if not groups:
        return (0.0,) * 10
    seen = set(groups)
    trouble = [group for group in groups if group in TROUBLE]
    asks = not seen.isdisjoint(ASKS)
    return (
        float(bool(trouble)), math.log1p(len(trouble)), float(not seen.isdisjoint(GRAVE)), float(asks),
        float("idea" in seen), float("churn" in seen), float(not seen.isdisjoint(REPORTS)), float("thanks" in seen),
        float("purchase" in seen), float(asks and silent),
    )  # fmt: skip


def _marks(words: list[Word]) -> tuple[float, float]:
    """How much a text shouts and asks, 0 to 1."""
    marks = "".join([w.fold for w in words if w.flags & (SHOUT | ASK)])
    return min(marks.count("!"), 3) / 3, min(marks.count("?"), 2) / 2


def _turn(words: list[Word], hits: list[Found], roles: list[str]) -> tuple[float, float, float]:
    """Positive and negative after the last "but", and whether there is one."""
    if "but" not in roles:
        return 0.0, 0.0, 0.0
    last = max(at for at, word in enumerate(words) if word.role == "but")
    after = [h.value for h in hits if h.start > last]
    return sum(v for v in after if v > 0), -sum(v for v in after if v < 0), 1.0
