"""A visit from the web to the database, on both kinds of database: what goes well, and everything that does not."""

from __future__ import annotations

import asyncio
import importlib
from typing import Any

import pytest

from listener import walk
from listener.network.wire import Limits
from storage.inbox import Inbox
from storage.types import Mention

EVERYTHING = "(is:mention OR is:context)"
ONE = {"guid": "1", "title": "Storing", "text": "Zonnebank doet het vandaag weer niet, wat een ellende."}
TWO = {"guid": "2", "title": "Rente", "text": "De rente van Zonnebank is vandaag verhoogd, eindelijk."}
OURS = {"id": "a", "text": "Waarom doet de app van Zonnebank het niet?"}
THEIRS = {"id": "b", "text": "Hier ook al de hele dag.", "author": "jan"}


@pytest.fixture
async def listener(open_listener: Any) -> Any:
    async with open_listener() as opened:
        yield opened


def stored(listener: Any, query: str = EVERYTHING) -> dict[str, Mention]:
    return {each.external_id: each for each in Inbox(listener.database).mentions(query)}


async def test_a_feed_is_read_matched_understood_and_stored(site: Any, listener: Any) -> None:
    site.feed("/feed", ONE, {"guid": "3", "title": "Weer", "text": "Morgen regent het de hele dag."})
    listener.listen_to(f"{site.base}/feed")
    outcome = await listener.visit()
    assert (outcome.new_posts, len(outcome.new_mentions), outcome.visit.outcome) == (1, 1, "ok")
    (mention,) = stored(listener).values()
    assert (mention.lang, mention.sentiment.value, mention.title) == ("nl", "negative", "Storing")
    assert listener.health() == ("ok", "")


async def test_an_unchanged_feed_costs_one_question_and_changes_nothing(site: Any, listener: Any) -> None:
    site.feed("/feed", ONE, etag='"a"')
    listener.listen_to(f"{site.base}/feed")
    await listener.visit()
    asked = len(site.asked)
    outcome = await listener.visit()
    assert (outcome.visit.outcome, outcome.visit.status, outcome.new_posts) == ("unchanged", 304, 0)
    assert len(site.asked) == asked + 1


async def test_the_same_bytes_without_validators_are_unchanged_too(site: Any, listener: Any) -> None:
    site.feed("/feed", ONE)
    listener.listen_to(f"{site.base}/feed")
    await listener.visit()
    outcome = await listener.visit()
    assert (outcome.visit.outcome, outcome.visit.status, outcome.visit.posts) == ("unchanged", 200, 0)


async def test_a_host_that_asks_for_quiet_gets_it(site: Any, listener: Any, clock: Any) -> None:
    site.say("/feed", status=429, retry_after="7200")
    listener.listen_to(f"{site.base}/feed")
    visit = (await listener.visit()).visit
    assert (visit.outcome, visit.status) == ("failed", 429)
    assert (visit.next_at - clock()).total_seconds() >= 7200
    asked = len(site.asked)
    assert (await listener.visit()).visit.outcome == "failed"
    assert len(site.asked) == asked


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
async def test_a_refusal_is_said_in_a_sentence_and_tried_ever_less(site: Any, listener: Any, status: int) -> None:
    site.say("/feed", status=status)
    listener.listen_to(f"{site.base}/feed")
    waits = []
    for _ in range(3):
        visit = (await listener.visit()).visit
        waits.append(visit.next_at - visit.finished_at)
    assert waits[0] < waits[1] < waits[2]
    health, sentence = listener.health()
    assert health == "degraded"
    assert sentence.endswith(".")
    assert str(status) in sentence


async def test_a_site_that_does_not_answer_in_time_is_left_for_later(site: Any, open_listener: Any) -> None:
    site.feed("/feed", ONE)
    async with open_listener(Limits(total=0.3, read=0.2)) as listener:
        listener.listen_to(f"{site.base}/feed")
        site.hears.clear()
        visit = (await listener.visit()).visit
        site.hears.set()
    assert (visit.outcome, visit.health.value) == ("failed", "degraded")
    assert stored(listener) == {}


async def test_what_is_no_feed_is_said_and_what_was_stored_stays(site: Any, listener: Any) -> None:
    site.feed("/feed", ONE)
    listener.listen_to(f"{site.base}/feed")
    await listener.visit()
    site.say("/feed", "<html><body>Log in first</body></html>", content_type="text/html")
    assert (await listener.visit()).visit.outcome == "failed"
    assert list(stored(listener)) == ["1"]
    assert listener.health()[0] == "degraded"


async def test_a_conversation_is_read_whole_with_its_context(site: Any, listener: Any, board_kind: str) -> None:
    site.board({"7": [OURS, THEIRS], "8": [{"id": "c", "text": "Wie heeft er een goed recept?"}]})
    listener.listen_to(f"{site.base}/board", board_kind)
    outcome = await listener.visit()
    assert (outcome.new_posts, len(outcome.new_mentions)) == (2, 1)
    assert sorted(stored(listener)) == ["a", "b"]


async def test_an_answer_read_before_the_mention_it_answers_is_kept(site: Any, listener: Any, board_kind: str) -> None:
    site.board({"jan": [dict(THEIRS, conversation="7")], "marieke": [dict(OURS, conversation="7")]})
    listener.listen_to(f"{site.base}/board", board_kind)
    await listener.visit()
    assert sorted(stored(listener)) == ["a", "b"]


async def test_one_bad_conversation_leaves_the_others_whole(site: Any, listener: Any, board_kind: str) -> None:
    site.board({"7": [OURS], "8": [dict(OURS, id="x")], "9": [dict(OURS, id="y")]})
    site.say("/thread/8", "<oops>")
    listener.listen_to(f"{site.base}/board", board_kind)
    visit = (await listener.visit()).visit
    assert (visit.outcome, visit.health.value) == ("ok", "degraded")
    assert "1 of its 4 pages" in visit.sentence
    assert sorted(stored(listener)) == ["a", "y"]
    site.asked.clear()
    site.board({"7": [OURS], "8": [dict(OURS, id="x")], "9": [dict(OURS, id="y")]})
    assert (await listener.visit()).visit.health.value == "ok"
    assert site.asked == ["/board", "/thread/8"]
    assert sorted(stored(listener)) == ["a", "x", "y"]


async def test_a_conversation_that_grows_is_read_again_for_its_context(
    site: Any, listener: Any, board_kind: str
) -> None:
    site.board({"7": [OURS]})
    listener.listen_to(f"{site.base}/board", board_kind)
    await listener.visit()
    site.board({"7": [OURS, THEIRS]})
    outcome = await listener.visit()
    assert (outcome.new_posts, outcome.new_mentions) == (1, ())
    assert stored(listener)["b"].case_id is None


async def test_a_followed_conversation_is_read_in_its_own_time_though_the_list_says_nothing(
    site: Any, listener: Any, board_kind: str, clock: Any
) -> None:
    site.board({"7": [OURS]})
    listener.listen_to(f"{site.base}/board", board_kind)
    await listener.visit()
    site.board({"7": [OURS, THEIRS]}, **{"7": "1"})
    assert (await listener.visit()).new_posts == 0
    clock.advance(hours=20)
    assert (await listener.visit()).new_posts == 1


async def test_an_edited_post_keeps_what_it_said(site: Any, listener: Any) -> None:
    site.feed("/feed", ONE)
    listener.listen_to(f"{site.base}/feed")
    await listener.visit()
    site.feed("/feed", dict(ONE, text="Zonnebank doet het weer, dank voor de hulp allemaal."))
    assert (await listener.visit()).new_posts == 0
    (mention,) = stored(listener).values()
    assert mention.edited_at is not None
    assert "dank voor de hulp" in mention.text


async def test_what_a_list_shows_never_overwrites_the_whole_text(site: Any, listener: Any) -> None:
    whole = " ".join(["Zonnebank heeft vandaag een lange storing gehad en wij vertellen hoe het kwam."] * 12)
    teaser = {**ONE, "text": whole[:150] + " […]", "in": "description"}
    site.feed("/feed", teaser)
    site.say("/1", f"<html><body><article><h1>Storing</h1><p>{whole}</p></article></body></html>")
    listener.listen_to(f"{site.base}/feed")
    await listener.visit()
    assert len(stored(listener)["1"].text) > 500
    site.feed("/feed", teaser, TWO)
    await listener.visit()
    mention = stored(listener)["1"]
    assert (len(mention.text) > 500, mention.edited_at) == (True, None)


async def test_an_article_that_is_not_there_is_not_asked_for_again(site: Any, listener: Any) -> None:
    site.feed("/feed", {**ONE, "text": "Zonnebank doet […]", "in": "description"}, etag='"a"')
    listener.listen_to(f"{site.base}/feed")
    visit = (await listener.visit()).visit
    assert (visit.outcome, visit.health.value) == ("ok", "degraded")
    site.asked.clear()
    assert (await listener.visit()).visit.health.value == "ok"
    assert site.asked == ["/feed"]
    assert list(stored(listener)) == ["1"]


async def test_a_feed_that_moved_for_good_is_believed_the_third_time(site: Any, listener: Any) -> None:
    site.say("/old", status=301, location=f"{site.base}/new")
    site.feed("/new", ONE)
    listener.listen_to(f"{site.base}/old")
    said = [(await listener.visit()).visit.url for _ in range(3)]
    assert said == ["", "", f"{site.base}/new"]
    site.asked.clear()
    await listener.visit()
    assert site.asked == ["/new"]


async def test_the_kind_of_a_source_is_found_out_once(site: Any, listener: Any) -> None:
    site.say("/", f"<html><head><link rel=alternate type='application/rss+xml' href='{site.base}/feed'></head></html>")
    site.feed("/feed", ONE)
    listener.listen_to(f"{site.base}/", kind="")
    assert (await listener.visit()).new_posts == 1
    site.asked.clear()
    assert (await listener.visit()).visit.outcome == "unchanged"
    assert site.asked == ["/feed"]


async def test_an_address_that_nobody_can_read_says_what_to_do(site: Any, listener: Any) -> None:
    site.say("/", "<html><body>Hello</body></html>", content_type="text/html")
    listener.listen_to(f"{site.base}/", kind="")
    assert (await listener.visit()).visit.outcome == "failed"
    assert listener.health()[0] == "degraded"


async def test_a_fault_of_ours_is_said_and_costs_only_its_page(
    site: Any, listener: Any, board_kind: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kind = importlib.import_module(board_kind)
    read = kind.read

    def faulty(page: Any, link: Any, source: Any) -> Any:
        return {}["nothing"] if link.conversation == "8" else read(page, link, source)

    monkeypatch.setattr(kind, "read", faulty)
    site.board({"7": [OURS], "8": [dict(OURS, id="x")]})
    listener.listen_to(f"{site.base}/board", board_kind)
    visit = (await listener.visit()).visit
    assert visit.health.value == "degraded"
    assert "for a fault in webcare (KeyError)" in visit.sentence
    assert list(stored(listener)) == ["a"]


async def test_a_fault_of_ours_at_the_start_is_said_and_gives_the_lease_back(
    site: Any, listener: Any, board_kind: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(importlib.import_module(board_kind), "start", lambda source, memory: 1 / 0)
    listener.listen_to(f"{site.base}/board", board_kind)
    for _ in range(2):
        assert "ZeroDivisionError" in (await listener.visit()).visit.sentence


async def test_once_a_day_nothing_is_taken_for_unchanged(site: Any, listener: Any, board_kind: str, clock: Any) -> None:
    quiet = {"id": "c", "text": "Wie heeft er een goed recept?"}
    site.board({"7": [OURS, THEIRS], "8": [quiet]})
    listener.listen_to(f"{site.base}/board", board_kind)
    await listener.visit()
    edited = dict(OURS, text="Waarom doet de app van Zonnebank het nog steeds niet?")
    site.board({"7": [edited, THEIRS], "8": [quiet]})
    clock.advance(hours=1)
    await listener.visit()
    site.asked.clear()
    clock.advance(hours=25)
    await listener.visit()
    assert site.asked == ["/board", "/thread/7"]
    assert stored(listener)["a"].edited_at is not None
    site.asked.clear()
    await listener.visit()
    assert site.asked == ["/board"]


async def test_a_304_is_not_believed_for_ever(site: Any, listener: Any, clock: Any) -> None:
    site.feed("/feed", ONE, etag='"same"')
    listener.listen_to(f"{site.base}/feed")
    await listener.visit()
    site.feed("/feed", dict(ONE, text="Zonnebank doet het weer."), etag='"same"')
    assert (await listener.visit()).visit.status == 304
    clock.advance(hours=27)
    assert (await listener.visit()).visit.status == 200
    assert stored(listener)["1"].edited_at is not None


async def test_a_post_missing_from_a_conversation_read_completely_is_gone_until_it_is_back(
    site: Any, listener: Any, board_kind: str
) -> None:
    site.board({"7": [OURS, THEIRS]})
    listener.listen_to(f"{site.base}/board", board_kind)
    await listener.visit()
    site.board({"7": [OURS]})
    await listener.visit()
    assert stored(listener)["b"].deleted_at is not None
    assert stored(listener)["a"].deleted_at is None
    site.board({"7": [OURS, THEIRS]})
    await listener.visit()
    assert stored(listener)["b"].deleted_at is None


async def test_an_empty_conversation_takes_nothing_away(site: Any, listener: Any, board_kind: str) -> None:
    site.board({"7": [OURS]})
    listener.listen_to(f"{site.base}/board", board_kind)
    await listener.visit()
    site.board({"7": []})
    await listener.visit()
    assert stored(listener)["a"].deleted_at is None


async def test_a_source_in_strange_hands_is_held_until_a_person_accepts_it(site: Any, listener: Any) -> None:
    site.feed("/feed", ONE, TWO)
    listener.listen_to(f"{site.base}/feed")
    await listener.visit()
    spam = "The best casino of the world pays out faster than zonnebank and every other bank you know."
    stranger = {"author": "Lucky", "link": "https://casino.example/win", "title": "Play now", "text": spam}
    site.feed("/feed", dict(stranger, guid="x"), dict(stranger, guid="y"))
    visit = (await listener.visit()).visit
    assert (visit.outcome, visit.health.value) == ("refused", "on_hold")
    assert "casino.example" in visit.sentence
    assert sorted(stored(listener)) == ["1", "2"]
    await asyncio.to_thread(listener.kit.intake.accept, "blog")
    assert (await listener.visit()).new_posts == 2


async def test_a_source_back_in_its_own_hands_is_read_again(site: Any, listener: Any) -> None:
    site.feed("/feed", ONE, TWO)
    listener.listen_to(f"{site.base}/feed")
    await listener.visit()
    spam = {"guid": "x", "author": "Lucky", "link": "https://casino.example", "title": "Play now"}
    site.feed("/feed", dict(spam, text="The best casino of the world pays out faster than every other bank you know."))
    await listener.visit()
    site.feed("/feed", ONE, TWO, dict(ONE, guid="3"))
    outcome = await listener.visit()
    assert (outcome.news, outcome.new_posts, listener.health()[0]) == (True, 1, "ok")


async def test_a_change_of_health_is_news_once(site: Any, listener: Any) -> None:
    site.say("/feed", status=500)
    listener.listen_to(f"{site.base}/feed")
    assert [(await listener.visit()).news for _ in range(3)] == [True, False, False]
    site.feed("/feed", ONE)
    assert [(await listener.visit()).news for _ in range(2)] == [True, False]


async def test_an_address_that_is_gone_twice_is_dead_and_still_tried(site: Any, listener: Any, clock: Any) -> None:
    site.say("/feed", status=410)
    listener.listen_to(f"{site.base}/feed")
    assert [(await listener.visit()).visit.health.value for _ in range(2)] == ["degraded", "dead"]
    clock.advance(hours=27)
    assert [each.name for each in await asyncio.to_thread(listener.kit.intake.due)] == ["blog"]


async def test_a_source_that_falls_silent_is_reported(site: Any, listener: Any, clock: Any) -> None:
    hourly = [
        dict(ONE, guid=str(n), date=f"{'Sat, 21' if n < 12 else 'Sun, 22'} Nov 2026 {(n + 12) % 24:02}:00:00 GMT")
        for n in range(24)
    ]
    site.feed("/feed", *hourly, etag='"a"')
    listener.listen_to(f"{site.base}/feed")
    assert (await listener.visit()).visit.health.value == "ok"
    clock.advance(hours=2)
    visit = (await listener.visit()).visit
    assert (visit.status, visit.health.value) == (304, "silent")
    assert "was due by 2026-11-22 13:00" in visit.sentence


@pytest.mark.parametrize("bound", ["POSTS", "BYTES"])
async def test_a_source_that_holds_more_than_a_visit_reads_is_read_on_by_the_next(
    bound: str, site: Any, listener: Any, board_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, bound, {"POSTS": 2, "BYTES": 300}[bound])
    site.board({str(thread): [dict(OURS, id=f"{thread}-{n}") for n in range(2)] for thread in range(3)})
    listener.listen_to(f"{site.base}/board", board_kind)
    sentences, held = [], []
    while len(held) < 3 and held[-1:] != [6]:
        sentences.append((await listener.visit()).visit.sentence)
        held.append(len(stored(listener)))
    assert held[0] < 6 == held[-1]
    assert "the next one goes on from there" in sentences[0]
    assert listener.health()[0] == "ok"
