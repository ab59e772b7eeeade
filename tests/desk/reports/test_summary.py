"""Each figure of a report, on a small history worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.reports import ReportError, Summary
from desk.reports.counts import quantile
from desk.reports.kpis import KPIS
from desk.reports.period import before
from desk.reports.summary import MOST, summarise
from desk.reports.words import LANGUAGES, Words
from storage.types import Sentiment, Status
from storage.types.figures import Frame

ZONE = ZoneInfo("Europe/Amsterdam")
START, END = datetime(2026, 3, 2, tzinfo=ZONE), datetime(2026, 3, 9, tzinfo=ZONE)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

Make = Callable[..., Any]
SummaryOf = Callable[..., Summary]


@pytest.fixture
def summary_of(frame_of: Callable[..., Frame]) -> SummaryOf:
    def summary(rows: Sequence[Any], past: Sequence[Any] = (), **more: Any) -> Summary:
        earlier = frame_of(past) if past else None
        return summarise(frame_of(rows, **more), START, END, ZONE, "en", before=earlier)

    return summary


def headline(summary: Summary, kpi: str) -> float | None:
    return next(each.cell.value for each in summary.headlines if each.kpi == kpi)


def lines(summary: Summary, key: str) -> dict[str, list[float | None]]:
    table = next(each for each in summary.tables if each.key == key)
    return {line.key: [cell.value for cell in line.cells] for line in table.lines}


def after(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def hours_of(values: Sequence[float | None]) -> list[float | None]:
    return [value if value is None else value / 3600 for value in values]


@pytest.fixture
def history(row: Make) -> list[Any]:
    """Six cases: quick; slow and reopened; answered twice; dismissed; waiting; answered at an unknown moment."""
    done = {"status": Status.RESOLVED, "answered": True, "was_closed": True}
    quick = {
        "replies": 1,
        "answers": [("anna", "forum")],
        "waits": [
            ("first_response", 0, 1, "DONE", 1, 1, "anna", "forum"),
            ("resolution", 0, 2, "DONE", 2, 8, "anna", ""),
        ],
    }
    slow = {
        "replies": 1,
        "reopened": 1,
        "began_negative": True,
        "answers": [("anna", "forum")],
        "waits": [
            ("first_response", 1, 5, "DONE", 3, 1, "anna", "forum"),
            ("resolution", 1, 6, "DONE", 4, 8, "anna", ""),
            ("resolution", 48, 49, "DONE", 1, 8, "bram", ""),
        ],
    }
    twice = {
        "replies": 2,
        "answers": [("bram", "forum"), ("bram", "mail")],
        "waits": [
            ("first_response", 2, 5, "DONE", 2, None, "bram", "forum"),
            ("next_response", 6, 7, "DONE", 1, None, "bram", "mail"),
            ("resolution", 2, 8, "DONE", 5, None, "bram", ""),
        ],
    }
    dismissed = {
        "status": Status.DISMISSED,
        "was_closed": True,
        "waits": [("first_response", 3, 4, "LEFT", 1, 8, "bram", ""), ("resolution", 3, 4, "LEFT", 1, 8, "bram", "")],
    }
    waiting = {
        "status": Status.OPEN,
        "began_negative": True,
        "ended_negative": True,
        "waits": [
            ("first_response", 4, 100, "RUNNING", 24, 1, "", ""),
            ("resolution", 4, 100, "RUNNING", 24, 80, "", ""),
        ],
    }
    unknown = {
        "status": Status.OPEN,
        "answered": True,
        "answers": [("", "elsewhere")],
        "waits": [
            ("first_response", 5, 5, "UNKNOWN", 0, None, "", "elsewhere"),
            ("resolution", 5, 100, "RUNNING", 23, None, "", ""),
        ],
    }
    return [
        row(0, case=quick | done),
        row(1, case=slow | done, sentiment=Sentiment.NEGATIVE),
        row(2, case=twice | done, sentiment=Sentiment.POSITIVE, source="blog", source_kind="wordpress"),
        row(3, case=dismissed, sentiment=Sentiment.UNRATED, late=None, author=None),
        row(4, case=waiting, sentiment=Sentiment.NEGATIVE, brands=("zonnebank", "maanbank"), late=2 * 3600.0,
            intents=("complaint", "question"), lang="", outside=True),
        row(5, case=unknown, author="Piet"),
        row(6, of=5, sentiment=Sentiment.NEGATIVE, thread=5, outside=True),
    ]  # fmt: skip


def test_mentions_authors_and_net_sentiment(history: list[Any], summary_of: SummaryOf) -> None:
    summary = summary_of(history)
    assert summary.mentions == headline(summary, "mentions") == 7
    assert headline(summary, "authors") == 3  # Jan at the forum, Jan at the blog, Piet
    assert headline(summary, "net_sentiment") == pytest.approx((1 - 3) / 6)


def test_response_times_say_who_waits_what_was_closed_and_what_is_unknown(
    history: list[Any], summary_of: SummaryOf
) -> None:
    found = lines(summary_of(history), "service")["response_time"]
    assert found[:1] + hours_of(found[1:5]) + found[5:] == [3, 3, 4, 2, 3, 1 / 3, 3, 1, 1, 1]
    found = lines(summary_of(history), "service")["next_response_time"]
    assert found[:1] + hours_of(found[1:5]) + found[5:] == [1, 1, 1, 1, 1, None, 0, 0, 0, 0]


def test_a_reopened_case_is_resolved_twice_and_its_rest_is_nobodys_delay(
    history: list[Any], summary_of: SummaryOf
) -> None:
    found = lines(summary_of(history), "service")["resolution_time"]
    assert found[:1] + hours_of(found[1:5]) + found[5:] == [4, 3.5, 6, 3, 5, 1, 3, 2, 1, 0]


def test_who_is_late_already_misses_its_target_answered_or_not(history: list[Any], summary_of: SummaryOf) -> None:
    summary = summary_of(history)
    assert headline(summary, "in_target") == 4 / 6
    assert summary.explain("service/response_time/promised") == (1, 2, 5)
    assert summary.explain("service/response_time/in_target") == (1,)


def test_rates_have_the_denominators_their_formulas_promise(history: list[Any], summary_of: SummaryOf) -> None:
    summary = summary_of(history, has_hours=True)
    assert headline(summary, "cases") == 6
    assert headline(summary, "open_cases") == 2
    assert headline(summary, "waiting") == 1
    assert headline(summary, "answered") == 4 / 6
    assert headline(summary, "reopen_rate") == 1 / 4  # four were ever closed
    assert headline(summary, "first_time_right") == 1 / 3
    assert headline(summary, "turnaround") == 1 / 2
    assert headline(summary, "participation") == 4 / 6  # the seventh mention is in the fifth conversation
    assert headline(summary, "replies") == 4
    assert headline(summary, "outside_hours") == 2 / 7


def test_ingestion_delay_is_unknown_without_a_date(history: list[Any], summary_of: SummaryOf) -> None:
    summary = summary_of(history)
    assert lines(summary, "delay")["forum"] == [5, 0, 2 * 3600, 1]
    assert headline(summary, "ingestion_delay") == 0


def test_share_of_voice_has_all_brand_mentions_as_its_denominator(history: list[Any], summary_of: SummaryOf) -> None:
    summary = summary_of(history)
    shares = {name: cells[:2] for name, cells in lines(summary, "brand").items()}
    assert shares == {"zonnebank": [7, 7 / 8], "maanbank": [1, 1 / 8]}
    assert "8" in next(table.note for table in summary.tables if table.key == "brand")


def test_mentions_by_property(history: list[Any], summary_of: SummaryOf) -> None:
    summary = summary_of(history)
    found = {
        key: {name: cells[0] for name, cells in lines(summary, key).items()}
        for key in ("sources", "source_kinds", "languages", "priorities", "intents")
    }
    assert found == {
        "sources": {"forum": 6, "blog": 1},
        "source_kinds": {"phpbb": 6, "wordpress": 1},
        "languages": {"nl": 6, "none": 1},
        "priorities": {"normal": 7},
        "intents": {"none": 6, "question": 1, "complaint": 1},
    }


def test_agents_have_the_times_of_the_waits_they_ended(history: list[Any], summary_of: SummaryOf) -> None:
    summary = summary_of(history)
    assert [(name, cells[0]) for name, cells in lines(summary, "top_authors").items()] == [
        ("forum:Jan", 4),
        ("blog:Jan", 1),
        ("forum:Piet", 1),
    ]
    anna, bram = (lines(summary, "agents")[name] for name in ("anna", "bram"))
    assert (anna[0], *hours_of(anna[1:4]), anna[4], anna[5], anna[6]) == (2, 2.5, 4, 2, 1 / 2, 2, 3.5 * 3600)
    assert (bram[0], *hours_of(bram[1:4]), bram[4], bram[5], bram[6]) == (2, 2, 3, 1.5, None, 2, 3.5 * 3600)


def test_channels_say_how_much_each_carried(history: list[Any], summary_of: SummaryOf) -> None:
    found = {name: cells[:3] for name, cells in lines(summary_of(history), "channels").items()}
    assert found == {
        "forum": [3, 3 / 5, 3 * 3600],
        "elsewhere": [1, 1 / 5, None],
        "mail": [1, 1 / 5, 3600],
    }


def test_statuses_and_service_by_source(history: list[Any], summary_of: SummaryOf) -> None:
    summary = summary_of(history)
    assert lines(summary, "statuses") == {"open": [2, 2 / 6], "resolved": [3, 3 / 6], "dismissed": [1, 1 / 6]}
    assert lines(summary, "service_sources")["blog"] == [1, 1, 1, 3 * 3600, 2 * 3600, None, 6 * 3600]


def test_every_step_of_the_period_has_its_line_also_an_empty_one(history: list[Any], summary_of: SummaryOf) -> None:
    time = lines(summary_of(history), "time")
    assert list(time) == [f"2026-03-0{day}" for day in range(2, 9)]
    assert [cells[0] for cells in time.values()] == [7, 0, 0, 0, 0, 0, 0]
    assert time["2026-03-02"][1:] == [3, 2, 1, 1]


def test_arrivals_stand_at_the_hour_people_wrote_by_their_own_clock(row: Make, summary_of: SummaryOf) -> None:
    spring = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 03:30 in Amsterdam, just after the clock went forward
    autumn = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1)]  # 02:30 twice
    week = lines(summary_of([row(at=moment) for moment in (spring, *autumn)]), "week")
    assert (week["sun"][3], week["sun"][2], sum(cell or 0 for cells in week.values() for cell in cells)) == (1, 2, 3)


def test_hours_without_anybody_are_shown_where_there_are_hours(history: list[Any], summary_of: SummaryOf) -> None:
    found = lines(summary_of(history, has_hours=True), "outside")
    assert (found["mon"][17], found["mon"][19]) == (1, 1)
    assert sum(cell or 0 for cells in found.values() for cell in cells) == 2
    assert "outside" not in [table.key for table in summary_of(history).tables]


def test_few_observations_are_said_to_be_few(history: list[Any], summary_of: SummaryOf) -> None:
    summary = summary_of(history)
    small = {each.kpi for each in summary.headlines if each.cell.small}
    assert {"response_time", "reopen_rate"} <= small
    assert not {"mentions", "net_sentiment", "answered"} & small


def test_an_empty_period_has_no_figures_rather_than_zeros_that_are_not_true(summary_of: SummaryOf) -> None:
    summary = summary_of([])
    assert headline(summary, "mentions") == 0
    for kpi in ("response_time", "net_sentiment", "reopen_rate", "participation", "in_target", "turnaround"):
        assert headline(summary, kpi) is None


def test_more_names_than_a_page_holds_are_one_line_that_says_how_many(row: Make, summary_of: SummaryOf) -> None:
    summary = summary_of([row(source=f"s{number:03}") for number in range(MOST + 7)])
    table = next(each for each in summary.tables if each.key == "sources")
    assert len(table.lines) == MOST + 1
    assert (table.lines[-1].label, table.lines[-1].cells[0].value) == ("(7 others)", 7)
    assert f"{MOST} largest of {MOST + 7}" in table.note


def test_headlines_say_what_they_were_in_the_period_before(
    history: list[Any], row: Make, summary_of: SummaryOf
) -> None:
    found = {each.kpi: each.before for each in summary_of(history, [row(), row()]).headlines}
    assert (found["mentions"], found["answered"]) == (2, None)
    assert {each.before for each in summary_of(history).headlines} == {None}


def test_the_period_before_is_as_many_days_whatever_the_clocks_did() -> None:
    week = datetime(2026, 3, 30, tzinfo=ZONE), datetime(2026, 4, 6, tzinfo=ZONE)
    assert before(*week, ZONE) == (datetime(2026, 3, 23, tzinfo=ZONE), week[0])
    hours = datetime(2026, 3, 29, 12, tzinfo=ZONE), datetime(2026, 3, 29, 15, tzinfo=ZONE)
    assert before(*hours, ZONE) == (datetime(2026, 3, 29, 9, tzinfo=ZONE), hours[0])


def test_every_figure_can_name_the_mentions_behind_it(history: list[Any], summary_of: SummaryOf) -> None:
    summary = summary_of(history)
    assert summary.explain("sources/blog/mentions") == (3,)
    assert summary.explain("time/2026-03-02/negative") == (2, 5, 7)
    assert summary.explain("answered") == (1, 2, 3, 6)
    assert summary.explain("service/response_time/waiting") == (5,)
    assert summary.explain("brand/maanbank/mentions") == (5,)
    assert summary.explain("week/mon/13") == (1,)
    assert summary.explain("channels/mail/answers") == (3,)
    assert {"answered", "channels/mail/answers"} <= {place for place, _, _ in summary.cells()}


def test_a_count_has_as_many_mentions_behind_it_as_it_says(history: list[Any], summary_of: SummaryOf) -> None:
    summary = summary_of(history)
    for table in summary.tables:
        for line in table.lines:
            for column, cell in zip(table.columns, line.cells, strict=True):
                found = summary.explain(f"{table.key}/{line.key}/{column.key}")
                if column.kpi in ("mentions", "cases", "outside_hours") and column.unit.value == "count":
                    assert len(found) == cell.value, (table.key, line.key, column.key)


def test_a_figure_that_is_not_there_is_refused(history: list[Any], summary_of: SummaryOf) -> None:
    with pytest.raises(ReportError, match="no figure"):
        summary_of(history).explain("sources/nowhere/mentions")


def test_every_figure_shown_is_defined_in_both_languages(history: list[Any], summary_of: SummaryOf) -> None:
    summary = summary_of(history, has_hours=True)
    helping = {"peer_questions", "helps", "helps_thanked", "before_us", "time_to_help"}
    assert set(summary.kpis()) == set(KPIS) - helping  # those are not counted from a frame
    for lang in LANGUAGES:
        words = Words(lang)
        for kpi in KPIS:
            assert words.kpi(kpi)
            assert words.formula(kpi).endswith(".")


@given(st.lists(st.floats(0, 1e7), min_size=1, max_size=60), st.sampled_from([0.5, 0.9]))
def test_a_quantile_splits_the_sample_where_it_says(values: list[float], fraction: float) -> None:
    found = quantile(sorted(values), fraction)
    assert found is not None
    assert sum(value <= found for value in values) >= fraction * len(values)
    assert sum(value < found for value in values) <= fraction * len(values) + 0.5


@given(
    st.lists(
        st.tuples(
            st.floats(-12, 155),
            st.sampled_from(["forum", "blog"]),
            st.sampled_from(Sentiment),
            st.sampled_from(Status),
            st.booleans(),
        ),
        max_size=30,
    )
)
def test_every_table_adds_up_to_the_same_whole(
    row: Make, summary_of: SummaryOf, drawn: list[tuple[float, str, Sentiment, Status, bool]]
) -> None:
    rows = [
        row(hours, source=source, sentiment=sentiment, case={"status": status} if opens else None)
        for hours, source, sentiment, status, opens in drawn
    ]
    summary = summary_of(rows)
    for key in ("time", "sources", "source_kinds", "languages", "priorities", "top_authors", "brand", "intents"):
        assert sum(cells[0] or 0 for cells in lines(summary, key).values()) == len(rows), key
    assert sum(cell or 0 for cells in lines(summary, "week").values() for cell in cells) == len(rows)
    for key in ("statuses", "service_sources"):
        assert sum(cells[0] or 0 for cells in lines(summary, key).values()) == headline(summary, "cases"), key
    for whole, *parts in lines(summary, "time").values():
        assert sum(part or 0 for part in parts) == whole


def test_figures_without_ids_are_the_same_figures(history: list[Any], summary_of: SummaryOf) -> None:
    whole = summary_of(history, has_hours=True)
    alone = [(place, cell, unit) for place, cell, unit in whole.without_ids().cells()]
    assert alone == [(place, replace(cell, ids=None), unit) for place, cell, unit in whole.cells()]
    assert any(cell.ids for _, cell, _ in whole.cells())
