"""Copies of a text are found, whatever a site made of them; other texts and few words that two people share are not."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener import fingerprint
from storage import likeness
from storage.database import Database
from storage.inbox import Inbox
from storage.intake import Intake
from storage.intake.twins import Copies
from storage.types import Match, NewPost, Post

SHORT = "De app van Zonnebank doet het vandaag alweer niet"
PRESS = {
    "nl": """Zonnebank verhoogt per 1 januari de rente op spaarrekeningen naar twee procent. Dat heeft de bank vandaag
    bekendgemaakt. Volgens bestuursvoorzitter Van Dalen profiteren ruim achthonderdduizend klanten van de verhoging.
    De bank voert de wijziging automatisch door; klanten hoeven daarvoor niets te doen. De hypotheekrente blijft
    voorlopig ongewijzigd, al sluit de bank latere aanpassingen niet uit.""",
    "en": """Zonnebank will raise the interest on its savings accounts to two percent as of the first of January, the
    bank announced today. More than eight hundred thousand customers will profit according to its chief executive,
    who added that the change is made by itself and that nobody has to do anything for it. Mortgage rates stay as they
    are for the time being, although the bank does not rule out that they will follow later in the year.""",
}
OTHERS = [
    "Zonnebank verhoogt per 1 januari de kosten van de betaalrekening naar vier euro per maand. Klanten die dat niet "
    "willen kunnen hun rekening tot half december kosteloos opzeggen, zo schrijft de bank in een brief aan ons.",
    "Ik wacht nu al drie weken op antwoord van Zonnebank over mijn gestolen pas, en elke keer als ik bel krijg ik weer "
    "iemand anders aan de lijn die van niets weet en mij beloofd terug te bellen, wat dan niet gebeurt.",
    "After three weeks of waiting for an answer of Zonnebank about my stolen card I have given up and moved all of my "
    "accounts to another bank, which took ten minutes and has answered every question since within an hour.",
]


def post(text: str, author: str = "Anna", name: str = "1") -> Post:
    return Post(external_id=name, url="", text=text, author=author)


def copies(one: str, other: str, one_by: str = "Anna", other_by: str = "Bram") -> bool:
    """Whether they are looked for and then judged to be copies."""
    found = {*fingerprint.of(post(one, one_by))} & {*fingerprint.of(post(other, other_by))}
    return bool(found) and likeness.alike(one, one_by, other, other_by)


@pytest.mark.parametrize("lang", PRESS)
def test_a_press_release_is_known_in_every_dress(lang: str) -> None:
    text = " ".join(PRESS[lang].split())
    sentences = text.split(". ")
    dresses = [
        text.upper(),
        text.replace("bank", "bánk"),
        f"AMSTERDAM (ANP) - {text}",
        f"{text} Lees meer op https://nieuws.example/a/1?utm_source=rss",
        f"> wat denken jullie hiervan?\n{text}",
        ". ".join(sentences[:-1]),
        text.replace(" vandaag", "").replace(" today", "").replace("ruim", "meer dan"),
        f"Dit las ik net, wat vinden jullie ervan? {text} Ik vind het aan de lage kant in elk geval.",
    ]
    for one, other in combinations([text, *dresses], 2):
        assert likeness.alike(one, "Anna", other, "Bram"), (one, other)
    assert sum(copies(text, each) for each in dresses) == len(dresses)


def test_other_texts_about_the_same_are_not_copies() -> None:
    texts = [*(" ".join(each.split()) for each in PRESS.values()), *OTHERS]
    assert not any(likeness.alike(one, "Anna", other, "Anna") for one, other in combinations(texts, 2))


@pytest.mark.parametrize("text", [SHORT, "Zonnebank heeft een storing en ik kan weer nergens bij, schande!"])
def test_the_same_few_words_are_copies_of_one_writer_only(text: str) -> None:
    assert copies(text, f"{text} https://kort.example/a1b2", "Anna", "anna")
    assert not copies(text, text, "Anna", "Bram")
    assert not copies(text, text, "", "")
    assert not copies(text, text.replace("weer", "nooit"), "Anna", "Anna")


@pytest.mark.parametrize("text", ["", "Dank je wel!", "een twee drie vier vijf zes zeven", "> aangehaald woord " * 9])
def test_a_text_too_short_to_tell_has_no_sample(text: str) -> None:
    assert fingerprint.of(post(text)) == ()


def test_copies_are_looked_for_as_often_as_the_formula_says() -> None:
    dice, found = random.Random(1), 0
    words = [f"woord{n}" for n in range(500)]
    for _ in range(200):
        some = dice.sample(words, 100)
        changed = [f"anders{n}" if n % 17 == 0 else word for n, word in enumerate(some)]  # J about 0.7
        found += copies(" ".join(some), " ".join(changed))
    assert found >= 190


@given(st.text(max_size=400), st.text(max_size=400))
def test_being_alike_does_not_depend_on_the_order(one: str, other: str) -> None:
    assert likeness.alike(one, "a", other, "b") == likeness.alike(other, "b", one, "a")
    assert all(0 <= band < 2**63 for band in fingerprint.of(post(one)))


def store(intake: Intake, source: str, *posts: Post) -> Sequence[int]:
    match = (Match(brand="zonnebank", query="zonnebank"),)
    intake.register({source: ("feed", "https://x.example")})
    news = [NewPost(post=each, matches=match, sketch=fingerprint.of(each), wants_case=True) for each in posts]
    return intake.store(source, "feed", news).new_mentions


def test_copies_on_other_sites_name_each_other_until_a_person_parts_them(database: Database) -> None:
    intake, text = Intake(database), " ".join(PRESS["nl"].split())
    first, lone = store(intake, "krant", post(text, "ANP", "a"), post(OTHERS[1], "Piet", "b"))
    (second,) = store(intake, "blog", post(f"AMSTERDAM - {text}", "Redactie", "c"))
    third, fourth = store(intake, "forum", post(f"{text} Schande!", "Jan", "d"), post(text, "Kees", "e"))

    def twins() -> dict[int, tuple[int, ...]]:
        return {mention.id: mention.duplicates for mention in Inbox(database).mentions("is:duplicate")}

    everybody = {first, second, third, fourth}
    assert twins() == {each: tuple(sorted(everybody - {each})) for each in everybody}
    door = Copies(database)
    assert [each["source"] for each in door.of(second)] == ["krant", "blog", "forum", "forum"]
    door.part(third, "anna")
    assert third not in twins() and set(twins()) == everybody - {third}
    store(intake, "forum", post(f"{text} Schande, hoor!", "Jan", "d"))  # an edit does not bring it back
    assert third not in twins()
    door.join(lone, first, "anna")
    assert lone in twins()[first]
