"""A FlaskBB board, which has neither feed nor API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from listener.sources import flaskbb
from listener.types import Link, Page, SourceSpec

Pages = Callable[..., Page]

SITE = "http://flask.example"
TOPIC = f"{SITE}/topic/5-zonnebank-app:-weg"
SOURCE = SourceSpec(name="flask", kind="flaskbb", url=SITE, options={"timezone": "Europe/Amsterdam"})


def test_a_forum_rings_for_its_topic_by_the_newest_post(page: Pages) -> None:
    url = f"{SITE}/forum/2-geldzaken"
    [link] = flaskbb.read(page(url, "flaskbb/forum.html"), Link(url=url, role="forum"), SOURCE).links
    assert (link.url, link.conversation, link.stamp) == (TOPIC, "5", "p37|4")


def test_a_topic_gives_its_posts_and_its_other_page(page: Pages) -> None:
    link = Link(url=TOPIC, role="conversation", conversation="5")
    reading = flaskbb.read(page(TOPIC, "flaskbb/topic.html"), link, SOURCE)
    [post] = reading.posts
    assert post.text == "Sinds de update weg.\n\nIemand anders ook?"
    assert (post.external_id, post.url, post.conversation_id) == ("11", f"{SITE}/post/11", "5")
    assert (post.author, post.author_url) == ("marieke_v", f"{SITE}/user/marieke_v")
    assert post.title == post.conversation_title == "Zonnebank app: weg"
    assert post.published_at == datetime(2026, 11, 20, 20, 31, tzinfo=UTC)
    assert [each.url for each in reading.links] == [f"{TOPIC}?page=2"]
