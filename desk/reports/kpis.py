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
        "waiting",
        Unit.COUNT,
        ("Waiting for an answer", "Cases, not closed, with a mention that was not answered yet."),
        ("Wacht op antwoord", "Zaken, niet gesloten, met een vermelding die nog niet beantwoord is."),
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
            "First response − oldest mention that waited for it (published; first seen, if that is unknown or lies "
            "before it), in calendar time. A case that was opened again waits from the mention that opened it, or "
            "from when an agent did. Median: middle value. P90: nearest rank, 9 in 10 were at least as fast. Who "
            "still waits, whose case was closed without an answer, and answers at an unknown moment stand apart.",
        ),
        (
            "Reactietijd",
            "Eerste reactie − oudste vermelding die erop wachtte (geplaatst; eerst gezien, als dat onbekend is of "
            "eerder ligt), in kalendertijd. Een heropende zaak wacht vanaf de vermelding die hem opende, of vanaf "
            "het moment dat een medewerker dat deed. Mediaan: middelste waarde. P90: 9 van de 10 waren minstens zo "
            "snel. Wie nog wacht, wiens zaak zonder antwoord gesloten is, en antwoorden op een onbekend moment "
            "staan apart.",
        ),
    ),
    _kpi(
        "next_response_time",
        Unit.SECONDS,
        (
            "Next response time",
            "Every later response − the oldest mention since the response before it, counted as the first response "
            "time is. A case can have none, or many.",
        ),
        (
            "Vervolgreactietijd",
            "Elke latere reactie − de oudste vermelding sinds de reactie ervoor, geteld als de reactietijd. Een zaak "
            "kan er geen hebben, of veel.",
        ),
    ),
    _kpi(
        "resolution_time",
        Unit.SECONDS,
        (
            "Resolution time",
            "Resolved − the case's first mention, in calendar time. A reopened case is a new stretch, from the "
            "mention or the step that opened it: the time it was closed is nobody's delay. A dismissed case has none.",
        ),
        (
            "Oplostijd",
            "Afgehandeld − de eerste vermelding van de zaak, in kalendertijd. Een heropende zaak is een nieuw stuk, "
            "vanaf de vermelding of de stap die hem opende: de tijd dat hij dicht was is niemands vertraging. Een "
            "genegeerde zaak heeft er geen.",
        ),
    ),
    _kpi(
        "business_time",
        Unit.SECONDS,
        (
            "Business time",
            "The same stretches, counted only while we are open, and not while the case was pending or snoozed. The "
            "hours are those of the promise (sla) that holds for the case by its newest mention; without one those "
            "listed first under hours; without any, day and night.",
        ),
        (
            "Werktijd",
            "Dezelfde stukken, alleen geteld als we open zijn, en niet terwijl de zaak in afwachting of gesnoozed "
            "was. De uren zijn die van de belofte (sla) die voor de zaak geldt volgens de nieuwste vermelding; "
            "zonder belofte de eerste onder hours; zonder uren dag en nacht.",
        ),
    ),
    _kpi(
        "in_target",
        Unit.PERCENT,
        (
            "Within target",
            "Promises kept ÷ promises kept or missed, in business time. What runs late already is missed, answered "
            "or not; what still can be kept, and what was closed in time without an answer, does not count.",
        ),
        (
            "Binnen de norm",
            "Nagekomen beloften ÷ nagekomen of gemiste beloften, in werktijd. Wat nu al te laat is, is gemist, "
            "beantwoord of niet; wat nog op tijd kan, en wat op tijd gesloten is zonder antwoord, telt niet mee.",
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
        "turnaround",
        Unit.PERCENT,
        (
            "Turned around",
            "Cases whose first mention is negative and whose last rated mention is not ÷ cases whose first mention "
            "is negative and that have a later rated one.",
        ),
        (
            "Omgedraaid",
            "Zaken waarvan de eerste vermelding negatief is en de laatste beoordeelde niet ÷ zaken waarvan de eerste "
            "negatief is en die een latere beoordeelde hebben.",
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
        "channel_answers",
        Unit.COUNT,
        (
            "Answers by channel",
            "Answers in the cases of the report by the channel they left by; elsewhere: an own account answered "
            "outside the desk. Share: of all answers. Times: of the first and next responses given by it.",
        ),
        (
            "Antwoorden per kanaal",
            "Antwoorden in de zaken van het rapport per kanaal waarlangs ze vertrokken; elders: een eigen account "
            "antwoordde buiten de desk om. Aandeel: van alle antwoorden. Tijden: van de eerste en volgende reacties "
            "erlangs.",
        ),
    ),
    _kpi(
        "peer_questions",
        Unit.COUNT,
        (
            "Customers helping customers",
            "Cases in the report with a question, not dismissed or spam, of a writer with a name. Answered by a "
            "customer: somebody else, not of us, replied to the question, or wrote one of the next 10 posts without "
            "replying to another; a post that only asks, thanks or agrees is no answer. First: before any answer of "
            "ours. Share: of all questions.",
        ),
        (
            "Klanten helpen klanten",
            "Zaken in het rapport met een vraag, niet genegeerd of spam, van een schrijver met een naam. Beantwoord "
            "door een klant: een ander, niet van ons, reageerde op de vraag, of schreef een van de volgende 10 "
            "berichten zonder op een ander te reageren; wie alleen vraagt, bedankt of instemt, antwoordt niet. Eerst: "
            "vóór elk antwoord van ons. Aandeel: van alle vragen.",
        ),
    ),
    _kpi(
        "helps",
        Unit.COUNT,
        (
            "Helps",
            "Questions answered by this customer, one a conversation and asker. Accounts that were merged are one "
            "person.",
        ),
        (
            "Hulp",
            "Vragen die deze klant beantwoordde, één per gesprek en vrager. Samengevoegde accounts zijn één persoon.",
        ),
    ),
    _kpi(
        "helps_thanked",
        Unit.COUNT,
        (
            "Thanked",
            "Helps for which somebody thanked (in a reply, by name, or the asker right after it), or of which the "
            "asker said that it worked. Thanks beforehand do not count.",
        ),
        (
            "Bedankt",
            "Hulp waarvoor iemand bedankte (in een reactie, bij naam, of de vrager direct erna), of waarvan de vrager "
            "zei dat het werkte. Alvast bedankt telt niet.",
        ),
    ),
    _kpi(
        "before_us",
        Unit.PERCENT,
        ("Before us", "Helps before any answer of ours, or where we gave none ÷ helps of which the order is known."),
        (
            "Eerder dan wij",
            "Hulp vóór elk antwoord van ons, of waar wij er geen gaven ÷ hulp waarvan de volgorde bekend is.",
        ),
    ),
    _kpi(
        "time_to_help",
        Unit.SECONDS,
        (
            "Time to help",
            "First answer of this customer − the question it answers, both as published; where one has no date, or "
            "they go the wrong way round, it is unknown and left out.",
        ),
        (
            "Tijd tot hulp",
            "Eerste antwoord van deze klant − de vraag waarop het antwoordt, beide zoals geplaatst; waar een datum "
            "ontbreekt of de volgorde niet kan, is het onbekend en telt het niet mee.",
        ),
    ),
    _kpi(
        "outside_hours",
        Unit.PERCENT,
        (
            "Outside hours",
            "Mentions dated at a moment at which none of the calendars under hours is open ÷ mentions.",
        ),
        (
            "Buiten openingstijd",
            "Vermeldingen op een moment waarop geen van de agenda's onder hours open is ÷ vermeldingen.",
        ),
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
