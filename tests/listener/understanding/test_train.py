"""Training is numpy alone, finds the least loss, and gives the same bytes each time."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from listener.understanding import fit
from listener.understanding.train import Design, train_sentiment, understand
from listener.understanding.weights import Weights, pack

ITEMS = [
    {"text": text, "label": label, "lang": "nl", "source": "test"}
    for text, label in (
        ("wat een flotsig gedoe", "negative"),
        ("flotsig en duur", "negative"),
        ("heel tof geregeld", "positive"),
        ("tof en snel", "positive"),
        ("de winkel is open", "neutral"),
        ("het pakket weegt een kilo", "neutral"),
    )
    * 3
]


def taught():
    texts = understand("nl", iter(ITEMS))
    return train_sentiment([Design(texts)], np.array(texts.labels), np.ones(len(ITEMS)), (1.0,) * 6)[0]


@given(st.lists(st.floats(-5, 5), min_size=3, max_size=3))
def test_the_minimum_of_a_bowl_is_found(centre):
    middle, steep = np.array(centre), np.array([1.0, 10.0, 100.0])

    def bowl(at):
        return float((steep * (at - middle) ** 2).sum()), 2 * steep * (at - middle)

    assert np.allclose(fit.minimise(bowl, np.zeros(3)), middle, atol=1e-2)


def test_the_slope_of_the_loss_is_its_slope():
    rng = np.random.default_rng(0)
    scores, labels, weights = rng.normal(size=(5, 2)), np.array([0, 1, 2, 1, 0]), np.ones(5)
    value, slope = fit.softmax_loss(scores, labels, weights)
    step = np.zeros((5, 2))
    step[3, 1] = 1e-6
    higher, _ = fit.softmax_loss(scores + step, labels, weights)
    assert np.isclose((higher - value) / 1e-6, slope[3, 1], atol=1e-4)


def test_what_it_was_taught_it_knows():
    texts = understand("nl", iter(ITEMS))
    scores = Design(texts).scores(taught())
    full = np.stack([scores[:, 0], np.zeros(len(scores)), scores[:, 1]], axis=1)
    assert (full.argmax(axis=1) == np.array(texts.labels)).mean() > 0.9


def test_the_same_texts_give_the_same_bytes():
    first, second = (pack({str(at): table for at, table in enumerate(taught())}) for _ in range(2))
    assert first == second


def test_tables_are_stored_in_a_byte_a_number_and_come_back_close():
    table = np.random.default_rng(0).normal(size=(1000, 2))
    back = Weights(
        {"t": np.rint(table / (np.abs(table).max(0) / 127)).astype(np.int8), "t/scale": np.abs(table).max(0) / 127}
    )
    assert np.allclose(back.array("t"), table, atol=0.05)


def test_classes_have_an_even_say_within_a_source():
    labels, groups = np.array([0, 0, 0, 1, 0, 1]), np.array(["a", "a", "a", "a", "b", "b"])
    weights = fit.balanced(labels, groups)
    assert np.isclose(weights[(groups == "a") & (labels == 0)].sum(), weights[(groups == "a") & (labels == 1)].sum())
