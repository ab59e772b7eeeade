"""Answers on Mastodon, against a stand-in that answers as Mastodon 4 does."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from desk.channels import mastodon
from desk.errors import SendError, SendUncertain

OURS = {"id": "1", "acct": "webcare"}
LONG_AGO = datetime.now(UTC) - timedelta(hours=5)


@dataclass
class Server:
    """Status 110 by jan of another server; keys are remembered until `forget`."""

    said: Any
    visibility: str = "unlisted"
    statuses: list[dict[str, Any]] = field(default_factory=list)
    keys: dict[str, int] = field(default_factory=dict)

    def __call__(self, asked: Any) -> Any:
        """One request."""
        if asked.headers.get("authorization") != "Bearer t0ken":
            return self.said(401, {"error": "The access token is invalid"})
        first = {"id": "110", "visibility": self.visibility, "account": {"id": "7", "acct": "jan@social.example"}}
        answers = {
            "/api/v1/statuses/110": first,
            "/api/v1/accounts/verify_credentials": OURS,
            "/api/v1/statuses/110/context": {"ancestors": [], "descendants": self.statuses},
            "/api/v2/search": {"statuses": [first] if "social.example" in asked.query.get("q", "") else []},
        }
        if asked.method == "POST":
            return self.create(asked)
        return (
            self.said(200, answers[asked.path])
            if asked.path in answers
            else self.said(404, {"error": "Record not found"})
        )

    def create(self, asked: Any) -> Any:
        """A new status, or the one that came with the same key."""
        key, status = asked.headers["idempotency-key"], asked.json
        if mastodon.length(status["status"]) > 500:
            return self.said(422, {"error": "Validation failed: Text character limit of 500 exceeded"})
        if key not in self.keys:
            self.keys[key] = len(self.statuses)
            number = str(200 + len(self.statuses))
            handle = '<p><span class="h-card">@<span>jan</span></span> '
            content = handle + status["status"].partition(" ")[2].replace("\n", "<br>") + "</p>"
            row = {"id": number, "url": f"https://our.example/@webcare/{number}", "account": OURS, "content": content}
            self.statuses.append({**row, "in_reply_to_id": status["in_reply_to_id"]})
        return self.said(200, self.statuses[self.keys[key]])


def keys(site: Any, **more: Any) -> dict[str, Any]:
    """What `sources.yaml` says."""
    return {
        "url": f"{site.url}/tags/zonnebank",
        "source_url": site.url,
        "token": "t0ken",
        "allow_private": True,
        **more,
    }


def test_an_answer_names_the_author_and_is_as_public_as_what_it_answers(
    serve: Any, said: Any, reply: Any, mention: Any
) -> None:
    site = serve(Server(said))
    receipt = mastodon.send(reply("Dag Jan"), mention(external_id="110"), keys(site))
    assert (receipt.url, receipt.external_id) == ("https://our.example/@webcare/200", "200")
    assert site.asked[-1].headers["idempotency-key"] == reply().key
    assert site.asked[-1].json == {
        "status": "@jan@social.example Dag Jan",
        "in_reply_to_id": "110",
        "visibility": "unlisted",
        "language": "nl",
    }


def test_an_author_who_is_named_is_not_named_twice(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    site = serve(Server(said))
    mastodon.send(reply("Dag @Jan@social.example!"), mention(external_id="110", lang="other"), keys(site))
    assert site.asked[-1].json["status"] == "Dag @Jan@social.example!"
    assert "language" not in site.asked[-1].json


def test_the_configuration_may_say_how_public_an_answer_is(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    site = serve(Server(said))
    mastodon.send(reply(), mention(external_id="110"), keys(site, visibility="direct"))
    assert site.asked[-1].json["visibility"] == "direct"
    with pytest.raises(SendError, match="must be one of public"):
        mastodon.send(reply(), mention(external_id="110"), keys(site, visibility="secret"))


def test_the_same_reply_again_is_the_same_status(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    server = Server(said)
    site, answer = serve(server), reply()
    receipts = [mastodon.send(answer, mention(external_id="110"), keys(site)) for _ in range(3)]
    assert len(server.statuses) == 1 and len(set(receipts)) == 1


def test_a_reply_older_than_the_servers_memory_is_looked_for_first(
    serve: Any, said: Any, reply: Any, mention: Any
) -> None:
    server = Server(said)
    site, answer = serve(server), reply("Dag Jan,\nhoe is \u2019t?", created_at=LONG_AGO)
    first = mastodon.send(answer, mention(external_id="110"), keys(site))
    server.keys.clear()
    again = mastodon.send(answer, mention(external_id="110"), keys(site))
    assert (again.external_id, again.sentence) == (first.external_id, "It stands there already.")
    assert len(server.statuses) == 1


def test_an_account_elsewhere_finds_the_status_by_its_address(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    site = serve(Server(said))
    options = keys(site, source_url="https://social.example/tags/zonnebank")
    place = mention(external_id="110999", url="https://social.example/@jan/110999")
    assert mastodon.send(reply(), place, options).external_id == "200"
    assert site.asked[0].query["q"] == "https://social.example/@jan/110999"
    with pytest.raises(SendError, match="does not know this status"):
        mastodon.send(reply(), mention(url="https://gone.example/1"), options)


def test_what_mastodon_refuses_is_said(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    site = serve(Server(said))
    with pytest.raises(SendError, match="Record not found"):
        mastodon.send(reply(), mention(external_id="111"), keys(site))
    with pytest.raises(SendError, match="access token is invalid"):
        mastodon.send(reply(), mention(external_id="110"), keys(site, token="wrong"))
    with pytest.raises(SendError, match="limit of 500 exceeded"):
        mastodon.send(reply("x" * 499), mention(external_id="110"), keys(site))


def test_a_status_whose_answer_was_lost_is_found_where_it_stands(
    serve: Any, said: Any, reply: Any, mention: Any
) -> None:
    server = Server(said)

    def losing(asked: Any) -> Any:
        answer = server(asked)
        return said(how="cut") if asked.method == "POST" else answer

    receipt = mastodon.send(reply("Dag Jan"), mention(external_id="110"), keys(serve(losing)))
    assert (receipt.external_id, receipt.sentence) == ("200", "It stands there already.")


def test_an_answer_that_is_lost_is_uncertain(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    server = Server(said)
    for bad in (said(how="cut"), said(200, {}), said(200, body=b"<html>"), said(503, {"error": "Remote data"})):
        site = serve(lambda asked, bad=bad: bad if asked.method == "POST" else server(asked))
        with pytest.raises(SendUncertain):
            mastodon.send(reply(), mention(external_id="110"), keys(site))


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("Dag Zoë", 7),
        ("👩\u200d👩\u200d👧", 1),
        ("https://zonnebank.example/een/heel/lang/adres/dat/verder/gaat", 23),
        ("Zie https://a.nl.", 4 + 23 + 1),
        ("@jan@social.example dag", 8),
        ("mail jan@social.example", 23),
        ("", 0),
    ],
)
def test_the_length_is_counted_as_mastodon_does(text: str, length: int) -> None:
    assert mastodon.length(text) == length
