"""Texts are cut and folded the same way for the lists, the training and the judging."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.understanding.lists import PhraseBook, opinions
from listener.understanding.tokens import LIMIT, fold, folded, tokenise
from listener.understanding.words import vocabulary


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Werkt NIET. Belachelijk!", ["werkt", "niet", ".", "belachelijk", "!"]),
        ("Geïrriteerd, hoor…", ["geirriteerd", ",", "hoor", "..."]),
        ("I don’t know :-( 👍🏽", ["i", "don't", "know", ":-(", "👍🏽"]),
        ("goeeeeed", ["goeed"]),
        ("@bank #fail https://x.example/a?b=1", ["@bank", "#fail", "https://x.example/a?b=1"]),
        ("a\u200bb\x00c", ["abc"]),
    ],
)
def test_a_text_becomes_these_words(text, wanted):
    assert folded(text) == wanted


@given(st.text(max_size=200))
def test_folding_never_leaves_a_token_empty_or_with_a_space(text):
    assert all(f and " " not in f for f in map(fold, tokenise(text)))


def test_no_more_than_the_limit_is_cut():
    assert sum(map(len, tokenise("ab " * LIMIT))) <= LIMIT


def test_phrases_are_found_where_they_stand_with_stems_and_gaps():
    book = PhraseBook()
    for text, group in (("zeg ~ op", "churn"), ("levensgevaar*", "safety"), ("niet goed", "bad")):
        book.add(text, group)
    found = {
        (a, b, p.group)
        for a, b, p in book.close().find(folded("Ik zeg mijn contract op, levensgevaarlijk en niet goed"))
    }
    assert found == {(1, 5, "churn"), (6, 7, "safety"), (8, 10, "bad")}


def test_a_gap_does_not_reach_into_the_next_sentence():
    book = PhraseBook()
    book.add("zeg ~ op", "churn")
    assert book.close().find(folded("Ik zeg niets. Kom op")) == []


def test_a_phrase_that_begins_with_nothing_is_refused():
    with pytest.raises(ValueError, match="begins with nothing"):
        PhraseBook().add("~ op", "churn")


@pytest.mark.parametrize(
    ("word", "like"),
    [("trage", "traag"), ("stommer", "stom"), ("mooiere", "mooi"), ("superleuk", "leuk"), ("goeeed", "goed")],
)
def test_an_inflected_or_stretched_word_has_the_value_of_its_stem(word, like):
    known, _ = vocabulary("nl")
    value = known.word(like).value
    assert value
    assert known.word(word).value * value > 0


def test_the_dutch_list_holds_thousands_of_entries_each_between_minus_one_and_one():
    entries = opinions("nl.txt")
    assert sum(value != 0 for value in entries.values()) >= 2000
    assert all(-1 <= value <= 1 for value in entries.values())
