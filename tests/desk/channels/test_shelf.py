"""How a source is answered: the shelf, the keys of `reply:`, and what is only listened to."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from desk import channels, clockwork, policy
from desk.clerk import Clerk
from desk.errors import NotAllowed, NotReady
from desk.policy import Policy
from listener import watchlist
from storage import settings
from storage.database import Database
from storage.errors import ConfigError
from storage.intake import Intake
from storage.types import Match, NewPost, Post, ReplyState

SOURCES = """
brands:
  zonnebank: {query: zonnebank}
  maanbank: {query: maanbank, listen_only: true}
sources:
"""


def read(*sources: str) -> Policy:
    """The policy of a file with these sources, which the listener reads too."""
    document = settings.parse(SOURCES + "".join(f"  - {{{each}}}\n" for each in sources), "sources.yaml", {})
    watchlist.read(document)
    return policy.read(document)


def complaints(source: str) -> str:
    """What is said of a source."""
    with pytest.raises(ConfigError) as caught:
        read(source)
    return "\n".join(caught.value.complaints)


def test_every_channel_is_whole() -> None:
    assert channels.names() == sorted(
        ["bluesky", "browser", "discourse", "email", "flarum", "mastodon", "nodebb", "reddit", "webhook", "wordpress"]
    )
    for name in channels.names():
        channel: Any = channels.load(name)
        assert isinstance(channel.tells_duplicates, bool) and isinstance(channel.at_desk, bool)
        assert not set(channel.needs) & set(channel.takes)
        assert channel.limit is None or channel.limit >= 300


def test_what_helps_the_channels_is_no_channel() -> None:
    with pytest.raises(LookupError, match="no channel _http"):
        channels.load("_http")
    with pytest.raises(LookupError, match="did you mean mastodon"):
        channels.load("mastadon")


def test_a_channel_of_ones_own_is_found_by_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    own = type(sys)("own_channel")
    monkeypatch.setitem(sys.modules, "own_channel", own)
    own.empty = object()  # type: ignore[attr-defined]
    with pytest.raises(LookupError, match="own_channel:empty is no channel: it has no send"):
        channels.load("own_channel:empty")
    with pytest.raises(LookupError, match="cannot be loaded"):
        channels.load("own_channel:nowhere")
    own.site = type("Site", (), {"send": None, "tells_duplicates": True, "at_desk": False, "limit": 5})  # type: ignore[attr-defined]
    assert channels.load("own_channel:site").limit == 5
    found = read('name: a, url: "https://a.example", reply: {channel: "own_channel:site", anything: 1}')
    assert found.channel_for("a").options["anything"] == 1


def test_the_keys_of_a_reply_reach_the_channel_with_where_the_source_is() -> None:
    found = read(
        'name: a, kind: discourse, url: "https://a.example/c/geld", reply: {key: k, user: webcare}',
        'name: b, kind: feed, url: "https://b.example/rss", allow_private: ["b.example:80"],'
        ' reply: {channel: mastodon, token: t, url: "https://social.example"}',
    )
    assert dict(found.channel_for("a").options) == {
        "key": "k",
        "user": "webcare",
        "url": "https://a.example/c/geld",
        "source_url": "https://a.example/c/geld",
        "allow_private": False,
    }
    spec = found.channel_for("b")
    assert spec.name == "mastodon"
    assert spec.options["url"] == "https://social.example"
    assert spec.options["source_url"] == "https://b.example/rss"
    assert spec.options["allow_private"] == ("b.example:80",)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("{user: webcare}", "sources[0].reply: the channel wordpress wants password"),
        ("{user: a, password: b, pasword: c}", "pasword is no key of the channel wordpress (did you mean password?)"),
        ("{channel: webhook, secret: s}", "the channel webhook wants url"),
        ("{channel: mastadon}", "did you mean mastodon"),
        ("nobody", "reply"),
    ],
)
def test_a_bad_reply_is_refused_with_its_place(reply: str, words: str) -> None:
    assert words in complaints(f'name: a, kind: wordpress, url: "https://a.example", reply: {reply}')


def test_a_secret_that_the_environment_lacks_does_not_keep_anybody_from_reading() -> None:
    found = read(
        'name: a, kind: wordpress, url: "https://a.example", reply: {user: u, password: "${NOT_THERE_AT_ALL}"}'
    )
    assert found.channel_for("a").options["password"] == ""


@pytest.fixture
def house(sqlite_database: Database) -> Database:
    """A mention of each brand on each of two sources: cases 1 to 4."""
    intake = Intake(sqlite_database)
    intake.register({"forum": ("phpbb", "https://forum.example"), "blog": ("feed", "https://blog.example")})
    places = [("forum", "zonnebank"), ("forum", "maanbank"), ("blog", "zonnebank"), ("blog", "maanbank")]
    for number, (source, brand) in enumerate(places):
        post = Post(external_id=f"p{number}", url=f"https://x.example/{number}", text=brand, author=f"jan{number}")
        new = NewPost(post=post, matches=(Match(brand=brand, query=brand),), wants_case=True)
        intake.store(source, "feed", [new])
    return sqlite_database


LISTENING = (
    'name: forum, kind: phpbb, url: "https://forum.example"',
    'name: blog, kind: feed, url: "https://blog.example", reply: none',
)


@pytest.mark.parametrize(
    ("case", "why"),
    [
        (2, "maanbank is only listened to: sources.yaml says that nobody answers for it."),
        (3, "blog is only listened to: sources.yaml says that nobody answers there."),
        (4, "blog is only listened to: sources.yaml says that nobody answers there."),
    ],
)
def test_what_is_only_listened_to_is_not_answered(house: Database, case: int, why: str) -> None:
    clerk = Clerk(house, agent="anna", policy=read(*LISTENING), channels=channels.load)
    for answer in (clerk.reply, clerk.draft):
        with pytest.raises(NotAllowed) as caught:
            answer(case, "Dag")
        assert str(caught.value) == why
    assert clerk.outbox(list(ReplyState)) == ()
    assert clerk.reply(1, "Dag").channel == "browser"


def test_listen_only_may_be_said_of_a_source_in_so_many_words() -> None:
    found = read('name: a, url: "https://a.example", listen_only: true, reply: {channel: mastodon, token: t}')
    assert found.silence("a", None) and not found.silence("b", None)


def test_a_reply_that_waits_when_its_source_becomes_listen_only_does_not_leave(house: Database, clock: Any) -> None:
    open_policy = read(LISTENING[0])
    clerk = Clerk(house, agent="anna", policy=open_policy, channels=channels.load)
    clerk.reply(3, "Dag")
    clock.advance(minutes=1)
    (ended,) = clockwork.deliver(house, read(*LISTENING), channels.load, desk_of="anna")
    assert (ended.state, ended.error) == (
        ReplyState.FAILED,
        "blog is only listened to: sources.yaml says that nobody answers there.",
    )


def test_a_reply_is_as_long_as_its_channel_says(house: Database) -> None:
    found = read('name: forum, url: "https://forum.example", reply: {channel: bluesky, user: u, password: p}')
    clerk = Clerk(house, agent="anna", policy=found, channels=channels.load)
    family = "👩\u200d👩\u200d👧"
    with pytest.raises(NotReady, match="has 301 characters; bluesky takes 300"):
        clerk.reply(1, family * 301)
    assert clerk.reply(1, family * 300).state is ReplyState.HELD
