"""What an installation learnt on top of the default: small tables that are added to the default's scores."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import math
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from listener.understanding.intents import INTENTS
from listener.understanding.signs import NAMES
from listener.understanding.words import bucket

SIZE = 1 << 13
"""Rows of a table for hashed words and pairs of words, the bias last; a row for each sign of the whole text follows."""
COLUMNS = ("negative", "positive", "relevant", *INTENTS)
"""What a table speaks of: log-odds to add."""
FORMAT = "webcare layer 2"


def rows(folds: Sequence[str]) -> list[int]:
    """The rows of a text in a table: its words and its pairs of words."""
    return [
        *(bucket(w, SIZE - 1) for w in folds),
        *(bucket(a + " " + b, SIZE - 1) for a, b in itertools.pairwise(folds)),
    ]


class Layer:
    """One version of what was learnt: a table for each language that learnt something."""

    def __init__(
        self,
        tables: Mapping[str, np.ndarray[Any, np.dtype[np.float32]]],
        priorities: Mapping[str, Mapping[str, float]] | None = None,
    ) -> None:
        self.tables = dict(tables)
        self.priorities = dict(priorities or {})
        """Language -> what each reason of a priority is worth more (or less) here."""
        said = [k.encode() + v.tobytes() for k, v in sorted(self.tables.items())]
        digest = hashlib.sha256(b"".join([*said, self._said().encode()]))
        self.version = digest.hexdigest()[:8] if self.tables or self.priorities else ""
        """Names the layer; "" where nothing was learnt."""

    def _said(self) -> str:
        return json.dumps(self.priorities, sort_keys=True)

    def points(
        self, lang: str | None, folds: Sequence[str], signs: Sequence[float]
    ) -> np.ndarray[Any, np.dtype[np.float32]] | None:
        """What to add to each of `COLUMNS` for a text; None where the language learnt nothing."""
        table = self.tables.get(lang or "")
        if table is None or not folds:
            return None
        points: np.ndarray[Any, np.dtype[np.float32]] = (
            table[rows(folds)].sum(0) / math.sqrt(len(folds) + 1) + table[SIZE - 1] + np.array(signs) @ table[SIZE:]
        )
        return points

    def to_bytes(self) -> bytes:
        """The layer to be stored; the same layer always gives the same bytes."""
        buffer = io.BytesIO()
        named: dict[str, Any] = {f"t.{lang}": table for lang, table in self.tables.items()}
        np.savez(buffer, allow_pickle=False, format=np.array(FORMAT), priorities=np.array(self._said()), **named)
        return zlib.compress(buffer.getvalue(), 9)

    @classmethod
    def from_bytes(cls, stored: bytes) -> Layer:
        """A stored layer. Raises `ValueError` with one sentence where the bytes are not one of this program."""
        try:
            with np.load(io.BytesIO(zlib.decompress(stored)), allow_pickle=False) as found:
                tables = {name[2:]: found[name].astype(np.float32) for name in found.files if name.startswith("t.")}
                known = str(found["format"]) == FORMAT
                priorities = json.loads(str(found["priorities"])) if known else {}
        except (zlib.error, OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as fault:
            raise ValueError("The learnt layer cannot be read: train it again.") from fault
        if not known or any(table.shape != (SIZE + len(NAMES), len(COLUMNS)) for table in tables.values()):
            raise ValueError("The learnt layer is of another version of this program: train it again.")
        return cls(tables, priorities)
