"""Answers on Bluesky, against a stand-in that answers as the PDS 0.4 does."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.channels import bluesky
from desk.errors import SendError, SendUncertain

OURS, JAN = "did:plc:ours", "did:plc:jan"
POSTS = "app.bsky.feed.post"
FIRST = {"uri": f"at://{JAN}/{POSTS}/3aaa", "cid": "bafyfirst", "value": {"text": "De app doet het niet"}}
SECOND = {
    "uri": f"at://{JAN}/{POSTS}/3bbb",
    "cid": "bafysecond",
    "value": {"reply": {"root": {"uri": FIRST["uri"], "cid": FIRST["cid"]}, "parent": {"uri": "x", "cid": "y"}}},
}


@dataclass
class Server:
    """An account, two posts of Jan's, and records that can be stored once."""

    said: Any
    loses_answers: bool = False
    records: dict[str, Any] = field(default_factory=lambda: {f"{JAN}/3aaa": FIRST, f"{JAN}/3bbb": SECOND})

    def __call__(self, asked: Any) -> Any:
        """One request."""
        method = asked.path.removeprefix("/xrpc/com.atproto.")
        if method == "server.createSession":
            if asked.json != {"identifier": "webcare.test", "password": "app-pass"}:
                return self.said(401, {"error": "AuthenticationRequired", "message": "Invalid identifier or password"})
            return self.said(200, {"did": OURS, "accessJwt": "jwt", "refreshJwt": "r"})
        assert asked.headers["authorization"] == "Bearer jwt"
        if method == "identity.resolveHandle":
            known = asked.query["handle"] == "jan.test"
            return self.said(200, {"did": JAN}) if known else self.said(400, {"error": "InvalidRequest"})
        if method == "repo.getRecord":
            found = self.records.get(f"{asked.query['repo']}/{asked.query['rkey']}")
            gone = {"error": "RecordNotFound", "message": "Could not locate record"}
            return self.said(200, found) if found else self.said(400, gone)
        return self.create(asked.json)

    def create(self, body: dict[str, Any]) -> Any:
        """A new record."""
        place = f"{body['repo']}/{body['rkey']}"
        if bluesky.length(body["record"]["text"]) > 300:
            return self.said(400, {"error": "InvalidRequest", "message": "grapheme too big (maximum 300, got 301)"})
        if place in self.records:
            return self.said(500, {"error": "InternalServerError", "message": "Internal Server Error"})
        uri = f"at://{body['repo']}/{body['collection']}/{body['rkey']}"
        self.records[place] = {"uri": uri, "cid": "bafyours", "value": body["record"]}
        return self.said(how="cut") if self.loses_answers else self.said(200, {"uri": uri, "cid": "bafyours"})

    @property
    def ours(self) -> list[Any]:
        """What we stored."""
        return [each["value"] for place, each in self.records.items() if place.startswith(OURS)]


def keys(site: Any, **more: Any) -> dict[str, Any]:
    """What `sources.yaml` says."""
    return {"url": site.url, "user": "@webcare.test", "password": "app-pass", "allow_private": True, **more}


@pytest.mark.parametrize(
    ("where", "parent"),
    [
        ({"external_id": FIRST["uri"]}, FIRST),
        ({"external_id": SECOND["uri"]}, SECOND),
        ({"external_id": "x", "url": f"https://bsky.app/profile/{JAN}/post/3bbb"}, SECOND),
    ],
)
def test_an_answer_hangs_under_its_post_and_under_the_first_of_the_thread(
    serve: Any, said: Any, reply: Any, mention: Any, where: dict[str, str], parent: Any
) -> None:
    server = Server(said)
    moment = datetime(2026, 11, 22, 12, 0, 1, 234567, tzinfo=UTC)
    receipt = bluesky.send(reply("Dag Jan", created_at=moment), mention(**where), keys(serve(server)))
    assert server.ours == [
        {
            "$type": POSTS,
            "text": "Dag Jan",
            "createdAt": "2026-11-22T12:00:01.234Z",
            "langs": ["nl"],
            "reply": {
                "root": {"uri": FIRST["uri"], "cid": "bafyfirst"},
                "parent": {"uri": parent["uri"], "cid": parent["cid"]},
            },
        }
    ]
    key = bluesky.key_of(reply(created_at=moment))
    assert receipt.url == f"https://bsky.app/profile/{OURS}/post/{key}"
    assert receipt.external_id == f"at://{OURS}/{POSTS}/{key}"


def test_links_handles_and_tags_are_marked_by_their_bytes(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    server = Server(said)
    text = "Zoë 👋 @jan.test zie https://zonnebank.example/é. #hulp @niemand.test jan@mail.test"
    bluesky.send(reply(text), mention(external_id=FIRST["uri"]), keys(serve(server)))
    marked = []
    for facet in server.ours[0]["facets"]:
        place, (feature,) = facet["index"], facet["features"]
        words = text.encode()[place["byteStart"] : place["byteEnd"]].decode()
        marked.append(
            (words, feature["$type"].partition("#")[2], feature.get("uri") or feature.get("did") or feature["tag"])
        )
    assert marked == [
        ("@jan.test", "mention", JAN),
        ("https://zonnebank.example/é", "link", "https://zonnebank.example/é"),
        ("#hulp", "tag", "hulp"),
    ]


def test_the_same_reply_is_stored_once(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    server = Server(said)
    site, answer = serve(server), reply()
    first, again = (bluesky.send(answer, mention(external_id=FIRST["uri"]), keys(site)) for _ in range(2))
    assert len(server.ours) == 1
    assert (again.external_id, again.sentence) == (first.external_id, "It stands there already.")


def test_a_reply_whose_answer_was_lost_is_found_where_it_stands(
    serve: Any, said: Any, reply: Any, mention: Any
) -> None:
    server = Server(said, loses_answers=True)
    receipt = bluesky.send(reply(), mention(external_id=FIRST["uri"]), keys(serve(server)))
    assert receipt.sentence == "It stands there already." and len(server.ours) == 1


def test_a_reply_that_is_neither_stored_nor_refused_is_uncertain(
    serve: Any, said: Any, reply: Any, mention: Any
) -> None:
    server = Server(said)
    for bad in (said(how="cut"), said(500, {}), said(200, body=b"<html>")):
        site = serve(lambda asked, bad=bad: bad if asked.path.endswith("createRecord") else server(asked))
        with pytest.raises(SendUncertain):
            bluesky.send(reply(), mention(external_id=FIRST["uri"]), keys(site))


def test_what_bluesky_refuses_is_said(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    site = serve(Server(said))
    with pytest.raises(SendError, match="Invalid identifier or password") as caught:
        bluesky.send(reply(), mention(external_id=FIRST["uri"]), keys(site, password="wrong"))
    assert "wrong" not in str(caught.value)
    with pytest.raises(SendError, match="Could not locate record"):
        bluesky.send(reply(), mention(external_id=f"at://{JAN}/{POSTS}/3ccc"), keys(site))
    with pytest.raises(SendError, match="maximum 300"):
        bluesky.send(reply("x" * 301), mention(external_id=FIRST["uri"]), keys(site))
    with pytest.raises(SendError, match="cannot be told"):
        bluesky.send(reply(), mention(external_id="3aaa"), keys(site))


def test_accounts_live_on_bsky_social_where_nothing_else_is_said() -> None:
    for url in (
        "https://bsky.app/search?q=x",
        "https://public.api.bsky.app",
        "https://jetstream2.us-east.bsky.network/",
    ):
        assert bluesky._server({"url": url}) == "https://bsky.social"
    assert bluesky._server({"url": "https://pds.zonnebank.example/x"}) == "https://pds.zonnebank.example"


@given(st.integers(1_767_000_000_000_000, 7_000_000_000_000_000), st.text(max_size=40))
def test_a_record_key_is_always_the_same_and_well_formed(moment: int, key: str) -> None:
    class Known:
        created_at = datetime.fromtimestamp(moment / 1e6, UTC)

    Known.key = key  # type: ignore[attr-defined]
    found = bluesky.key_of(Known)  # type: ignore[arg-type]
    assert found == bluesky.key_of(Known)  # type: ignore[arg-type]
    assert len(found) == 13 and set(found) <= set("234567abcdefghijklmnopqrstuvwxyz") and found[0] in "234567abcdefghij"


def test_a_family_is_one_character() -> None:
    assert bluesky.length("Zoë 👩\u200d👩\u200d👧!") == 6
