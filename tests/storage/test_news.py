"""Whether anything happened is known without asking the tables, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from storage import news
from storage.database import Database
from storage.news import News


@pytest.fixture
def watcher(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[News]:
    """A watcher that has asked once already, and does not lose patience."""
    monkeypatch.setattr(news, "PATIENCE", 3600.0)
    found = News(database)
    assert found.is_any()
    yield found
    found.close()


def told(watcher: News) -> bool:
    """Whether it is told soon: a notification takes its way over a socket."""
    return any(watcher.is_any() for _ in range(200_000))


def test_it_says_so_once_when_another_process_does_something(
    desk: Any, watcher: News, another: Callable[[], Database]
) -> None:
    assert not watcher.is_any()
    case_id = desk.case()
    assert told(watcher)
    assert not watcher.is_any() and not watcher.is_any()
    desk.steps.tag(case_id, "anna", "x")
    desk.steps.tag(case_id, "anna", "y")
    assert told(watcher)
    assert not watcher.is_any()


def test_what_was_taken_back_is_no_news(desk: Any, watcher: News, database: Database) -> None:
    case_id = desk.case()
    assert told(watcher)
    with pytest.raises(RuntimeError), database.together():
        raise RuntimeError
    desk.inbox.open(case_id)
    assert not any(watcher.is_any() for _ in range(200))


def test_a_lost_connection_counts_as_news_and_is_made_again(desk: Any, watcher: News, database: Database) -> None:
    watcher._driver.close()
    assert watcher.is_any()
    assert watcher.is_any()  # a new connection cannot know what was before it
    assert not watcher.is_any()
    desk.case()
    assert told(watcher)


def test_after_a_while_it_is_yes_in_any_case(watcher: News, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not watcher.is_any()
    monkeypatch.setattr(news, "PATIENCE", 0.0)
    assert watcher.is_any()
