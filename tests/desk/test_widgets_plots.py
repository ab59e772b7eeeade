"""Plots in block characters keep their width and hide nothing."""

from hypothesis import given
from hypothesis import strategies as st

from desk.widgets.plots import ONWARD, UPWARD, bar, columns, folded, spark

numbers = st.lists(st.floats(0, 1e12), min_size=1, max_size=120)


@given(st.floats(0, 1e12), st.floats(0, 1e12), st.integers(1, 200))
def test_a_bar_has_its_width_and_shows_anything_more_than_nothing(value, most, cells):
    shown = bar(value, most, cells)
    assert len(shown) == cells and set(shown) <= set(ONWARD)
    assert (shown.strip() == "") is (value == 0)


def test_a_bar_is_as_long_as_its_share():
    assert bar(1, 2, 4) == "██  " and bar(3, 8, 1) == "▍" and bar(9, 3, 3) == "███"


@given(numbers, st.integers(1, 12), st.integers(1, 6))
def test_columns_stand_on_the_ground_and_the_highest_fills_the_chart(values, height, thick):
    rows = columns(values, height, thick)
    assert len(rows) == height and all(len(row) == len(values) for row in rows)
    assert {len(piece) for row in rows for piece in row} == {thick}
    for place, value in enumerate(values):
        pile = [UPWARD.index(row[place][0]) for row in reversed(rows)]
        assert pile == sorted(pile, reverse=True) and (sum(pile) > 0) is (value > 0)
        assert value < max(values) or value == 0 or sum(pile) == 8 * height


@given(numbers, st.integers(1, 60))
def test_folding_loses_nothing(values, most):
    times, fewer = folded(values, most)
    assert len(fewer) <= most and abs(sum(fewer) - sum(values)) <= 1e-6 * max(1, sum(values))
    assert times * len(fewer) >= len(values)


def test_a_spark_is_a_cell_a_value():
    assert spark([0, 1, 4, 8]) == " ▁▄█" and spark([]) == "" and spark([1], 8) == "▁"
