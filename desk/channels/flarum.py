"""Answers in a discussion of a Flarum forum, through its JSON:API.

Keys: `token` (an access token or API key), `user_id` (the account to answer as, where the token is an API key), `url`
where the forum is not the source's own. Flarum does not notice the same post sent twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from desk.channels._http import Site, address_of, keys, word
from desk.errors import SendError
from storage.types import Mention, Receipt, Reply

needs = ("token",)
takes = ("user_id", "url")
tells_duplicates = False
at_desk = False
limit: int | None = 62_800
"""Flarum takes 63,000 characters; the rest is for saying whom it answers."""


def send(reply: Reply, mention: Mention, options: Mapping[str, Any]) -> Receipt:
    """Posts the reply in the discussion. Raises `SendError` or `SendUncertain` with what to do."""
    (token,) = keys(options, "token")
    base = address_of(options, r"/(?:d|t|u|all|tags|api)(?:[/.]|$)")
    site = Site(base, options, headers={"Authorization": _login(token, options)}, secrets=(token,))
    discussion = _discussion(mention)
    data = {
        "type": "posts",
        "attributes": {"content": _addressed(reply.text, mention)},
        "relationships": {"discussion": {"data": {"type": "discussions", "id": discussion}}},
    }
    said = site.hand_over("/api/posts", json={"data": data}, ok=(201,)).data
    number, place = word(said, "data", "id"), word(said, "data", "attributes", "number")
    if not number:
        raise site.unsaid()
    approved = said["data"]["attributes"].get("isApproved", True) if place else True
    held = "" if approved else " It waits for the forum's moderator."
    url = f"{base}/d/{discussion}/{place}" if place.isdecimal() else None
    return Receipt(url=url, external_id=number, sentence=f"Posted.{held}")


def _login(token: str, options: Mapping[str, Any]) -> str:
    user = str(options.get("user_id") or "")
    if user and not user.isdecimal():
        raise SendError("reply.user_id must be the number of a Flarum account.")
    return f"Token {token}; userId={user}" if user else f"Token {token}"


def _addressed(text: str, mention: Mention) -> str:
    """The text with the mention in front of it that makes it an answer to a post: @"Name"#p12."""
    name = re.sub(r'["#\s]+', " ", mention.author or "").strip()[:100]
    if not (name and mention.external_id.isdecimal()):
        return text
    return f'@"{name}"#p{mention.external_id} {text}'


def _discussion(mention: Mention) -> str:
    if mention.conversation_external_id.isdecimal():
        return mention.conversation_external_id
    found = re.search(r"/d/(\d{1,18})", mention.conversation_url or mention.url)
    if found is None:
        raise SendError("Which discussion of the forum this is cannot be told; answer it in the browser.")
    return found[1]
