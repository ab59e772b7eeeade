"""Sources that want an account are logged in to, whole, and no key is kept longer than it is good."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from listener.login import Keys

OpenListener = Callable[..., Any]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def with_keys(listener: Any) -> Clock:
    """Gives a listener keys whose time is moved by hand."""
    clock = Clock()
    listener.kit = replace(listener.kit, keys=Keys(listener.kit.web.post, clock))
    return clock


def comment(name: str, body: str, parent: str, *replies: dict[str, Any], author: str = "bram") -> dict[str, Any]:
    below: Any = {"kind": "Listing", "data": {"children": list(replies)}} if replies else ""
    data = {"name": f"t1_{name}", "body": body, "author": author, "parent_id": parent, "link_id": "t3_abc",
            "created_utc": 1795340000, "permalink": f"/r/geld/comments/abc/x/{name}/", "replies": below}  # fmt: skip
    return {"kind": "t1", "data": data}


def listing(*children: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "Listing", "data": {"children": list(children)}}


def say(site: Any, path: str, body: Any) -> None:
    site.say(path, json.dumps(body))


async def test_reddit_is_read_whole_by_its_interface(open_listener: OpenListener, site: Any) -> None:
    root = {"kind": "t3", "data": {"name": "t3_abc", "title": "Zonnebank traag", "selftext": "Zonnebank doet niets.",
            "author": "anna", "is_self": True, "num_comments": 4, "created_utc": 1795330000,
            "permalink": "/r/geld/comments/abc/x/"}}  # fmt: skip
    more = {"kind": "more", "data": {"children": ["c4", "../x"]}}
    say(site, "/api/v1/access_token", {"access_token": "sleutel", "expires_in": 86400})
    say(site, "/r/geld/new?limit=100&raw_json=1", listing(root))
    say(site, "/r/geld/comments?limit=100&raw_json=1", listing())
    tree = [
        comment("c1", "Bij mij ook", "t3_abc", comment("c2", "En bij mij", "t1_c1"), more),
        comment("c3", "Weg", "t3_abc"),
    ]
    say(site, "/comments/abc?limit=500&sort=new&raw_json=1", [listing(root), listing(*tree)])
    say(site, "/api/morechildren?api_type=json&raw_json=1&link_id=t3_abc&children=c4",
        {"json": {"data": {"things": [comment("c4", "Verborgen", "t1_c1")]}}})  # fmt: skip
    site.say("/robots.txt", "User-agent: *\nDisallow: /")
    options = {"client_id": "app", "client_secret": "geheim", "service": site.base}
    async with open_listener() as listener:
        clock = with_keys(listener)
        listener.listen_to("https://www.reddit.com/r/geld", "reddit", options=options)
        outcome = await listener.visit()
        assert (outcome.visit.sentence, outcome.new_posts) == ("", 5)
        assert site.posted == [b"grant_type=client_credentials"]
        assert site.headers[0]["authorization"].startswith("Basic ")
        assert {each.get("authorization") for each in site.headers[1:]} == {"Bearer sleutel"}
        assert "/robots.txt" not in site.asked

        tree[1]["data"] |= {"body": "[deleted]", "author": "[deleted]"}
        tree[0]["data"] |= {"body": "Bij mij nu ook", "edited": 1795341000}
        root["data"]["num_comments"] = 5  # type: ignore[index]
        say(site, "/r/geld/new?limit=100&raw_json=1", listing(root))
        say(site, "/comments/abc?limit=500&sort=new&raw_json=1", [listing(root), listing(*tree)])
        await listener.visit()
        assert len(site.posted) == 1
        with listener.database.read() as connection:
            held = connection.execute(
                sa.text("SELECT text, deleted_at, edited_at FROM post ORDER BY external_id")
            ).all()
        assert [(row.text, row.deleted_at is not None, row.edited_at is not None) for row in held] == [
            ("Bij mij nu ook", False, True),
            ("En bij mij", False, False),
            ("Weg", True, False),
            ("Verborgen", False, False),
            ("Zonnebank doet niets.", False, False),
        ]
        clock.now = 86400.0
        await listener.visit()
        assert len(site.posted) == 2


async def test_bluesky_is_searched_with_a_session_that_is_renewed(open_listener: OpenListener, site: Any) -> None:
    session = "/xrpc/com.atproto.server."
    say(site, f"{session}createSession", {"accessJwt": "een", "refreshJwt": "ververs"})
    say(site, f"{session}refreshSession", {"accessJwt": "twee", "refreshJwt": "ververs2"})
    search = "/xrpc/app.bsky.feed.searchPosts?sort=latest&limit=100&q=zonnebank"
    say(site, search, {"posts": []})
    options = {"search": "zonnebank", "identifier": "wij.example", "password": "app-wachtwoord", "service": site.base}
    async with open_listener() as listener:
        clock = with_keys(listener)
        listener.listen_to("https://bsky.app", "bluesky", options=options)
        used = []
        for clock.now in (0.0, 60.0, 3500.0, 7000.0):
            await listener.visit()
            used.append(site.headers[-1]["authorization"])
        assert used == ["Bearer een", "Bearer een", "Bearer twee", "Bearer twee"]
        assert json.loads(site.posted[0]) == {"identifier": "wij.example", "password": "app-wachtwoord"}
        asked = [path for path in site.asked if "server" in path]
        assert asked == [f"{session}createSession", f"{session}refreshSession", f"{session}refreshSession"]
        site.say(f"{session}refreshSession", "{}", status=401)
        clock.now = 20_000.0
        await listener.visit()
        assert site.headers[-1]["authorization"] == "Bearer een"
        site.say(f"{session}createSession", "{}", status=401)
        clock.now = 40_000.0
        await listener.visit()
        assert "check user and password" in listener.health()[1]
        with listener.database.read() as connection:
            memory = str(connection.scalar(sa.text("SELECT memory FROM source")))
        assert "een" not in memory and "ververs" not in memory
