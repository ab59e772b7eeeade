"""Tell what a writer wants from the cues in a text: several intents at once, each with the words that showed it."""

from __future__ import annotations

from listener.understanding.sentiment import Reading

GUARDS = {
    "stay": "churn", "no_thanks": "thanks", "not_outage": "outage", "my_job": "job", "not_safety": "safety",
    "not_legal": "legal", "not_media": "media",
}  # fmt: skip
"""Groups of phrases that only look like the cues they stand over."""
URGENCIES = (
    "safety", "privacy", "fraud", "legal", "media", "outage", "vulnerable", "deadline", "money", "repeat",
    "churn", "waiting",
    "problem", "direct",
)  # fmt: skip
Cues = dict[str, list[str]]


def cues(reading: Reading) -> Cues:
    """Group -> the phrases of it in the text, those under a guard left out."""
    out: Cues = {}
    guarded = [(a, b, GUARDS[p.group]) for a, b, p in reading.phrases if p.group in GUARDS]
    for start, stop, phrase in reading.phrases:
        group = phrase.group
        if group == "opinion" or any(g == group and a <= start and stop <= b for a, b, g in guarded):
            continue
        if phrase.text not in (known := out.setdefault(group, [])):
            known.append(phrase.text)
    return out


INTENTS = (
    "question", "complaint", "compliment", "purchase", "churn", "idea", "error", "outage", "thanks", "news",
    "job", "spam",
)  # fmt: skip
GROUPS = (
    "q_open", "q_ask", "rhetoric", "polite", "problem", "waiting", "no_answer", "rude", "churn", "stay",
    "thanks", "no_thanks",
    "solved", "praise", "idea", "error", "outage", "not_outage", "purchase", "bought", "news", "job",
    "my_job", "spam", "safety",
    "privacy", "fraud", "legal", "media", "vulnerable", "deadline", "money", "repeat", "direct",
)  # fmt: skip
FEATURES = (
    "bias", *GROUPS, *(f"more {g}" for g in GROUPS), "negative", "positive", "mark", "opens", "me", "you",
    "link", "length", "short",
    "exclamation", "hashtag", "number", "ordered",
)  # fmt: skip
"""What an intent is judged by: each group of cues (there at all; how many more), and a few numbers of the text."""
ASK = frozenset({"q_open", "q_ask"})


def features(reading: Reading, seen: Cues, ordered: float = 0.0) -> list[float]:
    """The numbers of `FEATURES`. `ordered`: how much the order of the words is that of a question."""
    words = reading.words
    first = {w.fold[0] for w in words}
    roles = {w.role for w in words}
    counts = [len(seen.get(g, ())) for g in GROUPS]
    opens = any(
        p.group == "q_open" and (a == 0 or words[a - 1].stop or words[a - 1].fold == ",") for a, _, p in reading.phrases
    )
    return [
        1.0, *[float(c > 0) for c in counts], *[min(c, 4) - 1.0 if c > 1 else 0.0 for c in counts],
        reading.shares[0], reading.shares[2], float("?" in first), float(opens), float("me" in roles),
        float("you" in roles),
        float(any(w.link for w in words)), min(len(words), 60) / 60, float(len(words) < 5), float("!" in first),
        float("#" in first), float(any(c.isdigit() for c in first)), ordered,
    ]  # fmt: skip


SHOWN: dict[str, tuple[str, ...]] = {
    "question": ("q_ask", "q_open"), "complaint": ("rude", "problem", "waiting", "no_answer", "repeat", "money"),
    "compliment": ("praise", "thanks"), "thanks": ("thanks",),
    **{name: (name,) for name in ("purchase", "churn", "idea", "error", "outage", "news", "job", "spam")},
}  # fmt: skip
"""The groups whose phrases are shown as the reason of an intent."""
