"""Answers in a topic of a Discourse forum, through its API.

Keys: `key` and `user` (an API key that an administrator gave, and the account it answers as), or `user_key` (a User API
key); `url` where the forum is not the source's own. Discourse gives the post that is there when the same request comes
again within two minutes by API key; else the end of the topic is looked at first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from desk.channels._http import Site, address_of, keys, letters, without_markup, word
from desk.errors import SendError, SendUncertain
from storage.types import Mention, Receipt, Reply

needs: tuple[str, ...] = ()
takes = ("key", "user", "user_key", "url")
tells_duplicates = True
at_desk = False
limit: int | None = 32_000
"""max_post_length, as Discourse comes."""

_PLACE = re.compile(r"/t/(?:[^/\d][^/]*/|\d+[^/\d][^/]*/)?(\d{1,18})(?:/(\d{1,9}))?(?:[/?#.]|$)")
"""/t/SLUG/TOPIC/POST, the slug and the post number left out or not."""


REMEMBERED = timedelta(minutes=1)
"""For how long the forum is trusted to know our request; it keeps it for two minutes."""

LAST = 30
"""Posts at the end of a topic among which ours is looked for."""


def send(reply: Reply, mention: Mention, options: Mapping[str, Any]) -> Receipt:
    """Posts the reply under the post it answers. Raises `SendError` or `SendUncertain` with what to do."""
    site = _site(options)
    topic, number = _place(mention)
    is_known = "Api-Key" in site.headers and datetime.now(UTC) - reply.created_at < REMEMBERED
    if not is_known and (standing := _standing(site, topic, reply)):
        return standing
    answered = {"reply_to_post_number": number} if number > 1 else {}
    try:
        said = site.hand_over("/posts.json", json={"topic_id": topic, "raw": reply.text, **answered}).data
        if word(said, "action") == "enqueued":
            return Receipt(sentence="Posted. It waits for the forum's moderator.")
        return _receipt(site, topic, said, "Posted.")
    except SendUncertain:
        with suppress(SendError):
            if standing := _standing(site, topic, reply):
                return standing
        raise


def _receipt(site: Site, topic: int, post: Any, sentence: str) -> Receipt:
    """Where a post stands, by the identity under which the forum is read."""
    place = word(post, "post_number")
    if not place.isdecimal():
        raise site.unsaid()
    slug = word(post, "topic_slug")
    slug = slug if re.fullmatch(r"[\w-]{1,200}", slug) else "-"
    return Receipt(url=f"{site.base}/t/{slug}/{topic}/{place}", external_id=f"{topic}/{place}", sentence=sentence)


def _standing(site: Site, topic: int, reply: Reply) -> Receipt | None:
    """Our post with these words, where it stands among the last of the topic."""
    us = word(site.look("/session/current.json").data, "current_user", "username")
    ids = [each for each in _list(site.look(f"/t/{topic}.json").data, "stream") if isinstance(each, int)][-LAST:]
    wanted = "&".join(f"post_ids[]={each}" for each in ids)
    for row in _list(site.look(f"/t/{topic}/posts.json?{wanted}").data, "posts"):
        is_ours = us and word(row, "username") == us
        if is_ours and letters(without_markup(word(row, "cooked"))) == letters(reply.text):
            return _receipt(site, topic, row, "It stands there already.")
    return None


def _list(topic: Any, name: str) -> list[Any]:
    stream = topic.get("post_stream") if isinstance(topic, dict) else None
    found = stream.get(name) if isinstance(stream, dict) else None
    return found if isinstance(found, list) else []


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
