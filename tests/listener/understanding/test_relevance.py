"""Whether a text is about a brand, and what it says of that brand where several stand in it."""

from pathlib import Path

from listener.understanding import BrandWords
from storage.types import Priority, Sentiment

DATA = Path(__file__).parents[2] / "data" / "understanding"
BRANDS = {
    "zonnebank": BrandWords(
        name="Zonnebank",
        terms=("zonnebank*",),
        context=("rekening", "hypotheek", "pinpas", "spaar*", "app", "transfer", "rente"),
        elsewhere=("lampen", "huid", "bruin*", "sportschool", "knalrood", "huidkanker", "zelfbruiner"),
    ),
    "ns": BrandWords(
        name="NS",
        context=("trein", "sprinter", "conducteur", "station", "ov chipkaart", "abonnement"),
        elsewhere=("nitraat", "kunstmest", "meststof", "npk"),
    ),
}
TWO = [BrandWords(name="Zonnebank"), BrandWords(name="Maanbank", ours=False)]


def rows(name: str) -> list[list[str]]:
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


def test_at_least_nine_in_ten_texts_are_told_to_be_about_the_brand_or_not(classify):
    told = [
        (classify(text, brands=[BRANDS[brand]]).relevance > 0.5) == (wanted == "yes")
        for wanted, brand, text in rows("relevance.txt")
    ]
    assert sum(told) >= 0.9 * len(told)


def test_relevance_names_its_signs(classify):
    opinion = classify("Mijn rekening bij Zonnebank is geblokkeerd", brands=[BRANDS["zonnebank"]])
    assert {r.label for r in opinion.reasons if r.about == "relevance"} >= {"name", "context"}


def test_what_is_about_something_else_has_a_low_priority(classify):
    for text in (
        "Is tien minuten zonnebank per week verstandig?",
        "Huid verbrand onder de zonnebank, nu in het ziekenhuis",
    ):
        opinion = classify(text, brands=[BRANDS["zonnebank"]])
        assert opinion.priority is Priority.LOW
        assert "irrelevant" in {r.label for r in opinion.reasons if r.about == "priority"}
    assert classify("Rook uit de automaat van Zonnebank!", brands=[BRANDS["zonnebank"]]).priority.rank >= 2


def test_without_brands_there_is_no_relevance(classify):
    assert classify("Mijn rekening is geblokkeerd").relevance is None


def test_at_least_nine_in_ten_sentiments_are_those_towards_our_brand(classify):
    told = [classify(text, brands=TWO).sentiment == wanted for wanted, text in rows("towards.txt")]
    assert sum(told) >= 0.9 * len(told)


def test_praise_for_another_is_not_praise_for_us(classify):
    assert classify("Maanbank is top, Zonnebank bakt er niets van", brands=TWO).sentiment is Sentiment.NEGATIVE
