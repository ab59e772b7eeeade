"""Steps whose time a stranger's page decides: they are left to a process with limits, where there is one."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_is_light = ContextVar("is_light", default=False)
_is_limited = ContextVar("is_limited", default=False)


class Heavy(Exception):
    """Reading goes no further here: what is next needs limits."""


class Unloaded(BaseException):
    """Reading goes no further before the library of this name is imported; no `except Exception` of a kind keeps it."""


@contextmanager
def light_only() -> Iterator[None]:
    """Within this, in this thread, a step that needs limits is not begun."""
    before = _is_light.set(True)
    try:
        yield
    finally:
        _is_light.reset(before)


def needs_limits() -> None:
    """To be called before a step that takes more than linear time of some page. Raises `Heavy` in `light_only`."""
    if _is_light.get():
        raise Heavy


@contextmanager
def limited() -> Iterator[None]:
    """Within this nothing large is imported, for the limits are those of a page."""
    before = _is_limited.set(True)
    try:
        yield
    finally:
        _is_limited.reset(before)


def library(name: str) -> Any:
    """A module that is slow to import and seldom needed. Raises `Unloaded` where it would be imported in `limited`."""
    if name not in sys.modules and _is_limited.get():
        raise Unloaded(name)
    return importlib.import_module(name)
