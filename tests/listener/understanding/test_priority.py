"""A priority is an additive score of named reasons, every weight of which can be changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.understanding import priority
from listener.understanding.priority import Context, Parts, score
from storage.types import Priority


def test_the_points_of_the_reasons_make_the_score():
    low, level, reasons = score(Parts(negative=0.9, reasons={"safety": ["brand"], "deadline": ["vandaag"]}))
    assert level is Priority.URGENT
    assert [r.label for r in reasons] == ["safety", "negative", "deadline"]
    assert low == round(12 + sum(r.share for r in reasons) * 88 / priority.FULL)


def test_reach_counts_for_nothing_unless_a_configuration_says_so():
    famous = Context(reach=10_000_000)
    assert score(Parts(), famous)[0] == score(Parts())[0]
    assert score(Parts(), famous, {"reach": 2.0})[0] > score(Parts())[0]


@pytest.mark.parametrize("grave", priority.GRAVE)
def test_a_grave_reason_never_stands_below_high(grave):
    assert score(Parts(reasons={grave: []}), weights={grave: 0.01})[1] is Priority.HIGH
    assert score(Parts(reasons={grave: []}), weights={grave: 0.0})[1] is Priority.LOW


def test_a_grave_word_in_a_glad_text_is_no_alarm():
    assert score(Parts(positive=0.95, reasons={"safety": ["veilig"]}))[1].rank < Priority.URGENT.rank


def test_a_word_of_alarm_in_passing_weighs_less_than_one_that_is_meant():
    passing = score(Parts(spoken=False, reasons={"safety": ["rook"]}))
    assert passing[0] < score(Parts(reasons={"safety": ["rook"]}))[0]
    assert passing[0] < score(Parts(spoken=False, reasons={"safety": ["rook uit"]}))[0]
    assert passing[0] < score(Parts(spoken=False, reasons={"safety": ["rook", "vlam"]}))[0]


def test_what_is_about_something_else_is_never_grave():
    parts = Parts(negative=1.0, relevance=0.1, doubts=["huid"], reasons={"safety": ["ziekenhuis"], "complaint": []})
    points, level, reasons = score(parts)
    assert (points, level) == (0, Priority.LOW)
    assert next((r.label, r.words) for r in reasons) == ("irrelevant", ("huid",))


def test_a_weight_that_a_configuration_sets_is_not_moved_by_what_was_learnt():
    parts = Parts(reasons={"outage": ["plat"]})
    assert score(parts, None, None, {"outage": 1.0})[0] > score(parts)[0]
    assert score(parts, None, {"outage": 1.3}, {"outage": 1.0})[0] == score(parts, None, {"outage": 1.3})[0]


@given(st.floats(0, 5), st.floats(0, 5))
def test_who_waits_longer_never_stands_lower(first, second):
    short, long = sorted((first, second))
    parts = Parts(negative=0.5)
    assert score(parts, Context(waiting=short))[0] <= score(parts, Context(waiting=long))[0]


@given(st.dictionaries(st.sampled_from(sorted(priority.WEIGHTS)), st.just(("x",))), st.floats(0, 1), st.floats(0, 1))
def test_the_score_is_always_between_0_and_100(reasons, negative, positive):
    points, level, _ = score(Parts(negative=negative, positive=positive, reasons=reasons))
    assert 0 <= points <= 100
    assert isinstance(level, Priority)


@pytest.mark.parametrize(
    ("over", "open_"),
    [
        ("Storing verholpen, alles werkt weer", "De storing is nog niet verholpen, niets werkt"),
        ("The outage is over, we are back online", "When is the outage over, we are still offline"),
        ("Geen brand gelukkig, alleen een alarm", "Brand in de keuken, het alarm gaat"),
        ("No data was leaked, the company confirms", "Our data was leaked by your company"),
        ("Storing is opgelost", "Storing was opgelost, maar nu ligt alles er weer uit. Niemand kan inloggen"),
    ],
)
def test_trouble_that_is_over_or_denied_is_less_urgent_than_trouble(classify, over, open_):
    assert classify(over).priority.rank <= Priority.NORMAL.rank
    assert classify(over).priority_score < classify(open_).priority_score
    assert classify(open_).priority.rank >= Priority.HIGH.rank


def test_who_thanks_and_asks_still_waits_for_an_answer(classify):
    thanks, asks = classify("Bedankt voor de snelle reactie!"), classify("Bedankt! Geldt dat ook voor mijn abonnement?")
    assert "question" in asks.intents
    assert asks.priority_score > thanks.priority_score
