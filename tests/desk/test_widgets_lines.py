"""What panes are made of: cutting, wrapping, rows, threads, all without a screen."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from desk import locale
from desk.screens.help import in_columns
from desk.screens.moments import moment
from desk.shown import clean_block, clean_line
from desk.widgets.author import author
from desk.widgets.conversation import conversation, in_order
from desk.widgets.lines import cut, fit, lit, whole, width_of, wrap
from desk.widgets.signs import case_row
from storage.types import (
    Case,
    CaseFile,
    Event,
    EventKind,
    Mention,
    PostKind,
    Priority,
    Reason,
    Reply,
    ReplyState,
    Sentiment,
    Status,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def english():
    locale.use("en", UTC)


def a_case(**more):
    said = {
        "id": 1, "version": 1, "epoch": 0, "status": Status.NEW, "assignee": None, "lease_until": None,
        "snoozed_until": None, "priority": Priority.NORMAL, "priority_score": 35, "brand": "zonnebank",
        "source": "forum", "source_kind": "phpbb", "conversation_id": 1, "author_id": 1, "author": "jan",
        "title": "Storing", "text": "De app werkt niet", "url": "https://forum.example/1", "lang": "nl",
        "sentiment": Sentiment.NEGATIVE, "intents": ("complaint",), "tags": (), "mentions": 1, "opened_at": NOW,
        "last_mention_at": NOW - timedelta(hours=2), "reply_state": None,
    }  # fmt: skip
    return Case(**(said | more))


def a_post(number, parent=None, case_id=None, **more):
    said = {
        "id": number, "case_id": case_id, "source": "forum", "source_kind": "phpbb", "brand": None, "brands": (),
        "queries": (), "url": "", "title": "", "text": f"bericht {number}", "lang": "nl", "author": f"a{number}",
        "author_url": None, "author_id": number, "conversation_id": 1, "conversation_url": None, "parent_id": parent,
        "kind": PostKind.POST, "published_at": NOW, "first_seen_at": NOW, "edited_at": None, "deleted_at": None,
        "sentiment": Sentiment.NEGATIVE, "sentiment_score": None, "confidence": None, "intents": (),
        "relevance": None, "priority": Priority.NORMAL, "priority_score": 0, "reasons": (), "reach": None,
        "duplicates": (), "status": None, "assignee": None, "tags": (), "rating": None,
    }  # fmt: skip
    return Mention(**(said | more))


def a_file(thread, **more):
    said = {"conversation_title": "Storing", "replies": (), "trail": (), "author": None, "earlier": ()}
    return CaseFile(thread=tuple(thread), **({"case": a_case()} | said | more))


def said(build, width=70):
    return "\n".join("".join(text for text, _role in line) for line in build(width))


texts = st.text(max_size=120).map(clean_line)


@given(texts, st.integers(0, 60), st.booleans())
def test_what_is_fitted_takes_exactly_its_cells(text, cells, right):
    assert cell_len(fit(text, cells, right=right)) == cells


@given(st.text(max_size=300).map(clean_block), st.integers(4, 60))
def test_wrapped_lines_fit_and_lose_nothing_but_spaces(text, cells):
    lines = wrap(text, cells)
    assert all(cell_len(line) <= max(cells, 2) for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_words_are_broken_only_when_they_are_longer_than_a_line():
    assert wrap("een twee drie\n\nvier", 8) == ["een twee", "drie", "", "vier"]
    assert wrap("x" * 20, 8) == ["x" * 8, "x" * 8, "x" * 4]


def test_of_what_does_not_fit_whole_groups_are_left_out_and_the_chosen_one_stays():
    groups = [[(name * 5, "dim")] for name in "abcd"]
    assert whole(groups, 20) == [("aaaaa", "dim"), ("bbbbb", "dim"), ("ccccc", "dim"), ("ddddd", "dim")]
    assert whole(groups, 12) == [("aaaaa", "dim"), ("bbbbb", "dim")]
    assert whole(groups, 12, keep=3) == [("ccccc", "dim"), ("ddddd", "dim")]
    assert whole(groups, 1, keep=2) == [("ccccc", "dim")]


def test_found_places_are_lit_and_the_rest_keeps_its_role():
    assert lit("abcdef", "dim", lambda text: [(1, 3, "hit"), (2, 4, "hit")]) == [
        ("a", "dim"), ("bc", "hit"), ("def", "dim")]  # fmt: skip


@given(texts, texts, texts, st.integers(46, 200), st.sampled_from(Status), st.booleans())
def test_a_row_is_as_wide_as_its_list_whatever_stands_in_it(title, text, name, width, status, marked):
    case = a_case(title=title, text=text, author=name, assignee=name or None, status=status)
    assert width_of(case_row(case, width, NOW, marked=marked)) == width


def test_a_row_says_without_colour_what_matters():
    row = "".join(text for text, _role in case_row(a_case(priority=Priority.URGENT, assignee="anna"), 100, NOW))
    assert "P1" in row and "−" in row and "2h" in row and "jan" in row and "forum" in row and "anna" in row


def test_answers_stand_under_what_they_answer():
    thread = (a_post(1), a_post(2, 1), a_post(3), a_post(4, 2), a_post(5, 3))
    assert [(post.id, depth) for post, depth in in_order(thread)] == [(1, 0), (2, 0), (4, 1), (3, 0), (5, 1)]


def test_a_circle_of_answers_is_still_shown_whole():
    assert {post.id for post, _depth in in_order((a_post(1, 2), a_post(2, 1), a_post(3, 3)))} == {1, 2, 3}


def test_of_a_very_long_thread_the_newest_posts_and_those_of_the_case_are_shown():
    thread = tuple(a_post(number, case_id=1 if number == 990 else None) for number in range(1, 1001))
    shown = list(in_order(thread))
    assert shown[0] == (None, 700) and len(shown) == 301 and 990 in {post.id for post, _ in shown[1:]}


def test_the_conversation_tells_what_happened_and_why():
    reason = Reason(about="sentiment", label="negative", words=("werkt niet",), share=-0.6)
    trail = (
        Event(id=1, at=NOW, actor="webcare", kind=EventKind.FOUND, case_id=1, post_id=1, reply_id=None, data={}),
        Event(id=2, at=NOW, actor="anna", kind=EventKind.CLAIMED, case_id=1, post_id=None, reply_id=None, data={}),
        Event(id=3, at=NOW, actor="webcare", kind=EventKind.EDITED, case_id=1, post_id=1, reply_id=None, data={}),
        Event(id=4, at=NOW, actor="anna", kind=EventKind.NOTED, case_id=1, post_id=None, reply_id=None,
              data={"text": "gebeld"}),
    )  # fmt: skip
    reply = Reply(
        id=1, case_id=1, post_id=1, agent="anna", channel="browser", text="Wat vervelend", state=ReplyState.HELD,
        key="k", created_at=NOW, hold_until=NOW + timedelta(seconds=7), sent_at=None, url=None, error=None,
    )  # fmt: skip
    post = a_post(1, case_id=1, text="De app werkt niet", reasons=(reason,), author="Zоnnebank")
    build = conversation(a_file([post], trail=trail, replies=(reply,)), NOW, ["zonnebank"])
    text = said(build)
    for part in (
        "edited since it was claimed",
        "goes out in 7 s, z takes it back",
        "noted: gebeld",
        "sentiment: negative -0.60 “werkt niet”",
        "not zonnebank",
    ):
        assert part in text
    assert ("werkt niet", "hit") in [span for line in build(70) for span in line]


@given(st.integers(38, 160))
def test_a_conversation_is_nowhere_wider_than_its_pane(width):
    case = a_case(tags=("techniek", "storing", "terugbellen"), intents=("complaint", "outage"), assignee="anna")
    build = conversation(a_file([a_post(1, case_id=1, text="woord " * 40)], case=case), NOW, ["zonnebank"])
    assert [line for line in build(width) if width_of(line) > width] == []


def test_the_promises_that_run_are_told_with_what_is_left_of_them():
    due = [
        ("first_response", "warned", NOW + timedelta(minutes=25)),
        ("resolution", "missed", NOW - timedelta(hours=3)),
        ("next_response", "paused", None),
    ]
    text = said(conversation(a_file([a_post(1, case_id=1)]), NOW, due=due), 120)
    assert "first answer: in 25m, at 12:25  resolution: 3h late  next answer: the clock stands still" in text


@pytest.mark.parametrize("kind", EventKind)
def test_every_event_has_a_sentence(kind):
    event = Event(id=1, at=NOW, actor="anna", kind=kind, case_id=1, post_id=None, reply_id=None, data={"text": "x"})
    text = said(conversation(a_file([a_post(1, case_id=1)], trail=(event,)), NOW))
    assert "What happened" in text and kind.value + "_" not in text


def test_an_unknown_author_is_said_to_be_unknown():
    assert "does not say who" in said(author(a_file([a_post(1)]), NOW), 40)


def test_a_case_whose_words_were_forgotten_says_that_it_has_none():
    row = case_row(a_case(title="", text="", author=None), 80, NOW)
    assert "(no text)" in "".join(text for text, _ in row)


def test_blocks_stand_side_by_side_in_columns_of_equal_width():
    lines = in_columns([[[("a", "normal")]], [[("b", "normal")], [("c", "normal")]]], 92)
    assert [width_of(line) for line in lines] == [92, 92]


def test_what_is_told_of_a_key_is_broken_before_it_reaches_the_next_column():
    told = [[("H           ", "key"), ("overdragen, of een overdracht beantwoorden – per één", "normal")]]
    lines = ["".join(text for text, _ in line) for line in in_columns([told, told], 100)]
    assert lines[0] == f"{'H           overdragen, of een overdracht':50}" * 2
    assert lines[1].split() == ["beantwoorden", "–", "per", "één"] * 2


@pytest.mark.parametrize(
    ("words", "until"),
    [
        ("2h", "2026-11-22T14:00"),
        ("2u", "2026-11-22T14:00"),
        ("30m", "2026-11-22T12:30"),
        ("1 week", "2026-11-29T12:00"),
        ("morgen", "2026-11-23T09:00"),
        ("mon", "2026-11-23T09:00"),
        ("zondag", "2026-11-29T09:00"),
        ("15:30", "2026-11-22T15:30"),
        ("9.15", "2026-11-23T09:15"),
        ("2026-12-01", "2026-12-01T09:00"),
        ("2026-12-01T10:30", "2026-12-01T10:30"),
        ("25:00", None),
        ("ooit", None),
        ("", None),
    ],
)
def test_moments_are_understood_in_both_languages(words, until):
    found = moment(words, NOW)
    assert (found.isoformat()[:16] if found else None) == until


@pytest.mark.parametrize(
    ("lang", "at", "shown"),
    [
        ("nl", NOW - timedelta(hours=1), "11:00"),
        ("nl", NOW - timedelta(days=1), "21-11 12:00"),
        ("en", NOW - timedelta(days=1), "21 Nov 12:00"),
        ("nl", NOW - timedelta(days=400), "18-10-2025"),
    ],
)
def test_times_are_told_the_local_way(lang, at, shown):
    locale.use(lang, UTC)
    assert locale.clock(at, NOW) == shown
    locale.use("en", UTC)


def test_ages_are_short():
    ages = [locale.age(NOW - timedelta(seconds=each), NOW) for each in (0, 59, 60, 3600, 86_400 * 8, 86_400 * 30)]
    assert ages == ["0s", "59s", "1m", "1h", "8d", "4w"]


@pytest.mark.parametrize("cells", range(1, 12))
def test_a_line_that_is_cut_says_so_and_is_no_wider(cells):
    line = [("ab", "dim"), ("漢字", "strong"), ("cde", "dim")]
    shown = "".join(text for text, _role in cut(line, cells))
    assert width_of(cut(line, cells)) <= cells and (shown == "ab漢字cde" or shown.rstrip().endswith("…"))
