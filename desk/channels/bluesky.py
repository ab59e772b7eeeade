"""Answers a post on Bluesky, through our account's own server (PDS).

Keys: `user` (the handle), `password` (an app password), `url` where the account does not live on bsky.social. The
record's own key is made from the reply, so that the same reply can only be stored once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlsplit

import regex

from desk.channels._http import Site, address_of, keys, word
from desk.errors import ChannelError, SendError
from storage.types import Mention, Receipt, Reply

needs = ("user", "password")
takes = ("url",)
tells_duplicates = True
at_desk = False
limit: int | None = 300

POSTS = "app.bsky.feed.post"
_VIEWS = ("bsky.app", "public.api.bsky.app", "api.bsky.app", "jetstream")
"""Where posts are read; accounts do not live there."""

_POST = re.compile(
    r"(?:at://|https://bsky\.app/profile/)([\w.:%-]{1,300})/(?:app\.bsky\.feed\.)?post/([\w.:~-]{1,100})"
)
_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,:;!?()]")
_HANDLE = re.compile(r"(?<![\w@.])@((?:[a-zA-Z0-9-]{1,63}\.)+[a-zA-Z]{2,63})\b")
_TAG = re.compile(r"(?<!\S)#(\w{1,64})")
_SORTED = "234567abcdefghijklmnopqrstuvwxyz"


def length(text: str) -> int:
    """The text as Bluesky measures it: in graphemes, what a reader sees as one character."""
    return len(regex.findall(r"\X", text))


def send(reply: Reply, mention: Mention, options: Mapping[str, Any]) -> Receipt:
    """Stores the answer in our account. Raises `SendError` or `SendUncertain` with what to do."""
    user, password = keys(options, "user", "password")
    site = Site(_server(options), options, secrets=(password,))
    login = {"identifier": user.removeprefix("@"), "password": password}
    session = site.look("/xrpc/com.atproto.server.createSession", method="POST", json=login).data
    did, token = word(session, "did"), word(session, "accessJwt")
    if not (did and token):
        raise SendError(f"{site.host} did not let us in; nothing was sent: check reply.url.")
    site.headers, site.secrets = {"Authorization": f"Bearer {token}"}, (password, token)
    rkey = key_of(reply)
    stored = {"repo": did, "collection": POSTS, "rkey": rkey, "record": _record(site, reply, mention)}
    sentence = "Posted."
    try:
        uri = word(site.hand_over("/xrpc/com.atproto.repo.createRecord", json=stored, ok=(200,)).data, "uri")
    except ChannelError as trouble:
        uri, sentence = _standing(site, did, rkey, trouble), "It stands there already."
    return Receipt(
        url=f"https://bsky.app/profile/{did}/post/{rkey}", external_id=uri or f"at://{did}/{POSTS}/{rkey}",
        sentence=sentence,
    )  # fmt: skip


def key_of(reply: Reply) -> str:
    """The record key of a reply, always the same one: its time and a hash of its key, as a TID of atproto."""
    moment = int(reply.created_at.timestamp() * 1_000_000)
    number = moment << 10 | int.from_bytes(sha256(reply.key.encode()).digest()[:2]) & 0x3FF
    return "".join(_SORTED[number >> shift & 31] for shift in range(60, -1, -5))


def facets(site: Site, text: str) -> list[dict[str, Any]]:
    """What in the text is a link, an account or a tag, by its place in bytes of UTF-8."""
    found = []
    for start, end, feature in sorted(_features(site, text), key=lambda each: each[:2]):
        place = {"byteStart": len(text[:start].encode()), "byteEnd": len(text[:end].encode())}
        found.append({"index": place, "features": [feature]})
    return found


def _features(site: Site, text: str) -> Iterator[tuple[int, int, dict[str, str]]]:
    kind = "app.bsky.richtext.facet#"
    for each in _LINK.finditer(text):
        yield each.start(), each.end(), {"$type": f"{kind}link", "uri": each[0]}
    for each in _TAG.finditer(text):
        yield each.start(), each.end(), {"$type": f"{kind}tag", "tag": each[1]}
    for each in list(_HANDLE.finditer(text))[:5]:
        answer = site.look(f"/xrpc/com.atproto.identity.resolveHandle?handle={each[1]}", ok=(200, 400, 404)).data
        if did := word(answer, "did"):
            yield each.start(), each.end(), {"$type": f"{kind}mention", "did": did}


def _server(options: Mapping[str, Any]) -> str:
    host = urlsplit(str(options.get("url") or "")).hostname or ""
    return "https://bsky.social" if host.startswith(_VIEWS) else address_of(options, "/.*")


def _record(site: Site, reply: Reply, mention: Mention) -> dict[str, Any]:
    text = reply.text.encode("utf-8", "replace").decode()
    marked = facets(site, text)
    langs = [mention.lang] if mention.lang and len(mention.lang) == 2 else []
    return {
        "$type": POSTS,
        "text": text,
        "createdAt": f"{reply.created_at:%Y-%m-%dT%H:%M:%S}.{reply.created_at.microsecond // 1000:03}Z",
        "reply": _thread(site, mention),
        **({"langs": langs} if langs else {}),
        **({"facets": marked} if marked else {}),
    }


def _thread(site: Site, mention: Mention) -> dict[str, Any]:
    """The post answered and the one that began its thread, each with the hash of what it says."""
    found = _POST.match(mention.external_id) or _POST.match(mention.url)
    if found is None:
        raise SendError("Which post on Bluesky this is cannot be told; answer it in the browser.")
    parent = _get(site, found[1], found[2])
    own = {"uri": word(parent, "uri"), "cid": word(parent, "cid")}
    began = {each: word(parent, "value", "reply", "root", each) for each in own}
    if not all(own.values()):
        raise SendError(f"{site.host} does not have this post; nothing was sent.")
    return {"root": began if all(began.values()) else own, "parent": own}


def _standing(site: Site, did: str, rkey: str, trouble: ChannelError) -> str:
    """The reply, where it was stored after all, now or by an attempt whose answer was lost; else raises `trouble`."""
    try:
        return word(_get(site, did, rkey), "uri")
    except SendError:
        raise trouble from None


def _get(site: Site, repo: str, rkey: str) -> Any:
    where = f"repo={quote(repo, safe=':')}&collection={POSTS}&rkey={quote(rkey)}"
    return site.look(f"/xrpc/com.atproto.repo.getRecord?{where}").data
