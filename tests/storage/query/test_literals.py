"""What a regular expression cannot match without: held to RE2 and to the folding of words."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import regular
from storage.query import fold, literals

PARTS = st.sampled_from(
    [
        "zonne",
        "bank",
        "r0od",
        "a",
        "(app|web)",
        "[a-z]+",
        r"\d*",
        r"[0-9]{2,3}",
        r"(\d|7)\d+",
        r"(\d-?)+7",
        "(storing)+",
        "(pas)?",
        "x{0,2}",
        "x{2,3}",
        ".",
        r"\b",
        "É",
        "(?i:KLACHT)",
        "hyp(o(theek))",
        "(?:rente|)",
        "-",
        " ",
        "ſs",
        "[[:alpha:]]",
        r"\.",
        "k",
        "{,3}",
    ]
)
TEXTS = st.lists(
    st.sampled_from(
        [
            "zonne",
            "BANK",
            "R0OD",
            "app",
            "web",
            "storing",
            "Klacht",
            "hypotheek",
            "rente",
            "É",
            "é",
            "\u212a",
            "x",
            "xx",
            " ",
            "-",
            ".",
            "7",
            "77",
            "²",
            "\u200b",
            "\u0301",
            "ſ",
            "s",
            "pas",
            "a",
            "b",
        ]
    ),
    max_size=14,
).map("".join)


@pytest.mark.parametrize(
    ("pattern", "runs"),
    [
        ("hypo(theek|teek)", ("hypo",)),
        ("qzx[0-9]+wvk", ("qzx", "wvk")),
        (r"\d{7,9}[qx]", ()),
        ("foo|bar", ()),
        ("(foo)+ba*r", ("foo",)),
        ("r0nd", ("rond",)),
        (r"\bfout\b", ("fout",)),
        (r"fo\Qo", ()),
        ("(?x) foo bar", ()),
    ],
)
def test_letters_that_must_be_there_are_told(pattern, runs):
    assert literals.required(pattern) == runs


@pytest.mark.parametrize(
    ("pattern", "digits"),
    [
        (r"\d{7,9}[qx]", 7),
        (r"NL\d\d ?[A-Z]{4}[0-9]{10}", 10),
        (r"1(\d\d)+5", 4),
        (r"\d*", 0),
        ("(1|x)5", 1),
        (r"\D", 0),
    ],
)
def test_digits_that_must_be_there_are_counted(pattern, digits):
    assert literals.digits(pattern) == digits


@given(st.lists(PARTS, min_size=1, max_size=5).map("".join), TEXTS)
def test_every_text_that_matches_has_them_in_its_folded_words(pattern, text):
    try:
        regular.compiled(pattern)
    except ValueError:
        return
    if regular.stands_in(pattern, text):
        words = fold.words(text)
        assert all(each in words for each in literals.required(pattern)), (pattern, text)
        assert max(map(len, re.findall("[0-9]*", text))) >= literals.digits(pattern), (pattern, text)
