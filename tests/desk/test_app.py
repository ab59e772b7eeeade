"""The app as a whole: languages, theme, palette, keymap, crashes, and what strangers write."""

import ast
import re
import threading
from datetime import timedelta, timezone
from pathlib import Path

import pytest
from textual.color import Color

from desk import locale
from desk.app import Desk, crash_report
from desk.custom import Custom
from desk.locale.refusals import REFUSALS, in_words
from desk.screens import asides
from desk.screens.keys import BINDINGS, GROUPS, display
from desk.views import with_own
from desk.widgets.theme import DARK, LIGHT
from storage.errors import HeldByOther

DESK = Path(__file__).parents[2] / "desk"
ROOMS = ("app.py", "views.py", "screens/*.py", "widgets/*.py", "locale/*.py", "../front/door.py", "tone.py")
HOLES = re.compile(r"\{\w+\}")


def texts():
    """Every text of the desk that is translated."""
    for path in (path for room in ROOMS for path in DESK.glob(room)):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("_", "N_", "ngettext")
            ):
                yield from (each.value for each in node.args[:1] if isinstance(each, ast.Constant))


def test_every_text_has_its_dutch_with_the_same_holes():
    dutch = locale.catalogue("nl")
    assert {text for text in texts() if text not in dutch} == set()
    for text, forms in dutch.items():
        for form in forms:
            assert set(HOLES.findall(form)) == set(HOLES.findall(text)), text


def test_a_refusal_is_said_in_the_agents_language():
    locale.use("nl")
    assert in_words(str(HeldByOther(6, "bram"))) == "bram heeft zaak 6."
    assert in_words("dank did nothing: step 2, resolve: Case 6 is resolved already.").endswith("Zaak 6 is al klaar.")
    assert in_words("Nobody translated this.") == "Nobody translated this."
    locale.use("en", timezone(timedelta(hours=2)))
    assert in_words("a new mention at 22:35 UTC") == "a new mention at 00:35"


def test_every_refusal_with_a_translation_is_one_that_is_said():
    said = "".join(each.read_text("utf-8") for room in ("storage", "desk") for each in DESK.parent.glob(f"{room}/*.py"))
    for template in REFUSALS:
        assert max(HOLES.split(template), key=len).strip(" .:") in said, template


def test_no_dutch_is_left_over():
    assert set(locale.catalogue("nl")) <= set(texts())


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_every_colour_of_text_can_be_read_on_every_ground(theme):
    grounds = [theme.background, theme.surface, theme.panel]
    inks = [
        theme.foreground,
        theme.variables["muted"],
        theme.accent,
        theme.warning,
        theme.error,
        theme.success,
        theme.secondary,
    ]
    for ground in grounds:
        for ink in inks:
            assert contrast(ground, ink) >= (7 if ground != theme.panel else 4.5), (ground, ink)
    assert contrast(theme.error, theme.background) >= 7


def contrast(one, other):
    """WCAG 2.2, 1.4.3."""

    def light(text):
        parts = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in Color.parse(text).normalized
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


def test_every_key_has_an_id_of_its_own_and_no_key_does_two_things():
    every = [*BINDINGS, *asides.BINDINGS]
    assert len({binding.id for binding in every}) == len(every)
    keys = [key for binding in BINDINGS for key in binding.key.split(",")]
    assert len(keys) == len(set(keys))


def test_the_documentation_names_every_key():
    written = (DESK.parent / "docs" / "desk.md").read_text("utf-8")
    for title, bindings in (*GROUPS, *asides.GROUPS):
        assert f"### {title}" in written
        for binding in bindings:
            assert f"| `{display(binding)}` | {binding.description} | `{binding.id}` |" in written


async def test_a_key_can_be_given_to_another_act(desk, arrive, clerk):
    case = arrive()
    async with desk(size=(80, 24), custom=Custom(keymap={"case.resolve": "d"})) as seat:
        await seat.press("e")
        assert clerk("x").cases([case])[0].status == "new"
        await seat.press("d")
        assert clerk("x").cases([case])[0].status == "resolved"


async def test_a_key_waits_until_it_is_known_what_it_does(arrive, clerk, clock, seat_of):
    case, read = arrive(), threading.Event()

    def custom():
        read.wait()
        return Custom(keymap={"case.resolve": "d"})

    seen = (0, tuple(clerk("anna").cases([case])))
    app = Desk(lambda: clerk("anna"), agent="anna", now=clock, custom=custom, sighted=lambda: seen, poll=3600)
    async with app.run_test(size=(80, 24)) as pilot:
        while not app._triage.cases.ids:
            await pilot.pause()
        await pilot.press("e", "d")
        assert clerk("x").cases([case])[0].status == "new"
        read.set()
        await seat_of(app, pilot).settle()
        assert clerk("x").cases([case])[0].status == "resolved"


async def test_the_palette_has_every_act_and_does_it(desk, arrive, clerk):
    case = arrive()
    async with desk(size=(80, 24), lang="nl") as seat:
        await seat.press("colon")
        assert "Wat wil je doen?" in seat.text
        await seat.type("niet relevant")
        await seat.press("enter", "enter")
        assert clerk("x").cases([case])[0].status == "dismissed"


async def test_help_is_made_from_the_keys(desk):
    async with desk(size=(180, 50)) as seat:
        await seat.press("question_mark")
        for _title, bindings in GROUPS:
            for binding in bindings:
                assert binding.description in seat.text
        assert "send, resolve, next" in seat.text
        await seat.press("escape")
        assert seat.app.screen is seat.screen


def test_a_crash_tells_where_and_nothing_of_what_was_on_the_screen():
    def fail(secret):
        raise ValueError(f"jan de vries {secret}")

    try:
        fail("06-12345678")
    except ValueError as error:
        report = crash_report(error)
    assert "ValueError" in report and "fail" in report
    assert "jan" not in report and "06-" not in report


NASTY = [
    "[/b]",
    "[@click=app.bell]x[/]",
    "[link='http://evil.example']x",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b]8;;http://evil.example\x1b\\x",
    "\x1b[2J\x1b[H\x1b[31m",
    "\x9b31m\x85\x90",
    "a\u202egnp.exe\u2066",
    "\x00\x07\x08\x0b\x7f",
    "👨‍👩‍👧👍🏽❤️🇳🇱",
    "Z\u0300\u0301\u0302\u0303\u0304\u0305\u0306a",
    "\ud83d",
]
FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufe0f\ud800-\udfff]")


@pytest.mark.parametrize("size", [(80, 24), (180, 50)])
async def test_nothing_a_stranger_wrote_reaches_the_terminal_as_an_order(desk, arrive, size):
    storable = [text for text in NASTY if text != "\ud83d"]
    for nasty in storable:
        arrive(text=f"{nasty} zonnebank", title=f"t{nasty}", author=f"j{nasty}", url=f"https://forum.example/{nasty}")
    async with desk(size=size) as seat:
        await seat.press("enter", *["a"] * (size[0] < 100))
        for _each in storable:
            await seat.press("right_square_bracket")
            assert not FORBIDDEN.search(seat.text), ascii(FORBIDDEN.search(seat.text))
            assert not any(segment.style and segment.style.link for line in strips(seat) for segment in line)
            assert {line.cell_length for line in strips(seat)} <= {size[0]}
        await seat.press("escape", "escape", "r")
        assert not FORBIDDEN.search(seat.text)


def strips(seat):
    return seat.app.screen._compositor.render_strips()


async def test_a_megabyte_of_text_is_shown_in_part(desk, arrive):
    arrive(text="zonnebank " + "woord " * 170_000, title="T" * 1_000_000)
    async with desk(size=(80, 24)) as seat:
        await seat.press("enter", "G")
        assert any("… (+" in text for line in seat.screen.conversation.lines for text, _role in line)


async def test_a_search_can_be_a_tab_of_its_own(desk, arrive, clerk):
    arrive(text="De app is stuk")
    card = arrive(text="Mijn pas is weg")
    clerk("anna").tag(card, "pas")
    async with desk(size=(120, 40), custom=Custom(views=with_own({"Passen": "tag:pas is:open"}))) as seat:
        await seat.press("shift+tab")
        assert "Passen 1" in seat.text
        assert "Mijn pas is weg" in seat.text and "De app is stuk" not in seat.text
