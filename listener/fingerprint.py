"""A sample of a text's words by which copies of it are looked for, whatever a site made of them: pure.

The bands are those of min-hash (Broder 1997; Leskovec, Rajaraman, Ullman: Mining of Massive Datasets, 3.4): texts that
share a part J of their runs of words share at least one of `BANDS` bands of `ROWS` minima with a chance of
1 - (1 - J^3)^12: 96 in 100 at J = 0.6, 27 at J = 0.3. Whether they are copies is then judged by `storage.likeness`.
"""

from __future__ import annotations

import hashlib
import zlib

import numpy as np

from storage import likeness
from storage.query import fold
from storage.types import Post

BANDS, ROWS = 12, 3
MOST_WORDS = 5_000
"""Words of a text that are looked at."""
_DICE = np.random.default_rng(20261122)
_FACTORS = _DICE.integers(1, 2**63, size=(BANDS * ROWS, 1), dtype=np.uint64) | np.uint64(1)
_TERMS = _DICE.integers(0, 2**63, size=(BANDS * ROWS, 1), dtype=np.uint64)
"""Multiply-shift hashing (Dietzfelbinger 1997), a hash function a line; bands are stored, so the seed stays."""


def of(post: Post) -> tuple[int, ...]:
    """The bands of a post's own words, quoted lines and links left out; none for a text too short to tell.

    A short text has one, of its words and its writer.
    """
    words = likeness.own_words(post.text)[:MOST_WORDS]
    if len(words) < likeness.FEWEST:
        return ()
    if len(words) < likeness.LONG:
        writer = " ".join(fold.tokens(post.author))
        return (_number(f"{writer}\n{' '.join(words)}".encode()),) if writer else ()
    whole = " ".join(words).encode()
    gaps = np.flatnonzero(np.frombuffer(whole, dtype=np.uint8) == ord(" ")).tolist()
    runs = zip([0, *[gap + 1 for gap in gaps]], [*gaps[likeness.RUN - 1 :], len(whole)], strict=False)
    hashes = np.array([zlib.crc32(whole[start:stop]) for start, stop in runs], dtype=np.uint64)
    minima = ((hashes * _FACTORS + _TERMS).min(axis=1) >> np.uint64(32)).tobytes()
    width = len(minima) // BANDS
    return tuple([_number(bytes([at]) + minima[at * width : (at + 1) * width]) for at in range(BANDS)])


def _number(data: bytes) -> int:
    """63 bits, as both databases hold them."""
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big") >> 1
