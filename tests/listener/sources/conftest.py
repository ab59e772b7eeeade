"""A page from a file of `tests/data/sources`, as if it had just been fetched."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from listener.types import Page

PAGES = Path(__file__).parents[2] / "data" / "sources"


@pytest.fixture
def page() -> Callable[..., Page]:
    """Makes a page of a file's bytes, or of `body`, found at `url` at noon UTC on Sunday 22 November 2026."""

    def make(url: str, file: str = "", body: bytes = b"", content_type: str = "text/html") -> Page:
        return Page(
            url=url,
            status=200,
            headers={"content-type": content_type},
            body=(PAGES / file).read_bytes() if file else body,
            fetched_at=datetime(2026, 11, 22, 12, tzinfo=UTC),
        )

    return make
