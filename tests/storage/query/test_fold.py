"""How text becomes words: what does not matter, what parts them, and what bounds them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.query import fold


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Zonnebank", "zonnebank"),
        ("Z0nnebаnk", "zonnebank"),  # a zero and a Cyrillic а
        ("ΖONNEBANK", "zonnebank"),  # a Greek Ζ
        ("zon\u00adne\u200bbank\u202e", "zonnebank"),
        ("ｚｏｎｎｅｂａｎｋ", "zonnebank"),
        ("𝔃𝓸𝓷𝓷𝓮𝓫𝓪𝓷𝓴 🅱🅰🅽🅺", "zonnebank bank"),
        ("ᴢᴏɴɴᴇʙᴀɴᴋ", "zonnebank"),
        ("ĳs, ﬁets, straße, smørrebrød", "ijs fiets strasse smorrebrod"),
        ("één e\u0301e\u0301n", "een een"),
        ("auto's e-mail a_b 100%", "auto s e mail a b 1oo"),
        ("кот Привет нет", "кот привет нет"),  # another alphabet stays itself
        ("ας καλημέρα", "ας".replace("ς", "σ") + " καλημερα"),
        ("👩‍👩‍👧 “¡!”", ""),
        ("", ""),
    ],
)
def test_what_looks_alike_folds_to_the_same_words(text: str, words: str) -> None:
    assert fold.words(text) == (f" {words} " if words else "")


def test_tags_and_handles_are_words_besides_the_plain_ones_and_stand_behind_them() -> None:
    found = fold.tokens("ik haat #Zonne_Bank en ＠jan.bsky.social, mail info@x.nl")
    assert found == [
        *["ik", "haat", "zonne", "bank", "en", "jan", "bsky", "social", "mail", "info", "x", "nl"],
        *("#zonne_bank", "@jan.bsky.social", "@jan"),
    ]


@given(st.text(max_size=60))
def test_folding_what_is_folded_changes_nothing(text: str) -> None:
    plain = [each for each in fold.tokens(text) if each[0] not in "#@"]
    assert fold.tokens(" ".join(plain)) == plain


@given(st.text(max_size=60))
def test_words_are_runs_of_letters_and_digits_between_single_spaces(text: str) -> None:
    words = fold.words(text)
    assert words == "" or words == " " + " ".join(words.split()) + " "
    assert all(each.lstrip("#@").replace("_", "").replace(".", "").replace("-", "").isalnum() for each in words.split())


LETTERS = st.text(st.sampled_from("abzABZ019éßøİĳﬁ"), min_size=1, max_size=6)


@given(LETTERS, LETTERS, LETTERS)
def test_a_part_of_a_word_folds_to_a_part_of_the_folded_word(before: str, part: str, after: str) -> None:
    (word,) = fold.tokens(before + part + after)
    assert fold.pattern_tokens(f"*{part}*") == [f"*{fold.tokens(part)[0]}*"]
    assert fold.tokens(part)[0] in word


@pytest.mark.parametrize(
    "text",
    [
        "a" * 5_000_000,
        "a " * 2_000_000,
        "#a " * 500_000,
        "é" * 300_000,
        "\u0301\u0323" * 300_000,
        "漢 " * 300_000,
    ],
)
def test_hostile_lengths_are_bounded(text: str) -> None:
    found = fold.tokens(text)
    assert len(found) <= fold.MAX_TOKENS + fold.MAX_MARKED
    assert all(len(each) <= fold.MAX_TOKEN for each in found)
    assert len(fold.words(text).encode()) <= fold.MAX_BYTES


@pytest.mark.parametrize("sign", ["\N{CJK UNIFIED IDEOGRAPH-94F6}", "\N{HANGUL SYLLABLE GA}", "\ufdfa"])
def test_a_text_without_blanks_in_another_script_is_folded_in_linear_time(sign: str) -> None:
    assert fold.tokens("zonnebank " + sign * 300_000)[0] == "zonnebank"
