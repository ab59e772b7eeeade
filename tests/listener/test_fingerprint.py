"""Texts that are nearly the same are found to be one; others, and texts too short to tell, are not."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener import fingerprint
from storage.types import Post

SHORT = "De app van Zonnebank doet het vandaag alweer niet"
WORDS = [f"woord{n}" for n in range(500)]


def key(text: str) -> str:
    return fingerprint.of(Post(external_id="1", url="", text=text))


@pytest.mark.parametrize(
    "same",
    [
        SHORT.upper(),
        "  " + SHORT.replace(" ", "\n") + " …!",
        SHORT.replace("Zonnebank", "Zónnebank"),
        SHORT + " https://kort.example/a1b2",
        "> Wie heeft hier ook last van?\n" + SHORT,
    ],
)
def test_what_a_site_makes_of_a_text_does_not_matter(same: str) -> None:
    assert key(same) == key(SHORT) != ""


def test_a_short_text_with_another_word_is_another() -> None:
    assert key(SHORT.replace("vandaag", "gisteren")) != key(SHORT)


@pytest.mark.parametrize(
    "text", ["", "Dank je wel!", "één twee drie vier vijf zes zeven", "> alles is hier aangehaald " * 9]
)
def test_a_text_too_short_to_tell_has_no_key(text: str) -> None:
    assert key(text) == ""


def test_a_long_text_with_a_word_changed_mostly_keeps_its_key() -> None:
    dice, kept = random.Random(1), 0
    for n in range(300):
        words = dice.sample(WORDS, 60)
        kept += key(" ".join(words)) == key(" ".join([*words[1:], f"anders{n}"]))
    assert kept > 230


def test_texts_that_share_half_of_their_words_are_seldom_taken_for_one() -> None:
    dice, taken = random.Random(2), 0
    for _ in range(300):
        words = dice.sample(WORDS, 80)
        taken += key(" ".join(words[:60])) == key(" ".join(words[20:]))
    assert taken < 30


@given(st.text(max_size=400))
def test_every_text_has_a_key_or_none(text: str) -> None:
    assert len(key(text)) in (0, 24)
