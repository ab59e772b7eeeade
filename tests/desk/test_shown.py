import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.shown import BLOCK_LIMIT, clean_block, clean_line, link_host, lookalike, skeleton, without_controls

NASTY = [
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b[2J\x1b[H",
    "\x9b31m",
    "a\u202egnp.exe",
    "\x00\x08\x7f\x85\x90",
    "Zonne\u200bbank\ufeff",
    "\U0001f44d\U0001f3fd",
    "\u2764\ufe0f",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\ud83d",
    "e" + "\u0301" * 500,
    "\u3164\u2028x",
]


def is_safe(text: str) -> bool:
    return all(
        each == "\n"
        or (unicodedata.category(each) not in ("Cc", "Cs", "Zl", "Zp") and each not in "\u200b\u200d\ufe0f\u202e")
        for each in text
    )


@pytest.mark.parametrize("text", NASTY)
def test_nothing_that_a_terminal_obeys_is_left(text):
    assert is_safe(clean_line(f"a{text}b"))
    assert is_safe(clean_block(f"a{text}b"))


@given(st.text(max_size=200))
def test_any_text_becomes_one_clean_line_and_cleaning_again_changes_nothing(text):
    line = clean_line(text)
    assert is_safe(line) and "\n" not in line and clean_line(line) == line
    assert is_safe(clean_block(text))


def test_what_was_taken_out_can_be_seen():
    assert clean_line("a\x1b[31mb\x85c\u202ed") == "a␛[31mb‹U+0085›c‹U+202E›d"


def test_marks_that_change_the_width_are_dropped():
    assert clean_line("👍🏽 ❤️ 👨‍👩‍👧 🇳🇱 1️⃣") == "👍 ❤ 👨👩👧 NL 1"


def test_ordinary_text_of_any_script_stays_as_it_is():
    for text in ("Beste café, één vraag: kost dat € 3,50?", "مرحبا", "こんにちは", "नमस्ते"):
        assert clean_line(text) == text


def test_stacked_marks_are_capped_at_four():
    assert clean_line("e" + "\u0301" * 20_000, limit=100_000) == "e" + "\u0301" * 4


def test_a_line_is_one_line_and_no_longer_than_asked():
    assert clean_line("a\tb\r\n  c") == "a b c"
    assert clean_line("x" * 1_000_000, limit=10) == "x" * 9 + "…"
    assert clean_line(" " * 1_000_000 + "x", limit=10) == "…"


def test_a_block_keeps_its_paragraphs_and_says_what_was_cut():
    assert clean_block("een\r\n\r\n\r\n\r\ntwee\n\tdrie\rvier") == "een\n\ntwee\n    drie\nvier"
    assert clean_block("x" * (BLOCK_LIMIT + 7)).endswith("\n… (+7)")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://forum.example/t/1", "forum.example"),
        ("http://zonnebank.nl@evil.example:8080/", "evil.example:8080"),
        ("https://zonnеbank.example/", "xn--zonnbank-e9g.example"),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("-oProxyCommand=x", None),
        ("https://a\x1b]52;c;x\x07", None),
        ("https://[::1", None),
        ("http:\\\\evil.example", None),
        ("", None),
    ],
)
def test_a_link_shows_where_it_really_leads(url, host):
    shown = link_host(url)
    assert shown == host or (host and host.startswith("xn--") and shown and shown.startswith("xn--"))


@pytest.mark.parametrize(
    "name", ["Zonnеbank", "zonneb4nk", "ZonneBаnk", "z0nnebank", "Zonnebánk", "Ζonnebank", "Zonnеbank Helpdesk"]
)
def test_a_name_that_looks_like_a_known_one_is_told(name):
    assert lookalike(name, ["maanbank", "zonnebank"]) == "zonnebank"


@pytest.mark.parametrize(
    "name", ["zonnebank", "@ZonneBank", "Zonne bank", "zonnebank.nl", "Zonnebank Helpdesk", "jan", "", "\u200b", "#"]
)
def test_the_name_itself_and_other_names_are_no_lookalikes(name):
    assert lookalike(name, ["zonnebank"]) is None


def test_skeletons_of_names_that_look_alike_are_equal():
    assert skeleton("rnaria") == skeleton("maria") and skeleton("Piet") != skeleton("Klaas")


def test_what_an_agent_sends_loses_its_controls_and_keeps_its_emoji():
    assert without_controls("Dank\x1b[31m je\r\nwel\u202e 👍🏽\t❤️\x85") == "Dank[31m je\nwel 👍🏽\t❤️"
