"""Answers in a topic of a NodeBB forum (1.15 and later), through its write API.

Keys: `token` (a bearer token: Settings, API access), `uid` (the account to answer as, where the token is a master
token), `url` where the forum is not the source's own. NodeBB does not notice the same post sent twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from desk.channels._http import Site, address_of, keys, word
from desk.errors import SendError
from storage.types import Mention, Receipt, Reply

needs = ("token",)
takes = ("uid", "url")
tells_duplicates = False
at_desk = False
limit: int | None = 32_767
"""maximumPostLength, as NodeBB comes."""


def send(reply: Reply, mention: Mention, options: Mapping[str, Any]) -> Receipt:
    """Posts the reply under the post it answers. Raises `SendError` or `SendUncertain` with what to do."""
    (token,) = keys(options, "token")
    base = address_of(options, r"/(?:topic|category|recent|unread|popular|tags?|user|api|post)(?:[/.]|$)")
    site = Site(base, options, headers={"Authorization": f"Bearer {token}"}, secrets=(token,))
    body: dict[str, Any] = {"content": reply.text, **_account(options)}
    if re.fullmatch(r"\d{1,18}|https?://\S{1,500}", mention.external_id):
        body["toPid"] = mention.external_id
    said = site.hand_over(f"/api/v3/topics/{_topic(mention)}", json=body).data
    if word(said, "response", "pid"):
        pid = word(said, "response", "pid")
        return Receipt(url=f"{base}/post/{pid}" if pid.isdecimal() else None, external_id=pid, sentence="Posted.")
    if isinstance(said.get("response"), dict) and said["response"].get("queued"):
        return Receipt(sentence="Posted. It waits for the forum's moderator.")
    raise site.unsaid()


def _topic(mention: Mention) -> str:
    if mention.conversation_external_id.isdecimal():
        return mention.conversation_external_id
    found = re.search(r"/topic/(\d{1,18})", mention.conversation_url or mention.url)
    if found is None:
        raise SendError("Which topic of the forum this is cannot be told; answer it in the browser.")
    return found[1]


def _account(options: Mapping[str, Any]) -> dict[str, int]:
    uid = str(options.get("uid") or "")
    if uid and not uid.isdecimal():
        raise SendError("reply.uid must be the number of a NodeBB account.")
    return {"_uid": int(uid)} if uid else {}
