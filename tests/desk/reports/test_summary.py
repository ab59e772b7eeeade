"""Each figure of a report, on a small history worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desk.reports import ReportError, Summary
from desk.reports.counts import quantile
from desk.reports.kpis import KPIS
from desk.reports.summary import summarise
from desk.reports.words import LANGUAGES, Words
from storage.types import FigureRow, Sentiment, Status

ZONE = ZoneInfo("Europe/Amsterdam")
START, END = datetime(2026, 3, 2, tzinfo=ZONE), datetime(2026, 3, 9, tzinfo=ZONE)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

Make = Callable[..., FigureRow]


def summary_of(rows: Sequence[FigureRow], *, explain: bool = False) -> Summary:
    return summarise(rows, START, END, ZONE, "en", explain=explain)


def headline(summary: Summary, kpi: str) -> float | None:
    return next(each.cell.value for each in summary.headlines if each.kpi == kpi)


def lines(summary: Summary, key: str) -> dict[str, list[float | None]]:
    table = next(each for each in summary.tables if each.key == key)
    return {line.key: [cell.value for cell in line.cells] for line in table.lines}


def after(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


@pytest.fixture
def history(row: Make) -> list[FigureRow]:
    """Six cases: quick; slow and reopened; answered twice; dismissed; waiting; answered at an unknown moment."""
    done = {"status": Status.RESOLVED, "answered": True}
    return [
        row(0, asked_at=after(0), responded_at=after(1), resolved_at=after(2), replies=1, agents=("anna",), **done),
        row(1, asked_at=after(1), responded_at=after(5), resolved_at=after(49), replies=1, reopened=1,
            agents=("anna", "bram"), sentiment=Sentiment.NEGATIVE, **done),
        row(2, asked_at=after(2), responded_at=after(5), resolved_at=after(8), replies=2, agents=("bram",),
            sentiment=Sentiment.POSITIVE, source="blog", source_kind="wordpress", **done),
        row(3, asked_at=after(3), status=Status.DISMISSED, sentiment=Sentiment.UNRATED, published_at=None, author=None),
        row(4, asked_at=after(4), status=Status.OPEN, sentiment=Sentiment.NEGATIVE, brands=("zonnebank", "maanbank"),
            first_seen_at=after(6), intents=("question", "complaint"), lang=None),
        row(5, asked_at=after(5), status=Status.OPEN, answered=True, replies=1, author="Piet"),
        row(6, sentiment=Sentiment.NEGATIVE, conversation_id=5, case_id=5),
    ]  # fmt: skip


def test_mentions_authors_and_net_sentiment(history: list[FigureRow]) -> None:
    summary = summary_of(history)
    assert summary.mentions == headline(summary, "mentions") == 7
    assert headline(summary, "authors") == 3  # Jan at the forum, Jan at the blog, Piet
    assert headline(summary, "net_sentiment") == pytest.approx((1 - 3) / 6)


def test_response_time_counts_each_case_once_and_says_who_waits_and_what_is_unknown(history: list[FigureRow]) -> None:
    summary = summary_of(history)
    assert headline(summary, "response_time") == 3 * 3600
    assert lines(summary, "service")["response_time"] == [3, 3 * 3600, 4 * 3600, 2, 1]


def test_resolution_time_runs_to_the_last_resolution(history: list[FigureRow]) -> None:
    assert lines(summary_of(history), "service")["resolution_time"] == [3, 6 * 3600, 48 * 3600, 3, 0]


def test_rates_have_the_denominators_their_formulas_promise(history: list[FigureRow]) -> None:
    summary = summary_of(history)
    assert headline(summary, "cases") == 6
    assert headline(summary, "open_cases") == 2
    assert headline(summary, "answered") == 4 / 6
    assert headline(summary, "reopen_rate") == 1 / 4  # four were ever closed
    assert headline(summary, "first_time_right") == 1 / 3
    assert headline(summary, "participation") == 4 / 6  # the seventh mention is in the fifth conversation
    assert headline(summary, "replies") == 5


def test_ingestion_delay_is_unknown_without_a_date(history: list[FigureRow]) -> None:
    summary = summary_of(history)
    assert lines(summary, "delay")["forum"] == [5, 0, 2 * 3600, 1]
    assert headline(summary, "ingestion_delay") == 0


def test_a_date_after_we_saw_it_is_an_unknown_delay(row: Make) -> None:
    assert lines(summary_of([row(published_at=after(3))]), "delay")["forum"] == [0, None, None, 1]


def test_share_of_voice_has_all_brand_mentions_as_its_denominator(history: list[FigureRow]) -> None:
    summary = summary_of(history)
    shares = {name: cells[:2] for name, cells in lines(summary, "brand").items()}
    assert shares == {"zonnebank": [7, 7 / 8], "maanbank": [1, 1 / 8]}
    assert "8" in next(table.note for table in summary.tables if table.key == "brand")


def test_mentions_by_property(history: list[FigureRow]) -> None:
    summary = summary_of(history)
    assert {name: cells[0] for name, cells in lines(summary, "sources").items()} == {"forum": 6, "blog": 1}
    assert {name: cells[0] for name, cells in lines(summary, "source_kinds").items()} == {"phpbb": 6, "wordpress": 1}
    assert {name: cells[0] for name, cells in lines(summary, "languages").items()} == {"nl": 6, "none": 1}
    assert {name: cells[0] for name, cells in lines(summary, "priorities").items()} == {"normal": 7}
    assert {name: cells[0] for name, cells in lines(summary, "intents").items()} == {
        "none": 6,
        "question": 1,
        "complaint": 1,
    }


def test_top_authors_and_agents(history: list[FigureRow]) -> None:
    summary = summary_of(history)
    assert [(name, cells[0]) for name, cells in lines(summary, "top_authors").items()] == [
        ("forum:Jan", 4),
        ("blog:Jan", 1),
        ("forum:Piet", 1),
    ]
    assert lines(summary, "agents")["bram"] == [2, 3.5 * 3600, 4 * 3600, 27 * 3600]


def test_statuses_and_service_by_source(history: list[FigureRow]) -> None:
    summary = summary_of(history)
    assert lines(summary, "statuses") == {"open": [2, 2 / 6], "resolved": [3, 3 / 6], "dismissed": [1, 1 / 6]}
    assert lines(summary, "service_sources")["blog"] == [1, 1, 1, 3 * 3600, 6 * 3600]


def test_every_step_of_the_period_has_its_line_also_an_empty_one(history: list[FigureRow]) -> None:
    time = lines(summary_of(history), "time")
    assert list(time) == [f"2026-03-0{day}" for day in range(2, 9)]
    assert [cells[0] for cells in time.values()] == [7, 0, 0, 0, 0, 0, 0]
    assert time["2026-03-02"][1:] == [3, 2, 1, 1]


def test_arrivals_stand_at_the_hour_people_wrote_by_their_own_clock(row: Make) -> None:
    spring = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 03:30 in Amsterdam, just after the clock went forward
    autumn = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1)]  # 02:30 twice
    week = lines(summary_of([row(at=moment) for moment in (spring, *autumn)]), "week")
    assert (week["sun"][3], week["sun"][2], sum(cell or 0 for cells in week.values() for cell in cells)) == (1, 2, 3)


def test_few_observations_are_said_to_be_few(history: list[FigureRow]) -> None:
    summary = summary_of(history)
    small = {each.kpi for each in summary.headlines if each.cell.small}
    assert {"response_time", "reopen_rate"} <= small
    assert not {"mentions", "net_sentiment", "answered"} & small


def test_an_empty_period_has_no_figures_rather_than_zeros_that_are_not_true() -> None:
    summary = summary_of([])
    assert headline(summary, "mentions") == 0
    for kpi in ("response_time", "net_sentiment", "reopen_rate", "participation"):
        assert headline(summary, kpi) is None


def test_every_figure_can_name_the_mentions_behind_it(history: list[FigureRow]) -> None:
    summary = summary_of(history, explain=True)
    assert summary.explain("sources/blog/mentions") == (3,)
    assert summary.explain("time/2026-03-02/negative") == (2, 5, 7)
    assert summary.explain("answered") == (1, 2, 3, 6)
    assert summary.explain("service/response_time/waiting") == (4, 5)
    assert summary.explain("brand/maanbank/mentions") == (5,)
    assert summary.explain("week/mon/13") == (1,)


def test_a_count_has_as_many_mentions_behind_it_as_it_says(history: list[FigureRow]) -> None:
    for table in summary_of(history, explain=True).tables:
        for line in table.lines:
            for column, cell in zip(table.columns, line.cells, strict=True):
                assert cell.ids is not None
                if column.unit.value == "count":
                    assert len(cell.ids) == cell.value, (table.key, line.key, column.key)


def test_a_figure_that_is_not_there_or_was_not_kept_is_refused(history: list[FigureRow]) -> None:
    with pytest.raises(ReportError, match="no figure"):
        summary_of(history).explain("sources/nowhere/mentions")
    with pytest.raises(ReportError, match="without the rows"):
        summary_of(history).explain("answered")


def test_every_figure_shown_is_defined_in_both_languages(history: list[FigureRow]) -> None:
    summary = summary_of(history)
    assert set(summary.kpis()) == set(KPIS)
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


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
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
    row: Make, drawn: list[tuple[float, str, Sentiment, Status, bool]]
) -> None:
    rows = [
        row(hours, source=source, sentiment=sentiment, status=status, **({"asked_at": after(hours)} if opens else {}))
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
