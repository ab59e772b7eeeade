"""What newcomers write out of habit, in Dutch or in the words of other tools, and what the language calls it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping


def _by_word(lists: Mapping[str, str]) -> Mapping[str, str]:
    return {word: name for name, words in lists.items() for word in words.split()}


_FIELDS = _by_word({
    "title": "titel kop onderwerp subject intitle allintitle headline",
    "author": "auteur schrijver door van from by user username gebruiker inauthor authorname",
    "site": "website host domain domein url inurl",
    "source": "bron forum blog feed",
    "kind": "soort type posttype",
    "lang": "taal language",
    "brand": "merk topic",
    "sentiment": "gevoel stemming tone",
    "intent": "intentie bedoeling",
    "relevance": "relevantie",
    "priority": "prioriteit prio urgency urgentie",
    "age": "older_than leeftijd ouder",
    "status": "state toestand stand",
    "assignee": "assigned owner agent behandelaar toegewezen",
    "department": "afdeling team",
    "playbook": "draaiboek",
    "tag": "label labels tags etiket",
    "group": "groep groups",
    "has": "heeft met",
    "after": "na sinds since vanaf newer date datum start",
    "before": "voor until till tot older end",
    "within": "newer_than binnen",
    "reach": "bereik followers volgers",
    "rating": "waardering sterren stars cijfer",
    "case": "zaak ticket",
})  # fmt: skip
"""Name of a field elsewhere -> ours."""
_BARE = _by_word({"": "text tekst body content bericht message intext alltext all", "#": "hashtag", "@": "mention to"})
"""Fields of other tools -> what stands right before a word here to ask the same; "" where a bare word does."""

VALUES: Mapping[str, Mapping[str, str]] = {
    "sentiment": _by_word({
        "negative": "negatief neg boos -1 -", "neutral": "neutraal neu 0", "positive": "positief pos blij 1 +",
        "unrated": "onbekend unknown none geen",
    }),
    "priority": _by_word({
        "low": "laag 4", "normal": "normaal gewoon medium middel 3", "high": "hoog belangrijk important 2",
        "urgent": "dringend spoed critical kritiek hoogst 1",
    }),
    "status": _by_word({
        "new": "nieuw unread ongelezen", "open": "geopend read gelezen todo", "pending": "wachtend wacht waiting hold",
        "snoozed": "uitgesteld gesnoozed later",
        "resolved": "gesloten closed opgelost afgehandeld klaar done solved gedaan dicht fixed",
        "dismissed": "afgewezen genegeerd irrelevant ignored archived gearchiveerd", "spam": "junk rommel",
    }),
    "kind": _by_word({
        "article": "artikel artikelen articles blog blogs nieuws news",
        "post": "forum forums topic topics bericht berichten posts tweet toot thread draadje",
        "comment": "reactie reacties comments opmerking", "reply": "antwoord antwoorden replies",
        "review": "recensie recensies reviews beoordeling",
    }),
    "intent": _by_word({
        "question": "vraag vragen questions", "complaint": "klacht klachten complaints",
        "compliment": "complimenten compliments praise lof", "purchase": "koop kopen aankoop buy",
        "churn": "opzeggen opzegging overstap overstappen cancel", "idea": "idee ideeën tip suggestion suggestie",
        "error": "fout foutmelding bug", "outage": "storing storingen down", "thanks": "dank bedankt dankjewel",
        "news": "nieuws", "job": "vacature vacatures baan jobs", "spam": "reclame",
    }),
    "lang": _by_word({
        "nl": "nederlands dutch vlaams ned nld dut", "en": "engels english eng", "de": "duits german deutsch ger deu",
        "fr": "frans french français fra fre", "es": "spaans spanish", "it": "italiaans italian",
        "tr": "turks turkish", "pl": "pools polish", "ar": "arabisch arabic",
        "other": "anders overig", "none": "onbekend unknown geen",
    }),
    "is": _by_word({
        "context": "draad", "own": "eigen ours mine", "assigned": "toegewezen",
        "unassigned": "vrij niet-toegewezen", "urgent": "dringend spoed",
        "edited": "bewerkt gewijzigd", "deleted": "verwijderd gewist removed", "duplicate": "dubbel kopie copy",
        "mention": "vermelding",
    }),
    "has": _by_word({
        "reply": "antwoord antwoorden answer answers reactie replies", "note": "notitie opmerking comment",
        "link": "links url", "rating": "waardering sterren stars", "reach": "bereik followers volgers",
        "tag": "tags label labels", "author": "auteur schrijver", "parent": "ouder",
    }),
    "when": _by_word({"today": "vandaag now nu", "yesterday": "gisteren"}),
}  # fmt: skip
"""Field (and `when` for dates) -> what is written elsewhere -> our value."""

_UNITS = _by_word({
    "m": "m min mins minute minutes minuut minuten", "h": "h hr hrs hour hours u uur uren",
    "d": "d day days dag dagen", "w": "w wk week weeks weken", "y": "y yr year years j jr jaar jaren",
    "mo": "mo mnd month months maand maanden",
})  # fmt: skip
_LENGTH = re.compile(r"(\d{1,6}(?:[.,]\d{1,3})?)?[\s_-]*([^\W\d_]*)")
_DAY_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?")
_MONTH = re.compile(r"(\d{1,2})[-/.](\d{4})")
_RANGE = re.compile(r"\[?([\d.]+k?)(?:-|\.\.\.?|–|\s+to\s+)([\d.]+k?)\]?", re.IGNORECASE)


def field(name: str, ours: Collection[str]) -> str | None:
    """What may stand instead of a field and its colon where it is none of ours; None where nobody can tell."""
    if name in _BARE:
        return _BARE[name]
    close = difflib.get_close_matches(name, ours, 1, cutoff=0.75)
    meant = _FIELDS.get(name) or (close[0] if close else "")
    return f"{meant}:" if meant else None


def known(name: str, written: str, choices: Collection[str] = ()) -> str:
    """The value of a field that is certainly meant by another word for it; "" where there is none."""
    low = written.lower()
    return low if low in choices else _others(name).get(low, "")


def value(name: str, written: str, choices: Collection[str]) -> str:
    """The value of a field that is meant by one that is none; "" where nobody can tell."""
    low, words = written.lower(), {**_others(name), **{each: each for each in choices}}
    close = difflib.get_close_matches(low, words, 1, 0.75) or difflib.get_close_matches(low, choices, 1)
    return known(name, written) or (words[close[0]] if close else "")


def _others(name: str) -> Mapping[str, str]:
    return {**VALUES["status"], **VALUES["is"]} if name == "is" else VALUES.get(name, {})


def several(written: str) -> str:
    """`open,pending` as a choice between brackets; "" where it is no list."""
    parts = re.split("[,;|]", written)
    return f"({' OR '.join(parts)})" if len(parts) > 1 and all(re.fullmatch(r"\w+", each) for each in parts) else ""


def length(written: str) -> str:
    """`3 weken`, `2u` or `7` (days) as a length of time is written here; "" where it is none."""
    found = _LENGTH.fullmatch(written.strip().lower())
    if not found or not any(found.groups()):
        return ""
    count, unit = (found[1] or "1").replace(",", "."), _UNITS.get(found[2] or "d", "")
    return f"{round(float(count) * 30)}d" if unit == "mo" else f"{count}{unit}" if unit else ""


def date(written: str) -> str:
    """`1-11-2026`, `2026/11/1`, `11/2026` or `gisteren` as a date is written here; "" where it is none."""
    if found := _DAY_FIRST.fullmatch(written):
        return f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}"
    if found := _YEAR_FIRST.fullmatch(written):
        return f"{found[1]}-{int(found[2]):02}" + (f"-{int(found[3]):02}" if found[3] else "")
    if found := _MONTH.fullmatch(written):
        return f"{found[2]}-{int(found[1]):02}"
    return VALUES["when"].get(written.lower()) or length(written)


def number(written: str) -> str:
    """`1,5`, `10.000`, `#17`, `100+` or `1-3` as numbers are written here; "" where it is none."""
    if found := _RANGE.fullmatch(written):
        return f"(>={found[1]} <={found[2]})"
    if re.fullmatch(r"\d{1,3}%", written):
        return f"{int(written[:-1]) / 100:g}"
    bare = written.strip("#+ ")
    if re.fullmatch(r"\d{1,3}([.,]\d{3})+", bare):
        bare = re.sub("[.,]", "", bare)
    return (">=" if written.endswith("+") else "") + bare.replace(",", ".")


_REACHING = (
    (re.compile(r'"([^"\\]+)"~(\d+)'), lambda found: f" NEAR/{found[2]} ".join(found[1].split())),
    (re.compile(r"\[(\S+) TO (\S+)\]"), lambda found: f"(>={found[1]} <={found[2]})"),
    (re.compile(r"([A-Za-z]+:)\s+(?=[^\s)])"), lambda found: found[1]),
)
"""What other tools write with more than one word of ours, and what it is here: `"a b"~5`, `[1 TO 3]`, `title: x`."""


def reaching(text: str, at: int) -> tuple[tuple[int, int], str] | None:
    """Where a habit of more than one word stands around a place, and what is meant by it."""
    for habit, meant in _REACHING:
        for found in habit.finditer(text, max(0, at - _FAR), at + _FAR):
            if found.start() <= at < found.end():
                return found.span(), meant(found)
    return None


_FAR = 200
"""Characters that are looked at on either side of a fault."""

_COMMANDS = {"and": "AND", "or": "OR", "not": "NOT", "near": "NEAR", "EN": "AND", "OF": "OR", "NIET": "NOT"}
_HABITS = (
    (r"(?P<found>NEAR|ONEAR) (?=\d)", "“{found} n” looks for the number too; write {found}/n."),
    (r"(?P<found>near/\d+|onear/\d+|O?NEAR\d+|[Ww]?/\d+|[Nn]/\d+|PRE/\d+)(?!\S)",
     "“{found}” is searched for as words; write NEAR/5, or ONEAR/5 for this order only."),
    (r"(?P<found>![^\W_]\w*)", "“{found}” is searched for as a word; a minus or NOT before it shuts it out."),
    (r"(?P<found>['‘«][^\s'’»]+(?: [^\s'’»]+)+['’»])", '{found}: only double quotes hold words together; write "…".'),
    (r"(?P<found>/\S+/[imsgux]+)(?!\S)", "“{found}” is searched for as words; no letter stands behind a /…/."),
    (r"(?P<found>\S+\^\d+)(?!\S)", "“{found}”: nothing weighs more than another; ^ and the number are words."),
    (r"(?:assignee|tag|group|brand|department|handover|playbook):(?P<found>geen|niemand|nobody|leeg|empty|null)(?!\S)",
     "“{found}” is a name here; what has none is asked for with none."),
    (r"assignee:(?P<found>ik|mij|mijn|myself)(?!\S)", "“{found}” is a name here; write me for yourself."),
)  # fmt: skip
"""What parses and yet hardly means what it says."""
_QUOTED = re.compile(r'["“”„‟](?:\\.|[^"“”„‟\\])*["“”„‟]|(?<!\S)/(?:\\.|[^/\\\n])+/(?=[\s()]|$)')


def hints(text: str) -> list[str]:
    """What a query probably does not mean, a sentence each: `and`, `OF`, `NEAR 5`, `!word` and other habits."""
    bare = _QUOTED.sub("", text)
    words = re.findall(rf"(?<![^\s(])({'|'.join(_COMMANDS)})(?![^\s)])", bare)
    said = [f"“{each}” is searched for as a word; write {_COMMANDS[each]} to command." for each in words]
    for habit, sentence in _HABITS:
        said += [sentence.format(found=each["found"]) for each in re.finditer(rf"(?<![^\s(]){habit}", bare)]
    return list(dict.fromkeys(said))


def strangers(values: Iterable[tuple[str, str]], names: Mapping[str, Collection[str]]) -> list[str]:
    """Of values of fields whose `names` are known: those that are nearly one of them, and none, a sentence each."""
    said = []
    for name, written in values:
        ours = {each.lower(): each for each in names.get(name, ())}
        low = written.lower()
        if low not in (*ours, "none", "me") and (close := difflib.get_close_matches(low, ours, 1)):
            said.append(f"{name}: knows no {written!r}; did you mean {ours[close[0]]}?")
    return list(dict.fromkeys(said))
