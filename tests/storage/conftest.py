"""Cases to work on, made by storing mentions through the listener's door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from storage.database import Database
from storage.inbox import Inbox
from storage.intake import Intake
from storage.outbox import Outbox
from storage.steps import Steps
from storage.types import Match, NewPost, Opinion, Post, Priority
from storage.undo import Undo


@dataclass
class Desk:
    """The doors of one desk on one database."""

    database: Database

    def __post_init__(self) -> None:
        self.intake, self.inbox, self.steps = Intake(self.database), Inbox(self.database), Steps(self.database)
        self.outbox, self.undo = Outbox(self.database), Undo(self.database)
        self._number = count(1)

    def post(
        self,
        text: str = "Waarom werkt de app van Zonnebank niet?",
        *,
        author: str = "",
        conversation: str = "",
        external_id: str = "",
        is_own: bool = False,
        opinion: Opinion | None = None,
        source: str = "forum",
        **more: Any,
    ) -> int:
        """Stores a mention (or, when it is our own account's, a post) and gives its id."""
        number = next(self._number)
        post = Post(
            external_id=external_id or f"p{number}",
            url=f"https://forum.example/p{number}",
            text=text,
            title="Zonnebank",
            author=author or f"author{number}",
            conversation_id=conversation or f"c{number}",
            **more,
        )
        new = NewPost(
            post=post,
            matches=() if is_own else (Match(brand="zonnebank", query="zonnebank"),),
            opinion=opinion or Opinion(lang="nl", priority=Priority.NORMAL, priority_score=35, intents=("question",)),
            wants_case=not is_own,
            is_own=is_own,
        )
        stored = self.intake.store(source, "phpbb", [new])
        return (*stored.new_mentions, *stored.edited_mentions, 0)[0]

    def case(self, text: str = "Waarom werkt de app van Zonnebank niet?", **more: Any) -> int:
        """Stores a mention and gives the id of its case."""
        case_id = self.inbox.mention(self.post(text, **more)).case_id
        assert case_id is not None
        return case_id

    def hold(self, case_id: int, agent: str = "anna", text: str = "Dank je wel!", **more: Any) -> Any:
        """Claims the case and hands a reply over, due in ten seconds."""
        from datetime import timedelta

        case = self.steps.claim(case_id, agent)
        arguments: dict[str, Any] = {
            "channel": "wordpress",
            "post_id": self.inbox.open(case_id).thread[0].id,
            "epoch": case.epoch,
            "seen_version": case.version,
            "key": f"key-{case_id}-{text}",
            "hold": timedelta(seconds=10),
        }
        return self.outbox.hold(case_id, agent, text, **arguments | more)


@pytest.fixture
def desk(database: Database) -> Desk:
    """A desk on an empty database."""
    return Desk(database)


@pytest.fixture
def open_desk(another: Callable[[], Database]) -> Callable[[], Desk]:
    """Opens one more desk on the test's database, as another process would."""
    return lambda: Desk(another())
