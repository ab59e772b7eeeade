"""How long what people wrote is kept, and who gets no marketing: `privacy` of `sources.yaml`, carried out by itself."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError

from desk import reports
from desk.reports.show import show_csv
from desk.service import Duration, Query
from storage.database import Database
from storage.duties import Duties
from storage.erasure import Erasure
from storage.errors import ConfigError
from storage.settings import Document, Section
from storage.suppression import Suppressions, digest

log = logging.getLogger("webcare.privacy")

KEYS = ("privacy",)
"""The keys at the top of the file that are read here."""

LISTED = ("id", "kind", "since", "until", "valid_until")
"""The columns of a suppression list: nobody is named in it."""

VALID = timedelta(days=1)
"""How long a row may be relied on that is not seen again."""

SHORTEST = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """What the organisation decided about people's data."""

    keep: timedelta | None = None
    """How long posts are kept; None is for ever."""
    suppress: str = "intent:complaint"
    """Whoever has a case with a mention that answers this gets no marketing while it is open."""
    cool_down: timedelta = timedelta(days=7)
    """Nor for this long after it was resolved."""
    to: str = ""
    """The file that the list is written to, beside the configuration unless it is absolute; "" writes none."""


class PrivacySection(Section):
    """`privacy:`."""

    keep: Duration | None = None
    suppress: Query = "intent:complaint"
    cool_down: Duration = timedelta(days=7)
    to: str = Field(default="", alias="suppression")


class WholeSection(Section):
    """What is read here of the whole file."""

    privacy: PrivacySection = PrivacySection()


def read(document: Document) -> Privacy:
    """The privacy rules of a file. Raises `ConfigError` with every complaint about them."""
    values = {key: value for key, value in document.values.items() if key in KEYS and value is not None}
    try:
        section = WholeSection.model_validate(values).privacy
    except ValidationError as error:
        known = ["suppression" if name == "to" else name for name in PrivacySection.model_fields]
        raise ConfigError(document.complaints(error, known=known)) from None
    if section.keep is not None and section.keep < SHORTEST:
        raise ConfigError([document.sentence(("privacy", "keep"), "must be a day or longer")])
    return Privacy(keep=section.keep, suppress=section.suppress, cool_down=section.cool_down, to=section.to)


def tick(database: Database, privacy: Privacy, folder: Path, zone: ZoneInfo) -> None:
    """Once a day erases what is older than may be kept; writes the suppression list where it changed."""
    if privacy.keep is not None:
        _forget(database, privacy.keep, zone)
    if privacy.to:
        _write(listed(database, privacy), folder / privacy.to)


def listed(database: Database, privacy: Privacy) -> Iterator[dict[str, Any]]:
    """The rows of the suppression list: an id for each account, and one for each person that is a known customer."""
    valid = (database.now() + VALID).isoformat(timespec="hours")
    seen: set[str] = set()
    for each in Suppressions(database).rows(privacy.suppress, privacy.cool_down):
        ids = {"account": digest(f"{each.source}:{each.external_id or each.name}")}
        ids |= {"customer": digest(each.customer)} if each.customer else {}
        until = each.until.isoformat(timespec="seconds") if each.until else None
        since = each.since.isoformat(timespec="seconds")
        for kind, key in ids.items():
            if key not in seen:
                seen.add(key)
                yield {"id": key, "kind": kind, "since": since, "until": until, "valid_until": valid}


def _forget(database: Database, keep: timedelta, zone: ZoneInfo) -> None:
    duties, now = Duties(database), database.now()
    name = f"forget:{now.astimezone(zone).date().isoformat()}"
    if duties.left([name]) and duties.take(name):
        done = Erasure(database).forget_before(now - keep)
        duties.done(name)
        log.info("Erased %d posts older than %d days.", done.posts, keep.days)


def _write(rows: Iterator[dict[str, Any]], path: Path) -> None:
    text = io.StringIO(newline="")
    show_csv(rows, LISTED, text)
    data = text.getvalue().encode()
    try:
        if path.exists() and path.read_bytes() == data:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        reports.write_whole(path, lambda out: [out.write(data)].clear())
    except OSError as error:
        log.error("The suppression list %s could not be written: %s", path, error)
