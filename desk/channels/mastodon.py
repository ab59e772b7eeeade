"""Answers a status on Mastodon, or on what speaks its API.

Keys: `token` (an access token with read and write:statuses), `visibility` (public, unlisted, private or direct; else
that of the status answered), `url` where our account lives on another server than the source. The reply carries an
idempotency key, which Mastodon remembers for an hour; for an older reply the thread is looked at first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import regex

from desk.channels._http import Site, address_of, keys, letters, link, without_markup, word
from desk.errors import SendError, SendUncertain
from storage.types import Mention, Receipt, Reply

needs = ("token",)
takes = ("visibility", "url")
tells_duplicates = True
at_desk = False
limit: int | None = 500

REMEMBERED = timedelta(minutes=50)
"""For how long the server is trusted to know our key; it keeps it for an hour."""

VISIBILITIES = ("public", "unlisted", "private", "direct")

_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,:;!?()]")
_HANDLE = re.compile(r"(?<![\w/])(@\w[\w.-]*)@[\w.-]+\w")


def length(text: str) -> int:
    """The text as Mastodon measures it: in graphemes, a link as 23, and of @name@host only the name."""
    return len(regex.findall(r"\X", _HANDLE.sub(r"\1", _LINK.sub("x" * 23, text))))


def send(reply: Reply, mention: Mention, options: Mapping[str, Any]) -> Receipt:
    """Posts the status as an answer. Raises `SendError` or `SendUncertain` with what to do."""
    (token,) = keys(options, "token")
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": reply.key}
    site = Site(address_of(options, "/.*"), options, headers=headers, secrets=(token,))
    status = _status(site, mention, options)
    number = word(status, "id")
    if datetime.now(UTC) - reply.created_at > REMEMBERED and (standing := _standing(site, number, reply)):
        return standing
    body = {"status": _addressed(reply.text, word(status, "account", "acct")), "in_reply_to_id": number}
    body["visibility"] = _visibility(options, word(status, "visibility"))
    body |= {"language": mention.lang} if mention.lang and len(mention.lang) == 2 else {}
    try:
        said = site.hand_over("/api/v1/statuses", json=body).data
        if not word(said, "id"):
            raise site.unsaid()
    except SendUncertain:
        with suppress(SendError):
            if standing := _standing(site, number, reply):
                return standing
        raise
    return Receipt(url=link(word(said, "url")), external_id=word(said, "id"), sentence="Posted.")


def _status(site: Site, mention: Mention, options: Mapping[str, Any]) -> Any:
    """The status that is answered, as our account's server knows it."""
    home = urlsplit(str(options.get("source_url") or site.base)).hostname
    if home == urlsplit(site.base).hostname and re.fullmatch(r"\w{1,64}", mention.external_id):
        found = site.look(f"/api/v1/statuses/{mention.external_id}").data
    else:
        search = f"/api/v2/search?type=statuses&resolve=true&limit=1&q={quote(mention.url, safe='')}"
        rows = site.look(search).data
        found = rows["statuses"][0] if word(rows, "statuses", 0, "id") else None
    if not word(found, "id"):
        raise SendError(f"{site.host} does not know this status; nothing was sent: answer it in the browser.")
    return found


def _addressed(text: str, account: str) -> str:
    """The text with the author's handle in front, without which they are not told of the answer."""
    if not account or re.search(rf"(?<![\w@])@{re.escape(account)}(?![\w@])", text, re.IGNORECASE):
        return text
    return f"@{account} {text}"


def _visibility(options: Mapping[str, Any], parent: str) -> str:
    """What the configuration says, else as public as the status answered."""
    wanted = str(options.get("visibility") or "")
    if wanted and wanted not in VISIBILITIES:
        raise SendError(f"reply.visibility must be one of {', '.join(VISIBILITIES)}.")
    return wanted or (parent if parent in VISIBILITIES else "public")


def _standing(site: Site, number: str, reply: Reply) -> Receipt | None:
    """Our answer, where it stands in the thread already."""
    ours = word(site.look("/api/v1/accounts/verify_credentials").data, "id")
    below = site.look(f"/api/v1/statuses/{number}/context").data
    rows = below.get("descendants") if isinstance(below, dict) else None
    for row in rows if isinstance(rows, list) else []:
        is_ours = word(row, "account", "id") == ours and word(row, "in_reply_to_id") == number
        if is_ours and letters(without_markup(word(row, "content"))).endswith(letters(reply.text)):
            return Receipt(url=link(word(row, "url")), external_id=word(row, "id"), sentence="It stands there already.")
    return None
