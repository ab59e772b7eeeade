"""Comments on a WordPress blog, against a stand-in that answers as WordPress 6.1 does."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

import pytest

from desk.channels import wordpress
from desk.errors import SendError, SendUncertain
from storage.types import Receipt

LOGIN = "Basic " + b64encode(b"webcare:abcd EFGH 1234").decode()


@dataclass
class Blog:
    """WordPress: post 4 with comment 2, an account, and the rule that nobody says the same twice in one place."""

    said: Any
    status: str = "approved"
    hides: bool = False
    comments: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, asked: Any) -> Any:
        """One request."""
        if asked.headers.get("authorization") != LOGIN:
            return self.error(401, "rest_not_logged_in", "You are not currently logged in.")
        if asked.method == "GET" and asked.path.endswith("/comments/2"):
            return self.said(200, {"id": 2, "post": 4, "parent": 0})
        if asked.method == "GET" and asked.path.endswith("/comments"):
            return self.said(200, [] if self.hides else self.comments[::-1])
        if asked.method == "GET":
            return self.error(404, "rest_comment_invalid_id", "Invalid comment ID.")
        return self.create(asked.json)

    def create(self, comment: dict[str, Any]) -> Any:
        """A new comment."""
        shown = "<p>" + comment["content"].replace("'", "&#8217;").replace("\n", "<br />\n") + "</p>\n"
        if any(each["content"]["rendered"] == shown for each in self.comments):
            return self.error(
                409,
                "comment_duplicate",
                "Duplicate comment detected; you&#8217;ve said that!",
            )
        number = 100 + len(self.comments)
        link = f"https://blog.example/2026/11/storing/#comment-{number}"
        row = {"id": number, "post": comment["post"], "parent": comment.get("parent", 0), "status": self.status}
        self.comments.append({**row, "link": link, "content": {"rendered": shown}})
        return self.said(201, self.comments[-1])

    def error(self, status: int, code: str, message: str) -> Any:
        """How WordPress says no."""
        return self.said(status, {"code": code, "message": message, "data": {"status": status}})


def keys(site: Any, **more: Any) -> dict[str, Any]:
    """What `sources.yaml` says."""
    return {"url": site.url, "user": "webcare", "password": "abcd EFGH 1234", "allow_private": True, **more}


def test_a_comment_is_answered_under_the_comment(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    site = serve(Blog(said))
    receipt = wordpress.send(reply("Dag Jan"), mention(external_id="comment-2"), keys(site))
    assert receipt == Receipt(
        url="https://blog.example/2026/11/storing/#comment-100", external_id="comment-100", sentence="Posted."
    )
    assert site.asked[-1].json == {"post": 4, "parent": 2, "content": "Dag Jan"}


@pytest.mark.parametrize(
    ("identity", "url", "body"),
    [
        ("post-4", "https://blog.example/2026/11/storing/", {"post": 4}),
        ("https://blog.example/?p=4", "https://blog.example/2026/11/storing/", {"post": 4}),
        ("https://blog.example/x", "https://blog.example/2026/11/storing/#comment-2", {"post": 4, "parent": 2}),
    ],
)
def test_the_place_is_found_from_what_the_crawl_kept(
    serve: Any, said: Any, reply: Any, mention: Any, identity: str, url: str, body: dict[str, int]
) -> None:
    site = serve(Blog(said))
    wordpress.send(reply("Dag"), mention(external_id=identity, url=url), keys(site))
    assert site.asked[-1].json == {**body, "content": "Dag"}


def test_a_place_that_cannot_be_told_is_left_to_the_browser(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    site = serve(Blog(said))
    with pytest.raises(SendError, match="answer it in the browser"):
        wordpress.send(reply(), mention(external_id="abc", url="https://blog.example/storing/"), keys(site))
    assert site.asked == []


def test_a_comment_that_the_moderator_holds_is_said_so(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    site = serve(Blog(said, status="hold"))
    assert "moderator" in wordpress.send(reply(), mention(external_id="post-4"), keys(site)).sentence


def test_the_same_reply_again_finds_the_comment_that_stands(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    blog = Blog(said)
    site, answer = serve(blog), reply("Hoe is 't?\nGroet \u201cAnna\u201d")
    first = wordpress.send(answer, mention(external_id="comment-2"), keys(site))
    again = wordpress.send(answer, mention(external_id="comment-2"), keys(site))
    assert (again.url, again.external_id) == (first.url, first.external_id)
    assert again.sentence == "It stands there already." and len(blog.comments) == 1


def test_the_same_reply_while_the_first_is_hidden_still_counts_as_sent(
    serve: Any, said: Any, reply: Any, mention: Any
) -> None:
    site = serve(Blog(said, hides=True))
    wordpress.send(reply("Dag"), mention(external_id="post-4"), keys(site))
    assert "already" in wordpress.send(reply("Dag"), mention(external_id="post-4"), keys(site)).sentence


def test_a_wrong_password_and_a_post_that_is_gone_are_certain(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    site = serve(Blog(said))
    with pytest.raises(SendError, match=r"\(401\): You are not currently logged in") as caught:
        wordpress.send(reply(), mention(external_id="post-4"), keys(site, password="wrong"))
    assert "wrong" not in str(caught.value)
    with pytest.raises(SendError, match=r"\(404\): Invalid comment ID"):
        wordpress.send(reply(), mention(external_id="comment-3"), keys(site))


def test_an_answer_that_does_not_say_where_it_stands_is_uncertain(
    serve: Any, said: Any, reply: Any, mention: Any
) -> None:
    for how in (said(201, {}), said(201, []), said(201, body=b"<html>"), said(how="cut")):
        site = serve(lambda asked, how=how: how)
        with pytest.raises(SendUncertain):
            wordpress.send(reply(), mention(external_id="post-4"), keys(site))


def test_a_link_that_is_no_web_address_is_not_kept(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    site = serve(lambda asked: said(201, {"id": 1, "link": "javascript:alert(1)"}))
    assert wordpress.send(reply(), mention(external_id="post-4"), keys(site)).url is None


def test_the_site_is_above_its_feed(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    site = serve(Blog(said))
    wordpress.send(reply(), mention(external_id="post-4"), keys(site, url=f"{site.url}/comments/feed/"))
    assert site.asked[0].path == "/wp-json/wp/v2/comments"


def test_wordpress_counts_bytes() -> None:
    assert wordpress.length("Zoë") == 4
