"""MyBB, SMF, XenForo and vBulletin boards: one body of tests, four markups of the same thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from listener import sources
from listener.errors import ReadError
from listener.types import Link, Page, SourceSpec
from storage.types import PostKind

Pages = Callable[..., Page]

TITLE = "Zonnebank app: kan niet meer inloggen"


@dataclass(frozen=True)
class Board:
    """A kind, its fixtures, and what they should give."""

    kind: str
    base: str
    list_file: str
    list_url: str
    topic_file: str
    topic_url: str
    stamp: str
    inner_list: str
    further_list: str
    further_topic: str
    permalink: str
    author_url: str
    quote_head: str
    second_at: datetime
    timezone: str = "Europe/Amsterdam"

    def source(self) -> SourceSpec:
        return SourceSpec(name=self.kind, kind=self.kind, url=self.base, options={"timezone": self.timezone})

    def read(self, page: Pages, file: str, url: str, role: str, **carry: object):  # type: ignore[no-untyped-def]
        conversation = "5" if role == "conversation" else ""
        link = Link(url=url, role=role, conversation=conversation, carry=carry)
        return sources.load(self.kind).read(page(url, f"{self.kind}/{file}"), link, self.source())


BOARDS = [
    Board(
        kind="mybb",
        base="http://mybb.example/bord/",
        list_file="forumdisplay.html",
        list_url="http://mybb.example/bord/forumdisplay.php?fid=2",
        topic_file="showthread.html",
        topic_url="http://mybb.example/bord/showthread.php?tid=5",
        stamp="opa_kees|12",
        inner_list="http://mybb.example/bord/forumdisplay.php?fid=7",
        further_list="http://mybb.example/bord/forumdisplay.php?fid=2&page=2",
        further_topic="http://mybb.example/bord/showthread.php?tid=5&page=2",
        permalink="http://mybb.example/bord/showthread.php?tid=5&pid=11#pid11",
        author_url="http://mybb.example/bord/member.php?action=profile&uid=3",
        quote_head="marieke_v Wrote:",
        second_at=datetime(2026, 11, 21, 13, 35, tzinfo=UTC),
    ),
    Board(
        kind="smf",
        base="http://smf.example/index.php",
        list_file="board.html",
        list_url="http://smf.example/index.php?board=2.0",
        topic_file="topic.html",
        topic_url="http://smf.example/index.php?topic=5.0",
        stamp="p31|12",
        inner_list="http://smf.example/index.php?board=7.0",
        further_list="http://smf.example/index.php?board=2.20",
        further_topic="http://smf.example/index.php?topic=5.15",
        permalink="http://smf.example/index.php?topic=5.msg11#msg11",
        author_url="http://smf.example/index.php?action=profile;u=3",
        quote_head="Quote from: marieke_v on November 20, 2026, 09:31:05 PM",
        second_at=datetime(2026, 11, 22, 8, 35, 10, tzinfo=UTC),
    ),
    Board(
        kind="xenforo",
        base="https://xf.example/",
        list_file="forum.html",
        list_url="https://xf.example/forums/geldzaken.2/",
        topic_file="thread.html",
        topic_url="https://xf.example/threads/zonnebank-app-kan-niet-meer-inloggen.5/",
        stamp="2026-11-21T14:35:10+0100|12",
        inner_list="https://xf.example/forums/sparen.7/",
        further_list="https://xf.example/forums/geldzaken.2/page-2",
        further_topic="https://xf.example/threads/zonnebank-app-kan-niet-meer-inloggen.5/page-2",
        permalink="https://xf.example/threads/zonnebank-app-kan-niet-meer-inloggen.5/post-11",
        author_url="https://xf.example/members/marieke_v.3/",
        quote_head="marieke_v zei:",
        second_at=datetime(2026, 11, 21, 13, 35, 10, tzinfo=UTC),
    ),
    Board(
        kind="vbulletin",
        base="http://vb.example/forum/",
        list_file="forumdisplay.html",
        list_url="http://vb.example/forum/forumdisplay.php?2-Geldzaken",
        topic_file="showthread.html",
        topic_url="http://vb.example/forum/showthread.php?5-Zonnebank-app",
        stamp="p31|12",
        inner_list="http://vb.example/forum/forumdisplay.php?7-Sparen",
        further_list="http://vb.example/forum/forumdisplay.php?2-Geldzaken/page2",
        further_topic="http://vb.example/forum/showthread.php?5-Zonnebank-app/page2",
        permalink="http://vb.example/forum/showthread.php?5-Zonnebank-app&p=11&viewfull=1#post11",
        author_url="http://vb.example/forum/member.php?3-marieke_v",
        quote_head="Oorspronkelijk geplaatst door marieke_v",
        second_at=datetime(2026, 11, 21, 13, 35, tzinfo=UTC),
    ),
]


@pytest.fixture(params=BOARDS, ids=[board.kind for board in BOARDS])
def board(request: pytest.FixtureRequest) -> Board:
    return request.param  # type: ignore[no-any-return]


def test_a_board_is_entered_at_its_address_and_its_known_lists(board: Board) -> None:
    kind = sources.load(board.kind)
    assert [link.url for link in kind.start(board.source(), {})] == [board.base]
    known = kind.start(board.source(), {"forums": [board.list_url]})
    assert [link.url for link in known] == [board.base, board.list_url]


def test_the_address_of_one_list_or_topic_is_read_alone(board: Board) -> None:
    kind = sources.load(board.kind)
    for url, role in ((board.list_url, "forum"), (board.topic_url, "last"), (board.permalink, "last")):
        [link] = kind.start(SourceSpec(name="x", url=url), {"forums": ["http://other.example/"]})
        assert (link.url, link.role) == (url, role)


def test_a_list_rings_for_its_topic_and_leads_to_its_next_page(board: Board, page: Pages) -> None:
    links = board.read(page, board.list_file, board.list_url, "forum", pages=2).links
    topic = links[0]
    assert (topic.url, topic.conversation, topic.stamp) == (board.topic_url, "5", board.stamp)
    assert [link.url for link in links if link.role == "forum"] == [board.inner_list, board.further_list]


def test_a_topic_gives_its_posts_whole(board: Board, page: Pages) -> None:
    reading = board.read(page, board.topic_file, board.topic_url, "conversation")
    first, second = reading.posts
    assert first.text == "Sinds de update kan ik niet meer inloggen bij Zonnebank.\n\nIemand anders ook?"
    assert (first.external_id, first.conversation_id, first.url) == ("11", "5", board.permalink)
    assert (first.author, first.author_url, second.author) == ("marieke_v", board.author_url, "Gast")
    assert first.published_at is not None
    assert first.published_at.replace(second=0) == datetime(2026, 11, 20, 20, 31, tzinfo=UTC)
    assert first.edited_at == datetime(2026, 11, 20, 21, tzinfo=UTC)
    assert (first.title, second.title, second.conversation_title) == (TITLE, "", TITLE)
    assert (first.kind, second.kind) == (PostKind.POST, PostKind.REPLY)
    assert (second.published_at, second.edited_at) == (board.second_at, None)
    assert second.parent_id == "11"
    assert second.text.startswith(f"> {board.quote_head}\n>\n> Iemand anders ook?\n\nJa, hier ook.")


def test_the_other_pages_belong_to_the_topic_and_open_nothing(board: Board, page: Pages) -> None:
    [link] = board.read(page, board.topic_file, board.topic_url, "conversation").links
    assert (link.url, link.conversation, link.role) == (board.further_topic, "5", "page")
    further = sources.load(board.kind).read(page(link.url, f"{board.kind}/{board.topic_file}"), link, board.source())
    assert {(post.kind, post.conversation_id) for post in further.posts} == {(PostKind.REPLY, "5")}


def test_a_page_that_shows_nothing_is_refused(board: Board, page: Pages) -> None:
    kind = sources.load(board.kind)
    for url, role in ((board.base, "forum"), (board.topic_url, "conversation")):
        with pytest.raises(ReadError, match="shows no"):
            kind.read(page(url, body=b"<html><p>leeg</p>"), Link(url=url, role=role), board.source())
