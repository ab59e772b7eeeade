"""Rows are read by their ids: as ranges where these lie close together; columns are read whole."""

from datetime import UTC, datetime

import numpy as np
import pytest
import sqlalchemy as sa

from storage import tables
from storage.figures.frames import by_ids
from storage.figures.open_time import moment_of
from storage.figures.packs import read
from storage.schema import AUTHOR

SOURCE = tables.Source.__table__


@pytest.mark.parametrize(
    "ids",
    [[], [7], [*range(1, 90)], [*range(2, 90, 3), 5000, *range(9000, 9100)], [*range(1, 9000, 500)], [1, 8000, 8001]],
)
def test_the_rows_of_some_ids_are_read_once_each_wherever_they_lie(database, ids):
    there = [*range(1, 120, 2), 5000, *range(8000, 9100, 2)]
    with database.write() as connection:
        connection.execute(sa.insert(AUTHOR), [
            {"id": each, "source": "s", "external_key": f"a{each}", "external_id": "", "name": "", "url": "",
             "is_own": False} for each in there
        ])  # fmt: skip
    with database.read() as connection:
        pages = by_ids(connection, sa.select(AUTHOR.c.id), AUTHOR.c.id, np.array(ids, np.int64))
        found = [id_ for page in pages for (id_,) in page]
    assert len(found) == len(set(found)) and set(ids) & set(there) == set(ids) & set(found)


def test_columns_are_the_rows_in_their_order_whatever_stands_in_them(database):
    late = datetime(2026, 10, 25, 0, 59, 59, 999_999, tzinfo=UTC)
    there = [(1, "a,b", late, None), (2, "", datetime(1969, 1, 1, tzinfo=UTC), 7), (3, "é\n\x1f", late, 8)]
    with database.write() as connection:
        connection.execute(sa.insert(SOURCE), [
            {"name": f"n{id_}", "kind": kind, "next_at": at, "status": status, "url": "", "active": True,
             "lease_owner": "", "interval": 0, "failures": id_, "health": "", "sentence": "", "answer": "",
             "memory": {}} for id_, kind, at, status in there
        ])  # fmt: skip
    asked = sa.select(SOURCE.c.failures, SOURCE.c.kind, SOURCE.c.next_at, SOURCE.c.status)
    with database.read() as connection:
        ids, kinds, moments, statuses = read(connection, asked.order_by(SOURCE.c.failures.desc())).columns()
        nothing = read(connection, asked.where(SOURCE.c.failures > 9)).columns()
    assert (ids.tolist(), statuses.tolist()) == ([3, 2, 1], [8, 7, 0])
    assert list(kinds) == ["é\n\x1f", "", "a,b"]
    assert [moment_of(each) for each in moments.tolist()] == [at for _, _, at, _ in reversed(there)]
    assert [len(each) for each in nothing] == [0, 0, 0, 0]
