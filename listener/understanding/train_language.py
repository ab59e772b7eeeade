"""Boil py3langid's model (BSD-3) down to the letter groups and languages that matter here."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

OURS = ("nl", "en", "de", "fr")
OTHERS = (
    "es", "it", "pt", "ca", "ro", "sv", "da", "no", "fi", "et", "pl",
    "cs", "sk", "sl", "hr", "hu", "tr", "id", "sq", "lt", "lv",
)  # fmt: skip
"""Languages in Latin script that a Dutch or English source shows now and then; together they are "other".

Afrikaans, Frisian and Luxembourgish are left out: short Dutch and German texts would fall to them.
"""
KEPT = 30_000
"""Letter groups kept, those that tell most."""


def language_tables() -> dict[str, Any]:
    """The tables of the language model."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    model = LanguageIdentifier.from_model_file(MODEL_FILE)
    names = [*OURS, *OTHERS]
    columns = [model.nb_classes.index(name) for name in names]
    table = np.asarray(model.nb_ptc, dtype=np.float32)[:, columns]
    table -= table.mean(axis=1, keepdims=True)
    groups = _groups(model)
    told = {g: float(np.abs(table[f][:4]).max() + table[f].std()) * _weight(g) for g, f in groups.items() if _latin(g)}
    kept = sorted(sorted(told, key=lambda g: (-told[g], g))[:KEPT])
    return {
        "language.names": " ".join(names),
        "language.grams": b"\n".join(kept),
        "language.table": table[[groups[g] for g in kept]],
        "language.prior": np.zeros(len(names), dtype=np.float32),
    }


def _weight(group: bytes) -> float:
    """Short groups and word edges are met more often."""
    return {3: 2.0, 4: 1.4, 5: 1.0}[len(group)] * (1.3 if b" " in group else 1.0)


def _latin(group: bytes) -> bool:
    """Whether a group is of a length we use and of letters (UTF-8) that these languages use."""
    return 3 <= len(group) <= 5 and all(chr(c).isalpha() if c < 0x80 else c < 0xC6 for c in group.replace(b" ", b"e"))


def _groups(model: Any) -> dict[bytes, int]:
    """Letter group -> feature number: the shortest way to each state of the model's automaton."""
    step, base, out = model.tk_nextmove, model._rowbase, model.tk_output
    seen, queue, groups = {0: b""}, deque([0]), {}
    while queue:
        state = queue.popleft()
        if out[state] >= 0:
            groups[seen[state]] = out[state]
        for byte in range(256):
            there = step[base[state] + byte]
            if there not in seen:
                seen[there] = seen[state] + bytes([byte])
                queue.append(there)
    return groups
