"""The stretch of time a report covers and the steps it is cut in, right on the days clocks change; pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from desk.reports import ReportError

DEFAULT_DAYS = 30
"""A report that is not told its period covers today and the days before it, this many in all."""

_DAY_FORMS = ("%Y-%m-%d", "%d-%m-%Y")


def read_period(start: str | None, end: str | None, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    """The period from the day (or moment) `start` up to and including the day `end`, as [start, end) in `zone`.

    Days are written 2026-11-22 or 22-11-2026; a moment is ISO 8601 and is itself the end. Raises `ReportError`.
    """
    today = now.astimezone(zone).date()
    last = _end(end, zone) if end else midnight(today + timedelta(days=1), zone)
    day_before = (last - timedelta(microseconds=1)).astimezone(zone).date()
    first = _start(start, zone) if start else midnight(day_before - timedelta(days=DEFAULT_DAYS - 1), zone)
    if first.astimezone(UTC) >= last.astimezone(UTC):
        raise ReportError(
            f"The period is empty: it starts at {first:%Y-%m-%d %H:%M} and ends at {last:%Y-%m-%d %H:%M}."
        )
    return first, last


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day."""
    return datetime.combine(day, time(), zone)


def before(start: datetime, end: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The period of equal length that ends where this one starts: as many days, where it is made of days."""
    first, last = start.astimezone(zone), end.astimezone(zone)
    if first.time() == last.time() == time():
        return midnight(first.date() - (last.date() - first.date()), zone), start
    return start - (end.astimezone(UTC) - start.astimezone(UTC)), start


def _start(text: str, zone: ZoneInfo) -> datetime:
    day = _day(text)
    return midnight(day, zone) if day else read_moment(text, zone)


def _end(text: str, zone: ZoneInfo) -> datetime:
    day = _day(text)
    return midnight(day + timedelta(days=1), zone) if day else read_moment(text, zone)


def _day(text: str) -> date | None:
    for form in _DAY_FORMS:
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007
        except ValueError:
            continue
    return None


def read_moment(text: str, zone: ZoneInfo) -> datetime:
    """A moment as ISO 8601 writes it, in `zone` where it does not say its own. Raises `ReportError`."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ReportError(f"{text!r} is no day or moment: write 2026-11-22 or 2026-11-22T17:00.") from None
    return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)


@dataclass(frozen=True, slots=True)
class Steps:
    """A period cut in hours, days, weeks (from Monday) or months. The first and last step may be cut short."""

    unit: str
    starts: tuple[datetime, ...]
    """In the report's zone, ascending; the first is the period's own start."""
    epochs: tuple[float, ...]

    def place(self, epoch: float) -> int:
        """Which step a moment (seconds since 1970) falls in."""
        return bisect_right(self.epochs, epoch) - 1

    def label(self, index: int) -> str:
        """How a step is called; the hour that a clock change repeats is told apart by its offset."""
        at = self.starts[index]
        if self.unit == "hour":
            twice = at.utcoffset() != at.replace(fold=1 - at.fold).utcoffset()
            return f"{at:%Y-%m-%d %H:%M}" + (f" ({at:%z})" if twice else "")
        return f"{at:%Y-%m}" if self.unit == "month" else f"{at:%Y-%m-%d}"


def cut(start: datetime, end: datetime, zone: ZoneInfo) -> Steps:
    """Cuts a period in steps that suit it: hours up to 2 days, days up to 13 weeks, weeks up to 2 years, months."""
    length = end - start
    if length <= timedelta(days=2, hours=1):
        return _steps("hour", _hours(start, end, zone))
    if length <= timedelta(weeks=13, hours=1):
        return _steps("day", _days(start, end, zone, 1))
    if length <= timedelta(days=731, hours=1):
        return _steps("week", _days(start, end, zone, 7))
    return _steps("month", _months(start, end, zone))


def _steps(unit: str, starts: Sequence[datetime]) -> Steps:
    return Steps(unit, tuple(starts), tuple(each.timestamp() for each in starts))


def _hours(start: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
    """Real hours, counted in UTC: a day on which the clock goes back has 25."""
    first = start.astimezone(UTC)
    count = -(-(end.astimezone(UTC) - first) // timedelta(hours=1))
    return [(first + timedelta(hours=each)).astimezone(zone) for each in range(count)]


def _days(start: datetime, end: datetime, zone: ZoneInfo, length: int) -> list[datetime]:
    local = start.astimezone(zone)
    day = local.date() if length == 1 else local.date() - timedelta(days=local.weekday())
    found = [local]
    while (moment := midnight(day := day + timedelta(days=length), zone)).timestamp() < end.timestamp():
        found.append(moment)
    return found


def _months(start: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
    local = start.astimezone(zone)
    found, day = [local], local.date().replace(day=1)
    while True:
        day = (day + timedelta(days=32)).replace(day=1)
        moment = midnight(day, zone)
        if moment.timestamp() >= end.timestamp():
            return found
        found.append(moment)
