"""Lists, searches, an opened case, and what changed, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from storage.errors import NotFound, QueryError
from storage.history import Histories
from storage.query import grammar, matcher
from storage.types import Opinion, Priority, Reason, Sentiment

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def scored(score: int) -> Opinion:
    """An opinion of this urgency."""
    return Opinion(lang="nl", priority=Priority.NORMAL, priority_score=score)


def test_the_inbox_puts_the_most_urgent_first_and_of_equals_who_waits_longest(desk: Any) -> None:
    calm = desk.case(opinion=scored(10))
    late = desk.case(opinion=scored(50), published_at=NOON - timedelta(hours=1))
    early = desk.case(opinion=scored(50), published_at=NOON - timedelta(hours=2))
    twin = desk.case(opinion=scored(50), published_at=NOON - timedelta(hours=2))
    assert list(desk.inbox.ids("is:open")) == [early, twin, late, calm]
    assert [case.id for case in desk.inbox.page("is:open")] == [early, twin, late, calm]


def test_a_page_is_the_beginning_of_the_whole_list(desk: Any) -> None:
    for number in range(7):
        desk.case(opinion=scored(number // 3), published_at=NOON - timedelta(minutes=number % 2))
    whole = list(desk.inbox.ids("is:open"))
    for size in (1, 2, 3, 20):
        assert [case.id for case in desk.inbox.page("is:open", limit=size)] == whole[:size]
    assert len(whole) == desk.inbox.count("is:open") == 7 and desk.inbox.count("is:open", most=3) == 3


def test_a_view_shows_only_what_its_query_says(desk: Any) -> None:
    done, mine, other = desk.case("De Zonnebank app"), desk.case("Zonnebank hypotheek"), desk.case("Zonnebank")
    desk.steps.resolve(done, "bram")
    desk.steps.claim(mine, "anna")
    desk.steps.tag(other, "anna", "vraag")
    assert set(desk.inbox.ids("*")) == set(desk.inbox.ids("")) == {done, mine, other}
    assert set(desk.inbox.ids("is:open")) == {mine, other}
    assert list(desk.inbox.ids("assignee:me", me="anna")) == [mine]
    assert list(desk.inbox.ids("tag:vraag")) == [other]
    assert list(desk.inbox.ids("hypotheek")) == [mine]


@pytest.mark.parametrize("query", ["Zonnebank", "/hypo.?/", '"Hypotheek"c', "zonnebanl~1"])
def test_a_search_is_the_same_whether_the_database_or_memory_decides(desk: Any, query: str) -> None:
    first = desk.case("Hypotheek bij Zonnebank")
    second = desk.case("Hypo bij Zonnebank", author="jan", conversation="c")
    assert desk.case("Weer een hypotheek bij Zonnebank", author="jan", conversation="c") == second
    desk.case("Iets anders", author="piet")
    found = list(desk.inbox.mentions(query))
    assert set(desk.inbox.ids(query)) == {each.case_id for each in found} >= {first}
    assert desk.inbox.count(query) == len({each.case_id for each in found})
    assert [case.id for case in desk.inbox.page(query, limit=1)] == list(desk.inbox.ids(query))[:1]
    assert list(desk.inbox.mentions(query, limit=1)) == found[:1]


def test_a_case_is_listed_when_one_of_its_mentions_answers_the_whole_query(desk: Any) -> None:
    case_id = desk.case("Zonnebank hypotheek", author="jan", conversation="c")
    desk.case("Zonnebank sparen", author="jan", conversation="c")
    assert list(desk.inbox.ids("hypotheek")) == list(desk.inbox.ids("sparen")) == [case_id]
    assert list(desk.inbox.ids("hypotheek sparen")) == []


def test_mentions_come_by_time_in_either_direction(desk: Any) -> None:
    for number in range(5):
        desk.post(published_at=NOON - timedelta(hours=number % 3))
    newest = list(desk.inbox.mentions("*"))
    assert [each.published_at for each in newest] == sorted((each.published_at for each in newest), reverse=True)
    oldest = list(desk.inbox.mentions("*", newest_first=False))
    assert oldest == newest[::-1]


def test_a_long_search_is_read_in_batches(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.inbox.BATCH", 3)
    monkeypatch.setattr("storage.inbox.PAGE", 5)
    ids = [desk.post() for _ in range(10)]
    whole = list(desk.inbox.mentions("*"))
    assert sorted(each.id for each in whole) == ids
    seen = list(desk.inbox.sightings("*"))
    assert seen == [(each.id, each.published_at or each.first_seen_at, each.author) for each in whole]
    assert desk.inbox.posts([seen[2][0], 10**9, seen[0][0]]) == [whole[2], whole[0]]
    assert len(list(desk.inbox.mentions("/zonne/", limit=7))) == 7
    assert len(desk.inbox.ids("/zonne/")) == 10


def test_a_bad_query_is_refused_before_anything_is_read(desk: Any) -> None:
    for ask in (desk.inbox.ids, desk.inbox.page, desk.inbox.count, desk.inbox.mentions):
        with pytest.raises(QueryError):
            ask("(zonnebank")


def test_an_opened_case_has_all_that_is_needed_to_answer_it(desk: Any, clock: Any) -> None:
    desk.post("Zonnebank elders", author="jan", conversation="before")
    clock.advance(minutes=1)
    first = desk.post("Zonnebank doet het niet", author="jan", conversation="c", external_id="top")
    clock.advance(minutes=1)
    desk.post("Bij mij ook niet, Zonnebank", author="piet", conversation="c", parent_id="top", external_id="r1")
    clock.advance(minutes=1)
    desk.post("We kijken ernaar", author="Zonnebank", conversation="c", parent_id="r1", is_own=True)
    case_id = desk.inbox.mention(first).case_id
    desk.steps.note(case_id, "anna", "Storing")
    desk.hold(case_id)
    file = desk.inbox.open(case_id)
    assert [each.text for each in file.thread] == [
        "Zonnebank doet het niet",
        "Bij mij ook niet, Zonnebank",
        "We kijken ernaar",
    ]
    top, answer, own = file.thread
    assert (answer.parent_id, own.parent_id) == (top.id, answer.id)
    assert [each.case_id == case_id for each in file.thread] == [True, False, False]
    assert own.is_own and not own.is_mention
    assert file.conversation_title == "Zonnebank"
    assert [reply.text for reply in file.replies] == ["Dank je wel!"]
    assert [event.kind.value for event in file.trail][-3:] == ["noted", "claimed", "held"]
    assert file.author is not None
    assert (file.author.name, file.author.mentions, file.author.cases) == ("jan", 2, 2)
    assert file.author.sentiments == {Sentiment.UNRATED: 2}
    assert [each.text for each in file.earlier] == ["Zonnebank elders"]


def test_of_a_very_long_conversation_the_first_the_newest_and_the_cases_own_posts_are_shown(
    desk: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.inbox.THREAD", 3)
    for number, author in enumerate(["piet", "klaas", "jan", "piet", "klaas", "piet", "klaas"]):
        clock.advance(minutes=1)
        desk.post(f"Zonnebank {number}", author=author, conversation="c")
    case_id = next(each.case_id for each in desk.inbox.mentions("*") if each.author == "jan")
    shown = [each.text for each in desk.inbox.open(case_id).thread]
    assert shown == ["Zonnebank 0", "Zonnebank 2", "Zonnebank 4", "Zonnebank 5", "Zonnebank 6"]


def test_a_mention_carries_every_field_that_is_exported(desk: Any) -> None:
    reason = Reason(about="sentiment", label="negative", words=("slecht",), share=-0.5)
    opinion = Opinion(
        lang="nl",
        sentiment=Sentiment.NEGATIVE,
        score=-0.5,
        confidence=0.9,
        intents=("complaint", "question"),
        relevance=0.8,
        priority=Priority.HIGH,
        priority_score=70,
        reasons=(reason,),
        model="m1",
    )
    post_id = desk.post("Slecht, Zonnebank", opinion=opinion, author="jan", rating=1.5, reach=12, published_at=NOON)
    desk.steps.tag(1, "anna", "b")
    desk.steps.tag(1, "anna", "a")
    desk.steps.claim(1, "anna")
    mention = desk.inbox.mention(post_id)
    assert (mention.brand, mention.brands, mention.queries) == ("zonnebank", ("zonnebank",), ("zonnebank",))
    assert (mention.author, mention.author_url, mention.rating, mention.reach) == ("jan", None, 1.5, 12)
    assert (mention.sentiment, mention.sentiment_score, mention.confidence) == (Sentiment.NEGATIVE, -0.5, 0.9)
    assert (mention.intents, mention.intent) == (("complaint", "question"), "complaint")
    assert (mention.priority, mention.priority_score, mention.relevance) == (Priority.HIGH, 70, 0.8)
    assert mention.reasons == (reason,)
    assert (mention.tags, mention.assignee, mention.status) == (("a", "b"), "anna", "new")
    assert (mention.published_at, mention.first_seen_at) == (NOON, NOON)


def test_equal_posts_name_each_other(desk: Any) -> None:
    from storage.types import Match, NewPost, Post

    new = [
        NewPost(
            post=Post(external_id=f"d{n}", url=f"https://forum.example/{n}", text="Zelfde tekst over Zonnebank " * 8),
            matches=(Match(brand="zonnebank", query="q"),),
            sketch=(7,),
        )
        for n in range(3)
    ]
    first, second, third = desk.intake.store("forum", "phpbb", new).new_mentions
    assert desk.inbox.mention(second).duplicates == (first, third)


def test_a_case_shows_its_newest_mention(desk: Any, clock: Any) -> None:
    case_id = desk.case("Eerste", author="jan", conversation="c", opinion=scored(10))
    clock.advance(minutes=5)
    desk.post("x" * 5000, author="jan", conversation="c", opinion=scored(40))
    case = desk.inbox.case(case_id)
    assert (case.mentions, case.text, case.priority_score) == (2, "x" * 2000, 40)
    assert (case.author, case.source, case.source_kind) == ("jan", "forum", "phpbb")


def test_what_is_not_there_is_told(desk: Any) -> None:
    for ask in (desk.inbox.open, desk.inbox.case, desk.inbox.trail):
        with pytest.raises(NotFound, match="no case 7"):
            ask(7)
    with pytest.raises(NotFound, match="no mention 7"):
        desk.inbox.mention(7)
    assert desk.inbox.cases([7]) == []


def test_what_the_listener_brings_is_a_change_too(desk: Any) -> None:
    cursor = desk.inbox.cursor()
    case_id = desk.case(author="jan", conversation="c")
    cursor, changed = desk.inbox.changed_since(cursor)
    assert changed == (case_id,)
    desk.post(author="jan", conversation="c")
    assert desk.inbox.changed_since(cursor)[1] == (case_id,)


def test_a_search_that_goes_through_all_can_be_watched_and_stopped(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("WALK", 1), ("PROMISING", 0), ("WINDOW", 2)):
        monkeypatch.setattr(f"storage.searching.{name}", value)
    ids = [desk.case(text=f"zonnebank nummer {number}", opinion=scored(50 - number)) for number in range(8)]
    gone: list[tuple[int, int]] = []

    def watch(count: int, total: int) -> bool:
        gone.append((count, total))
        return count < 5

    assert list(desk.inbox.ids(r"/[n]\w{5} \d/")) == ids
    assert [case.id for case in desk.inbox.page(r"/[n]\w{5} \d/", limit=50, watch=watch)] == ids[:5]
    assert [each for each in gone if each != (0, 0)] == [(1, 8), (3, 8), (5, 8)]
    assert list(desk.inbox.ids("zonnebank", watch=lambda *_: False)) == []


@pytest.mark.parametrize("few", [0, 3, 100])
def test_a_search_finds_the_same_by_whatever_way_it_gets_there(
    desk: Any, clock: Any, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("WALK", 1), ("PROMISING", few), ("FEW", few), ("FAR", 2), ("WINDOW", 2), ("TRIED", 2)):
        monkeypatch.setattr(f"storage.searching.{name}", value)
    for number in range(12):
        clock.advance(hours=1)
        text = f"zonnebank {('storing', 'storng', 'rente')[number % 3]} {number}"
        for _ in range(1 + number % 2):
            place = {"source": ("Forum", "blog")[number % 2], "conversation": f"c{number}"}
            desk.post(text, author=f"a{number}", opinion=scored(number % 5), **place)
    mentions, now = list(desk.inbox.mentions("*")), clock()
    for query in [
        "zonnebank", '"zonnebank storing"', "storing source:forum", "source:fo*", "source:none", "zonnebank within:4h",
        "within:4h", "is:new lang:nl", "tag:none intent:(question OR churn)", "priority:>=high OR sentiment:unrated",
        "storing~1", "storing NEAR/3 zonnebank", "/stor(i)?ng/", "zonnebank NOT storing", "z* *oring source:blog",
    ]:  # fmt: skip
        wanted = [each for each in mentions if matcher.matches(grammar.parse(query), each, now=now)]
        assert list(desk.inbox.mentions(query)) == wanted
        assert set(desk.inbox.ids(query)) == {each.case_id for each in wanted}
        ranked = list(desk.inbox.ids(query))
        assert ranked == [each for each in desk.inbox.ids("*") if each in ranked]
        assert [case.id for case in desk.inbox.page(query, limit=3)] == ranked[:3]
        assert [case.id for case in desk.inbox.page(query, limit=50)] == ranked


def test_an_opened_case_read_again_is_what_it_would_be_if_opened_anew(desk: Any, clock: Any) -> None:
    steps, clocks = desk.steps, Histories(desk.database)
    case_id = desk.case(author="jan", conversation="a", external_id="p")
    file = desk.inbox.open(case_id)
    first = file.thread[0].id
    for act in (
        lambda: steps.note(case_id, "anna", "gebeld"),
        lambda: steps.tag(case_id, "anna", "vip"),
        lambda: steps.snooze(case_id, "anna", clock() + timedelta(days=1)),
        lambda: desk.undo.undo("anna"),
        lambda: steps.correct(first, "anna", "sentiment", "positive"),
        lambda: desk.hold(case_id),
        lambda: desk.post("Wie weet raad?", author="piet", conversation="a"),
        lambda: desk.post("Nu wel", author="jan", conversation="a", external_id="p", edited_at=clock()),
        lambda: desk.post("Nog steeds niet", author="jan", conversation="a"),
        lambda: steps.resolve(case_id, "anna"),
    ):
        clock.advance(minutes=1)
        act()
        file = desk.inbox.refreshed(file, desk.inbox.case(case_id))
        assert file == desk.inbox.open(case_id)
        assert clocks.of_file(file) == next(clocks.of([case_id]))
