"""Answers as a comment on a WordPress blog, through its REST interface with an application password.

Keys: `user`, `password` (an application password), and `url` where the site is not the source's own.
WordPress refuses the same words by the same author in the same place (409), so trying again is safe.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from html import escape
from typing import Any

from desk.channels._http import Answer, Site, address_of, keys, letters, link, without_markup, word
from desk.errors import SendError, SendUncertain
from storage.types import Mention, Receipt, Reply

needs = ("user", "password")
takes = ("url",)
tells_duplicates = True
at_desk = False
limit: int | None = 65_525
"""wp_comments.comment_content is a TEXT of 65,535 bytes; WordPress itself allows 65,525."""

API = "/wp-json/wp/v2/comments"


def length(text: str) -> int:
    """The text as WordPress measures it: in bytes of what it stores."""
    return len(as_html(text).encode("utf-8", "replace"))


def as_html(text: str) -> str:
    """The text as WordPress wants it, so that <b> and a < b stand there as they were written."""
    return escape(text, quote=False)


def send(reply: Reply, mention: Mention, options: Mapping[str, Any]) -> Receipt:
    """Posts the comment under the mention. Raises `SendError` or `SendUncertain` with what to do."""
    user, password = keys(options, "user", "password")
    login = b64encode(f"{user}:{password}".encode()).decode()
    site = Site(
        address_of(options, r"/(?:comments/)?feed\b|/wp-json\b"),
        options,
        headers={"Authorization": f"Basic {login}"},
        secrets=(password, login),
    )
    place = _place(site, mention)
    try:
        answer = site.hand_over(API, json={**place, "content": as_html(reply.text)}, ok=(201, 409))
    except SendUncertain:
        if standing := _standing(site, place, reply):
            return standing
        raise
    if answer.status == 409:
        told = "The site says that it has this comment already; it may wait for its moderator."
        return _standing(site, place, reply) or Receipt(sentence=told)
    return _receipt(site, answer)


def _place(site: Site, mention: Mention) -> dict[str, int]:
    """The blog post, and the comment that is answered, by number."""
    comment = re.fullmatch(r"comment-(\d{1,18})", mention.external_id) or re.search(
        r"#comment-(\d{1,18})$", mention.url
    )
    if comment:
        post = word(site.look(f"{API}/{comment[1]}").data, "post")
        if not post.isdecimal():
            raise SendError(f"{site.host} did not say which post comment {comment[1]} is under; nothing was sent.")
        return {"post": int(post), "parent": int(comment[1])}
    found = re.fullmatch(r"post-(\d{1,18})", mention.external_id) or re.search(r"[?&]p=(\d{1,18})", mention.external_id)
    if found is None:
        raise SendError("Which blog post this is cannot be told; answer it in the browser.")
    return {"post": int(found[1])}


def _standing(site: Site, place: Mapping[str, int], reply: Reply) -> Receipt | None:
    """The comment of ours with these words, where the site shows that it stands there."""
    rows: Any = None
    with suppress(SendError):
        us = word(site.look("/wp-json/wp/v2/users/me").data, "id")
        rows = site.look(f"{API}?post={place['post']}&parent={place.get('parent', 0)}&per_page=50&order=desc").data
    for row in rows if isinstance(rows, list) else []:
        is_ours = us and word(row, "author") == us
        if is_ours and letters(without_markup(word(row, "content", "rendered"))) == letters(reply.text):
            number = f"comment-{word(row, 'id')}"
            return Receipt(url=link(word(row, "link")), external_id=number, sentence="It stands there already.")
    return None


def _receipt(site: Site, answer: Answer) -> Receipt:
    number = word(answer.data, "id")
    if not number:
        raise site.unsaid()
    held = "" if word(answer.data, "status") in ("", "approved") else " It waits for the site's moderator."
    return Receipt(url=link(word(answer.data, "link")), external_id=f"comment-{number}", sentence=f"Posted.{held}")
