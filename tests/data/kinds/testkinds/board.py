"""A kind of source that is as simple as can be: JSON lists of threads, and of the posts in each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from listener.errors import ReadError
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post

LISTS_ALL = True


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The list."""
    return [Link(url=source.url)]


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """Threads of a list, or posts of a thread."""
    try:
        said = json.loads(page.body)
    except ValueError:
        raise ReadError(f"{page.url} is no board.") from None
    base = source.url.rsplit("/", 1)[0]
    links = tuple(
        Link(url=f"{base}/thread/{row['id']}", role="thread", conversation=row["id"], stamp=row["stamp"])
        for row in said.get("threads", ())
    )
    return Reading(posts=tuple(_post(base, link, row) for row in said.get("posts", ())), links=links)


def _post(base: str, link: Link, row: dict[str, Any]) -> Post:
    return Post(
        external_id=row["id"],
        url=f"{base}/thread/{link.conversation}#{row['id']}",
        title=row.get("title", ""),
        text=row["text"],
        author=row.get("author", "marieke"),
        conversation_id=row.get("conversation", link.conversation),
        published_at=datetime.fromisoformat(row.get("at", "2026-11-22T09:00:00+00:00")),
    )
