"""How a reply sounds before it leaves: remarks on its words, each with the place, the rule and a sentence.

Pure rules of the organisation's style: je or u, the sign-off, shouting, what was left open, the writer's language,
words that are not said, and personal data where everybody reads along. They are careful rather than complete: a remark
that is wrong is one too many, so quotations, addresses and names with an @ are looked at by none but the last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from desk.locale import N_

GAP = re.compile(r"\{[a-z_]+(?::[^{}\n]*)?\}")
"""A variable in a template: {author}, {agent}, or {prompt:what to ask}."""

RULES = ("gap", "je_u", "sign_off", "shouting", "exclamations", "language", "forbidden", "personal")
"""Every rule, by the name under which `block:` makes it stop a reply."""

LONGEST = 20_000
"""Characters of a reply that are looked at: it is done at every key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tone:
    """How the replies on a source, or about a brand, are to sound."""

    je_u: Literal["je", "u", ""] = ""
    """The form of address in Dutch; "": either, but not both in one reply."""
    sign_off: str = ""
    """What a reply ends with; {agent} is who sends it, {initials} one to four letters."""
    max_exclamations: int | None = None
    """How many exclamation marks a reply may have; two in a row are always too many."""
    forbidden: tuple[str, ...] = ()
    """Words and phrases that are not used; a * stands for the rest of a word."""
    allowed: tuple[str, ...] = ()
    """Our own addresses, numbers and accounts, which are no secret, and words we write in capitals."""
    block: frozenset[str] = frozenset()
    """Rules that stop a reply; the others warn."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing about a reply that should be looked at."""

    rule: str
    start: int
    end: int
    """The place in the text, in characters; both at its end for what is missing."""
    sentence: str
    """For the catalogue: {what} stands in it for the words at the place, or for what is missing."""
    what: str
    blocks: bool = False

    def __str__(self) -> str:
        return self.sentence.format(what=self.what)


Found = Iterator[tuple[int, int, str, str]]
"""Places with the sentence and what is told of them."""


def check(
    text: str, tone: Tone, *, agent: str = "", lang: str | None = None, public: bool = True
) -> tuple[Remark, ...]:
    """All that is to be said of a reply, by its place. `lang` is the writer's; `public`: whether strangers read it."""
    text = text[:LONGEST].rstrip()
    if not text:
        return ()
    plain = _own_words(text)
    spoken = language_of(plain)
    is_dutch = spoken == "nl" or (spoken is None and lang != "en")
    rules: dict[str, Callable[[], Found]] = {
        "gap": lambda: _gaps(text),
        "je_u": lambda: _address(plain, tone.je_u) if is_dutch else iter(()),
        "sign_off": lambda: _sign_off(text, tone.sign_off, agent),
        "shouting": lambda: _shouting(plain, tone.allowed),
        "exclamations": lambda: _exclamations(plain, tone.max_exclamations),
        "language": lambda: _language(text, spoken, lang),
        "forbidden": lambda: _forbidden(plain, tone.forbidden),
        "personal": lambda: _personal(text, tone.allowed) if public else iter(()),
    }
    blocking = tone.block | {"gap"}
    found = [Remark(rule, *each, rule in blocking) for rule, look in rules.items() for each in look()]
    return tuple(sorted(found, key=lambda each: (each.start, each.end, each.rule)))


# What is not the agent's own wording is blanked, so that places stay what they are.

_NOT_OURS = re.compile(
    r"https?://\S+|\bwww\.\S+|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+|(?<!\w)[@#]\w[\w.-]*|^[ \t]*>.*$"
    r"|\"[^\"\n]{1,300}\"|“[^”\n]{1,300}”|„[^”“\n]{1,300}[”“]|‘[^’\n]{1,300}’(?!\w)|(?<!\w)'[^'\n]{2,300}'(?!\w)",
    re.MULTILINE,
)


def _own_words(text: str) -> str:
    return _NOT_OURS.sub(lambda found: " " * len(found[0]), text)


# What was left open

_PLACEHOLDER = re.compile(
    r"(?i:\[(?:naam|voornaam|achternaam|datum|bedrag|invullen|ordernummer|name|first name|date|amount|order number|link"
    r"|x+)\])|(?<!\w)X{4,}(?!\w)"
)


def _gaps(text: str) -> Found:
    for pattern in (GAP, _PLACEHOLDER):
        for each in pattern.finditer(text):
            yield *each.span(), N_("Fill in {what} first."), each[0]


# je or u

_JE = re.compile(
    r"(?<![\w'’.@/-])(?:je|jij|jou|jouw|jezelf|jouzelf|jouwe|dankjewel|alsjeblieft)(?![\w'’@/-])", re.IGNORECASE
)
_U = re.compile(r"(?<![\w'’.@/&+-])(?<!\d )(?:u|uw|uzelf|uwe|dankuwel|alstublieft)(?![\w'’@/&+-]|\.\w)", re.IGNORECASE)
_INITIAL = re.compile(r"U\.\s+[A-Z]|U[ -]?\d")


_AGAINST = {
    "je": N_("“{what}” is formal: here we say je."),
    "u": N_("“{what}” is informal: here we say u."),
}


def _address(plain: str, wanted: str) -> Found:
    informal = list(_JE.finditer(plain))
    formal = [each for each in _U.finditer(plain) if not _INITIAL.match(plain, each.start())]
    if wanted:
        said = (
            N_("“{what}” is formal: here we say je.") if wanted == "je" else N_("“{what}” is informal: here we say u.")
        )
        for each in formal if wanted == "je" else informal:
            yield *each.span(), said, each[0]
    elif informal and formal:
        odd = min(informal, formal, key=lambda places: (len(places), -places[0].start()))
        yield *odd[0].span(), N_("“{what}”: this reply says both je and u."), odd[0][0]


# The sign-off


@lru_cache(maxsize=64)
def _end_of(sign_off: str, agent: str) -> re.Pattern[str]:
    wanted = re.escape(" ".join(sign_off.split())).replace(r"\ ", r"\s+")
    wanted = wanted.replace(re.escape("{agent}"), re.escape(agent)).replace(re.escape("{initials}"), r"[^\W\d_]{1,4}")
    return re.compile(rf"(?<!\w){wanted}[\s.!)]*\Z", re.IGNORECASE)


def _sign_off(text: str, sign_off: str, agent: str) -> Found:
    if sign_off and not _end_of(sign_off, agent).search(text):
        shown = sign_off.replace("{agent}", agent).replace("{initials}", "AB")
        yield len(text), len(text), N_("The sign-off {what} is missing at the end."), shown


# Shouting

_LOUD = re.compile(r"(?<![\w.-])[^\W\d_a-z]{2,}(?:[ ,!?]+[^\W\d_a-z]{2,})+(?![\w-])")
_ROW = re.compile(r"!\s*!+")


def _shouting(plain: str, allowed: tuple[str, ...]) -> Found:
    ours = {word.casefold() for each in allowed for word in each.split()}
    for each in _LOUD.finditer(plain):
        words = re.findall(r"[^\W\d_]+", each[0])
        loud = [word for word in words if word.isupper() and word.casefold() not in ours]
        if sum(len(word) > 3 for word in loud) >= 2 or (len(loud) > 3 and sum(map(len, loud)) > 11):
            yield *each.span(), N_("“{what}”: capitals read as shouting."), each[0]


def _exclamations(plain: str, most: int | None) -> Found:
    rows, marks = list(_ROW.finditer(plain)), [place for place, each in enumerate(plain) if each == "!"]
    for each in rows:
        yield *each.span(), N_("{what}: one exclamation mark says it."), each[0]
    if not rows and most is not None and len(marks) > most:
        place = marks[most]
        yield place, place + 1, N_("More exclamation marks than the {what} we use in a reply."), str(most)


# The language: words that every text has, and that the other language does not

_WORDS = {
    "nl": """de het een en van ik je u we wij niet dat die dit zijn voor met op aan te er maar om bij naar uw jouw ons
        onze kunnen heeft hebben wordt worden wat ook nog dan als geen graag bedankt goed meer kun kunt bent mij hoe dag
        dank wel uit door over heb hebt zal zullen jij jou jullie hier daar""",
    "en": """the and of to you your we our is are not that this for with have has it be can please thanks thank sorry
        will would could if from they them what how about been was were i'm it's us there here my me hi an at by out""",
}
_COMMON = {lang: frozenset(words.split()) for lang, words in _WORDS.items()}


def language_of(text: str) -> str | None:
    """ "nl" or "en" where a text is clearly that; None where it is short, mixed, or something else."""
    words = re.findall(r"[a-zà-ÿ]+(?:['’][a-z]+)?", text.casefold())
    hits = {lang: sum(word in known for word in words) for lang, known in _COMMON.items()}
    first, second = sorted(hits, key=lambda lang: -hits[lang])
    is_clear = hits[first] >= 3 and hits[first] >= 3 * hits[second] and hits[first] * 8 >= len(words)
    return first if is_clear else None


_OTHER = {
    ("en", "nl"): N_("This reply is in English; the writer wrote Dutch."),
    ("nl", "en"): N_("This reply is in Dutch; the writer wrote English."),
}


def _language(text: str, spoken: str | None, lang: str | None) -> Found:
    if said := _OTHER.get((spoken or "", lang or "")):
        yield 0, len(text), said, ""


# Words we do not use


@lru_cache(maxsize=64)
def _words_of(forbidden: tuple[str, ...]) -> re.Pattern[str]:
    each = (re.escape(" ".join(word.split())).replace(r"\ ", r"\s+").replace(r"\*", r"\w*") for word in forbidden)
    return re.compile(rf"(?<!\w)(?:{'|'.join(sorted(each, key=len, reverse=True))})(?!\w)", re.IGNORECASE)


def _forbidden(plain: str, forbidden: tuple[str, ...]) -> Found:
    if forbidden:
        for each in _words_of(forbidden).finditer(plain):
            yield *each.span(), N_("We do not say “{what}”."), each[0]


# What is nobody else's business

_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_PHONE = re.compile(r"(?<![\w.,/+-])(?:(?:\+|00)31[ -]?(?:\(0\)[ -]?)?|0)[1-9](?:[ -]?\d){8}(?![\w-])")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,3})?(?!\w)", re.IGNORECASE)
_BSN = re.compile(r"(?<![\d.-])\d{3,4}[. ]?\d{2,3}[. ]?\d{3}(?![\d-])")
_BSN_WORD = re.compile(r"\b(?:bsn|burgerservicenummers?|sofi-?nummers?)\b", re.IGNORECASE)
_CARD = re.compile(r"(?<![\d-])\d(?:[ -]?\d){12,18}(?![\d-])")
_SERVICE = re.compile(r"(?:\+31|0031|0)(?:800|900|906|909|88|85|84)")
"""Numbers of companies: free, paid, and without a place."""


def _personal(text: str, allowed: tuple[str, ...]) -> Found:
    ours = {_bare(each) for each in allowed}
    kinds: tuple[tuple[re.Pattern[str], Callable[[str], bool], str], ...] = (
        (_MAIL, lambda found: not any(found.casefold().endswith(each.casefold()) for each in allowed), "mail"),
        (_IBAN, is_iban, "iban"),
        (_CARD, lambda found: is_card(found), "card"),
        (_PHONE, lambda found: not _SERVICE.match(_bare(found)), "phone"),
        (_BSN, lambda found: is_bsn(found) and bool(_BSN_WORD.search(text)), "bsn"),
    )
    taken: set[int] = set()
    for pattern, is_one, kind in kinds:
        for each in pattern.finditer(text):
            if each.start() not in taken and _bare(each[0]) not in ours and is_one(each[0]):
                taken.update(range(*each.span()))
                yield *each.span(), _PERSONAL[kind], each[0]


_PERSONAL = {
    "mail": N_("{what} is an e-mail address, and everybody can read this."),
    "iban": N_("{what} is an account number, and everybody can read this."),
    "card": N_("{what} is a card number, and everybody can read this."),
    "phone": N_("{what} is a telephone number, and everybody can read this."),
    "bsn": N_("{what} is a citizen service number, and everybody can read this."),
}


def _bare(text: str) -> str:
    return re.sub(r"[\s().-]", "", text).casefold()


def is_iban(text: str) -> bool:
    """Whether the check digits are right: ISO 13616, modulo 97 of the rearranged number is 1."""
    bare = re.sub(r"\s", "", text).upper()
    if not 15 <= len(bare) <= 34 or not (bare.isascii() and bare.isalnum()):
        return False
    return int("".join(str(int(each, 36)) for each in bare[4:] + bare[:4])) % 97 == 1


def is_bsn(text: str) -> bool:
    """Whether nine (or, with a zero left out, eight) digits pass the elfproef: 9a+8b+…+2h-i is a multiple of 11."""
    digits = [int(each) for each in text if each.isdigit()]
    digits = [0] * (9 - len(digits)) + digits
    if len(digits) != 9 or not any(digits):
        return False
    return (sum(weight * digit for weight, digit in zip(range(9, 1, -1), digits, strict=False)) - digits[8]) % 11 == 0


def is_card(text: str) -> bool:
    """Whether the number of a payment card is one: ISO 7812, Luhn's sum is a multiple of ten."""
    digits = [int(each) for each in text if each.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return 13 <= len(digits) <= 19 and digits[0] in (3, 4, 5, 6) and (sum(doubled) + sum(digits[-1::-2])) % 10 == 0
