"""A desk on a real SQLite file, and posts to work on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.worker import WorkerCancelled, WorkerFailed

from desk.app import Desk
from desk.clerk import Clerk
from desk.custom import Custom
from desk.policy import Member, Policy
from desk.screens.triage import TriageScreen
from storage.database import Database
from storage.intake import Intake
from storage.types import Match, NewPost, Opinion, Post, Priority, Reason, Sentiment

Scores = {Priority.LOW: 10, Priority.NORMAL: 35, Priority.HIGH: 65, Priority.URGENT: 90}


@dataclass
class Quiet:
    """A channel that hands nothing over."""

    limit: int | None = 280
    tells_duplicates: bool = False


class Seat:
    """An agent at an open desk."""

    def __init__(self, app: Desk, pilot: Pilot[Any]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def screen(self) -> TriageScreen:
        """The triage screen, whatever lies over it."""
        return self.app._triage

    async def settle(self) -> None:
        """Waits until all that was asked is answered and painted."""
        await self.pilot.pause()
        while any(not worker.is_finished for worker in self.app.workers):
            with suppress(WorkerCancelled, WorkerFailed):
                await self.app.workers.wait_for_complete()
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        """Presses keys, each once the one before it was answered."""
        for key in keys:
            await self.pilot.press(key)
            await self.settle()

    async def type(self, text: str) -> None:
        """Types words."""
        await self.pilot.press(*(" " if each == " " else each for each in text))
        await self.settle()

    async def poll(self) -> None:
        """Looks at what others did."""
        self.screen.poll()
        await self.settle()

    @property
    def text(self) -> str:
        """All that is on the screen."""
        lines = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in line) for line in lines)

    @property
    def said(self) -> str:
        """The status line."""
        return self.screen.query_one("#status").text.strip()  # type: ignore[attr-defined]


OpenDesk = Callable[..., AbstractAsyncContextManager[Seat]]


@pytest.fixture
def seat_of() -> type[Seat]:
    """For tests that open their own desk."""
    return Seat


@pytest.fixture
def policy() -> Policy:
    """Two leads, an agent, a trainee, and templates with and without a gap."""
    team = {"anna": "lead", "bram": "lead", "carla": "agent", "tom": "trainee"}
    return Policy(
        team={name: Member(role=role) for name, role in team.items()},  # type: ignore[arg-type]
        replies={
            "dank": {"nl": "Dank je wel, {author}! ^{agent}", "en": "Thank you, {author}! ^{agent}"},
            "vraag": {"nl": "Wat is je {prompt:postcode}? ^{agent}"},
        },
    )


@pytest.fixture
def arrive(sqlite_database: Database) -> Callable[..., int]:
    """Stores a mention and gives the number of its case; later arrivals come lower in the list."""
    count = 0

    def store(
        text: str = "De app van Zonnebank werkt niet",
        *,
        author: str = "jan",
        title: str = "Storing",
        conversation: str = "",
        priority: Priority = Priority.NORMAL,
        url: str = "",
        parent: str = "",
        match: bool = True,
    ) -> int:
        nonlocal count
        count += 1
        reason = Reason(about="sentiment", label="negative", words=("werkt niet",), share=-0.6)
        opinion = Opinion(
            lang="nl", sentiment=Sentiment.NEGATIVE, score=-0.6, confidence=0.8, intents=("complaint",),
            priority=priority, priority_score=Scores[priority], reasons=(reason,),
        )  # fmt: skip
        post = Post(
            external_id=f"p{count}",
            url=url or f"https://forum.example/t/{count}",
            text=text,
            title=title,
            author=author,
            author_id=author,
            conversation_id=conversation or f"c{count}",
            conversation_title=title,
            parent_id=parent,
            lang="nl",
            published_at=sqlite_database.now() - timedelta(hours=5) + timedelta(minutes=count),
        )
        matches = (Match(brand="zonnebank", query="zonnebank"),) if match else ()
        new = NewPost(post=post, matches=matches, opinion=opinion if match else None, wants_case=match)
        intake = Intake(sqlite_database)
        intake.register({"forum": ("phpbb", "https://forum.example")})
        stored = intake.store("forum", "phpbb", [new])
        if not match:
            return 0
        with sqlite_database.read() as connection:
            found = connection.exec_driver_sql("SELECT case_id FROM post WHERE id = ?", (stored.new_mentions[0],))
            return int(found.scalar_one())

    return store


@pytest.fixture
def clerk(sqlite_url: str, clock: Any, policy: Policy) -> Iterator[Callable[[str], Clerk]]:
    """A clerk of its own for an agent, as another process would have."""
    opened: list[Database] = []

    def make(agent: str = "anna", policy: Policy = policy, **more: Any) -> Clerk:
        opened.append(Database(sqlite_url, clock=clock))
        return Clerk(opened[-1], agent=agent, policy=policy, channels=lambda name: Quiet(), **more)  # type: ignore[arg-type, return-value]

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def desk(clerk: Callable[..., Clerk], clock: Any, policy: Policy) -> OpenDesk:
    """Opens a desk: `async with desk("anna", size=(80, 24)) as seat`. It only polls when it is asked to."""

    @asynccontextmanager
    async def opened(
        agent: str = "anna",
        *,
        size: tuple[int, int] = (120, 40),
        custom: Custom | None = None,
        policy: Policy = policy,
        **more: Any,
    ) -> AsyncIterator[Seat]:
        chosen = custom or Custom()
        app = Desk(lambda: clerk(agent, policy), agent=agent, now=clock, poll=3600, custom=lambda: chosen, **more)
        async with app.run_test(size=size) as pilot:
            seat = Seat(app, pilot)
            await seat.settle()
            yield seat
            await seat.settle()

    return opened
