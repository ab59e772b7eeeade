"""What is remarked on a reply: every rule on what it is for, and silence on replies that are as they should be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.tone import RULES, Tone, check, is_bsn, is_card, is_iban, language_of

OURS = Tone(
    je_u="je",
    sign_off="^{agent}",
    max_exclamations=1,
    forbidden=("helaas pindakaas", "kut*"),
    allowed=("@zonnebank.nl", "020 123 45 67", "ZONNEBANK", "NL20INGB0001234567"),
)

FINE_INFORMAL = [
    "Dag Jan, wat vervelend! We zoeken het uit en laten het je hier weten. ^anna",
    "Hoi Fatima, dank je wel voor je bericht. Kun je ons een privébericht sturen met je klantnummer? ^anna",
    "Dag! De storing is om 14:00 u opgelost, binnen 24 u staat alles weer goed. ^anna",
    "Je kunt ons bereiken op 0900-1234 of via webcare@zonnebank.nl; bellen kan ook: 020 123 45 67. ^anna",
    "Stuur je ons een DM? Dan kijk ik met je mee. Meer op https://zonnebank.nl/u/uw-vragen ^anna",
    'Zoals de site zegt: "Wij sturen u een brief". Dat hoef je dus niet zelf te doen. ^anna',
    "> Wanneer krijg ik bericht van u?\nUiterlijk vrijdag hoor je van ons. ^anna",
    "Dag U. Jansen, je aanvraag is binnen. ^anna",
    "We raden af om bij 100 km/u te bellen, maar je mag het ons altijd later vragen. ^anna",
    "Met de app van ZONNEBANK kun je NFC en IBAN gebruiken. ^anna",
    "De wet (AVG, BTW en WWFT) verplicht ons hiertoe, sorry dat je moest wachten. ^anna",
    "Je bestelling 123456782 is onderweg, code 3SABCD1234567. ^anna",
    "Maak de borg over op onze rekening NL20 INGB 0001 2345 67, dan regelen we het voor je. ^anna",
    "Het dossier 2026-11-22-0042 is gesloten; je saldo is € 1.234,56. ^Anna.",
]
FINE_FORMAL = [
    "Geachte heer De Vries, dank u voor uw bericht. Wij zoeken het voor u uit.",
    "Goedemorgen, kunt u ons uw postcode sturen? Dan kijken wij het voor u na, a.u.b. via een privébericht.",
    "Alstublieft. Als u nog vragen hebt, laat het ons gerust weten!",
    "Wat fijn dat het gelukt is. Jeroen heeft het voor u nagekeken.",
]
FINE_ENGLISH = [
    "Hi Emma, sorry about that. We are looking into it and will tell you here. ^anna",
    "Thanks for letting us know! The refund is on its way; it takes 3-5 working days. ^anna",
    "Could you send us a DM with your order number? Then we can have a look. ^anna",
    "It is fixed in version 2.4.1, released on 2026-11-20. FAQ: https://help.example.com/FAQ ^anna",
]


def rules(text: str, tone: Tone = OURS, **more: object) -> list[str]:
    return [each.rule for each in check(text, tone, agent="anna", **more)]  # type: ignore[arg-type]


@pytest.mark.parametrize("text", FINE_INFORMAL)
def test_a_reply_as_we_write_it_gets_no_remark(text: str) -> None:
    assert [(each.rule, each.what) for each in check(text, OURS, agent="anna", lang="nl")] == []


@pytest.mark.parametrize("text", FINE_FORMAL)
def test_a_formal_reply_gets_none_where_we_are_formal(text: str) -> None:
    assert check(text, Tone(je_u="u"), agent="anna", lang="nl") == ()


@pytest.mark.parametrize("text", FINE_ENGLISH)
def test_an_english_reply_is_not_read_as_dutch(text: str) -> None:
    assert check(text, OURS, agent="anna", lang="en") == ()


@pytest.mark.parametrize("text", FINE_INFORMAL + FINE_FORMAL + FINE_ENGLISH)
def test_without_a_policy_good_replies_pass_as_well(text: str) -> None:
    found = [each.rule for each in check(text, Tone(allowed=OURS.allowed))]
    assert found == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Wij sturen u morgen bericht over je aanvraag. ^anna", "u"),
        ("Kun je ons Uw nummer sturen? ^anna", "Uw"),
        ("Alstublieft, je code is onderweg. ^anna", "Alstublieft"),
    ],
)
def test_u_is_pointed_at_where_we_say_je(text: str, what: str) -> None:
    (remark,) = check(text, OURS, agent="anna", lang="nl")
    assert (remark.rule, text[remark.start : remark.end], remark.what) == ("je_u", what, what)
    assert str(remark) == f"“{what}” is formal: here we say je."


def test_je_is_pointed_at_where_we_say_u_and_both_at_once_anywhere() -> None:
    assert rules("Stuur je nummer maar.", Tone(je_u="u"), lang="nl") == ["je_u"]
    (odd,) = check("Dank u wel, wij helpen u graag, stuur je nummer.", Tone(), lang="nl")
    assert (odd.rule, odd.what) == ("je_u", "je")
    assert rules("Thank u for the message; we will have a look at it.", Tone(je_u="je")) == []


@pytest.mark.parametrize("sign_off", ["^{agent}", "^{initials}", "Groet, {agent}"])
def test_a_missing_sign_off_is_said_with_how_it_should_be(sign_off: str) -> None:
    tone = Tone(sign_off=sign_off)
    (remark,) = check("We zoeken het uit.", tone, agent="anna")
    assert remark.rule == "sign_off" and remark.start == remark.end == 18
    for ending in ("^anna", "^Anna ", "^RL", "groet,\nanna."):
        good = sign_off.replace("{agent}", "anna").replace("{initials}", "RL").casefold().split()[0]
        if ending.casefold().startswith(good):
            assert check(f"We zoeken het uit. {ending}", tone, agent="anna") == ()
    assert rules("^anna zegt: we zoeken het uit.", tone) == ["sign_off"]


@pytest.mark.parametrize(
    "text",
    ["Dat is NIET WAAR. ^anna", "LEES EERST ONZE VOORWAARDEN ^anna", "Wij hebben dit AL VAAK GEZEGD, je weet het"],
)
def test_shouting_is_heard(text: str) -> None:
    assert "shouting" in rules(text)


@pytest.mark.parametrize("text", ["Fijn!! ^anna", "Fijn! ! ^anna", "Dag! Fijn dat het werkt! ^anna"])
def test_too_many_exclamation_marks_are_counted(text: str) -> None:
    assert rules(text) == ["exclamations"]


def test_what_was_left_open_blocks_whatever_the_policy_says() -> None:
    for text in (
        "Dag {author} ^anna",
        "Wat is je {prompt:postcode}? ^anna",
        "Dag [naam], fijn. ^anna",
        "Nr. XXXXX ^anna",
    ):
        (remark,) = check(text, OURS, agent="anna")
        assert remark.rule == "gap" and remark.blocks
    assert rules("Liefs xxx ^anna") == [] and rules("Zie [1] en {} ^anna") == []


def test_another_language_than_the_writers_is_remarked_only_when_it_is_clear() -> None:
    english = "Thanks for your message, we are looking into it."
    assert rules(english, Tone(), lang="nl") == ["language"]
    assert rules("Dank je wel voor het bericht, we kijken ernaar.", Tone(), lang="en") == ["language"]
    for lang in ("en", None, "de"):
        assert rules(english, Tone(), lang=lang) == []
    assert rules("Sorry! Refund done.", Tone(), lang="nl") == []


def test_words_that_we_do_not_use_are_found_whole() -> None:
    assert rules("Tja, helaas  pindakaas. ^anna") == ["forbidden"]
    assert rules("Wat een kutapp. ^anna") == ["forbidden"]
    assert rules("Helaas lukt dat niet. Sudderkut? ^anna") == []


@pytest.mark.parametrize(
    "leak",
    [
        "jan.jansen+x@gmail.com",
        "06-12345678",
        "+31 6 1234 5678",
        "0031(0)201234567",
        "NL91 ABNA 0417 1643 00",
        "nl91abna0417164300",
        "BSN 111222333",
        "burgerservicenummer 1112.22.333",
        "4111 1111 1111 1111",
    ],
)
def test_personal_data_is_seen_where_everybody_reads_along(leak: str) -> None:
    text = f"Klopt het dat {leak} van jou is? ^anna"
    assert rules(text) == ["personal"]
    assert rules(text, public=False) == []
    (remark,) = check(text, Tone(block=frozenset({"personal"})), agent="anna")
    assert remark.blocks and remark.what in leak


def test_our_own_addresses_and_numbers_are_no_secret() -> None:
    text = (
        "Mail webcare@zonnebank.nl, bel 0800 1234567, 088-1234567 of 0201234567, of stort op NL20INGB0001234567. ^anna"
    )
    assert rules(text) == []


def test_check_digits_are_those_of_the_standards() -> None:
    assert is_iban("GB82 WEST 1234 5698 7654 32") and not is_iban("GB82 WEST 1234 5698 7654 33")
    assert is_bsn("111222333") and is_bsn("11122233 3") and not is_bsn("111222334") and not is_bsn("000000000")
    assert is_card("5555 5555 5555 4444") and not is_card("5555 5555 5555 4445")


def test_a_language_is_told_only_of_a_text_that_has_it() -> None:
    assert language_of("Dat is de app van het jaar") == "nl"
    assert language_of("That is the app of the year") == "en"
    assert language_of("") is language_of("Zonnebank") is language_of("Das ist ein Test für die Bank") is None


@given(st.text(max_size=300), st.sampled_from(["nl", "en", None]))
def test_every_remark_has_a_place_in_the_text_and_a_sentence(text: str, lang: str | None) -> None:
    for remark in check(text, OURS, agent="anna", lang=lang):
        assert 0 <= remark.start <= remark.end <= len(text) and remark.rule in RULES
        assert str(remark)


@pytest.mark.timeout(10)
@pytest.mark.parametrize("piece", ["a" * 50, "06-", "U ", "1 ", "NL91 ", "{a", "\"'“„", "A" * 30 + " ", "x@", "! "])
def test_a_long_strange_text_is_looked_at_in_a_moment(piece: str) -> None:
    check(piece * (20_000 // len(piece)), OURS, agent="anna", lang="nl")
