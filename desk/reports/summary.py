"""From columns to figures: the tables and headlines of a report; pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from desk.reports import SMALL, Cell, Column, Headline, Line, Summary, Table, Unit
from desk.reports.counts import Counts, Sample, ratio
from desk.reports.kpis import KPIS
from desk.reports.period import cut
from desk.reports.tally import SENTIMENTS, Service, Tally
from desk.reports.words import Words
from storage.stretches import FIRST, NEXT, RESOLUTION
from storage.types import Priority, Status
from storage.types.figures import ELSEWHERE, Facets, Frame


class HasSentiment(Hashable, Protocol):
    """A key that things are counted by, with the sentiment in it."""

    @property
    def sentiment(self) -> str: ...


Judged = TypeVar("Judged", bound=HasSentiment)

TOP = 20
"""Authors named."""

MOST = 40
"""Lines of a table whose names come from outside; the others are one line."""

OTHERS = "*"
"""The key of that line."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
RATED = tuple(each for each in SENTIMENTS if each != "unrated")

MENTIONS = Column("mentions", Unit.COUNT, "mentions")
SHARE = Column("share", Unit.PERCENT, "share")
NET = Column("net", Unit.BALANCE, "net_sentiment")
BY_SENTIMENT = tuple(Column(each, Unit.COUNT, "mentions") for each in SENTIMENTS)

WAITED = {"response_time": FIRST, "next_response_time": NEXT, "resolution_time": RESOLUTION}
"""What people waited for, by the KPI that says how long."""


def summarise(
    frame: Frame,
    start: datetime,
    end: datetime,
    zone: ZoneInfo,
    lang: str,
    *,
    before: Frame | None = None,
    helped: Sequence[Table] = (),
) -> Summary:
    """The figures of a frame over [start, end); `before` is that of the period before, to compare with.

    `helped`: the tables of customers who helped customers, which are not counted from a frame.
    """
    tally, words = Tally(frame, cut(start, end, zone), zone), Words(lang)
    past = (
        {each.kpi: each.cell.value for each in _headlines(Tally(before, cut(start, end, zone), zone), words)}
        if before
        else {}
    )
    return Summary(
        mentions=tally.facets.n(),
        headlines=tuple(
            Headline(each.kpi, each.unit, each.cell, each.remark, past.get(each.kpi))
            for each in _headlines(tally, words)
        ),
        tables=(
            _service(tally, words),
            _time(tally),
            _statuses(tally, words),
            _facet(tally, words, "brand", lambda key: key.brands, named=True),
            _facet(tally, words, "sources", lambda key: (key.source,), named=True),
            _facet(tally, words, "intents", lambda key: key.intents or ("none",)),
            _service_by(tally, words),
            _channels(tally, words),
            _agents(tally),
            *helped,
            _hours("week", tally.hours, words),
            *([_hours("outside", tally.outside, words)] if frame.has_hours else []),
            _facet(tally, words, "source_kinds", lambda key: (key.source_kind,), named=True),
            _facet(tally, words, "languages", lambda key: (key.lang or "none",)),
            _facet(tally, words, "priorities", lambda key: (key.priority,), order=[each.value for each in Priority]),
            _authors(tally, words),
            _delay(tally, words),
        ),
    )


def _headlines(tally: Tally, words: Words) -> tuple[Headline, ...]:
    """What matters first: what came, who waits, how fast we were; then how well; then what explains it."""
    cases, everything = tally.cases, tally.facets
    waited = {kpi: tally.service(target) for kpi, target in WAITED.items()}
    promised = tally.service(*WAITED.values())
    return (
        _headline("mentions", everything.cell()),
        _balance_headline(everything, words),
        _headline("cases", cases.cell()),
        _headline("waiting", tally.waiting()),
        _duration("response_time", waited["response_time"], words),
        _share("in_target", promised.hits, promised.judged, words),
        _share("answered", cases.cell(lambda key: key.answered), cases.cell(), words),
        _duration("resolution_time", waited["resolution_time"], words),
        _duration("next_response_time", waited["next_response_time"], words),
        _headline("open_cases", cases.cell(lambda key: key.status.is_open)),
        _share("first_time_right", cases.cell(lambda key: key.is_right), cases.cell(lambda key: key.was_solved), words),
        _share("reopen_rate", cases.cell(lambda key: key.reopened), cases.cell(lambda key: key.was_closed), words),
        _share("turnaround", *tally.turned(), words),
        _share("participation", tally.joined.cell(), tally.conversations.cell(), words),
        _headline("replies", tally.answers.cell(lambda key: key[0] != ELSEWHERE)),
        *([_share("outside_hours", tally.outside.cell(), everything.cell(), words)] if tally.frame.has_hours else []),
        _delay_headline(tally, words),
        _headline("authors", tally.writers()),
    )


def _headline(kpi: str, cell: Cell, remark: str = "") -> Headline:
    return Headline(kpi, KPIS[kpi].unit, cell, remark)


def _share(kpi: str, part: Cell, whole: Cell, words: Words) -> Headline:
    remark = words("of", part=words.number(part.value or 0), whole=words.number(whole.value or 0))
    return _headline(kpi, ratio(part, whole), remark)


def _duration(kpi: str, service: Service, words: Words) -> Headline:
    times = (service.calendar.at(0.9), service.business.at(0.5))
    p90, business = (words.cell(Cell(each.value), Unit.SECONDS) for each in times)
    n = words.number(service.calendar.n().value or 0)
    return _headline(kpi, service.calendar.at(0.5), words("median_of", p90=p90, n=n, business=business))


def _delay_headline(tally: Tally, words: Words) -> Headline:
    sample, unknown = tally.delay()
    said = {"p90": words.cell(Cell(sample.at(0.9).value), Unit.SECONDS)}
    said |= {"n": words.number(sample.n().value or 0), "unknown": words.number(unknown.value or 0)}
    return _headline("ingestion_delay", sample.at(0.5), words("delay_of", **said))


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
    return (counts.cell(), *(found.get(each, counts.none()).cell() for each in SENTIMENTS))


def _time(tally: Tally) -> Table:
    """Every step of the period has its line, also an empty one."""
    found, none = tally.over_time.by(lambda key: (key.step,)), tally.over_time.none()
    labels = [tally.steps.label(index) for index in range(len(tally.steps.starts))]
    lines = [Line(label, label, _by_sentiment(found.get(index, none))) for index, label in enumerate(labels)]
    return Table(key="time", columns=(MENTIONS, *BY_SENTIMENT), lines=tuple(lines), chart="stack")


def _hours(key: str, counts: Counts[tuple[int, int]], words: Words) -> Table:
    """Arrivals by weekday and local hour."""
    found, none = counts.by(lambda place: (place,)), counts.none()
    columns = tuple(
        Column(f"{hour:02}", Unit.COUNT, "outside_hours" if key == "outside" else "mentions") for hour in range(24)
    )
    lines = [
        Line(name, words(name), tuple(found.get((day, hour), none).cell() for hour in range(24)))
        for day, name in enumerate(DAYS)
    ]
    return Table(key=key, columns=columns, lines=tuple(lines), chart="heat")


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

    `named`: the groups are names somebody gave, not words of ours to be translated, and may be many.
    """
    found = tally.facets.by(groups)
    names = [each for each in order if each in found] or _largest(found)
    whole = Cell(sum(counts.n() for counts in found.values()) if key == "brand" else tally.facets.n())
    share = Column("share", Unit.PERCENT, "share_of_voice") if key == "brand" else SHARE
    lines = [Line(name, name if named else words(name), _facet_cells(found[name], whole)) for name in names[:MOST]]
    notes = [words("brand_note", n=words.number(whole.value or 0))] if key == "brand" else []
    notes += [words("intents_note")] if key == "intents" else []
    if len(names) > MOST:
        rest = set(names[MOST:])
        others = tally.facets.by(lambda facets: [OTHERS for name in groups(facets) if name in rest])[OTHERS]
        lines.append(Line(OTHERS, words("others", n=len(rest)), _facet_cells(others, whole)))
        notes.append(words("others_note", n=MOST, all=words.number(len(names))))
    return Table(
        key=key,
        columns=(MENTIONS, share, *BY_SENTIMENT, NET),
        lines=tuple(lines),
        chart="bars",
        note=" ".join(notes),
    )


def _largest(found: dict[str, Counts[Facets]]) -> list[str]:
    return sorted(found, key=lambda name: (-found[name].n(), name))


def _facet_cells(counts: Counts[Facets], whole: Cell) -> tuple[Cell, ...]:
    n, *parts = _by_sentiment(counts)
    return (n, ratio(n, whole), *parts, _balance(counts))


def _authors(tally: Tally, words: Words) -> Table:
    top, every = tally.top_writers(TOP), int(tally.writers().value or 0)
    lines = [
        Line(f"{source}:{name}", f"{name} · {source}", (*_by_sentiment(counts), _balance(counts)))
        for (source, name), counts in tally.by_writer(top).items()
    ]
    note = words("authors_note", n=len(top), all=words.number(every)) if every > TOP else ""
    return Table(key="top_authors", columns=(MENTIONS, *BY_SENTIMENT, NET), lines=tuple(lines), chart="bars", note=note)


def _service(tally: Tally, words: Words) -> Table:
    lines = [Line(kpi, words.kpi(kpi), _service_row(tally.service(target), kpi)) for kpi, target in WAITED.items()]
    columns = (
        Column("n", Unit.COUNT, "response_time"),
        Column("median", Unit.SECONDS, "response_time"),
        Column("p90", Unit.SECONDS, "response_time"),
        Column("business_median", Unit.SECONDS, "business_time"),
        Column("business_p90", Unit.SECONDS, "business_time"),
        Column("in_target", Unit.PERCENT, "in_target"),
        Column("promised", Unit.COUNT, "in_target"),
        Column("waiting", Unit.COUNT, "response_time"),
        Column("left", Unit.COUNT, "response_time"),
        Column("unknown", Unit.COUNT, "response_time"),
    )
    return Table(key="service", columns=columns, lines=tuple(lines))


def _service_row(service: Service, kpi: str) -> tuple[Cell, ...]:
    calendar, business = service.calendar, service.business
    times = (calendar.n(), calendar.at(0.5), calendar.at(0.9), business.at(0.5), business.at(0.9))
    return (*times, service.in_target, service.judged, service.waiting, service.left, service.unknown)


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


def _service_by(tally: Tally, words: Words) -> Table:
    found = tally.cases.by(lambda key: (key.source,))
    names = sorted(found, key=lambda name: (-found[name].n(), name))
    note = words("others_note", n=MOST, all=words.number(len(names))) if len(names) > MOST else ""
    return Table(
        key="service_sources",
        columns=(
            Column("cases", Unit.COUNT, "cases"),
            Column("answered", Unit.PERCENT, "answered"),
            Column("participation", Unit.PERCENT, "participation"),
            Column("response", Unit.SECONDS, "response_time"),
            Column("business_median", Unit.SECONDS, "business_time"),
            Column("in_target", Unit.PERCENT, "in_target"),
            Column("resolution", Unit.SECONDS, "resolution_time"),
        ),
        lines=tuple(Line(name, name, _service_cells(tally, name)) for name in names[:MOST]),
        note=note,
    )


def _service_cells(tally: Tally, source: str) -> tuple[Cell, ...]:
    cases = tally.cases.cell(lambda key: key.source == source)
    answered = tally.cases.cell(lambda key: key.source == source and key.answered)
    joined = tally.joined.cell(lambda name: name == source)
    threads = tally.conversations.cell(lambda name: name == source)
    response = tally.service(FIRST, source=source)
    promised = tally.service(*WAITED.values(), source=source)
    resolution = tally.service(RESOLUTION, source=source).calendar.at(0.5)
    times = (response.calendar.at(0.5), response.business.at(0.5), promised.in_target, resolution)
    return (cases, ratio(answered, cases), ratio(joined, threads), *times)


def _agents(tally: Tally) -> Table:
    """What each answered and resolved; the times are of the waits that they ended."""
    answers = tally.answers
    names = [name for name in tally.frame.people if name]
    replies = {name: answers.cell(lambda key, name=name: key[1] == name) for name in names}  # type: ignore[misc]
    done = {name: tally.service(RESOLUTION, actor=name) for name in names}
    busy = [name for name in names if replies[name].value or done[name].calendar.n().value]
    columns = (
        Column("replies", Unit.COUNT, "replies"),
        Column("response", Unit.SECONDS, "response_time"),
        Column("p90", Unit.SECONDS, "response_time"),
        Column("business_median", Unit.SECONDS, "business_time"),
        Column("in_target", Unit.PERCENT, "in_target"),
        Column("resolved_n", Unit.COUNT, "resolution_time"),
        Column("resolution", Unit.SECONDS, "resolution_time"),
    )
    lines = [
        Line(name, name, (replies[name], *_answer_times(tally.service(FIRST, NEXT, actor=name)), *_done(done[name])))
        for name in sorted(busy, key=lambda name: (-(replies[name].value or 0), name))
    ]
    return Table(key="agents", columns=columns, lines=tuple(lines))


def _answer_times(service: Service) -> tuple[Cell, ...]:
    return (service.calendar.at(0.5), service.calendar.at(0.9), service.business.at(0.5), service.in_target)


def _done(service: Service) -> tuple[Cell, ...]:
    return (service.calendar.n(), service.calendar.at(0.5))


def _channels(tally: Tally, words: Words) -> Table:
    """Which ways of answering carried how much, and how fast."""
    answers = tally.answers
    found = answers.by(lambda key: (key[0],))
    columns = (
        Column("answers", Unit.COUNT, "channel_answers"),
        Column("share", Unit.PERCENT, "channel_answers"),
        Column("response", Unit.SECONDS, "channel_answers"),
        Column("p90", Unit.SECONDS, "channel_answers"),
        Column("business_median", Unit.SECONDS, "business_time"),
        Column("in_target", Unit.PERCENT, "in_target"),
    )
    lines = [
        Line(
            name or "none",
            words(name or "none") if name in ("", ELSEWHERE) else name,
            _channel_cells(tally, found[name], answers),
        )
        for name in sorted(found, key=lambda name: (-found[name].n(), name))
    ]
    return Table(key="channels", columns=columns, lines=tuple(lines))


def _channel(name: str, words: Words) -> str:
    return words(name or "none") if name in ("", ELSEWHERE) else name


def _channel_cells(tally: Tally, mine: Counts[tuple[str, str]], every: Counts[tuple[str, str]]) -> tuple[Cell, ...]:
    channel = mine.keys()[0][0]
    times = _answer_times(tally.service(FIRST, NEXT, channel=channel)) if channel else (Cell(None),) * 4
    return (mine.cell(), ratio(mine.cell(), every.cell()), *times)


def _delay(tally: Tally, words: Words) -> Table:
    sources = sorted(tally.sources)
    columns = (
        Column("n", Unit.COUNT, "ingestion_delay"),
        Column("median", Unit.SECONDS, "ingestion_delay"),
        Column("p90", Unit.SECONDS, "ingestion_delay"),
        Column("unknown", Unit.COUNT, "ingestion_delay"),
    )
    lines = [Line(name, name, _delay_cells(*tally.delay(name))) for name in sources[:MOST]]
    note = words("others_note", n=MOST, all=words.number(len(sources))) if len(sources) > MOST else ""
    return Table(key="delay", columns=columns, lines=tuple(lines), note=note)


def _delay_cells(sample: Sample, unknown: Cell) -> tuple[Cell, ...]:
    return (sample.n(), sample.at(0.5), sample.at(0.9), unknown)
