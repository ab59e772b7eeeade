"""Rows are read by their ids: as ranges where these lie close together."""

import numpy as np
import pytest
import sqlalchemy as sa

from storage.frames import AUTHOR, by_ids


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
