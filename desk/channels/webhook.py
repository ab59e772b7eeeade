"""Hands a reply to a service of your own as a signed webhook, in the form of Standard Webhooks.

Keys: `url`, `secret` (text, or whsec_ and base64). The headers webhook-id (the same for every attempt, so that the
receiver can tell duplicates), webhook-timestamp and webhook-signature (HMAC-SHA256) go with the JSON.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from desk.channels._http import Site, address_of, keys, link, word
from desk.errors import SendError
from storage.types import Mention, Receipt, Reply

needs = ("url", "secret")
takes: tuple[str, ...] = ()
tells_duplicates = True
at_desk = False
limit: int | None = 100_000


def send(reply: Reply, mention: Mention, options: Mapping[str, Any]) -> Receipt:
    """Posts the reply; any 2xx says that it was taken. Raises `SendError` or `SendUncertain` with what to do."""
    keys(options, "secret")
    said = post(options, reply.key, _event(reply, mention))
    return Receipt(url=link(word(said, "url")), external_id=word(said, "id") or None, sentence="Handed to the webhook.")


def post(options: Mapping[str, Any], key: str, event: Mapping[str, Any]) -> Any:
    """Posts an event to `url`, signed where there is a `secret`; gives the JSON of the answer, if any."""
    secret = str(options.get("secret") or "").strip()
    base, parts = address_of(options, "/.*"), urlsplit(str(options["url"]).strip())
    body, moment = json.dumps(event).encode("ascii"), int(time.time())
    headers = {"Content-Type": "application/json", "webhook-id": key, "webhook-timestamp": str(moment)}
    if secret:
        headers["webhook-signature"] = signature(secret, key, moment, body)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    site = Site(base, options, headers=headers, secrets=(secret,))
    return site.hand_over(path, content=body, ok=range(200, 300), plain=True).data


def signature(secret: str, key: str, moment: int, body: bytes) -> str:
    """`v1,` and the base64 of HMAC-SHA256 over "id.timestamp.body" (standardwebhooks.com)."""
    signed = f"{key}.{moment}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(_bytes(secret), signed, hashlib.sha256)).decode()


def _bytes(secret: str) -> bytes:
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise SendError("reply.secret begins with whsec_ but is not base64 after it.") from None


def _event(reply: Reply, mention: Mention) -> dict[str, Any]:
    return {
        "type": "reply",
        "timestamp": reply.created_at.isoformat(),
        "data": {
            "id": reply.key,
            "case_id": reply.case_id,
            "agent": reply.agent,
            "text": reply.text,
            "mention": {
                "id": mention.id,
                "source": mention.source,
                "url": mention.url,
                "external_id": mention.external_id,
                "conversation_id": mention.conversation_external_id,
                "conversation_url": mention.conversation_url,
                "author": mention.author,
                "lang": mention.lang,
                "text": mention.text,
            },
        },
    }
