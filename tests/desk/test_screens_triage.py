"""The hot loop by its keys, on a real database."""

import pytest

from desk.app import Desk
from desk.views import View
from storage.types import Priority, Sentiment, Status

SIZES = [(80, 24), (120, 40), (180, 50)]


@pytest.mark.parametrize("size", SIZES)
async def test_the_desk_opens_on_the_most_urgent_case(desk, arrive, size):
    arrive(title="Gewoon")
    urgent = arrive(title="Dringend", priority=Priority.URGENT, author="piet")
    async with desk(size=size) as seat:
        assert seat.screen.cases.case_id == urgent
        assert "Inbox 2" in seat.text and "Dringend" in seat.text
        await seat.press("enter")
        assert "De app van Zonnebank werkt niet" in seat.text and "What happened" in seat.text
        assert ("Gewoon" in seat.text) is (size[0] >= 100)
        await seat.press("escape")
        assert seat.screen.cases.case_id == urgent and "Gewoon" in seat.text


@pytest.mark.parametrize(
    ("keys", "holds"),
    [
        (["c"], lambda case: case.assignee == "anna" and case.lease_until is not None),
        (["c", "c"], lambda case: case.assignee is None),
        (["e"], lambda case: case.status is Status.RESOLVED),
        (["e", "z"], lambda case: case.status is Status.NEW),
        (["e", "z", "Z"], lambda case: case.status is Status.RESOLVED),
        (["x"], lambda case: case.status is Status.DISMISSED),
        (["X"], lambda case: case.status is Status.SPAM),
        (["e", "k", "E"], lambda case: case.status is Status.OPEN),
        (["w"], lambda case: case.status is Status.PENDING),
        (["1"], lambda case: case.priority is Priority.URGENT),
        (["4"], lambda case: case.priority is Priority.LOW),
        (["+"], lambda case: case.sentiment is Sentiment.POSITIVE),
        (["0"], lambda case: case.sentiment is Sentiment.NEUTRAL),
        (["exclamation_mark"], lambda case: case.priority is Priority.URGENT and case.assignee == "bram"),
        (["exclamation_mark", "z"], lambda case: (case.priority, case.assignee, case.tags) == ("high", None, ())),
        (["i", "b", "a", "h", "enter"], lambda case: case.intents == ("question", "outage")),
        (["i", "b", "a", "enter", "z"], lambda case: case.intents == ("complaint",)),
        (["i", "b", "enter"], lambda case: case.intents == ()),
        (["i", "a", "escape"], lambda case: case.intents == ("complaint",)),
        (["s", "t"], lambda case: case.status is Status.SNOOZED and case.snoozed_until.hour in (7, 8, 9)),
        (["A", "b"], lambda case: case.assignee == "bram"),
        (["t", *"vraag", "enter"], lambda case: case.tags == ("vraag",)),
        (["s", "colon", *"2h", "enter"], lambda case: case.status is Status.SNOOZED),
        (["s", "escape"], lambda case: case.status is Status.NEW),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
async def test_a_key_does_its_act(desk, arrive, clerk, keys, holds):
    first = arrive(priority=Priority.HIGH)
    arrive(author="piet")
    async with desk(size=(80, 24)) as seat:
        await seat.press(*keys)
        case = clerk("eve").cases([first])[0]
        assert holds(case), f"{case} — {seat.said}"


async def test_every_key_that_moves_moves_the_cursor_and_keeps_it_in_sight(desk, arrive):
    for number in range(60):
        arrive(author=f"a{number}")
    moves = [
        ("j", 1), ("down", 2), ("k", 1), ("up", 0), ("up", 0), ("pagedown", 20), ("pagedown", 40), ("pageup", 20),
        ("end", 59), ("down", 59), ("home", 0), ("G", 59), ("g", 0), ("ctrl+d", 10), ("ctrl+d", 20), ("ctrl+u", 10),
    ]  # fmt: skip
    async with desk(size=(80, 24)) as seat:
        for key, row in moves:
            await seat.pilot.press(key)
            assert seat.screen.cases.row == row, key
            top = round(seat.screen.cases.scroll_y)
            assert top <= row < top + seat.screen.cases.size.height


async def test_after_done_the_next_case_is_there_and_the_row_stays_where_it_was(desk, arrive):
    cases = [arrive(author=name) for name in ("a", "b", "c")]
    async with desk() as seat:
        await seat.press("e")
        assert seat.screen.cases.case_id == cases[1]
        assert list(seat.screen.cases.ids) == cases, "the list never moves by itself"
        await seat.press("full_stop")
        assert list(seat.screen.cases.ids) == cases[1:] and seat.screen.cases.case_id == cases[1]


async def test_new_work_is_counted_until_it_is_taken_in(desk, arrive):
    first = arrive()
    async with desk(size=(80, 24)) as seat:
        second = arrive(author="piet", priority=Priority.URGENT)
        await seat.poll()
        assert list(seat.screen.cases.ids) == [first] and "▲ 1 new (.)" in seat.text
        await seat.press("full_stop")
        assert list(seat.screen.cases.ids) == [second, first] and seat.screen.cases.case_id == first
        assert "▲" not in seat.text


async def test_two_desks_see_each_others_claim_and_never_both_hold(desk, arrive):
    case = arrive(priority=Priority.URGENT)
    arrive(author="piet")
    async with desk("anna") as anna:
        async with desk("bram") as bram:
            await anna.press("c")
            for key in ("c", "e", "exclamation_mark"):
                await bram.press(key)
                assert "held by anna" in bram.said.lower()
                assert bram.screen.cases.case_id == case, "what was refused is still to be looked at"
            await bram.poll()
            assert bram.screen.cases.known(case).assignee == "anna"
            assert "anna has it until" in bram.text
        await anna.press("e")
        assert anna.screen.cases.known(case).status is Status.RESOLVED


async def test_a_lead_takes_over_with_a_reason(desk, arrive, clerk):
    case = arrive()
    clerk("carla").claim(case)
    async with desk("anna", size=(80, 24)) as seat:
        await seat.press("C")
        await seat.type("she is ill")
        await seat.press("enter")
        assert clerk("x").cases([case])[0].assignee == "anna"


async def test_marked_cases_are_handled_together_and_come_back_together(desk, arrive, clerk):
    cases = [arrive(author=name) for name in ("a", "b", "c")]
    async with desk(size=(80, 24)) as seat:
        await seat.press("space", "space", "e")
        assert "2 cases" in seat.said
        assert [each.status for each in clerk("x").cases(cases)] == ["resolved", "resolved", "new"]
        await seat.press("z")
        assert {each.status for each in clerk("x").cases(cases)} == {Status.NEW}


@pytest.mark.parametrize(
    ("keys", "marked"),
    [
        (["V", "j", "j"], 3),
        (["V", "j", "j", "k"], 2),
        (["j", "V", "k"], 2),
        (["V", "j", "V", "j"], 2),
        (["shift+down", "shift+down"], 3),
        (["asterisk"], 4),
        (["asterisk", "asterisk"], 0),
        (["V", "j", "escape", "j"], 0),
    ],
)
async def test_rows_are_marked_as_the_cursor_moves(desk, arrive, clerk, keys, marked):
    cases = [arrive(author=name) for name in ("a", "b", "c", "d")]
    async with desk(size=(80, 24)) as seat:
        await seat.press(*keys)
        assert len(seat.screen.cases.marked) == marked
        if marked:
            await seat.press("x", "j")
            assert [case.status for case in clerk("x").cases(cases)].count(Status.DISMISSED) == marked
            assert not seat.screen.cases.marked


async def test_n_goes_to_the_next_post_and_after_a_search_to_the_next_place_of_its_words(desk, arrive):
    for number in range(12):
        arrive(text=f"zonnebank {'woord ' * 120} regel{number}", conversation="c", title="Lang")
    async with desk(size=(80, 24)) as seat:
        await seat.press("enter", "g", "n")
        first = seat.screen.conversation.scroll_y
        await seat.press("n", "n")
        assert seat.screen.conversation.scroll_y > first > 0
        await seat.press("N", "N")
        assert seat.screen.conversation.scroll_y == first
        await seat.press("escape", "slash")
        await seat.type("regel7")
        await seat.press("enter", "enter", "g", "n")
        assert "regel7" in seat.text


async def test_a_note_stands_in_the_conversation(desk, arrive):
    arrive()
    async with desk() as seat:
        await seat.press("m")
        await seat.type("gebeld")
        await seat.press("enter")
        assert "noted: gebeld" in seat.text


async def test_a_search_finds_and_a_bad_one_is_told_its_place(desk, arrive):
    arrive(title="Storing")
    wanted = arrive(title="Rente", text="zonnebank rente", author="piet")
    async with desk(size=(80, 24)) as seat:
        await seat.press("slash")
        await seat.type("rente is:opn")
        await seat.press("enter")
        assert seat.screen.prompt.is_open
        line = next(line for line in seat.text.splitlines() if "^" in line)
        assert line.index("^") == len(" / rente is:")
        await seat.press(*["backspace"] * 3, *"open", "enter")
        assert list(seat.screen.cases.ids) == [wanted] and "Search" in seat.text
        await seat.press("escape")
        assert len(seat.screen.cases.ids) == 2


async def test_the_list_left_for_a_search_is_there_again_as_it_stood(desk, arrive, clerk):
    first, second, third = arrive(), arrive(author="piet", text="zonnebank rente"), arrive(author="klaas")
    async with desk(size=(120, 40)) as seat:
        await seat.press("j", "slash")
        await seat.type("rente")
        await seat.press("enter")
        assert list(seat.screen.cases.ids) == [second]
        clerk("bram").resolve(first)
        arrive(author="henk")
        await seat.poll()
        await seat.press("slash")
        await seat.type(" OR klaas")
        await seat.press("enter", "escape")
        assert list(seat.screen.cases.ids) == [first, second, third] and seat.screen.cases.row == 1
        assert seat.screen.cases.known(first).status is Status.RESOLVED and "▲ 1 new" in seat.text
        await seat.press("full_stop")
        assert len(seat.screen.cases.ids) == 3 and first not in seat.screen.cases.ids


async def test_the_tabs_are_views(desk, arrive, clerk):
    mine, other = arrive(), arrive(author="piet")
    clerk("anna").claim(mine)
    async with desk(size=(80, 24)) as seat:
        await seat.press("tab")
        assert seat.screen.view.name == "mine" and list(seat.screen.cases.ids) == [mine]
        await seat.press("tab")
        assert list(seat.screen.cases.ids) == [other]
        await seat.press("shift+tab", "shift+tab", "shift+tab")
        assert seat.screen.view.name == "done" and "All done here." in seat.text


async def test_a_search_that_is_left_for_a_tab_shows_the_tab(desk, arrive):
    found, other = arrive(title="Storing"), arrive(title="Rente", author="piet")
    async with desk(size=(80, 24)) as seat:
        await seat.press("slash")
        await seat.type("storing")
        await seat.press("enter")
        assert list(seat.screen.cases.ids) == [found]
        await seat.press("tab")
        assert seat.screen.view.name == "inbox" and sorted(seat.screen.cases.ids) == [found, other]


async def test_tabs_that_do_not_fit_are_shown_to_be_there(desk, arrive):
    arrive()
    views = tuple(View(name=f"own:{each}", title=f"Onderwerp {each}", query="is:open") for each in range(4))
    async with desk(size=(80, 24)) as seat:
        seat.screen.views = (*seat.screen.views, *views)
        seat.screen.paint_bars()
        await seat.settle()
        tabs = seat.text.splitlines()[0]
        assert tabs.startswith("   Inbox 1") and " › " in tabs and "Onderwerp 3" not in tabs
        await seat.press("shift+tab")
        tabs = seat.text.splitlines()[0]
        assert tabs.startswith("‹ ") and "Onderwerp 3" in tabs and "›" not in tabs


async def test_what_a_search_cannot_be_is_said_whole_and_esc_leads_back(desk, arrive):
    case = arrive()
    async with desk(size=(60, 16)) as seat:
        await seat.press("slash")
        await seat.type("author:jan AND (tag:klacht OR")
        await seat.press("enter")
        said = " ".join(seat.text.split())
        assert "^" in said and "This bracket is never closed." in said and "Searching" not in said
        await seat.press("escape")
        assert seat.screen.view.name == "inbox" and list(seat.screen.cases.ids) == [case]


async def test_what_is_pasted_into_the_list_does_nothing(desk, arrive, clerk):
    from textual import events

    case = arrive()
    async with desk(size=(80, 24)) as seat:
        seat.app.post_message(events.Paste("exe"))
        await seat.settle()
        assert clerk("x").cases([case])[0].status is Status.NEW


async def test_an_empty_inbox_says_so_in_dutch(desk):
    async with desk(size=(80, 24), lang="nl") as seat:
        assert "Alles is gedaan." in seat.text


async def test_a_window_too_small_says_so(desk, arrive):
    arrive()
    async with desk(size=(50, 10)) as seat:
        assert "too small" in seat.text


async def test_only_web_addresses_are_opened_and_their_host_is_said(desk, arrive, monkeypatch):
    arrive(url="https://zonnebank.nl@evil.example/x")
    arrive(url="javascript:alert(1)", author="piet")
    opened = []
    async with desk(size=(80, 24)) as seat:
        monkeypatch.setattr(seat.app, "open_url", opened.append)
        monkeypatch.setattr("desk.screens.acts.has_browser", lambda: True)
        await seat.press("o")
        assert seat.said == "Opened evil.example"
        await seat.press("j", "o")
        assert "no web address" in seat.said and opened == ["https://zonnebank.nl@evil.example/x"]
        await seat.press("k", "y")
        assert seat.app.clipboard == "https://zonnebank.nl@evil.example/x"


async def test_the_author_is_shown_beside_or_instead(desk, arrive):
    arrive(author="jan")
    arrive(author="jan", conversation="elders", text="Zonnebank, ook dat nog")
    async with desk(size=(80, 24)) as seat:
        await seat.press("a")
        assert "2 mentions · 2 cases" in seat.text and "ook dat nog" in seat.text
        await seat.press("escape", "escape")
        assert not seat.screen.reading


async def test_trouble_with_the_database_is_said_and_the_keys_stay_alive(desk, arrive, sqlite_database):
    cases = [arrive(), arrive(author="piet")]
    async with desk(size=(80, 24)) as seat:
        with sqlite_database.write() as connection:
            connection.exec_driver_sql("ALTER TABLE event RENAME TO gone")
        clerk = seat.app.counter._clerk
        clerk.database.engine.dispose()
        clerk._inbox.changed_since = clerk._steps.resolve = _refuse
        await seat.poll()
        assert "database does not answer" in seat.text
        await seat.press("e")
        assert "does not answer" in seat.said
        await seat.press("k", "j")
        assert seat.screen.cases.case_id == cases[1]


async def test_a_database_that_does_not_answer_at_first_is_asked_again(clerk, clock, arrive, seat_of, monkeypatch):
    arrive(title="Storing")
    calls = iter([_refuse])

    def make():
        next(calls, lambda: None)()
        return clerk("anna")

    monkeypatch.setattr("desk.screens.stage.AGAIN", 0.01)
    app = Desk(make, agent="anna", now=clock, poll=3600)
    async with app.run_test(size=(80, 24)) as pilot:
        seat = seat_of(app, pilot)
        while not seat.screen.cases.ids:
            await seat.settle()
        assert "Storing" in seat.text and "Inbox 1" in seat.text


def _refuse(*_):
    from storage.errors import DatabaseUnavailable

    raise DatabaseUnavailable("The database does not answer: disk full.")


async def test_a_window_that_shrinks_to_nothing_and_grows_again_loses_nothing(desk, arrive):
    first, second = arrive(), arrive(author="piet")
    async with desk(size=(80, 24)) as seat:
        await seat.press("j")
        for width, height in ((1, 1), (60, 16), (59, 15), (180, 50), (100, 20), (80, 24)):
            await seat.pilot.resize_terminal(width, height)
            await seat.settle()
        assert seat.screen.cases.case_id == second and "jan" in seat.text and first
