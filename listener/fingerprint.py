"""When two posts are one: a key that is equal for the same words, whatever a site made of case, accents and spacing."""

from __future__ import annotations

import hashlib

from storage.query import fold
from storage.types import Post

FEWEST = 8
"""Words a text needs before being the same says anything: "Dank je wel!" is not a copy of "dank je wel"."""


def of(post: Post) -> str:
    """The key of a post's own words, quoted lines left out; "" for a text too short to tell."""
    own = "\n".join(line for line in post.text.splitlines() if not line.startswith(">"))
    words = fold.tokens(own)
    if len(words) < FEWEST:
        return ""
    return hashlib.sha256(" ".join(words).encode()).hexdigest()[:24]
