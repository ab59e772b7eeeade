"""Corrections and confirmations train a layer that is used only where it proves itself."""

from datetime import UTC, datetime, timedelta

import pytest

from listener.understanding import Layer
from listener.understanding.learn import Review, learn
from storage.types import Sentiment

START = datetime(2026, 1, 1, tzinfo=UTC)
SLANG = [
    "de levering was flotsig",
    "echt flotsig geregeld weer",
    "flotsig personeel daar",
    "die app is flotsig",
    "zo flotsig",
]
PLAIN = ["de winkel is om zes uur open", "ik stond bij de balie", "het pakket ligt bij de buren", "we reden naar Breda"]


def review(number: int, text: str, before: str, after: str, field: str = "sentiment") -> Review:
    at = START + timedelta(minutes=number)
    return Review(text=f"{text} {number}", lang="nl", field=field, before=before, after=after, at=at, agent="anna")


def stream(count: int) -> list[Review]:
    return [
        review(n, SLANG[n % len(SLANG)], "neutral", "negative")
        if n % 2
        else review(n, PLAIN[n % len(PLAIN)], "neutral", "neutral")
        for n in range(count)
    ]


def test_a_word_of_the_trade_is_learnt_and_the_score_card_says_so(classify):
    lesson = learn(stream(120), classify)
    (card,) = lesson.card
    assert card.used
    assert card.after > card.before
    assert card.frozen_after >= card.frozen_before
    learnt = classify.with_layer(lesson.layer)
    assert learnt("wat een flotsig filiaal").score < classify("wat een flotsig filiaal").score
    assert learnt("echt flotsig geregeld weer").sentiment is Sentiment.NEGATIVE
    assert learnt("wat een flotsig filiaal").model.endswith(lesson.layer.version)


def test_a_layer_survives_being_stored_and_is_the_same_bytes_each_time(classify):
    first, second = learn(stream(60), classify).layer, learn(reversed(stream(60)), classify).layer
    assert first.to_bytes() == second.to_bytes()
    again = Layer.from_bytes(first.to_bytes())
    assert again.version == first.version
    text = "echt flotsig"
    assert classify.with_layer(again)(text) == classify.with_layer(first)(text)


def test_nothing_is_learnt_from_a_handful(classify):
    lesson = learn(stream(10), classify)
    assert lesson.layer.version == ""
    assert not lesson.card[0].used


def test_contradictory_corrections_leave_the_default_in_place(classify):
    labels = ("negative", "positive", "neutral")
    noise = [review(n, "de winkel is open", "neutral", labels[(n * 7 + n // 3) % 3]) for n in range(90)]
    spoilt = [review(200 + n, text, "positive", "negative") for n, text in enumerate(["heel fijn geholpen, top"] * 5)]
    (card,) = learn(noise + spoilt, classify).card
    assert card.frozen_after >= card.frozen_before or not card.used


def test_what_would_do_worse_on_the_frozen_set_is_refused(classify):
    upside = ["fijn", "geweldig", "top", "mooi", "bedankt", "goed", "prima", "heerlijk", "snel", "blij"]
    wrong = [review(n, f"{upside[n % 10]} {upside[(n // 10) % 10]}", "positive", "negative") for n in range(200)]
    (card,) = learn(wrong, classify).card
    assert card.frozen_after >= card.frozen_before or not card.used


def test_irrelevance_is_learnt(classify):
    from listener.understanding import BrandWords

    brand = BrandWords(name="zonnebank")
    reviews = [
        review(n, "zonnebank met nieuwe lampen", "yes", "no", "relevance")
        if n % 2
        else review(n, "zonnebank gebeld over mijn pas", "yes", "yes", "relevance")
        for n in range(60)
    ]
    lesson = learn(reviews, classify)
    text = "zonnebank lampen te koop"
    before, after = classify(text, brands=[brand]), classify.with_layer(lesson.layer)(text, brands=[brand])
    assert after.relevance < before.relevance
    assert any(r.label == "learnt" for r in after.reasons)


LEAVING = ["ik zeg mijn abonnement op", "ik stap over naar een ander", "opzeggen per 1 januari"]


def test_the_worth_of_a_reason_is_learnt_from_priorities_within_a_bound_and_is_shown(classify):
    reviews = [review(n, LEAVING[n % 3], "normal", "urgent", "priority") for n in range(60)]
    lesson = learn(reviews, classify)
    (card,) = lesson.card
    assert card.field == "priority"
    assert card.used
    assert card.after > card.before
    assert card.frozen_after >= card.frozen_before
    learnt = classify.with_layer(Layer.from_bytes(lesson.layer.to_bytes()))
    before, after = classify(LEAVING[0]), learnt(LEAVING[0])
    assert after.priority_score > before.priority_score
    (shown,) = [reason for reason in after.reasons if (reason.about, reason.label) == ("priority", "learnt")]
    assert shown.share > 0
    assert all(abs(change) <= 1 for change in lesson.layer.priorities["nl"].values())
    assert classify.with_layer(Layer({}))(LEAVING[0]) == before


@pytest.mark.parametrize("stored", [b"", b"nonsense", b"x\x9c\x03\x00\x00\x00\x00\x01"])
def test_bytes_that_are_no_layer_are_refused_in_one_sentence(stored):
    with pytest.raises(ValueError, match=r"learnt layer .*\.$"):
        Layer.from_bytes(stored)
