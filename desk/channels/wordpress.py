"""Answers as a comment on a WordPress blog, through its REST interface with an application password.

Keys: `user`, `password` (an application password), and `url` where the site is not the source's own.
WordPress refuses the same words by the same author in the same place (409), so trying again is safe.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from desk.errors import SendError, SendUncertain
from storage.types import Mention, Receipt, Reply

tells_duplicates = True
at_desk = False
limit: int | None = 65_525
"""wp_comments.comment_content is a TEXT of 65,535 bytes; WordPress itself allows 65,525."""

SECONDS = 20.0
"""For the whole of a request."""


def send(reply: Reply, mention: Mention, options: Mapping[str, Any]) -> Receipt:
    """Posts the comment under the mention. Raises `SendError` or `SendUncertain` with what to do."""
    site = _site(options)
    with httpx.Client(auth=_auth(options), timeout=SECONDS, follow_redirects=False) as client:
        place = _place(client, site, mention)
        answer = _ask(client, "POST", f"{site}/wp-json/wp/v2/comments", json={**place, "content": reply.text})
        if answer.status_code == 409:
            return _found(client, site, place, reply)
        if answer.status_code != 201:
            raise _refusal(answer)
        return _receipt(answer)


def _site(options: Mapping[str, Any]) -> str:
    url = str(options.get("url") or "")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SendError("The WordPress site's address is missing: give reply.url in sources.yaml.")
    if parts.scheme == "http" and not options.get("allow_private"):
        raise SendError(f"{parts.hostname} is addressed by http: a password is only sent over https.")
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


def _auth(options: Mapping[str, Any]) -> tuple[str, str]:
    user, password = options.get("user"), options.get("password")
    if not user or not password:
        raise SendError("WordPress wants reply.user and reply.password (an application password) in sources.yaml.")
    return str(user), str(password)


def _place(client: httpx.Client, site: str, mention: Mention) -> dict[str, int]:
    """The blog post, and the comment that is answered, by number."""
    comment = re.fullmatch(r"comment-(\d+)", mention.external_id) or re.search(r"#comment-(\d+)$", mention.url)
    if comment:
        number = int(comment[1])
        answer = _ask(client, "GET", f"{site}/wp-json/wp/v2/comments/{number}")
        if answer.status_code != 200:
            raise _refusal(answer)
        return {"post": int(answer.json()["post"]), "parent": number}
    post = re.fullmatch(r"post-(\d+)", mention.external_id) or re.search(r"[?&]p=(\d+)", mention.external_id)
    if post is None:
        raise SendError("Which blog post this is cannot be told; answer it in the browser.")
    return {"post": int(post[1])}


def _ask(client: httpx.Client, method: str, url: str, **more: Any) -> httpx.Response:
    try:
        return client.request(method, url, **more)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise SendError(f"The site cannot be reached ({type(error).__name__}); nothing was sent.") from None
    except httpx.HTTPError as error:
        raise SendUncertain(f"The site broke off ({type(error).__name__}); look whether the comment stands.") from None


def _found(client: httpx.Client, site: str, place: Mapping[str, int], reply: Reply) -> Receipt:
    """The comment that is there already: this very reply, from an attempt whose answer was lost."""
    query = f"post={place['post']}&per_page=20&order=desc"
    answer = _ask(client, "GET", f"{site}/wp-json/wp/v2/comments?{query}")
    rows = answer.json() if answer.status_code == 200 else []
    words = _words(reply.text)
    for row in rows if isinstance(rows, list) else []:
        if _words(re.sub(r"<[^>]*>", " ", str(row.get("content", {}).get("rendered", "")))) == words:
            return Receipt(url=row.get("link"), external_id=f"comment-{row['id']}", sentence="It stands there already.")
    return Receipt(sentence="The site says that it has this comment already.")


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _receipt(answer: httpx.Response) -> Receipt:
    try:
        row = answer.json()
        number, link = int(row["id"]), str(row["link"])
    except (ValueError, KeyError, TypeError):
        raise SendUncertain("The site took the comment but did not say where it stands; look for it.") from None
    held = "" if row.get("status", "approved") == "approved" else " It waits for the site's moderator."
    return Receipt(url=link, external_id=f"comment-{number}", sentence=f"Posted.{held}")


def _refusal(answer: httpx.Response) -> SendError | SendUncertain:
    """What the site's answer means for the reply."""
    status = answer.status_code
    if 300 <= status < 400:
        return SendError(f"The site redirects ({status}): put its present address in sources.yaml.")
    if status in (401, 403):
        return SendError(f"The site does not let us comment ({status}): check user, password and the user's role.")
    if status in (404, 410):
        return SendError(f"The site has no such post or no REST interface ({status}).")
    if status == 429:
        return SendError("The site asks us to comment less often (429); try again later.")
    if status >= 500:
        return SendUncertain(f"The site failed ({status}); look whether the comment stands.")
    return SendError(f"The site refused the comment ({status}).")
