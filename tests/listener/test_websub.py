"""A feed's hub is asked to ring, and its ring brings the next visit forward; a stranger's does not."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from listener import websub
from listener.types import Doorbell
from storage.database import Database
from storage.hubs import Hubs

OpenListener = Callable[..., Any]
CALLBACK = "https://desk.example/rings"
ITEM = "<item><guid isPermaLink='false'>1</guid><title>Zonnebank</title></item>"
FEED = (
    "<rss version='2.0' xmlns:a='http://www.w3.org/2005/Atom'><channel><title>Blog</title>"
    "<a:link rel='hub' href='{base}/hub'/><a:link rel='self' href='{base}/its-name'/>" + ITEM + "</channel></rss>"
)


@dataclass
class Stage:
    listener: Any
    site: Any
    hubs: Hubs
    client: httpx.AsyncClient
    """Speaks to the door that hubs ring at."""

    async def visit(self) -> None:
        """Visits the feed, and waits until its hub was asked."""
        asked = threading.Event()
        posted = len(self.site.posted)
        self.site.after = lambda _: asked.set() if len(self.site.posted) > posted else None
        await self.listener.visit()
        assert await asyncio.to_thread(asked.wait, 10), "the hub was not asked"

    @property
    def form(self) -> dict[str, str]:
        """What the hub was asked last."""
        return {key: each[0] for key, each in parse_qs(self.site.posted[-1].decode()).items()}

    @property
    def path(self) -> str:
        return urlsplit(self.form["hub.callback"]).path

    async def verify(self, **other: str) -> httpx.Response:
        """The hub asks whether it was us."""
        asked = {"mode": "subscribe", "topic": f"{self.site.base}/its-name", "challenge": "toch?", **other}
        return await self.client.get(self.path, params={f"hub.{key}": value for key, value in asked.items()})

    async def ring(self, secret: str, method: str = "sha256", body: bytes = b"<rss/>") -> int:
        digest = hmac.new(secret.encode(), body, getattr(hashlib, method)).hexdigest()
        answer = await self.client.post(self.path, content=body, headers={"x-hub-signature": f"{method}={digest}"})
        return answer.status_code


@pytest.fixture
async def open_stage(open_listener: OpenListener, site: Any, database: Database) -> Callable[..., Any]:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Stage]:
        hubs = Hubs(database)
        site.say("/hub", "", 202)
        site.say("/feed", FEED.format(base=site.base), content_type="application/rss+xml")
        door = Doorbell(callback=CALLBACK, host="127.0.0.1", port=0)
        async with open_listener() as listener, websub.answering(door, hubs) as port:
            subscriber = websub.Subscriber(listener.kit.web.post, hubs, CALLBACK)
            listener.kit = replace(listener.kit, subscriber=subscriber)
            listener.listen_to(f"{site.base}/feed")
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                yield Stage(listener, site, hubs, client)
            await subscriber.close()

    return opened


def next_at(stage: Stage) -> datetime:
    (found,) = stage.listener.kit.intake.health()
    time: datetime = found.next_at
    return time


async def test_a_hub_is_asked_confirmed_and_heard(open_stage: Any, clock: Any) -> None:
    async with open_stage() as stage:
        await stage.visit()
        form = stage.form
        assert (form["hub.mode"], form["hub.topic"]) == ("subscribe", f"{stage.site.base}/its-name")
        answer = await stage.verify(lease_seconds="864000")
        assert (answer.status_code, answer.text) == (200, "toch?")
        clock.advance(seconds=40)
        assert next_at(stage) > clock()
        assert await stage.ring(form["hub.secret"]) == 202
        assert next_at(stage) == clock()


async def test_only_who_was_asked_brings_a_visit_about(open_stage: Any, clock: Any) -> None:
    async with open_stage() as stage:
        await stage.visit()
        assert (await stage.verify(topic="https://else.example/feed")).status_code == 404
        assert (await stage.verify(mode="unsubscribe")).status_code == 404
        assert (await stage.verify(challenge="<script>alert(1) </script>")).status_code == 404
        assert (await stage.verify()).headers["content-type"].startswith("text/plain")
        clock.advance(seconds=40)
        before = next_at(stage)
        assert await stage.ring("a guess") == 202
        assert (await stage.client.post(stage.path, content=b"x")).status_code == 202
        assert (await stage.client.post("/rings/unknown", content=b"x")).status_code == 410
        assert next_at(stage) == before


async def test_rings_one_after_another_are_one_visit_and_change_nothing_for_who_wants_quiet_or_is_paused(
    open_stage: Any, clock: Any
) -> None:
    async with open_stage() as stage:
        await stage.visit()
        secret, visited = stage.form["hub.secret"], clock()
        await stage.ring(secret, "sha1")
        await stage.ring(secret, "sha512")
        assert next_at(stage) == visited + timedelta(seconds=30)
        stage.site.say("/feed", status=503, retry_after="3600")
        await stage.listener.visit()
        await stage.ring(secret)
        assert next_at(stage) >= clock() + timedelta(hours=1)
        stage.listener.kit.intake.pause("blog")
        await stage.ring(secret)
        assert next_at(stage) is None


async def test_a_hub_is_asked_again_before_its_lease_ends_and_daily_until_it_confirms(
    open_stage: Any, clock: Any
) -> None:
    async with open_stage() as stage:
        await stage.visit()
        asked = (hub, topic) = f"{stage.site.base}/hub", f"{stage.site.base}/its-name"
        first = stage.form
        assert stage.hubs.to_ask("blog", *asked) is None
        clock.advance(days=1)
        again = stage.hubs.to_ask("blog", *asked)
        assert again is not None and again.secret == first["hub.secret"]
        await stage.verify(lease_seconds="4000")
        clock.advance(seconds=2900)
        assert stage.hubs.to_ask("blog", *asked) is None
        clock.advance(seconds=200)
        assert stage.hubs.to_ask("blog", *asked) is not None
        assert (await stage.verify(mode="denied")).status_code == 200
        assert stage.hubs.to_ask("blog", *asked) is None, "not before a day is over"
        moved = stage.hubs.to_ask("blog", hub, topic + "2")
        assert moved is not None and moved.token != again.token


async def test_a_hub_that_cannot_be_asked_costs_no_visit(open_stage: Any, caplog: pytest.LogCaptureFixture) -> None:
    async with open_stage() as stage:
        stage.site.say("/hub", "", 500)
        await stage.visit()
        assert stage.listener.health() == ("ok", "")


async def test_a_second_listener_of_a_machine_goes_on_without_the_door(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with websub.answering(Doorbell(callback=CALLBACK, host="127.0.0.1", port=0), Hubs(database)) as port:
        again = Doorbell(callback=CALLBACK, host="127.0.0.1", port=port)
        async with websub.answering(again, Hubs(database)) as other:
            assert other == 0
    assert "Another listener may do so." in caplog.text
