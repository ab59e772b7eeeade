"""The shelf of source kinds: each module here is one, under its own name; `package.module` names one elsewhere."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from types import ModuleType
from typing import cast

from listener.types import Kind, SourceSpec


def names() -> list[str]:
    """The short names of the kinds on the shelf, in order."""
    return sorted(each.name for each in pkgutil.iter_modules(__path__) if not each.name.startswith("_"))


@cache
def _shelf() -> frozenset[str]:
    return frozenset(names())


def load(kind: str) -> Kind:
    """The kind of this short name, or found at `package.module` or `package.module:attribute`.

    Raises `ValueError` with one sentence where there is none, or where what is there is no kind of source.
    """
    if kind in _shelf():
        return cast(Kind, importlib.import_module(f"{__name__}.{kind}"))
    if "." not in kind:
        meant = get_close_matches(kind, names(), n=1)
        hint = f"did you mean {meant[0]!r}?" if meant else f"known are {', '.join(names())}."
        raise ValueError(f"There is no kind of source called {kind!r}; {hint}")
    return _elsewhere(kind)


def headers(kind: Kind, source: SourceSpec) -> Mapping[str, str] | None:
    """What the kind sends with each request for a source; None where it sends nothing of its own."""
    wanted = getattr(kind, "headers", None)
    return wanted(source) if wanted else None


def _elsewhere(kind: str) -> Kind:
    module_name, _, attribute = kind.partition(":")
    try:
        module: ModuleType = importlib.import_module(module_name)
        found = getattr(module, attribute) if attribute else module
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"The kind of source {kind!r} cannot be loaded: {error}.") from error
    if not (callable(getattr(found, "start", None)) and callable(getattr(found, "read", None))):
        raise ValueError(f"{kind!r} is no kind of source: it needs the functions start and read.")
    return cast(Kind, found)
