"""The tables, as statements name them (SQLAlchemy Core); what stands in their rows is declared in `tables`."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import SQLModel

from storage import tables


def _of(row: type[SQLModel]) -> sa.Table:
    table: sa.Table = row.__table__  # type: ignore[attr-defined]
    return table


SOURCE = _of(tables.Source)
CONVERSATION = _of(tables.Conversation)
PERSON = _of(tables.Person)
GROUP = _of(tables.PersonGroup)
AUTHOR = _of(tables.Author)
POST = _of(tables.Post)
MATCH = _of(tables.PostMatch)
INTENT = _of(tables.PostIntent)
REVISION = _of(tables.Revision)
CASE = _of(tables.Case)
TAG = _of(tables.CaseTag)
EVENT = _of(tables.Event)
REPLY = _of(tables.Reply)
VISIT = _of(tables.VisitLog)
TOMBSTONE = _of(tables.Tombstone)
RUN = _of(tables.RuleRun)
SETTING = _of(tables.Setting)
NOTICE = _of(tables.Notice)
DUTY = _of(tables.Duty)
LESSON = _of(tables.Lesson)
PRESENCE = _of(tables.Presence)
ROBOTS = _of(tables.Robots)
SUBSCRIPTION = _of(tables.Subscription)
BAND = _of(tables.PostBand)
