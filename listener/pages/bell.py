"""A topic that is a source: its last page tells whether anything moved, and only then all of it is read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from listener.errors import is_gone
from listener.pages.markup import web_url
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post

MOST_STEPS = 6
"""Pages gone through on the way to the last."""


def ring(posts: Sequence[Post], page: Page, link: Link, later: str) -> Reading:
    """From a page of a topic to a later one; from the last to the whole topic, stamped with what that page says.

    Pages that go in circles, or on and on, end at the one where that is seen.
    """
    before = [*link.carry.get("before", ()), link.url]
    if later and later not in before and len(before) < MOST_STEPS:
        return Reading(links=(Link(url=later, role="last", carry={"before": before}),))
    said = "\n".join(f"{post.external_id} {post.author}: {post.text}" for post in posts)
    whole = Link(
        url=posts[0].conversation_url,
        role="conversation",
        conversation=posts[0].conversation_id,
        stamp=hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:16],
    )
    return Reading(links=(whole,), memory={"last": page.url})


def entrance(link: Link, error: Exception, source: SourceSpec) -> list[Link]:
    """The address of a topic where the page that was its last is not there any more; nothing for other troubles."""
    is_lost = link.role == "last" and is_gone(error)
    return [Link(url=web_url(source.url, source.url), role="last")] if is_lost else []
