"""Comments on Reddit, against a stand-in that answers as its OAuth API does."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from urllib.parse import parse_qs

import pytest

from desk.channels import reddit
from desk.errors import SendError, SendUncertain
from storage.types import Receipt

KEYS = {"user": "webcare", "password": "p4ss", "client_id": "app", "client_secret": "s3cret", "allow_private": True}
COMMENT = {"name": "t1_new", "permalink": "/r/zonnebank/comments/abc/storing/new/"}


@pytest.fixture
def site(serve: Any, said: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Reddit, whose answer to a comment a test may change."""

    def answering(asked: Any) -> Any:
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        if asked.path == "/api/v1/access_token":
            right = asked.headers["authorization"] == "Basic " + b64encode(b"app:s3cret").decode()
            if not right:
                return said(401, {"message": "Unauthorized", "error": 401})
            if form != {"grant_type": "password", "username": "webcare", "password": "p4ss"}:
                return said(200, {"error": "invalid_grant"})
            return said(200, {"access_token": "t0ken", "token_type": "bearer", "expires_in": 86400})
        assert asked.headers["authorization"] == "Bearer t0ken"
        started.forms.append(form)
        return started.answer

    started = serve(answering)
    started.forms = []
    started.answer = said(200, {"json": {"errors": [], "data": {"things": [{"kind": "t1", "data": COMMENT}]}}})
    monkeypatch.setattr(reddit, "SITE", started.url)
    monkeypatch.setattr(reddit, "API", started.url)
    return started


@pytest.mark.parametrize(
    ("identity", "url", "thing"),
    [
        ("t1_xyz", "", "t1_xyz"),
        ("t3_abc", "", "t3_abc"),
        ("?", "https://www.reddit.com/r/zonnebank/comments/abc/storing/xyz/?context=3", "t1_xyz"),
        ("?", "https://old.reddit.com/r/zonnebank/comments/abc/storing/", "t3_abc"),
    ],
)
def test_a_comment_is_posted_under_what_it_answers(
    site: Any, reply: Any, mention: Any, identity: str, url: str, thing: str
) -> None:
    receipt = reddit.send(reply("Dag Zoë\x1b"), mention(external_id=identity, url=url), KEYS)
    assert receipt == Receipt(
        url=f"{site.url}/r/zonnebank/comments/abc/storing/new/", external_id="t1_new", sentence="Posted."
    )
    assert site.forms == [{"api_type": "json", "thing_id": thing, "text": "Dag Zoë"}]
    assert site.asked[0].headers["user-agent"] == "desktop:webcare:1 (by /u/webcare)"


def test_what_reddit_refuses_is_said(site: Any, said: Any, reply: Any, mention: Any) -> None:
    place = mention(external_id="t3_abc")
    errors = [["RATELIMIT", "You are doing that too much. Try again in 5 minutes.", "ratelimit"]]
    site.answer = said(200, {"json": {"errors": errors}})
    with pytest.raises(SendError, match=r"Try again in 5 minutes\. \(RATELIMIT\)"):
        reddit.send(reply(), place, KEYS)
    for wrong in ({"client_secret": "no"}, {"password": "no"}):
        with pytest.raises(SendError) as caught:
            reddit.send(reply(), place, {**KEYS, **wrong})
        assert not {"p4ss", "s3cret"} & set(str(caught.value).split())
    with pytest.raises(SendError, match="cannot be told"):
        reddit.send(reply(), mention(), KEYS)


def test_an_answer_that_is_lost_is_uncertain(site: Any, said: Any, reply: Any, mention: Any) -> None:
    for bad in (said(how="cut"), said(200, {"json": {"errors": []}}), said(200, body=b"<html>"), said(503, {})):
        site.answer = bad
        with pytest.raises(SendUncertain):
            reddit.send(reply(), mention(external_id="t3_abc"), KEYS)
