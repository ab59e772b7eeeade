"""Erases by itself what is older than may be kept, and keeps the list of who gets no marketing."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from desk import reports
from desk.privacy import Privacy
from desk.reports.show import show_csv
from storage.database import Database
from storage.duties import Duties
from storage.erasure import Erasure
from storage.suppression import Suppressions, digest

log = logging.getLogger("webcare.privacy")

LISTED = ("id", "kind", "since", "until", "valid_until")
"""The columns of a suppression list: nobody is named in it."""

VALID = timedelta(days=1)
"""How long a row may be relied on that is not seen again."""


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
