"""Answers in a topic of a Discourse forum, through its API.

Keys: `key` and `user` (an API key that an administrator gave, and the account it answers as), or `user_key` (a User API
key); `url` where the forum is not the source's own. Discourse recognises the same words for some minutes only, which is
too short to count on, so a reply whose answer was lost is looked for by a person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from desk.channels._http import Site, address_of, keys, word
from desk.errors import SendError
from storage.types import Mention, Receipt, Reply

needs: tuple[str, ...] = ()
takes = ("key", "user", "user_key", "url")
tells_duplicates = False
at_desk = False
limit: int | None = 32_000
"""max_post_length, as Discourse comes."""

_PLACE = re.compile(r"/t/(?:[^/\d][^/]*/|\d+[^/\d][^/]*/)?(\d{1,18})(?:/(\d{1,9}))?(?:[/?#.]|$)")
"""/t/SLUG/TOPIC/POST, the slug and the post number left out or not."""


def send(reply: Reply, mention: Mention, options: Mapping[str, Any]) -> Receipt:
    """Posts the reply under the post it answers. Raises `SendError` or `SendUncertain` with what to do."""
    site = _site(options)
    topic, number = _place(mention)
    answered = {"reply_to_post_number": number} if number > 1 else {}
    said = site.hand_over("/posts.json", json={"topic_id": topic, "raw": reply.text, **answered}).data
    if word(said, "action") == "enqueued":
        return Receipt(sentence="Posted. It waits for the forum's moderator.")
    place, where = word(said, "post_number"), word(said, "topic_id")
    if not (place and where):
        raise site.unsaid()
    slug = word(said, "topic_slug")
    slug = slug if re.fullmatch(r"[\w-]{1,200}", slug) else "-"
    address = f"{site.base}/t/{slug}/{where}/{place}"
    return Receipt(url=address, external_id=f"{where}/{place}", sentence="Posted.")


def _site(options: Mapping[str, Any]) -> Site:
    base = address_of(options, r"/(?:t|c|tags?|latest|top|new|posts|u|search|categories)(?:[/.]|$)")
    if options.get("user_key"):
        (key,) = keys(options, "user_key")
        return Site(base, options, headers={"User-Api-Key": key}, secrets=(key,))
    key, user = keys(options, "key", "user")
    return Site(base, options, headers={"Api-Key": key, "Api-Username": user}, secrets=(key,))


def _place(mention: Mention) -> tuple[int, int]:
    """The topic, and the number of the post in it; 0 where only the topic is known."""
    found = re.fullmatch(r"(\d{1,18})/(\d{1,9})", mention.external_id) or _PLACE.search(mention.url)
    if found is None:
        raise SendError("Which topic of the forum this is cannot be told; answer it in the browser.")
    return int(found[1]), int(found[2] or 0)
