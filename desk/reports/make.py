"""From a request to a report: asks storage's doors for rows and puts names away where that was asked."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from hashlib import blake2b
from zoneinfo import ZoneInfo

from desk.reports import Page, Report, ReportError, Summary, Table, helping
from desk.reports.period import before
from desk.reports.record import paged, record
from desk.reports.summary import summarise
from desk.reports.words import LANGUAGES, Words
from storage.figures import Figures
from storage.helping import Helping
from storage.history import Histories
from storage.query.grammar import parse
from storage.types.figures import Frame, Hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a report is asked to hold."""

    query: str
    start: datetime
    end: datetime
    """The first moment after the period."""
    zone: ZoneInfo
    title: str = ""
    lang: str = "en"
    as_of: datetime | None = None
    """As it stood at that moment."""
    pseudonymise: bool = False
    """Names of authors become codes; one author has one code within the report."""
    hours: Hours | None = None
    """When we are there and what we promised; without, business time is calendar time and nothing was promised."""
    helping: bool = True
    """Whether it says which customers helped others: for that, threads are read."""
    compare: bool = True
    """Whether its headlines stand beside those of the period before, which is counted for that."""
    me: str | None = None
    """Who asks: the agent that `assignee:me` means."""


def make(figures: Figures, request: Request) -> Report:
    """The report, not yet counted: its figures are counted once, when a format first asks for them.

    Raises `QueryError`, and `ReportError` for a language we do not speak.
    """
    if request.lang not in LANGUAGES:
        raise ReportError(f"A report speaks nl or en, not {request.lang!r}.")
    parse(request.query.strip() or "*")
    veil = Veil() if request.pseudonymise else None
    ask = (request.query, request.start, request.end)

    def counted(start: datetime, end: datetime) -> Frame:
        return figures.frame(request.query, start, end, as_of=request.as_of, me=request.me, hours=request.hours)

    @cache
    def summary() -> Summary:
        frame = counted(request.start, request.end)
        past = before(request.start, request.end, request.zone)
        known = Histories(figures.database).since() if request.compare else None
        earlier = counted(*past) if known and known <= past[0] else None
        veiled = replace(frame, authors=veil.authors(frame.authors)) if veil else frame
        helped = _helped(figures, request, frame, veil) if request.helping else ()
        span = request.start, request.end, request.zone
        return summarise(veiled, *span, request.lang, before=earlier, helped=helped)

    def pages() -> Iterator[Page]:
        found: Iterator[Page]
        if request.as_of:
            then = figures.mentions(*ask, as_of=request.as_of, me=request.me)
            found = paged(record(each, request.zone) for each in then)
        else:
            found = figures.records(*ask, zone=request.zone, me=request.me)
        return map(veil.page, found) if veil else found

    return Report(
        title=request.title or Words(request.lang)("report"),
        query=request.query,
        start=request.start.astimezone(request.zone),
        end=request.end.astimezone(request.zone),
        zone=request.zone,
        generated_at=figures.database.now(),
        as_of=request.as_of,
        lang=request.lang,
        summary=summary,
        pages=pages,
    )


def _helped(figures: Figures, request: Request, frame: Frame, veil: Veil | None) -> tuple[Table, ...]:
    asked, by_us = helping.questions(frame)
    ledger = Helping(figures.database).of(asked, as_of=request.as_of)
    return helping.tables(asked, by_us, ledger, Words(request.lang), veil.code if veil else None)


class Veil:
    """Puts codes for names. The key lives as long as the report, so two reports cannot be laid side by side."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(16)

    def code(self, source: str, name: str) -> str:
        """The code of an account."""
        return "#" + blake2b(f"{source}\0{name}".encode("utf-8", "replace"), key=self._key, digest_size=5).hexdigest()

    def authors(self, names: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Sources and names, the names as codes."""
        return tuple((source, self.code(source, name) if name else "") for source, name in names)

    def page(self, page: Page) -> Page:
        """The records without their authors' names, accounts and addresses; each name in its own text goes too."""
        names, nothing = page["author"], [None] * len(page["author"])
        codes = [name and self.code(source, name) for source, name in zip(page["source"], names, strict=True)]
        veiled = {**page, "author": codes, "author_url": nothing, "author_id": nothing}
        for field in ("title", "text"):
            words = zip(names, codes, page[field], strict=True)
            veiled[field] = [_without(name, code, text) if name else text for name, code, text in words]
        return veiled


def _without(name: str, code: str, text: str) -> str:
    """The text with the code for the name; a name of one or two letters is no name to look for."""
    return re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", code, text) if len(name) > 2 else text
