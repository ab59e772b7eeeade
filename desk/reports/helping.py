"""Customers who help customers, counted: what each is known for, and the tables of a report; pure but for the door."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np

from desk.reports import Cell, Column, Line, Table, Unit
from desk.reports.counts import Sample, count, quantile, ratio
from desk.reports.words import Words
from storage.helping import Asked, Feelings, Helped, Helper, Helping, Ledger, Questions
from storage.types import Status
from storage.types.figures import Flags, Frame

LEAST_DAYS = 2
"""Days with a positive mention that make an ambassador: once is a compliment."""
TOP = 20
"""Helpers named in a report."""
CLOSED = tuple(place for place, each in enumerate(Status) if each in (Status.DISMISSED, Status.SPAM))

Told = tuple[Asked, Helped]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a person did for us in a period."""

    helper: Helper
    helped: Sequence[Told]
    positive: dict[date, list[int]]
    """Their positive mentions by day."""
    negative: dict[date, list[int]]

    @property
    def name(self) -> str:
        """What they are called, by their accounts."""
        return " = ".join(dict.fromkeys(name for _, name in self.helper.accounts))

    @property
    def thanked(self) -> int:
        """Helps that somebody thanked for, or that worked."""
        return sum(each.help.thanked for _, each in self.helped)

    @property
    def before_us(self) -> float | None:
        """The share of their helps before any answer of ours; of those whose order is known."""
        told = [each.before_us for _, each in self.helped if each.before_us is not None]
        return sum(told) / len(told) if told else None

    @property
    def median(self) -> float | None:
        """Seconds from question to help, of those that are known."""
        return quantile(sorted(each.help.seconds for _, each in self.helped if each.help.seconds is not None), 0.5)

    @property
    def points(self) -> int:
        """1 a help, 2 more when it was thanked for, 1 a day with a positive mention, −1 a day with a negative one."""
        return len(self.helped) + 2 * self.thanked + len(self.positive) - len(self.negative)

    @property
    def is_ambassador(self) -> bool:
        """Positive on `LEAST_DAYS` days or more, and on more days than negative."""
        return len(self.positive) >= max(LEAST_DAYS, len(self.negative) + 1)

    @property
    def reasons(self) -> str:
        """What the points are made of."""
        said = [
            f"helped {len(self.helped)}, thanked {self.thanked}" if self.helped else "",
            f"positive on {len(self.positive)} days" if self.positive else "",
            f"negative on {len(self.negative)}" if self.negative else "",
        ]
        return "; ".join(each for each in said if each)


def standings(door: Helping, query: str, start: datetime, end: datetime, *, me: str | None = None) -> list[Standing]:
    """Everybody who helped or said something positive or negative, most helps first. Raises `QueryError`."""
    ledger, felt = door.ledger(query, start, end, me=me), door.feelings(query, start, end, me=me)
    helped = ledger.by_helper()
    people = dict(ledger.helpers) | door.helpers(felt.keys() - ledger.helpers.keys())
    none = Feelings()
    found = [
        Standing(
            helper=helper,
            helped=helped.get(person, ()),
            positive=felt.get(person, none).positive,
            negative=felt.get(person, none).negative,
        )
        for person, helper in people.items()
    ]
    return sorted(found, key=lambda each: (-len(each.helped), -each.thanked, each.name, each.helper.person))


def questions(frame: Frame) -> tuple[Questions, Flags]:
    """What a report asks in cases that nobody put away as spam or irrelevant; and whether we answered in the case."""
    asks = np.array(["question" in each.intents for each in frame.facets] or [False], np.bool_)[frame.facet]
    kept = np.append(~np.isin(frame.cases.status, CLOSED), False)
    chosen = np.flatnonzero(asks & kept[frame.case] & (frame.author > 0))
    place = frame.case[chosen]
    return Questions(frame.mention[chosen], frame.thread[chosen], frame.cases.id[place]), frame.cases.answered[place]


def tables(
    asked: Questions, by_us: Flags, ledger: Ledger, words: Words, code: Callable[[str, str], str] | None = None
) -> tuple[Table, ...]:
    """Questions by who answered, and who helped most; `code` stands in for names."""
    if not len(asked.mention):
        return ()
    return _questions(asked, by_us, ledger, words), *([_helpers(ledger, words, code)] if ledger.helpers else [])


def _questions(asked: Questions, by_us: Flags, ledger: Ledger, words: Words) -> Table:
    """A case counts once, at the first of its questions."""
    case, first = np.unique(asked.case, return_index=True)
    ids, ours = asked.mention[first], by_us[first]

    def which(test: Callable[[Asked], bool]) -> Flags:
        return np.isin(case, [each.case for each in ledger.asked if test(each)])

    helped = which(lambda each: True)
    flags = {
        "asked": np.ones(len(case), np.bool_),
        "by_us": ours,
        "by_customers": helped,
        "customers_first": which(lambda each: each.customers_first),
        "thanked": which(lambda each: each.thanked),
        "unclear": which(lambda each: each.is_unclear),
        "unanswered": ~ours & ~helped,
    }
    cells = {key: count(chosen, ids) for key, chosen in flags.items()}
    lines = [Line(key, words(key), (cell, ratio(cell, cells["asked"]))) for key, cell in cells.items()]
    columns = (Column("questions", Unit.COUNT, "peer_questions"), Column("share", Unit.PERCENT, "peer_questions"))
    return Table(key="peer_support", columns=columns, lines=tuple(lines))


def _helpers(ledger: Ledger, words: Words, code: Callable[[str, str], str] | None) -> Table:
    found = ledger.by_helper()
    most = sorted(found, key=lambda person: (-len(found[person]), -_thanked(found[person]), person))
    columns = (
        Column("helps", Unit.COUNT, "helps"),
        Column("thanked", Unit.COUNT, "helps_thanked"),
        Column("before_us", Unit.PERCENT, "before_us"),
        Column("median", Unit.SECONDS, "time_to_help"),
    )
    lines = [Line(*_label(ledger.helpers[person], code), _cells(found[person])) for person in most[:TOP]]
    note = words("authors_note", n=TOP, all=words.number(len(most))) if len(most) > TOP else ""
    return Table(key="helpers", columns=columns, lines=tuple(lines), chart="bars", note=note)


def _label(helper: Helper, code: Callable[[str, str], str] | None) -> tuple[str, str]:
    """The first account names a person."""
    source, name = helper.accounts[0]
    name = code(source, name) if code else name
    return f"{source}:{name}", f"{name} · {', '.join(dict.fromkeys(source for source, _ in helper.accounts))}"


def _thanked(told: Sequence[Told]) -> int:
    return sum(each.help.thanked for _, each in told)


def _cells(told: Sequence[Told]) -> tuple[Cell, ...]:
    helped = [each for _, each in told]
    judged = _answers([each for each in helped if each.before_us is not None])
    timed = [each.help for each in helped if each.help.seconds is not None]
    answers = sorted({each.answer for each in timed})
    sample = Sample(lambda: np.array([each.seconds for each in timed], np.float64), lambda: answers)
    return (
        _answers(helped),
        _answers([each for each in helped if each.help.thanked]),
        ratio(_answers([each for each in helped if each.before_us]), judged),
        sample.at(0.5),
    )


def _answers(helped: Sequence[Helped]) -> Cell:
    ids: Any = sorted({each.help.answer for each in helped})
    return Cell(len(helped), ids=lambda: ids)
