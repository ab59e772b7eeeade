"""A report's words and the way it writes numbers, in Dutch and English."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from desk.reports import SMALL, Cell, Headline, Report, Summary, Table, Unit
from desk.reports.kpis import KPIS
from desk.reports.period import before

LANGUAGES = ("nl", "en")

NAMED = 10
"""Brands named in the head of a report."""

_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # word: (English, Dutch)
        "report": ("Mention report", "Vermeldingenrapport"),
        "query": ("Query", "Zoekopdracht"),
        "everything": ("every mention", "alle vermeldingen"),
        "brands": ("Brands", "Merken"),
        "period": ("Period", "Periode"),
        "up_to": ("up to", "tot"),
        "zone": ("Times in", "Tijden in"),
        "generated": ("Generated", "Gemaakt"),
        "as_of": ("As it stood on", "Zoals het was op"),
        "totals": ("In short", "In het kort"),
        "explanation": ("How it was counted", "Hoe er geteld is"),
        "figure": ("Figure", "Kengetal"),
        "formula": ("Formula", "Formule"),
        "value": ("Value", "Waarde"),
        "remark": ("Remark", "Toelichting"),
        "small": ("n too small", "n te klein"),
        "empty": ("Nothing in this period.", "Niets in deze periode."),
        "as_table": ("As a table", "Als tabel"),
        "rows": ("Mentions", "Vermeldingen"),
        "figures": ("Figures", "Cijfers"),
        "cut": ("cut, {n} characters in all", "afgekapt, {n} tekens in totaal"),
        # tables
        "time": ("Volume and sentiment over time", "Volume en sentiment door de tijd"),
        "week": ("When people write", "Wanneer mensen schrijven"),
        "sources": ("By source", "Per bron"),
        "source_kinds": ("By kind of source", "Per soort bron"),
        "brand": ("Share of voice", "Share of voice"),
        "intents": ("By intent", "Per soort bericht"),
        "languages": ("By language", "Per taal"),
        "priorities": ("By priority", "Per prioriteit"),
        "top_authors": ("Most active authors", "Actiefste auteurs"),
        "service": ("Response and resolution", "Reactie en afhandeling"),
        "channels": ("By reply channel", "Per antwoordkanaal"),
        "outside": ("When people write and nobody is there", "Wanneer mensen schrijven en er niemand is"),
        "service_sources": ("Service by source", "Service per bron"),
        "agents": ("By agent", "Per medewerker"),
        "statuses": ("Cases by status", "Zaken per status"),
        "delay": ("Ingestion delay by source", "Vertraging per bron"),
        "peer_support": ("Customers helping customers", "Klanten helpen klanten"),
        "helpers": ("Who helps most", "Wie het meest helpt"),
        # notes
        "brand_note": (
            "Denominator: {n} brand mentions within this report's query.",
            "Noemer: {n} merkvermeldingen binnen de zoekopdracht van dit rapport.",
        ),
        "intents_note": (
            "A mention can have several intents: the shares need not add up to 100 %.",
            "Een vermelding kan meer soorten hebben: de aandelen tellen niet op tot 100 %.",
        ),
        "others": ("({n} others)", "({n} andere)"),
        "others_note": ("The {n} largest of {all}.", "De {n} grootste van {all}."),
        "and_more": ("and {n} more", "en nog {n}"),
        "authors_note": ("The {n} most active of {all}.", "De {n} actiefste van {all}."),
        # columns
        "mentions": ("Mentions", "Aantal"),
        "share": ("Share", "Aandeel"),
        "net": ("Net", "Netto"),
        "cases": ("Cases", "Zaken"),
        "n": ("n", "n"),
        "median": ("Median", "Mediaan"),
        "p90": ("P90", "P90"),
        "business_median": ("Median, business time", "Mediaan, werktijd"),
        "business_p90": ("P90, business time", "P90, werktijd"),
        "in_target": ("Within target", "Binnen de norm"),
        "promised": ("Promised", "Beloofd"),
        "waiting": ("None yet", "Nog geen"),
        "left": ("Closed without", "Gesloten zonder"),
        "unknown": ("Unknown", "Onbekend"),
        "answered": ("Answered", "Beantwoord"),
        "response": ("Median response", "Mediaan reactie"),
        "resolution": ("Median resolution", "Mediaan oplossing"),
        "participation": ("Participation", "Deelname"),
        "replies": ("Replies", "Antwoorden"),
        "answers": ("Answers", "Antwoorden"),
        "resolved_n": ("Resolved", "Afgehandeld"),
        "elsewhere": ("Elsewhere, by hand", "Elders, met de hand"),
        "questions": ("Questions", "Vragen"),
        "helps": ("Helps", "Hulp"),
        "thanked": ("Thanked", "Bedankt"),
        "before_us": ("Before us", "Eerder dan wij"),
        "asked": ("Questions", "Vragen"),
        "by_us": ("Answered by us", "Beantwoord door ons"),
        "by_customers": ("Answered by customers", "Beantwoord door klanten"),
        "customers_first": ("Customers were first", "Klanten waren eerst"),
        "unclear": ("Who was first is unknown", "Wie eerst was is onbekend"),
        "unanswered": ("Unanswered", "Onbeantwoord"),
        "median_of": (
            "median; p90 {p90}; n = {n}; in business time {business}",
            "mediaan; p90 {p90}; n = {n}; in werktijd {business}",
        ),
        "delay_of": (
            "median; p90 {p90}; n = {n}; {unknown} unknown",
            "mediaan; p90 {p90}; n = {n}; {unknown} onbekend",
        ),
        "points": ("points", "procentpunt"),
        "before": ("before: {value}", "ervoor: {value}"),
        "compared": ("Compared with", "Vergeleken met"),
        "of": ("{part} of {whole}", "{part} van {whole}"),
        # values
        "negative": ("Negative", "Negatief"),
        "neutral": ("Neutral", "Neutraal"),
        "positive": ("Positive", "Positief"),
        "unrated": ("Unrated", "Niet beoordeeld"),
        "low": ("Low", "Laag"),
        "normal": ("Normal", "Normaal"),
        "high": ("High", "Hoog"),
        "urgent": ("Urgent", "Urgent"),
        "new": ("New", "Nieuw"),
        "open": ("Open", "Open"),
        "pending": ("Pending", "In afwachting"),
        "snoozed": ("Snoozed", "Gesnoozed"),
        "resolved": ("Resolved", "Afgehandeld"),
        "dismissed": ("Dismissed", "Genegeerd"),
        "spam": ("Spam", "Spam"),
        "none": ("(none)", "(geen)"),
        "question": ("Question", "Vraag"),
        "complaint": ("Complaint", "Klacht"),
        "compliment": ("Compliment", "Compliment"),
        "purchase": ("Purchase", "Koopinteresse"),
        "churn": ("Churn", "Opzeggen"),
        "idea": ("Idea", "Idee"),
        "error": ("Error", "Fout"),
        "outage": ("Outage", "Storing"),
        "thanks": ("Thanks", "Bedankje"),
        "news": ("News", "Nieuws"),
        "job": ("Job", "Vacature"),
        "mon": ("Mon", "ma"),
        "tue": ("Tue", "di"),
        "wed": ("Wed", "wo"),
        "thu": ("Thu", "do"),
        "fri": ("Fri", "vr"),
        "sat": ("Sat", "za"),
        "sun": ("Sun", "zo"),
    }
)


class Words:
    """The words and number marks of one language."""

    def __init__(self, lang: str) -> None:
        """`lang`: nl or en."""
        self.lang = lang
        self._place = 1 if lang == "nl" else 0

    def __call__(self, word: str, **values: object) -> str:
        """The word in this language; a word we do not know is given back as it is."""
        return _WORDS[word][self._place].format(**values) if word in _WORDS else word

    def kpi(self, name: str) -> str:
        """The name of a KPI."""
        return KPIS[name].names[self.lang]

    def formula(self, name: str) -> str:
        """How a KPI is computed."""
        return KPIS[name].formulas[self.lang]

    def number(self, value: float, decimals: int = 0) -> str:
        """With marks at the thousands: 1,234.5 or 1.234,5."""
        text = f"{value:,.{decimals}f}"
        return text.translate(_DUTCH_MARKS) if self.lang == "nl" else text

    def duration(self, seconds: float) -> str:
        """In the two largest units that matter: "3 d 4 h", "12 min", "8 s"."""
        hour = "u" if self.lang == "nl" else "h"
        whole = round(seconds)
        if whole < 60:
            return f"{whole} s"
        for (big, name), (small, part) in _STEPS:
            if whole >= big:
                rest = whole % big // small
                return f"{whole // big} {name or hour}" + (f" {rest} {part or hour}" if rest else "")
        return f"{whole // 60} min"

    def cell(self, cell: Cell, unit: Unit) -> str:
        """A cell as it is read: "–" where there is nothing to count from, with a sign where n is too small."""
        if cell.value is None:
            return "–"
        text = self._value(cell.value, unit)
        return f"{text}*" if cell.small else text

    def change(self, headline: Headline) -> str:
        """How a headline differs from the period before, and what it was; "" where that is not known."""
        now, past = headline.cell.value, headline.before
        if now is None or past is None:
            return ""
        sign = "+" if now > past else "−" if now < past else "±"
        was = self("before", value=self.cell(Cell(past), headline.unit))
        if headline.unit is Unit.COUNT and past:
            return f"{sign}{self.number(100 * abs(now - past) / past)} % ({was})"
        if headline.unit is Unit.PERCENT:
            return f"{sign}{self.number(100 * abs(now - past), 1)} {self('points')} ({was})"
        difference = self.cell(Cell(abs(now - past)), headline.unit).lstrip("+")
        return f"{sign}{difference} ({was})"

    def remark(self, headline: Headline) -> str:
        """What is said beside a headline: what it was counted from, and how it changed."""
        return "; ".join(each for each in (headline.remark, self.change(headline)) if each)

    def note(self, table: Table) -> str:
        """What is said under a table: its own note, and what the sign of small numbers means where it stands."""
        small = self.small_note(cell for line in table.lines for cell in line.cells)
        return " ".join(each for each in (table.note, small) if each)

    def small_note(self, cells: Iterable[Cell]) -> str:
        """What the sign of small numbers means; "" where no cell carries it."""
        return f"* {self('small')} (< {SMALL})." if any(cell.small for cell in cells) else ""

    def _value(self, value: float, unit: Unit) -> str:
        if unit is Unit.PERCENT:
            return f"{self.number(100 * value, 1)} %"
        if unit is Unit.SECONDS:
            return self.duration(value)
        if unit is Unit.BALANCE:
            return ("+" if value > 0 else "") + self.number(value, 2).replace("-", "−")
        return self.number(value)

    def moment(self, at: datetime) -> str:
        """To the minute, with its offset: times of two zones must not be mixed up."""
        return f"{at:%Y-%m-%d %H:%M} {at:%z}"


_DUTCH_MARKS = str.maketrans(",.", ".,")
_STEPS = (((86400, "d"), (3600, "")), ((3600, ""), (60, "min")))


def facts(report: Report, summary: Summary, words: Words) -> list[tuple[str, str]]:
    """The head of every report: what was asked, of whom, over which period, in which zone, and when it was made."""
    brands = [line.label for table in summary.tables if table.key == "brand" for line in table.lines]
    more = [words("and_more", n=len(brands) - NAMED)] if len(brands) > NAMED else []
    found = [
        (words("query"), words("everything") if report.query.strip() in ("", "*") else report.query),
        *([(words("brands"), ", ".join(brands[:NAMED] + more))] if brands else []),
        (words("period"), _stretch(report.start, report.end, words)),
        (words("zone"), report.zone.key),
        (words("generated"), words.moment(report.generated_at.astimezone(report.zone))),
    ]
    if any(each.before is not None for each in summary.headlines):
        found.append((words("compared"), _stretch(*before(report.start, report.end, report.zone), words)))
    if report.as_of:
        found.append((words("as_of"), words.moment(report.as_of.astimezone(report.zone))))
    return found


def _stretch(start: datetime, end: datetime, words: Words) -> str:
    return f"{words.moment(start)} {words('up_to')} {words.moment(end)}"
