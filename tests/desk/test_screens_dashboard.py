"""The dashboard by its keys: its figures are the report's, and each leads to what it was counted from."""

from datetime import timedelta

import pytest

from desk.overview import joined, named, read
from desk.reports.make import Request, make
from desk.reports.words import Words
from desk.views import COUNTED, counted
from desk.widgets.board import arranged, panels
from desk.widgets.lines import width_of
from storage.errors import DatabaseUnavailable
from storage.figures import Figures
from storage.types import Priority


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_the_figures_are_those_of_the_report_and_enter_opens_what_is_behind(desk, arrive, size):
    arrive()
    arrive(author="piet", priority=Priority.URGENT)
    async with desk(size=size) as seat:
        await seat.press("D")
        assert "Volume and sentiment over time" in seat.text and "2 mentions, 2 negative" in seat.text
        await seat.press("j", "enter")
        assert seat.app.screen is seat.screen
        assert len(seat.screen.cases.ids) == 2 and "after:" in seat.screen.query_text


async def test_a_chart_is_walked_along_and_the_panels_are_walked_through(desk, arrive):
    arrive()
    async with desk(size=(120, 40)) as seat:
        await seat.press("D")
        bar = seat.app.screen.query_one("#status")
        assert "1 mentions" in bar.text
        await seat.press("h")
        assert "0 mentions" in bar.text
        await seat.press("l")
        assert "1 mentions" in bar.text
        places = []
        for _time in range(40):
            seat.app.screen.action_down()
            places.append(seat.app.screen._place)
        assert len(set(places)) > 15 and places[-1] == places[-2]
        await seat.press("g")
        assert seat.app.screen._place[0] == 0
        await seat.press("G", "4")
        assert "90 days" in seat.text


async def test_it_is_narrowed_by_a_search_and_a_bad_one_is_told_its_place(desk, arrive):
    arrive()
    async with desk(size=(100, 30), lang="nl") as seat:
        await seat.press("D", "slash")
        await seat.type("lang:en")
        await seat.press("enter")
        assert "In deze periode is niets gevonden." in seat.text and "lang:en" in seat.text
        await seat.press("slash", "space", *"AND")
        await seat.press("enter")
        assert "^" in seat.text
        await seat.press("escape", "escape")
        assert seat.app.screen is seat.screen


async def test_a_database_that_does_not_answer_is_said(desk, arrive, monkeypatch):
    arrive()

    def refuse(*_):
        raise DatabaseUnavailable("The database does not answer: disk full.")

    async with desk(size=(80, 24)) as seat:
        monkeypatch.setattr("desk.overview.read", refuse)
        await seat.press("D")
        assert "disk full" in seat.text and ". tries again" in seat.text
        monkeypatch.undo()
        await seat.press("full_stop")
        assert "1 mentions" in seat.text


def test_every_figure_of_the_overview_is_what_its_search_finds(clerk, arrive, sqlite_database, clock):
    for number in range(6):
        arrive(author=f"a{number}", conversation=f"c{number % 4}", priority=Priority.HIGH)
    anna = clerk("anna")
    anna.resolve(anna.inbox("is:open")[0].id)
    found = read(anna, "brand:zonnebank", 7, "en")
    request = Request(query="brand:zonnebank", start=found.start, end=found.end, zone=anna.policy.timezone)
    theirs = make(Figures(sqlite_database), request).summary().without_ids()
    assert [(each.kpi, each.cell) for each in found.summary.headlines] == [
        (each.kpi, each.cell) for each in theirs.headlines
    ]
    assert [each for each in theirs.tables if each.key not in ("peer_support", "helpers")] == list(found.summary.tables)
    assert [each.cases for each in found.queue] == [anna.count(each.query) for each in found.queue]
    steps = next(table for table in found.summary.tables if table.key == "time").lines
    assert [line.cells[0].value for line in steps] == [len(list(anna.mentions(each))) for each in found.steps]
    assert found.end - found.start == timedelta(days=7)


@pytest.mark.parametrize("width", [57, 78, 118, 160, 198])
def test_no_line_of_the_board_is_wider_than_the_window(clerk, arrive, width):
    arrive(author="x" * 300)
    made = panels(read(clerk("anna"), "", 30, "nl"), Words("nl"))
    for place in ((0, 3), (1, 0), (len(made) - 1, 0)):
        assert max(width_of(line) for line in arranged(made, place, width)) <= width + 2


def test_more_cases_than_are_counted_are_said_so():
    assert [counted(each) for each in (0, COUNTED, COUNTED + 1)] == ["0", "10,000", "10,000+"]


def test_a_search_is_put_together_so_that_its_parts_stay_apart():
    assert joined("a OR b", "*", "", "is:open") == "(a OR b) is:open"
    assert named("source", "my blog") == 'source:"my blog"' and named("source", 'a"b') == ""
