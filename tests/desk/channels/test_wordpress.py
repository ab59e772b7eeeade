"""Comments on a WordPress blog, against a stand-in that answers as WordPress 6.1 does."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

import pytest

from desk import channels, clockwork
from desk.channels import wordpress
from desk.clerk import Clerk
from desk.errors import SendError, SendUncertain
from desk.policy import ChannelSpec, Policy
from storage.database import Database
from storage.intake import Intake
from storage.outbox import Outbox
from storage.types import Match, NewPost, Post, Receipt, ReplyState

LOGIN = "Basic " + b64encode(b"webcare:abcd EFGH 1234").decode()


@dataclass
class Blog:
    """WordPress: post 4 with comment 2, an account, and the rule that nobody says the same twice in one place."""

    said: Any
    status: str = "approved"
    hides: bool = False
    loses: bool = False
    comments: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, asked: Any) -> Any:
        """One request."""
        if asked.headers.get("authorization") != LOGIN:
            return self.error(401, "rest_not_logged_in", "You are not currently logged in.")
        if asked.method == "GET" and asked.path.endswith("/comments/2"):
            return self.said(200, {"id": 2, "post": 4, "parent": 0})
        if asked.method == "GET" and asked.path.endswith("/comments"):
            return self.said(200, [] if self.hides else self.comments[::-1])
        if asked.path.endswith("/users/me"):
            return self.said(200, {"id": 9, "name": "webcare"})
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
        row = {
            "id": number,
            "post": comment["post"],
            "parent": comment.get("parent", 0),
            "status": self.status,
            "author": 9,
        }
        self.comments.append({**row, "link": link, "content": {"rendered": shown}})
        return self.said(how="cut") if self.loses else self.said(201, self.comments[-1])

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


def test_what_looks_like_markup_stands_there_as_it_was_written(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    site = serve(Blog(said))
    wordpress.send(reply('3 < 5 & "<b>niet</b>"'), mention(external_id="comment-2"), keys(site))
    assert site.asked[-1].json["content"] == '3 &lt; 5 &amp; "&lt;b&gt;niet&lt;/b&gt;"'
    assert wordpress.length("a<b") == 6


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


def test_a_comment_whose_answer_was_lost_is_found_where_it_stands(
    serve: Any, said: Any, reply: Any, mention: Any
) -> None:
    blog = Blog(said, loses=True)
    receipt = wordpress.send(reply("Dag Jan"), mention(external_id="comment-2"), keys(serve(blog)))
    assert (receipt.external_id, receipt.sentence) == ("comment-100", "It stands there already.")


def test_the_same_words_of_somebody_else_are_not_taken_for_ours(
    serve: Any, said: Any, reply: Any, mention: Any
) -> None:
    blog = Blog(said, loses=True)
    site = serve(lambda asked: said(503, {}) if asked.method == "POST" else blog(asked))
    theirs = {
        "id": 7,
        "post": 4,
        "author": 3,
        "link": "https://blog.example/7",
        "content": {"rendered": "<p>Dag Jan</p>"},
    }
    blog.comments.append(theirs)
    with pytest.raises(SendUncertain, match="503"):
        wordpress.send(reply("Dag Jan"), mention(external_id="comment-2"), keys(site))


def answered(database: Database, site: Any, clock: Any) -> tuple[Clerk, Policy]:
    """A clerk at whose desk a reply to comment 2 waits to leave for WordPress."""
    spec = ChannelSpec(name="wordpress", options=keys(site))
    policy = Policy(channels={"blog": spec})
    clerk = Clerk(database, agent="anna", policy=policy, channels=channels.load)
    intake = Intake(database)
    intake.register({"blog": ("wordpress", "https://blog.example")})
    url = "https://blog.example/2026/11/storing/#comment-2"
    post = Post(external_id="comment-2", conversation_id="post-4", url=url, text="zonnebank?", author="Jan")
    new = NewPost(post=post, matches=(Match(brand="zonnebank", query="zonnebank"),), wants_case=True)
    intake.store("blog", "wordpress", [new])
    clerk.reply(1, "Dag Jan")
    clock.advance(seconds=10)
    return clerk, policy


def test_a_reply_whose_answer_was_lost_is_not_posted_twice_by_whoever_sends_it_again(
    serve: Any, said: Any, sqlite_database: Database, clock: Any
) -> None:
    blog = Blog(said, loses=True, hides=True)
    clerk, policy = answered(sqlite_database, serve(blog), clock)
    (lost,) = clockwork.deliver(sqlite_database, policy, channels.load)
    assert lost.state is ReplyState.UNCERTAIN and len(blog.comments) == 1
    clock.advance(hours=1)
    clockwork.tick(sqlite_database, policy, channels.load)
    assert clerk.reply_of(lost.id).state is ReplyState.UNCERTAIN
    blog.hides = False
    clerk.settle(lost.id, arrived=False)
    clerk.retry(lost.id)
    (sent,) = clockwork.deliver(sqlite_database, policy, channels.load)
    assert (sent.state, sent.url) == (ReplyState.SENT, "https://blog.example/2026/11/storing/#comment-100")
    assert len(blog.comments) == 1


def test_a_reply_that_a_dead_process_was_sending_is_taken_up_and_stands_once(
    serve: Any, said: Any, sqlite_database: Database, clock: Any
) -> None:
    blog = Blog(said)
    site = serve(blog)
    clerk, policy = answered(sqlite_database, site, clock)
    taken = Outbox(sqlite_database).take_due("a process that died")
    assert taken is not None
    wordpress.send(taken, clerk.open(1).thread[0], keys(site))
    clock.advance(minutes=5)
    clockwork.tick(sqlite_database, policy, channels.load)
    assert clerk.reply_of(taken.id).state is ReplyState.SENT and len(blog.comments) == 1


def test_wordpress_counts_bytes() -> None:
    assert wordpress.length("Zoë") == 4
