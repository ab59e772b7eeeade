"""Blogger: posts and comments of a blog by its two feeds, and the comment feed of each post."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from listener.sources import feed
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post

PER_PAGE = 100
"""Posts or comments asked for at once; Blogger gives 150 at most."""
_POST_ID = re.compile(r"\.post-(\d{1,30})\Z")


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The posts and the comments that changed last; on the first visit older pages may follow."""
    parts = urlsplit(source.url)
    base = f"{parts.scheme}://{parts.netloc}"
    carry = {} if memory.get("read") else {"older": feed.OLDER_PAGES}
    return [
        Link(url=f"{base}/feeds/{name}/default?orderby=updated&max-results={PER_PAGE}", carry=carry)
        for name in ("posts", "comments")
    ]


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """Reads a feed of posts or comments; a comment among the newest leads to all comments of its post.

    Options: those of `feed`. Posts and comments go by Blogger's numbers in `tag:` addresses.
    """
    reading = feed.read(page, link, source)
    if "/feeds/comments/" not in page.url:
        return reading
    newest: dict[str, Post] = {}
    for post in reading.posts:
        newest.setdefault(post.conversation_id, post)
    base = page.url.split("/feeds/")[0]
    links = [
        Link(
            url=f"{base}/feeds/{number.group(1)}/comments/default?max-results=500",
            role="comments",
            conversation=thread,
            stamp=post.external_id,
            carry={"url": post.conversation_url},
        )
        for thread, post in newest.items()
        if (number := _POST_ID.search(thread))
    ]
    return replace(reading, links=(*links, *reading.links))
