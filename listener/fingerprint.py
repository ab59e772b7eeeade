"""When two texts are one: a key that is equal for nearly the same words, whatever a site made of them.

A short text has the key of its words in their order. Of a longer one the key is a sample of its words, chosen by their
hash (Broder 1997): texts that share a part J of their words have the same key with a chance of J to the fifth, so that
a text of 60 words with one of them changed keeps its key five times in six, and texts that share half of their words
are taken for one in 3 of 100 cases. Nothing is merged by it: each post stays, and names the others.
"""

from __future__ import annotations

import hashlib
import re

from storage.query import fold
from storage.types import Post

FEWEST = 8
"""Words a text needs before being the same says anything: "Dank je wel!" is not a copy of "dank je wel"."""
LONG = 20
"""Different words from which on a text is known by a sample of them."""
SAMPLE = 5
"""Words in the sample."""

_LINK = re.compile(r"(?:https?://|www\.)\S+")


def of(post: Post) -> str:
    """The key of a post's own words, quoted lines and links left out; "" for a text too short to tell."""
    own = "\n".join(line for line in post.text.splitlines() if not line.startswith(">"))
    words = fold.tokens(_LINK.sub(" ", own))
    if len(words) < FEWEST:
        return ""
    different = set(words)
    if len(different) >= LONG:
        words = sorted(different, key=_hash)[:SAMPLE]
    return _hash(" ".join(words))[:24]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
