"""Customers who help customers, counted: golden figures of a small ledger, ambassadors, and the section of a report."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest

from desk.reports import Summary, Table
from desk.reports.helping import Standing, questions, tables
from desk.reports.kpis import KPIS
from desk.reports.words import LANGUAGES, Words
from storage.helping import Asked, Helped, Helper, Ledger, Questions
from storage.peer_support import Help
from storage.types import Status
from storage.types.figures import Frame


def help_(answer: int, helper: int, minutes: float | None, **more: Any) -> Help:
    seconds = None if minutes is None else minutes * 60
    values: dict[str, Any] = {"question": 1, "answer": answer, "asker": 9, "helper": helper, "direct": True}
    return Help(**(values | {"at": None, "seconds": seconds} | more))


@pytest.fixture
def ledger() -> Ledger:
    """Six questions: helped and thanked before us; helped after us; unclear; twice helped; by us alone; by nobody."""

    return Ledger(
        (
            Asked(case=1, helped=(Helped(help_(11, 1, 40, thanks=(12,), worked=12), True),)),
            Asked(case=2, helped=(Helped(help_(21, 1, 60), False),)),
            Asked(case=3, helped=(Helped(help_(31, 1, None), None),)),
            Asked(case=4, helped=(Helped(help_(41, 1, 20), True), Helped(help_(42, 2, 5, worked=43), True))),
        ),
        {
            1: Helper(person=1, accounts=(("forum", "henk"), ("blog", "h_enk"))),
            2: Helper(person=2, accounts=(("forum", "fien"),)),
        },
    )


def tables_of(ledger: Ledger, words: Words, **more: Any) -> tuple[Table, ...]:
    """Of those six questions; the first was asked twice."""
    case = np.array([1, 1, 2, 3, 4, 5, 6], np.int64)
    mention = np.array([10, 15, 20, 30, 40, 50, 60], np.int64)
    return tables(Questions(mention, case, case), np.isin(case, (1, 2, 3, 5)), ledger, words, **more)


def values(table: Table) -> dict[str, list[float | None]]:
    return {line.key: [cell.value for cell in line.cells] for line in table.lines}


def test_questions_are_told_apart_by_who_answered_them(ledger: Ledger) -> None:
    asked, _ = tables_of(ledger, Words("en"))
    assert values(asked) == {
        "asked": [6, 1],
        "by_us": [4, 4 / 6],
        "by_customers": [4, 4 / 6],
        "customers_first": [2, 2 / 6],
        "thanked": [2, 2 / 6],
        "unclear": [1, 1 / 6],
        "unanswered": [1, 1 / 6],
    }
    found = Summary(mentions=6, headlines=(), tables=(asked,))
    assert found.explain("peer_support/customers_first/questions") == (10, 40)


def test_who_helps_most_comes_first_with_what_their_help_was_worth(ledger: Ledger) -> None:
    _, helpers = tables_of(ledger, Words("en"))
    assert values(helpers) == {"forum:henk": [4, 1, 2 / 3, 40 * 60], "forum:fien": [1, 1, 1, 5 * 60]}
    assert helpers.lines[0].label == "henk · forum, blog"
    found = Summary(mentions=6, headlines=(), tables=(helpers,))
    assert found.explain("helpers/forum:henk/helps") == (11, 21, 31, 41)
    assert found.explain("helpers/forum:henk/median") == (11, 21, 41)


def test_names_are_put_away_where_that_is_asked(ledger: Ledger) -> None:
    _, helpers = tables_of(ledger, Words("en"), code=lambda source, name: f"#{len(name)}")
    assert [line.label for line in helpers.lines] == ["#4 · forum, blog", "#4 · forum"]


def test_the_figures_of_the_section_are_defined(ledger: Ledger) -> None:
    found = Summary(mentions=6, headlines=(), tables=tables_of(ledger, Words("en")))
    assert set(found.kpis()) == {"peer_questions", "helps", "helps_thanked", "before_us", "time_to_help"} & set(KPIS)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_word_of_the_section_is_known_in_both_languages(ledger: Ledger, lang: str) -> None:
    words = Words(lang)
    for table in tables_of(ledger, words):
        keys = [table.key, *(column.key for column in table.columns)]
        assert all(words(key) != key for key in keys)
        assert all(line.label != line.key for line in table.lines)
        assert all(words.formula(column.kpi) for column in table.columns)


def test_a_report_without_a_question_has_no_such_section() -> None:
    none = np.zeros(0, np.int64)
    assert tables(Questions(none, none, none), none.astype(np.bool_), Ledger(), Words("nl")) == ()


def test_questions_of_a_report_are_those_of_cases_that_were_not_put_away(
    row: Callable[..., Any], frame_of: Callable[..., Frame]
) -> None:
    asks: dict[str, Any] = {"intents": ("question", "complaint")}
    kept = row(case={"status": Status.RESOLVED, "answered": True}, **asks)
    rows = [
        kept, row(case={"status": Status.SPAM}, **asks), row(case={"status": Status.DISMISSED}, **asks),
        row(case={}, intents=("complaint",)), row(**asks), row(of=kept.mention, **asks),
        row(of=kept.mention, author=None, **asks),
    ]  # fmt: skip
    asked, by_us = questions(frame_of(rows))
    assert (asked.mention.tolist(), by_us.tolist()) == ([rows[0].mention, rows[5].mention], [True, True])
    assert not len(questions(frame_of([]))[0].mention)


@pytest.mark.parametrize(
    ("positive", "negative", "points", "is_ambassador"),
    [(2, 0, 8, True), (1, 0, 7, False), (2, 2, 6, False), (3, 2, 7, True), (0, 0, 6, False)],
)
def test_points_add_up_and_an_ambassador_is_positive_again_and_again(
    ledger: Ledger, positive: int, negative: int, points: int, is_ambassador: bool
) -> None:
    henk = Standing(
        helper=ledger.helpers[1],
        helped=ledger.by_helper()[1],
        positive={date(2026, 3, day): [day] for day in range(1, positive + 1)},
        negative={date(2026, 3, day): [day] for day in range(1, negative + 1)},
    )
    assert (henk.points, henk.is_ambassador) == (points, is_ambassador)
    assert (henk.name, henk.median, henk.before_us) == ("henk = h_enk", 40 * 60, 2 / 3)
    assert henk.reasons.startswith("helped 4, thanked 1")
