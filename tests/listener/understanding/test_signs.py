"""The numbers of a text are its own, whatever texts are read with it, and what is added up fast is what was trained."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.understanding.intents import EDGE_ROWS, Order, kinds, order_rows
from listener.understanding.sentiment import Tongue
from listener.understanding.signs import NAMES
from listener.understanding.tokens import tokenise
from listener.understanding.weights import load

TEXTS = st.lists(
    st.text(max_size=60) | st.sampled_from(["Not good!! BUT cheap?", "heel fijn, maar duur...", ""]), max_size=9
)

WORDS = ["so", "well", "can", "you", "tell", "me", "where", "it", "is", ",", "the", "of"]


@pytest.fixture(scope="module")
def english():
    return Tongue("en", load())


@settings(max_examples=30)
@given(TEXTS)
def test_the_signs_of_a_text_are_the_same_among_others(english, texts):
    tokens = [tokenise(text) for text in texts]
    together = [reading.signs for reading in english.read(tokens)]
    assert all(np.array_equal(one, english.read([each])[0].signs) for one, each in zip(together, tokens, strict=True))


def test_signs_tell_what_stands_in_a_text(english):
    (reading,) = english.read([tokenise("I do NOT love it, but the food is great!! :)")])
    signs = dict(zip(NAMES, reading.signs, strict=True))
    assert signs["undone_positive"] > 0
    assert signs["but_positive"] > signs["but_negative"] == 0
    assert (signs["exclamation"], signs["question"], signs["me"], signs["capitals"]) == (2 / 3, 0, 1, 0.25)
    assert signs["emoji_positive"] > 0
    assert signs["no_opinion"] == 0


@settings(max_examples=30)
@given(st.lists(st.sampled_from(WORDS), min_size=2, max_size=12))
def test_the_order_of_a_sentence_is_told_by_the_rows_that_were_trained(english, words):
    table = np.arange(1.0, (1 << 14) + 2) / (1 << 16)
    rows = order_rows(words, kinds("en"))
    wanted = sum(table[row] for row in rows) / math.sqrt(len(rows) + 1) + table[-1]
    (reading,) = english.read([words])
    assert len(rows) >= EDGE_ROWS
    assert Order(table, kinds("en"))([reading])[0] == pytest.approx(min(wanted, 3.0))
