"""The first page by plain statements is the first page of the inbox, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from storage.glance import first_page
from storage.migrations import HEAD
from storage.teamwork import Teamwork
from storage.types import Opinion, Priority

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_the_first_page_is_that_of_the_inbox(desk: Any) -> None:
    ids = [
        desk.case(opinion=Opinion(lang="nl", priority=Priority.HIGH, priority_score=number % 3, intents=("b", "a")))
        for number in range(8)
    ]
    desk.case("Nog iets van Zonnebank", author="jan", conversation="c", published_at=NOON)
    desk.case("En nog iets van Zonnebank", author="jan", conversation="c", published_at=NOON + timedelta(hours=1))
    desk.steps.resolve(ids[0], "anna")
    desk.steps.snooze(ids[1], "anna", NOON + timedelta(days=900))
    desk.steps.claim(ids[2], "anna")
    for tag in ("vraag", "app"):
        desk.steps.tag(ids[3], "anna", tag)
    together = Teamwork(desk.database)
    together.open_playbook(ids[4], "anna", "storing", ("kijk", "bel"))
    together.tick(ids[4], "anna", 1)
    desk.outbox.draft(ids[5], "anna", "Hallo", "browser")
    url = desk.database.url.render_as_string(hide_password=False)
    for limit in (3, 100):
        cursor, page = first_page(url, HEAD, limit)
        assert page == desk.inbox.page("is:open NOT is:snoozed", limit=limit)
        assert cursor == desk.inbox.cursor()
    assert len(page) == 7
