"""Steps whose time a stranger's page decides: they are left to a process with limits, where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_is_light = ContextVar("is_light", default=False)


class Heavy(Exception):
    """Reading goes no further here: what is next needs limits."""


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
