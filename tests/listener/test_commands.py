"""What the listener's verbs do and say."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from listener import classifying, commands, crawl
from listener.errors import ListenerError
from listener.types import Brand, SourceSpec, Watchlist
from storage.database import Database
from storage.errors import NotFound
from storage.types import Health, Visit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ITEM = {"guid": "1", "title": "Storing", "text": "Zonnebank doet het vandaag weer niet, wat een ellende."}


def outcome(health: Health = Health.OK, sentence: str = "", **but: Any) -> crawl.Outcome:
    visit = Visit(
        source="blog", started_at=NOW, finished_at=NOW, next_at=NOW, interval=900, health=health, sentence=sentence
    )
    return crawl.Outcome(visit=visit, **but)


def said(total: int, *outcomes: crawl.Outcome) -> str:
    out = io.StringIO()
    progress = commands.Progress(out, total, str.upper)
    for each in outcomes:
        progress.say(each)
    progress.close()
    return out.getvalue()


def test_a_change_of_health_is_said_once_while_it_listens_for_ever() -> None:
    down = outcome(Health.DEGRADED, "it is down.")
    lines = said(0, outcome(Health.DEGRADED, "it is down.", news=True), down, down, outcome(news=True))
    assert lines.splitlines()[0] == "blog: degraded: IT IS DOWN."
    assert lines.count("DOWN") == 1
    assert "blog: it does well again" in lines


def test_each_trouble_is_said_when_somebody_asked_for_one_round() -> None:
    assert said(1, outcome(Health.DEGRADED, "it is down.")) == "blog: degraded: IT IS DOWN.\n"


def watchlist(site: Any, path: str = "/feed") -> Watchlist:
    return Watchlist(
        brands=(Brand(name="zonnebank", queries={"zonnebank": "zonnebank*"}),),
        sources=(SourceSpec(name="blog", url=site.base + path, kind="feed", pause=0, allow_private=True),),
        allow_private=True,
    )


def test_one_round_says_what_came_and_whether_all_went_well(site: Any, sqlite_database: Database, clock: Any) -> None:
    site.feed("/feed", ITEM)
    out = io.StringIO()
    assert commands.listen(sqlite_database, watchlist(site), once=True, out=out)
    assert out.getvalue() == "blog: 1 new post, 1 mention\n"
    site.say("/feed", status=500)
    clock.advance(milliseconds=1)
    assert not commands.listen(sqlite_database, watchlist(site), once=True, regardless=True, out=out)
    (row,) = commands.health(sqlite_database)
    assert (row["health"], row["mentions"], row["failures"]) == ("degraded", 1, 1)


def test_a_source_that_is_not_configured_is_refused(site: Any, sqlite_database: Database) -> None:
    with pytest.raises(ListenerError, match="no source called nowhere"):
        commands.listen(sqlite_database, watchlist(site), names=["nowhere"])


def test_trying_an_address_stores_nothing(site: Any, sqlite_database: Database) -> None:
    site.feed("/feed", ITEM)
    spec, posts, troubles = commands.look(sqlite_database, watchlist(site), f"{site.base}/feed")
    assert (spec.kind, len(posts), troubles) == ("feed", 1, [])
    assert list(commands.health(sqlite_database)) == []
    with pytest.raises(ListenerError, match="neither a source"):
        commands.look(sqlite_database, watchlist(site), "geldblog")


def test_an_address_is_discovered_with_its_feeds(site: Any) -> None:
    site.say("/", "<html><head><link rel=alternate type='application/rss+xml' title='All' href='/feed'></head></html>")
    site.feed("/feed", ITEM)
    rows = commands.discover(watchlist(site), f"{site.base}/")
    assert [(row["kind"], row["url"].removeprefix(site.base)) for row in rows] == [("feed", "/feed"), ("feed", "/feed")]


def test_a_person_decides_on_sources_by_name(site: Any, sqlite_database: Database) -> None:
    site.feed("/feed", ITEM)
    commands.listen(sqlite_database, watchlist(site), once=True, out=io.StringIO())
    for what in ("pause", "accept", "retry"):
        assert commands.decide(sqlite_database, what, "blog").startswith("blog is ")
        with pytest.raises(NotFound, match="no source called other"):
            commands.decide(sqlite_database, what, "other")


def test_half_a_surrogate_pair_is_answered_as_it_was_written() -> None:
    out = io.StringIO()
    assert classifying.classify(io.BytesIO(rb'{"text": "Top \ud83d"}'), out, io.StringIO()) == 0
    assert out.getvalue().encode().startswith(rb'{"text": "Top \ud83d"')


def test_lines_are_classified_in_order_and_bad_ones_are_numbered() -> None:
    out, complain = io.StringIO(), io.StringIO()
    lines = [b'{"text": "Zonnebank is geweldig!"}', b"", b"[1]", b"\xff", b'{"text": 3}', b'{"text": "ok", "id": 7}']
    assert classifying.classify(io.BytesIO(b"\n".join(lines)), out, complain, None) == 1
    records = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [record.get("id") for record in records] == [None, 7]
    assert records[0]["sentiment"] == "positive"
    assert [line.split()[1] for line in complain.getvalue().splitlines()] == ["3", "4", "5"]
