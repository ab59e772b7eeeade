"""What a regular expression cannot match without: held to RE2 and to the folding of words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.query import fold, leaves, literals

PARTS = st.sampled_from(
    [
        "zonne",
        "bank",
        "r0od",
        "a",
        "(app|web)",
        "[a-z]+",
        r"\d*",
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


@given(st.lists(PARTS, min_size=1, max_size=5).map("".join), TEXTS)
def test_every_text_that_matches_has_them_in_its_folded_words(pattern, text):
    try:
        compiled = leaves.compiled(pattern)
    except leaves.Refused:
        return
    if compiled.search(text) is not None:
        words = fold.words(text)
        assert all(each in words for each in literals.required(pattern)), (pattern, text)
