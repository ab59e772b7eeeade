"""Signed webhooks, to a receiver that checks them as Standard Webhooks asks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from desk.channels import webhook
from desk.errors import SendError, SendUncertain

SECRET = "whsec_" + base64.b64encode(b"a key of twenty-four byt").decode()


@dataclass
class Receiver:
    """Takes each id once, if its signature is right and its time is now."""

    said: Any
    key: bytes
    answer: Any = None
    taken: dict[str, Any] = field(default_factory=dict)

    def __call__(self, asked: Any) -> Any:
        """One request."""
        head = asked.headers
        signed = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + asked.body
        right = base64.b64encode(hmac.new(self.key, signed, hashlib.sha256).digest()).decode()
        if (
            f"v1,{right}" not in head["webhook-signature"].split()
            or abs(int(head["webhook-timestamp"]) - time.time()) > 300
        ):
            return self.said(401, {"message": "bad signature"})
        self.taken.setdefault(head["webhook-id"], asked.json)
        return self.answer or self.said(204, body=b"")


def keys(site: Any, **more: Any) -> dict[str, Any]:
    """What `sources.yaml` says."""
    return {"url": f"{site.url}/hooks/reply/?tenant=7", "secret": SECRET, "allow_private": True, **more}


def test_a_reply_arrives_signed_with_all_that_is_needed_to_answer(
    serve: Any, said: Any, reply: Any, mention: Any
) -> None:
    receiver = Receiver(said, b"a key of twenty-four byt")
    site = serve(receiver)
    place = mention(external_id="p1", conversation_external_id="c1", conversation_url="https://forum.example/c1")
    receipt = webhook.send(reply("Dag Zoë 👋"), place, keys(site))
    assert (receipt.url, receipt.external_id, receipt.sentence) == (None, None, "Handed to the webhook.")
    assert (site.asked[0].target, site.asked[0].headers["content-type"]) == (
        "/hooks/reply/?tenant=7",
        "application/json",
    )
    (event,) = receiver.taken.values()
    assert event["type"] == "reply"
    assert (event["data"]["text"], event["data"]["agent"]) == ("Dag Zoë 👋", "anna")
    assert event["data"]["mention"] == {
        "id": 1,
        "source": "forum",
        "url": "https://forum.example/1",
        "external_id": "p1",
        "conversation_id": "c1",
        "conversation_url": "https://forum.example/c1",
        "author": "Jan",
        "lang": "nl",
        "text": "De app werkt niet",
    }


def test_the_same_reply_again_has_the_same_id(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    receiver = Receiver(said, b"a key of twenty-four byt")
    site = serve(receiver)
    for _ in range(3):
        webhook.send(reply(), mention(), keys(site))
    assert len(site.asked) == 3 and list(receiver.taken) == [reply().key]


def test_the_receiver_may_say_where_the_reply_stands(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    answer = said(201, {"url": "https://crm.example/9", "id": 9})
    receipt = webhook.send(reply(), mention(), keys(serve(Receiver(said, b"plain", answer)), secret="plain"))
    assert (receipt.url, receipt.external_id) == ("https://crm.example/9", "9")


def test_a_wrong_secret_is_refused_and_not_repeated(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    site = serve(Receiver(said, b"other"))
    with pytest.raises(SendError, match="bad signature"):
        webhook.send(reply(), mention(), keys(site))
    with pytest.raises(SendError, match="not base64") as caught:
        webhook.send(reply(), mention(), keys(site, secret="whsec_?s3cret"))
    assert "s3cret" not in str(caught.value)


def test_a_receiver_that_fails_leaves_it_uncertain(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    for bad in (said(500, {}), said(how="cut"), said(302, {}, headers={"Location": "/x"})):
        with pytest.raises(SendUncertain):
            webhook.send(reply(), mention(), keys(serve(lambda asked, bad=bad: bad)))


def test_the_signature_is_that_of_standard_webhooks() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    found = webhook.signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
