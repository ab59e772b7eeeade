"""Answers on Discourse, NodeBB and Flarum, against stand-ins that answer as those do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from desk.channels import discourse, flarum, nodebb
from desk.errors import SendError, SendUncertain
from storage.types import Receipt


@dataclass
class Discourse:
    """Topic 12, "een-topic", with three posts: the same request gives the same post until `forget`."""

    said: Any
    queue: bool = False
    loses: bool = False
    known: dict[str, Any] = field(default_factory=dict)
    posts: list[dict[str, Any]] = field(
        default_factory=lambda: [{"id": 900 + each, "username": "jan", "cooked": "<p>Dag</p>"} for each in (1, 2, 3)]
    )

    def __call__(self, asked: Any) -> Any:
        """One request."""
        heads = asked.headers
        by_key = (heads.get("api-username"), heads.get("api-key")) == ("webcare", "k3y")
        if not by_key and heads.get("user-api-key") != "u3er":
            return self.said(403, {"errors": ["You are not permitted to view it."], "error_type": "invalid_access"})
        if asked.method == "POST":
            return self.create(asked.json)
        ids = [int(each) for each in asked.all("post_ids[]")]
        answers = {
            "/session/current.json": {"current_user": {"id": 5, "username": "webcare"}},
            "/t/12.json": {"post_stream": {"posts": [], "stream": [each["id"] for each in self.posts]}},
            "/t/12/posts.json": {"post_stream": {"posts": [each for each in self.posts if each["id"] in ids]}},
        }
        return self.said(200, answers[asked.path]) if asked.path in answers else self.said(404, {"errors": ["Gone"]})

    def create(self, post: dict[str, Any]) -> Any:
        """A new post."""
        if post["topic_id"] != 12:
            return self.said(422, {"action": "create_post", "errors": ["The topic you are replying to does not exist"]})
        if self.queue:
            return self.said(200, {"success": True, "action": "enqueued", "pending_count": 1})
        if post["raw"] not in self.known:
            number, cooked = len(self.posts) + 1, post["raw"].replace("\n", "<br>\n")
            row = {"id": 900 + number, "topic_id": 12, "post_number": number, "topic_slug": "een-topic"}
            self.posts.append({**row, "username": "webcare", "cooked": f"<p>{cooked}</p>"})
            self.known[post["raw"]] = self.posts[-1]
        return self.said(how="cut") if self.loses else self.said(200, self.known[post["raw"]])


def of(site: Any, **more: Any) -> dict[str, Any]:
    """What `sources.yaml` says."""
    return {"url": f"{site.url}/c/geldzaken/5", "allow_private": True, **more}


BY_KEY = {"key": "k3y", "user": "webcare"}


@pytest.mark.parametrize(
    ("identity", "url", "place"),
    [
        ("12/3", "", {"reply_to_post_number": 3}),
        ("12/1", "", {}),
        ("guid-1", "https://forum.example/t/een-topic/12/3", {"reply_to_post_number": 3}),
        ("guid-2", "https://forum.example/t/12-euro-korting/12", {}),
        ("guid-3", "https://forum.example/forum/t/12/2?u=jan", {"reply_to_post_number": 2}),
    ],
)
def test_discourse_posts_in_the_topic_under_the_post(
    serve: Any, said: Any, reply: Any, mention: Any, identity: str, url: str, place: dict[str, int]
) -> None:
    site = serve(Discourse(said))
    receipt = discourse.send(reply("Dag Jan"), mention(external_id=identity, url=url), of(site, **BY_KEY))
    assert receipt == Receipt(url=f"{site.url}/t/een-topic/12/4", external_id="12/4", sentence="Posted.")
    assert site.asked[-1].json == {"topic_id": 12, "raw": "Dag Jan", **place}


def test_discourse_takes_a_user_key_too(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    site = serve(Discourse(said))
    assert discourse.send(reply(), mention(external_id="12/1"), of(site, user_key="u3er")).external_id == "12/4"
    assert "api-key" not in site.asked[0].headers


def test_discourse_may_hold_a_post_for_its_moderator(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    site = serve(Discourse(said, queue=True))
    receipt = discourse.send(reply(), mention(external_id="12/1"), of(site, **BY_KEY))
    assert receipt == Receipt(sentence="Posted. It waits for the forum's moderator.")


def test_discourse_says_why_it_refuses(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    site = serve(Discourse(said))
    with pytest.raises(SendError, match="does not exist"):
        discourse.send(reply("Dag"), mention(external_id="13/1"), of(site, **BY_KEY))
    with pytest.raises(SendError, match="not permitted"):
        discourse.send(reply("Dag"), mention(external_id="12/1"), of(site, key="wrong", user="webcare"))
    with pytest.raises(SendError, match=r"wants reply\.key and reply\.user"):
        discourse.send(reply("Dag"), mention(external_id="12/1"), of(site))


@pytest.mark.parametrize(
    ("login", "age", "forgotten"), [(BY_KEY, 0, False), (BY_KEY, 5, True), ({"user_key": "u3er"}, 0, True)]
)
def test_the_same_reply_stands_on_discourse_once(
    serve: Any, said: Any, reply: Any, mention: Any, login: dict[str, str], age: int, forgotten: bool
) -> None:
    forum = Discourse(said)
    site = serve(forum)
    answer = reply("Dag Jan,\nGroet", created_at=datetime.now(UTC) - timedelta(minutes=age))
    first = discourse.send(answer, mention(external_id="12/3"), of(site, **login))
    if forgotten:
        forum.known.clear()
    again = discourse.send(answer, mention(external_id="12/3"), of(site, **login))
    assert (again.url, again.external_id) == (first.url, first.external_id) and len(forum.posts) == 4


def test_a_post_whose_answer_was_lost_is_found_where_it_stands(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    forum = Discourse(said, loses=True)
    receipt = discourse.send(reply("Hallo"), mention(external_id="12/3"), of(serve(forum), **BY_KEY))
    assert (receipt.external_id, receipt.sentence) == ("12/4", "It stands there already.")


def test_the_same_words_of_somebody_else_are_not_taken_for_ours(
    serve: Any, said: Any, reply: Any, mention: Any
) -> None:
    forum = Discourse(said)
    site = serve(lambda asked: said(502, {}) if asked.method == "POST" else forum(asked))
    with pytest.raises(SendUncertain, match="502"):
        discourse.send(reply("Dag"), mention(external_id="12/3"), of(site, **BY_KEY))


@dataclass
class NodeBB:
    """Topic 4; a user token, and a master token that must say for whom."""

    said: Any
    queue: bool = False

    def __call__(self, asked: Any) -> Any:
        """One request."""
        token = asked.headers.get("authorization")
        if token not in ("Bearer user-token", "Bearer master-token"):
            return self.no(401, "not-authorised", "A valid login session was not found. Please log in and try again.")
        body = asked.json
        if token == "Bearer master-token" and "_uid" not in body:
            return self.no(400, "bad-request", "Required parameters were missing from this API call: _uid")
        if asked.path != "/api/v3/topics/4":
            return self.no(404, "not-found", "Topic does not exist")
        if self.queue:
            return self.yes({"queued": True, "id": "reply-1", "message": "Your post is queued"})
        return self.yes({"pid": 77, "tid": 4, "content": body["content"], "toPid": body.get("toPid")})

    def yes(self, response: Any) -> Any:
        """How NodeBB says yes."""
        return self.said(200, {"status": {"code": "ok", "message": "OK"}, "response": response})

    def no(self, status: int, code: str, message: str) -> Any:
        """How NodeBB says no."""
        return self.said(status, {"status": {"code": code, "message": message}, "response": {}})


@pytest.mark.parametrize(
    ("more", "parent"),
    [
        ({"external_id": "70", "conversation_external_id": "4"}, {"toPid": "70"}),
        (
            {"external_id": "https://social.example/1", "conversation_external_id": "4"},
            {"toPid": "https://social.example/1"},
        ),
        ({"external_id": "x", "conversation_url": "https://forum.example/topic/4/storing"}, {}),
    ],
)
def test_nodebb_posts_in_the_topic_under_the_post(
    serve: Any, said: Any, reply: Any, mention: Any, more: dict[str, str], parent: dict[str, str]
) -> None:
    site = serve(NodeBB(said))
    options = {"url": f"{site.url}/category/2/geld", "token": "user-token", "allow_private": True}
    receipt = nodebb.send(reply("Dag Jan"), mention(**more), options)
    assert receipt == Receipt(url=f"{site.url}/post/77", external_id="77", sentence="Posted.")
    assert site.asked[-1].json == {"content": "Dag Jan", **parent}


def test_nodebb_answers_for_an_account_with_a_master_token(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    site = serve(NodeBB(said, queue=True))
    options = {"url": site.url, "token": "master-token", "uid": 9, "allow_private": True}
    assert "moderator" in nodebb.send(reply(), mention(conversation_external_id="4"), options).sentence
    assert site.asked[-1].json["_uid"] == 9
    with pytest.raises(SendError, match="must be the number"):
        nodebb.send(reply(), mention(conversation_external_id="4"), {**options, "uid": "anna"})


def test_nodebb_says_why_it_refuses(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    site = serve(NodeBB(said))
    options = {"url": site.url, "token": "user-token", "allow_private": True}
    with pytest.raises(SendError, match="Topic does not exist"):
        nodebb.send(reply(), mention(conversation_external_id="5"), options)
    with pytest.raises(SendError, match="valid login session"):
        nodebb.send(reply(), mention(conversation_external_id="4"), {**options, "token": "wrong"})
    with pytest.raises(SendError, match="cannot be told"):
        nodebb.send(reply(), mention(conversation_url="https://forum.example/user/jan"), options)


@dataclass
class Flarum:
    """Discussion 8; posts may wait for approval."""

    said: Any
    approved: bool = True

    def __call__(self, asked: Any) -> Any:
        """One request."""
        if asked.headers.get("authorization") not in ("Token t0ken", "Token t0ken; userId=3"):
            return self.said(401, {"errors": [{"status": "401", "code": "not_authenticated"}]})
        data = asked.json["data"]
        assert (asked.path, data["type"]) == ("/api/posts", "posts")
        if data["relationships"]["discussion"]["data"] != {"type": "discussions", "id": "8"}:
            return self.said(404, {"errors": [{"status": "404", "code": "not_found"}]})
        words = data["attributes"]["content"]
        facts = {"number": 5, "contentType": "comment", "content": words, "isApproved": self.approved}
        return self.said(201, {"data": {"type": "posts", "id": "91", "attributes": facts}})


@pytest.mark.parametrize(
    ("more", "front"),
    [
        ({"external_id": "80", "author": "Jan de Boer", "conversation_external_id": "8"}, '@"Jan de Boer"#p80 '),
        ({"external_id": "80", "author": 'Jan "#p1', "conversation_external_id": "8"}, '@"Jan p1"#p80 '),
        ({"external_id": "80", "author": None, "conversation_url": "https://f.example/d/8-storing"}, ""),
        ({"external_id": "x", "author": "Jan", "url": "https://f.example/d/8/3"}, ""),
    ],
)
def test_flarum_posts_in_the_discussion_and_names_the_post(
    serve: Any, said: Any, reply: Any, mention: Any, more: dict[str, Any], front: str
) -> None:
    site = serve(Flarum(said))
    options = {"url": f"{site.url}/t/geld", "token": "t0ken", "allow_private": True}
    receipt = flarum.send(reply("Dag"), mention(**more), options)
    assert receipt == Receipt(url=f"{site.url}/d/8/5", external_id="91", sentence="Posted.")
    assert site.asked[-1].json["data"]["attributes"]["content"] == f"{front}Dag"


def test_flarum_may_hold_a_post_and_may_refuse_it(serve: Any, said: Any, reply: Any, mention: Any) -> None:
    site = serve(Flarum(said, approved=False))
    options = {"url": site.url, "token": "t0ken", "user_id": 3, "allow_private": True}
    assert "moderator" in flarum.send(reply(), mention(conversation_external_id="8"), options).sentence
    with pytest.raises(SendError, match="401"):
        flarum.send(reply(), mention(conversation_external_id="8"), {**options, "token": "wrong"})
    with pytest.raises(SendError, match="404"):
        flarum.send(reply(), mention(conversation_external_id="9"), options)
    with pytest.raises(SendError, match="must be the number"):
        flarum.send(reply(), mention(conversation_external_id="8"), {**options, "user_id": "3; x"})


@pytest.mark.parametrize("channel", [discourse, nodebb, flarum])
@pytest.mark.parametrize("how", ["cut", "html", "empty", "list", "error"])
def test_an_answer_that_does_not_say_where_it_stands_is_uncertain(
    serve: Any, said: Any, reply: Any, mention: Any, channel: Any, how: str
) -> None:
    answers = {
        "cut": said(how="cut"),
        "html": said(201, body=b"<!doctype html>"),
        "empty": said(201, {}),
        "list": said(201, {"data": [], "response": []}),
        "error": said(502, body=b"Bad gateway"),
    }
    site = serve(lambda asked: answers[how])
    options = {"url": site.url, "token": "t", "key": "k", "user": "u", "allow_private": True}
    where = mention(external_id="8/1", conversation_external_id="8")
    with pytest.raises(SendUncertain, match=r"[Ll]ook"):
        channel.send(reply(), where, options)


@pytest.mark.parametrize("channel", [discourse, nodebb, flarum])
def test_a_mention_without_a_place_is_left_to_the_browser(
    serve: Any, said: Any, reply: Any, mention: Any, channel: Any
) -> None:
    options = {"url": "https://forum.example", "token": "t", "key": "k", "user": "u"}
    with pytest.raises(SendError, match="answer it in the browser"):
        channel.send(reply(), mention(external_id="?", url="https://forum.example/x"), options)
