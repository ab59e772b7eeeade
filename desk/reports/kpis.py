"""Every figure a report can hold: its id, unit, name and formula, in Dutch and English; printed in each report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from desk.reports import Unit


@dataclass(frozen=True, slots=True)
class Kpi:
    """A figure's name and how it is computed, per language."""

    id: str
    unit: Unit
    names: Mapping[str, str]
    formulas: Mapping[str, str]


def _kpi(name: str, unit: Unit, en: tuple[str, str], nl: tuple[str, str]) -> Kpi:
    return Kpi(name, unit, {"en": en[0], "nl": nl[0]}, {"en": en[1], "nl": nl[1]})


_ALL = (
    _kpi(
        "mentions",
        Unit.COUNT,
        ("Mentions", "Posts that answer the query, dated in the period (published, else first seen)."),
        (
            "Vermeldingen",
            "Berichten die aan de zoekopdracht voldoen, gedateerd in de periode (geplaatst, anders gezien).",
        ),
    ),
    _kpi(
        "share",
        Unit.PERCENT,
        ("Share", "Mentions of this line ÷ all mentions of the report."),
        ("Aandeel", "Vermeldingen van deze regel ÷ alle vermeldingen van het rapport."),
    ),
    _kpi(
        "authors",
        Unit.COUNT,
        ("Authors", "Different accounts (name on a source) among the mentions; unknown authors are not counted."),
        (
            "Auteurs",
            "Verschillende accounts (naam bij een bron) bij de vermeldingen; onbekende auteurs tellen niet mee.",
        ),
    ),
    _kpi(
        "net_sentiment",
        Unit.BALANCE,
        ("Net sentiment", "(positive − negative) ÷ (positive + neutral + negative); unrated mentions are left out."),
        (
            "Nettosentiment",
            "(positief − negatief) ÷ (positief + neutraal + negatief); niet beoordeelde vermeldingen tellen niet mee.",
        ),
    ),
    _kpi(
        "share_of_voice",
        Unit.PERCENT,
        (
            "Share of voice",
            "Mentions of a brand ÷ the sum over all brands in the report; a mention of two brands counts for both.",
        ),
        (
            "Share of voice",
            "Vermeldingen van een merk ÷ de som over alle merken in het rapport; een vermelding van "
            "twee merken telt voor beide.",
        ),
    ),
    _kpi(
        "cases",
        Unit.COUNT,
        ("Cases", "Cases whose first mention is in the report. A case counts once, where it began."),
        ("Zaken", "Zaken waarvan de eerste vermelding in het rapport zit. Een zaak telt één keer, waar hij begon."),
    ),
    _kpi(
        "open_cases",
        Unit.COUNT,
        ("Open cases", "Cases that are new, open, pending or snoozed."),
        ("Open zaken", "Zaken die nieuw, open, in afwachting of gesnoozed zijn."),
    ),
    _kpi(
        "answered",
        Unit.PERCENT,
        ("Answered", "Cases with a response (a reply sent, or an own account elsewhere) ÷ cases."),
        ("Beantwoord", "Zaken met een reactie (verstuurd antwoord, of een eigen account elders) ÷ zaken."),
    ),
    _kpi(
        "response_time",
        Unit.SECONDS,
        (
            "First response time",
            "First response − first mention published (first seen, if unknown or if published "
            "lies after it), in calendar time. "
            "Median: middle value. P90: nearest rank, 9 in 10 were at least as fast. Cases "
            "without a response and with an "
            "unknown moment are counted apart.",
        ),
        (
            "Reactietijd",
            "Eerste reactie − plaatsing van de eerste vermelding (eerst gezien, als die onbekend "
            "is of later ligt), in kalendertijd. "
            "Mediaan: middelste waarde. P90: 9 van de 10 waren minstens zo snel. Zaken zonder "
            "reactie en met een onbekend "
            "moment staan apart.",
        ),
    ),
    _kpi(
        "resolution_time",
        Unit.SECONDS,
        (
            "Resolution time",
            "Last resolution, of cases that are resolved now − the same beginning as the first "
            "response time. A reopened case "
            "counts up to its last resolution; a dismissed case has none.",
        ),
        (
            "Oplostijd",
            "Laatste afhandeling, van zaken die nu afgehandeld zijn − hetzelfde begin als de "
            "reactietijd. Een heropende zaak "
            "telt tot de laatste afhandeling; een genegeerde zaak heeft er geen.",
        ),
    ),
    _kpi(
        "reopen_rate",
        Unit.PERCENT,
        (
            "Reopened",
            "Cases reopened at least once ÷ cases that were ever closed (resolved, dismissed or "
            "spam). Undone steps do not count.",
        ),
        (
            "Heropend",
            "Zaken die minstens één keer heropend zijn ÷ zaken die ooit gesloten waren (afgehandeld, "
            "genegeerd of spam). Teruggedraaide stappen tellen niet mee.",
        ),
    ),
    _kpi(
        "first_time_right",
        Unit.PERCENT,
        (
            "First time right",
            "Resolved with exactly one reply and never reopened ÷ cases with a reply that were resolved or reopened.",
        ),
        (
            "In één keer goed",
            "Afgehandeld met precies één antwoord en nooit heropend ÷ zaken met een antwoord die "
            "afgehandeld of heropend zijn.",
        ),
    ),
    _kpi(
        "participation",
        Unit.PERCENT,
        ("Participation", "Conversations with a response from us ÷ conversations with a mention in the report."),
        ("Deelname", "Gesprekken met een reactie van ons ÷ gesprekken met een vermelding in het rapport."),
    ),
    _kpi(
        "replies",
        Unit.COUNT,
        ("Replies", "Replies sent in the cases of the report."),
        ("Antwoorden", "Verstuurde antwoorden in de zaken van het rapport."),
    ),
    _kpi(
        "ingestion_delay",
        Unit.SECONDS,
        (
            "Ingestion delay",
            "First seen by us − published; unknown where the source gives no date, or one after we saw it.",
        ),
        (
            "Vertraging",
            "Eerst gezien door ons − geplaatst; onbekend als de bron geen datum geeft, of een datum "
            "nadat wij het zagen.",
        ),
    ),
)

KPIS: Mapping[str, Kpi] = MappingProxyType({kpi.id: kpi for kpi in _ALL})
"""By id."""
