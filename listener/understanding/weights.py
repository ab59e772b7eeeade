"""The trained numbers of the package: one compressed file of small integer tables with their scales."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import numpy as np


class Weights:
    """Named tables; int8 tables come with a scale and are given back as float32."""

    def __init__(self, tables: Mapping[str, np.ndarray[Any, Any]]) -> None:
        self._tables = dict(tables)

    def array(self, name: str) -> np.ndarray[Any, np.dtype[np.float32]]:
        """A table as float32."""
        table = self._tables[name].astype(np.float32)
        scale = self._tables.get(name + "/scale")
        return table if scale is None else table * scale.astype(np.float32)

    def columns(self, name: str) -> tuple[np.ndarray[Any, np.dtype[np.int8]], np.ndarray[Any, np.dtype[np.float64]]]:
        """A table as it is stored, small integers, and the scale of each column: a byte a number stays in the cache."""
        table, scale = self._tables[name], self._tables.get(name + "/scale")
        if scale is None:  # trained in this process and not packed yet, or too small to be packed
            scale = np.abs(table).max(axis=0) / 127 + 1e-12
            table = np.rint(table / scale).astype(np.int8)
        return table, scale.astype(np.float64)

    def raw(self, name: str) -> bytes:
        """A table of bytes."""
        return self._tables[name].tobytes()

    def text(self, name: str) -> str:
        """A table of text."""
        return self.raw(name).decode("utf-8")


def load() -> Weights:
    """The weights that the package carries."""
    packed = files("listener.understanding").joinpath("data", "weights.bin").read_bytes()
    with np.load(io.BytesIO(zlib.decompress(packed)), allow_pickle=False) as tables:
        return Weights({name: tables[name] for name in tables.files})


def pack(tables: Mapping[str, Any]) -> bytes:
    """The bytes of a weights file: float tables become int8 with a scale a column, bytes and text are kept.

    The same tables always give the same bytes (an npz written by numpy carries no clock).
    """
    small: dict[str, np.ndarray[Any, Any]] = {}
    for name, table in sorted(tables.items()):
        if isinstance(table, str | bytes):
            raw = table.encode("utf-8") if isinstance(table, str) else table
            small[name] = np.frombuffer(raw, dtype=np.uint8)
        elif table.ndim == 2 and len(table) > 512:
            scale = np.abs(table).max(axis=0) / 127 + 1e-12
            small[name] = np.rint(table / scale).astype(np.int8)
            small[name + "/scale"] = scale.astype(np.float32)
        else:
            small[name] = table.astype(np.float32)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **small)
    return zlib.compress(buffer.getvalue(), 9)
