"""The default classifier judges short Dutch and English texts sanely and survives hostile ones."""

import pytest

from listener.understanding import BrandWords, load
from storage.types import Priority, Sentiment


@pytest.fixture(scope="module")
def classify():
    return load("default")


@pytest.mark.parametrize(
    ("text", "lang", "sentiment"),
    [
        ("Wat een waardeloze service, al drie weken geen reactie!", "nl", Sentiment.NEGATIVE),
        ("Top geholpen door jullie, bedankt 👍", "nl", Sentiment.POSITIVE),
        ("The app keeps crashing since the update, fix it", "en", Sentiment.NEGATIVE),
        ("Best customer service I have had in years", "en", Sentiment.POSITIVE),
        ("Reageert niet. Belachelijk!", "nl", Sentiment.NEGATIVE),
    ],
)
def test_a_clear_text_gets_its_language_and_sentiment(classify, text, lang, sentiment):
    opinion = classify(text)
    assert (opinion.lang, opinion.sentiment) == (lang, sentiment)


@pytest.mark.parametrize("text", ["", " ", "\n\n", "12345", "!!!", "\x00\x01\x02\xff" * 50, "\ud800"])
def test_a_text_without_words_is_unrated(classify, text):
    assert classify(text).sentiment is Sentiment.UNRATED


def test_a_gas_smell_is_urgent(classify):
    opinion = classify("Gaslucht in het trappenhuis sinds jullie de meter hebben vervangen. Spoed!")
    assert opinion.priority is Priority.URGENT


def test_praise_for_a_competitor_is_not_praise_for_us(classify):
    brands = [BrandWords(name="zonnebank"), BrandWords(name="maanbank", ours=False)]
    assert classify("Maanbank is top, Zonnebank bakt er niets van", brands=brands).sentiment is Sentiment.NEGATIVE
