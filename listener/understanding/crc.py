"""The CRC-32 of many short strings at once: of the letter groups in words, and of words put together."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

SIZES = (3, 4, 5)
"""Bytes in a letter group."""
FAR = 64
"""Bytes over which a CRC is carried on by one look into a table."""

Numbers = np.ndarray[Any, np.dtype[np.uint32]]
Places = np.ndarray[Any, np.dtype[np.intp]]

_BYTE = np.array([zlib.crc32(bytes([0xFF ^ value])) ^ 0xFF000000 for value in range(256)], dtype=np.uint32)
"""What each byte makes of an empty register: zlib begins with all bits set, and turns them in the end."""


class Groups:
    """All groups of `SIZES` neighbouring bytes in each of many words."""

    def __init__(self, words: Sequence[bytes]) -> None:
        lengths = np.fromiter(map(len, words), np.intp, len(words))
        self._bytes = np.frombuffer(b"".join(words) + bytes(max(SIZES)), dtype=np.uint8)
        self._word = np.repeat(np.arange(len(words)), lengths)
        self._left = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(self._word))

    def _steps(self) -> Iterator[tuple[np.ndarray[Any, np.dtype[np.uint8]], Any]]:
        """For each further byte of a group that one, for every place; and which groups of a wanted size end with it."""
        for at in range(max(SIZES)):
            yield self._bytes[at : at + len(self._word)], self._left > at if at + 1 in SIZES else None

    def crcs(self) -> tuple[Numbers, Places]:
        """The CRC-32 of each group, and in which word it is: small groups before large, else in order."""
        state = np.full(len(self._word), 0xFFFFFFFF, dtype=np.uint32)
        found = []
        for byte, ends in self._steps():
            state = _BYTE[(state ^ byte) & 0xFF] ^ (state >> 8)
            if ends is not None:
                found.append((~state[ends], self._word[ends]))
        return _joined(found)

    def keys(self) -> tuple[Any, Places]:
        """Each group itself as a number (its bytes, the first the lowest; none may be 0), and in which word it is."""
        state = np.zeros(len(self._word), dtype=np.uint64)
        found = []
        for at, (byte, ends) in enumerate(self._steps()):
            state |= byte.astype(np.uint64) << np.uint64(8 * at)
            if ends is not None:
                found.append((state[ends], self._word[ends]))
        return _joined(found)


def _joined(found: Sequence[tuple[Any, Places]]) -> tuple[Any, Places]:
    return np.concatenate([each for each, _ in found]), np.concatenate([words for _, words in found])


def _carried() -> Numbers:
    """What `count` zero bytes make of each byte of a CRC: count -> which byte -> its value -> CRC."""
    now = (np.arange(256, dtype=np.uint32) << np.array([[0], [8], [16], [24]], dtype=np.uint32)).astype(np.uint32)
    table = [now]
    for _ in range(FAR):
        now = _BYTE[now & 0xFF] ^ (now >> 8)
        table.append(now)
    return np.stack(table)


_CARRIED = _carried()


def together(first: Numbers, second: Numbers, lengths: Any) -> Numbers:
    """The CRC-32 of pairs of strings put together, from the CRC-32 of each and the bytes in the second.

    The sum over GF(2) of the second's and of the first's after so many zero bytes, as `crc32_combine` of zlib has it.
    """
    while (far := lengths > FAR).any():
        first = np.where(far, _after(first, FAR), first)
        lengths = np.where(far, lengths - FAR, lengths)
    return _after(first, lengths) ^ second


def _after(crcs: Numbers, count: Any) -> Numbers:
    t = _CARRIED
    carried: Numbers = (
        t[count, 0, crcs & 0xFF]
        ^ t[count, 1, (crcs >> 8) & 0xFF]
        ^ t[count, 2, (crcs >> 16) & 0xFF]
        ^ t[count, 3, crcs >> 24]
    )
    return carried
