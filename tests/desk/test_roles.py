"""The table of who may do what is the one in the manual, and each act of the clerk keeps to it."""

from __future__ import annotations

import re
from pathlib import Path

from desk import clerk, roles

MANUAL = (Path(__file__).parents[2] / "docs" / "running.md").read_text(encoding="utf-8")


def test_the_manual_holds_the_table_of_who_may_do_what() -> None:
    header = "| act | " + " | ".join(roles.MAY) + " |\n"
    rows = MANUAL.partition(header)[2].partition("\n\n")[0].splitlines()[1:]
    assert [row.strip("| ").split(" | ") for row in rows] == [list(row.values()) for row in roles.table()]


def test_who_may_more_may_all_that_others_may() -> None:
    viewer, trainee, agent, lead = roles.MAY.values()
    assert viewer < trainee < agent < lead


def test_every_act_that_is_asked_for_is_in_the_table() -> None:
    files = [Path(clerk.__file__), *(Path(clerk.__file__).parents[1] / "front").glob("*.py")]
    asked = {act for file in files for act in re.findall(r'permit\("(\w+)"\)', file.read_text(encoding="utf-8"))}
    assert asked <= roles.MAY["lead"]
