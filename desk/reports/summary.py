"""From rows to figures: the tables and headlines of a report; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from desk.reports import SMALL, Cell, Column, Headline, Line, Summary, Table, Unit
from desk.reports.counts import Counts, Sample, ratio
from desk.reports.kpis import KPIS
from desk.reports.period import cut
from desk.reports.tally import ALL, QUARTER, Arrival, Facets, Tally
from desk.reports.words import Words
from storage.types import FigureRow, Priority, Sentiment, Status


class HasSentiment(Hashable, Protocol):
    """A key that things are counted by, with the sentiment in it."""

    @property
    def sentiment(self) -> str: ...


Judged = TypeVar("Judged", bound=HasSentiment)

TOP = 20
"""Authors named."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SENTIMENTS = tuple(each.value for each in Sentiment)
RATED = tuple(each for each in SENTIMENTS if each != "unrated")

MENTIONS = Column("mentions", Unit.COUNT, "mentions")
SHARE = Column("share", Unit.PERCENT, "share")
NET = Column("net", Unit.BALANCE, "net_sentiment")
BY_SENTIMENT = tuple(Column(each, Unit.COUNT, "mentions") for each in SENTIMENTS)


def summarise(
    rows: Iterable[FigureRow], start: datetime, end: datetime, zone: ZoneInfo, lang: str, *, explain: bool = False
) -> Summary:
    """The figures of `rows` over [start, end). With `explain`, each keeps the ids of the mentions behind it."""
    tally = Tally(cut(start, end, zone), keep=explain)
    for row in rows:
        tally.add(row)
    words = Words(lang)
    return Summary(
        mentions=tally.mentions.n(),
        headlines=_headlines(tally, words),
        tables=(
            _time(tally),
            _week(tally, zone, words),
            _facet(tally, words, "brand", lambda key: key.brands, named=True),
            _facet(tally, words, "sources", lambda key: (key.source,), named=True),
            _facet(tally, words, "source_kinds", lambda key: (key.source_kind,), named=True),
            _facet(tally, words, "intents", lambda key: key.intents or ("none",)),
            _facet(tally, words, "languages", lambda key: (key.lang or "none",)),
            _facet(tally, words, "priorities", lambda key: (key.priority,), order=[each.value for each in Priority]),
            _authors(tally, words),
            _service(tally, words),
            _statuses(tally, words),
            _service_by(tally),
            _agents(tally),
            _delay(tally),
        ),
    )


def _headlines(tally: Tally, words: Words) -> tuple[Headline, ...]:
    cases = tally.cases
    everything = tally.mentions
    writers = {(key.source, key.name) for key in tally.writers.keys()}  # noqa: SIM118
    return (
        _headline("mentions", everything.cell()),
        _headline("authors", Cell(len(writers), ids=tally.writers.ids())),
        _balance_headline(everything, words),
        _duration("response_time", tally.response[ALL], words),
        _duration("resolution_time", tally.resolution[ALL], words),
        _headline("cases", cases.cell()),
        _headline("open_cases", cases.cell(lambda key: key.status.is_open)),
        _share("answered", cases.cell(lambda key: key.answered), cases.cell(), words),
        _share("reopen_rate", cases.cell(lambda key: key.reopened), cases.cell(lambda key: key.was_closed), words),
        _share("first_time_right", cases.cell(lambda key: key.is_right), cases.cell(lambda key: key.was_solved), words),
        _share("participation", tally.joined.cell(), tally.conversations.cell(), words),
        _headline("replies", tally.replies.cell()),
        _duration("ingestion_delay", tally.delay[ALL], words),
    )


def _headline(kpi: str, cell: Cell, remark: str = "") -> Headline:
    return Headline(kpi, KPIS[kpi].unit, cell, remark)


def _share(kpi: str, part: Cell, whole: Cell, words: Words) -> Headline:
    remark = words("of", part=words.number(part.value or 0), whole=words.number(whole.value or 0))
    return _headline(kpi, ratio(part, whole), remark)


def _duration(kpi: str, sample: Sample, words: Words) -> Headline:
    p90, n, unknown = sample.at(0.9).value, sample.count("n").value, sample.count("unknown").value
    remark = words(
        "median_of",
        p90=words.duration(p90) if p90 is not None else "–",
        n=words.number(n or 0),
        unknown=words.number(unknown or 0),
    )
    return _headline(kpi, sample.at(0.5), remark)


def _balance_headline(counts: Counts[Facets], words: Words) -> Headline:
    rated, whole = counts.n(lambda key: key.sentiment != "unrated"), counts.n()
    remark = words("of", part=words.number(rated), whole=words.number(whole))
    return _headline("net_sentiment", _balance(counts), remark)


def _balance(counts: Counts[Judged]) -> Cell:
    """(positive − negative) ÷ rated."""
    n = {key: part.n() for key, part in counts.by(lambda key: (key.sentiment,)).items()}
    rated = sum(n.get(each, 0) for each in RATED)
    ids = counts.ids(lambda key: key.sentiment in RATED)
    if not rated:
        return Cell(None, ids=ids)
    return Cell((n.get("positive", 0) - n.get("negative", 0)) / rated, small=rated < SMALL, ids=ids)


def _by_sentiment(counts: Counts[Judged]) -> tuple[Cell, ...]:
    """How many there are, and how many of each sentiment."""
    found = counts.by(lambda key: (key.sentiment,))
    none: Counts[Judged] = Counts(counts.keep)
    return (counts.cell(), *(found.get(each, none).cell() for each in SENTIMENTS))


def _time(tally: Tally) -> Table:
    """Every step of the period has its line, also an empty one."""
    found = tally.over_time.by(lambda key: (key.step,))
    none: Counts[Arrival] = Counts(tally.keep)
    labels = [tally.steps.label(index) for index in range(len(tally.steps.starts))]
    lines = [Line(label, label, _by_sentiment(found.get(index, none))) for index, label in enumerate(labels)]
    return Table(key="time", columns=(MENTIONS, *BY_SENTIMENT), lines=tuple(lines), chart="stack")


def _week(tally: Tally, zone: ZoneInfo, words: Words) -> Table:
    """Arrivals by weekday and local hour."""
    counts = tally.quarters.by(lambda quarter: (_weekday_hour(quarter, zone),))
    empty: Counts[int] = Counts(tally.keep)
    columns = tuple(Column(f"{hour:02}", Unit.COUNT, "mentions") for hour in range(24))
    lines = [
        Line(name, words(name), tuple(counts.get((day, hour), empty).cell() for hour in range(24)))
        for day, name in enumerate(DAYS)
    ]
    return Table(key="week", columns=columns, lines=tuple(lines), chart="heat")


def _weekday_hour(quarter: int, zone: ZoneInfo) -> tuple[int, int]:
    at = datetime.fromtimestamp(quarter * QUARTER, UTC).astimezone(zone)
    return at.weekday(), at.hour


def _facet(
    tally: Tally,
    words: Words,
    key: str,
    groups: Callable[[Facets], Iterable[str]],
    *,
    order: Sequence[str] = (),
    named: bool = False,
) -> Table:
    """Mentions by a property, most first (or in `order`), with their share and sentiment.

    `named`: the groups are names somebody gave, not words of ours to be translated.
    """
    found = tally.mentions.by(groups)
    names = [each for each in order if each in found] or sorted(found, key=lambda name: (-found[name].n(), name))
    whole = Cell(sum(counts.n() for counts in found.values()) if key == "brand" else tally.mentions.n())
    share = Column("share", Unit.PERCENT, "share_of_voice") if key == "brand" else SHARE
    notes = {"brand": words("brand_note", n=words.number(whole.value or 0)), "intents": words("intents_note")}
    return Table(
        key=key,
        columns=(MENTIONS, share, *BY_SENTIMENT, NET),
        lines=tuple(Line(name, name if named else words(name), _facet_cells(found[name], whole)) for name in names),
        chart="bars",
        note=notes.get(key, ""),
    )


def _facet_cells(counts: Counts[Facets], whole: Cell) -> tuple[Cell, ...]:
    n, *parts = _by_sentiment(counts)
    return (n, ratio(n, whole), *parts, _balance(counts))


def _authors(tally: Tally, words: Words) -> Table:
    totals: defaultdict[tuple[str, str], int] = defaultdict(int)
    for key, counts in tally.writers.by(lambda key: (key,)).items():
        totals[(key.source, key.name)] += counts.n()
    top = sorted(totals, key=lambda writer: (-totals[writer], writer))[:TOP]
    chosen = set(top)
    found = tally.writers.by(lambda key: ((key.source, key.name),) if (key.source, key.name) in chosen else ())
    lines = [
        Line(f"{source}:{name}", f"{name} · {source}", (*_by_sentiment(counts), _balance(counts)))
        for source, name in top
        for counts in (found[(source, name)],)
    ]
    note = words("authors_note", n=len(top), all=words.number(len(totals))) if len(totals) > TOP else ""
    return Table(key="top_authors", columns=(MENTIONS, *BY_SENTIMENT, NET), lines=tuple(lines), chart="bars", note=note)


def _service(tally: Tally, words: Words) -> Table:
    samples = {"response_time": tally.response[ALL], "resolution_time": tally.resolution[ALL]}
    lines = [Line(kpi, words.kpi(kpi), _sample_cells(sample)) for kpi, sample in samples.items()]
    return Table(key="service", columns=_sample_columns("response_time"), lines=tuple(lines))


def _sample_columns(kpi: str, *, waiting: bool = True) -> tuple[Column, ...]:
    counted = ("waiting", "unknown") if waiting else ("unknown",)
    return (
        Column("n", Unit.COUNT, kpi),
        Column("median", Unit.SECONDS, kpi),
        Column("p90", Unit.SECONDS, kpi),
        *(Column(each, Unit.COUNT, kpi) for each in counted),
    )


def _sample_cells(sample: Sample, *, waiting: bool = True) -> tuple[Cell, ...]:
    counted = ("waiting", "unknown") if waiting else ("unknown",)
    return (sample.count("n"), sample.at(0.5), sample.at(0.9), *(sample.count(each) for each in counted))


def _statuses(tally: Tally, words: Words) -> Table:
    found = tally.cases.by(lambda key: (key.status,))
    whole = tally.cases.cell()
    lines = [
        Line(status.value, words(status.value), (found[status].cell(), ratio(found[status].cell(), whole)))
        for status in Status
        if status in found
    ]
    columns = (Column("cases", Unit.COUNT, "cases"), Column("share", Unit.PERCENT, "cases"))
    return Table(key="statuses", columns=columns, lines=tuple(lines), chart="bars")


def _service_by(tally: Tally) -> Table:
    found = tally.cases.by(lambda key: (key.source,))
    names = sorted(found, key=lambda name: (-found[name].n(), name))
    return Table(
        key="service_sources",
        columns=(
            Column("cases", Unit.COUNT, "cases"),
            Column("answered", Unit.PERCENT, "answered"),
            Column("participation", Unit.PERCENT, "participation"),
            Column("response", Unit.SECONDS, "response_time"),
            Column("resolution", Unit.SECONDS, "resolution_time"),
        ),
        lines=tuple(Line(name, name, _service_cells(tally, name)) for name in names),
    )


def _service_cells(tally: Tally, source: str) -> tuple[Cell, ...]:
    cases = tally.cases.cell(lambda key: key.source == source)
    answered = tally.cases.cell(lambda key: key.source == source and key.answered)
    joined = tally.joined.cell(lambda name: name == source)
    threads = tally.conversations.cell(lambda name: name == source)
    times = (tally.response[source].at(0.5), tally.resolution[source].at(0.5))
    return (cases, ratio(answered, cases), ratio(joined, threads), *times)


def _agents(tally: Tally) -> Table:
    found = tally.handled.by(lambda name: (name,))
    names = sorted(found, key=lambda name: (-found[name].n(), name))
    columns = (
        Column("cases", Unit.COUNT, "cases"),
        Column("response", Unit.SECONDS, "response_time"),
        Column("p90", Unit.SECONDS, "response_time"),
        Column("resolution", Unit.SECONDS, "resolution_time"),
    )
    lines = tuple(Line(name, name, (found[name].cell(), *_agent_times(tally, name))) for name in names)
    return Table(key="agents", columns=columns, lines=lines)


def _agent_times(tally: Tally, name: str) -> tuple[Cell, ...]:
    response, resolution = tally.agent_response[name], tally.agent_resolution[name]
    return (response.at(0.5), response.at(0.9), resolution.at(0.5))


def _delay(tally: Tally) -> Table:
    sources = sorted(tally.delay.keys() - {ALL})
    lines = [Line(name, name, _sample_cells(tally.delay[name], waiting=False)) for name in sources]
    return Table(key="delay", columns=_sample_columns("ingestion_delay", waiting=False), lines=tuple(lines))
