"""The desk opens at once: what another process saw comes first, and what it cannot see is read here."""

import argparse
import os
import sqlite3
import sys

import pytest

from desk.screens.keys import BINDINGS
from front import opening
from front.house import House
from front.scout import Scout
from storage.errors import ConfigError

# the tests have threads by now, the desk forks before it has any
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


def house(folder, text):
    path = folder / "sources.yaml"
    path.write_text(text, encoding="utf-8")
    return House(argparse.Namespace(config=str(path), database=f"sqlite:///{folder}/w.db", agent="anna"))


def test_what_the_scout_saw_comes_back_whole():
    scout = Scout(lambda: {"rows": list(range(200_000))})
    assert scout.found() == {"rows": list(range(200_000))}
    assert scout.found() is None


@pytest.mark.parametrize("look", [lambda: 1 / 0, lambda: sys.exit(3), lambda: os._exit(4), lambda: lambda: None])
def test_a_scout_that_comes_to_grief_is_not_missed(look, capfd):
    assert Scout(look).found() is None
    assert capfd.readouterr() == ("", "")


def test_a_scout_that_nobody_waits_for_is_gone():
    scout = Scout(lambda: __import__("time").sleep(60))
    pid = scout._pid
    scout.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    scout.close()


def test_the_configuration_says_keys_and_clock(tmp_path):
    found = opening.custom(house(tmp_path, "timezone: Europe/London\ndesk: {keys: {case.resolve: d}}\n"))
    assert found.keymap == {"case.resolve": "d"} and str(found.zone) == "Europe/London"


def test_only_a_database_of_this_step_is_looked_at(tmp_path):
    here = house(tmp_path, "")
    with pytest.raises(sqlite3.OperationalError):
        opening.look(here)
    assert not (tmp_path / "w.db").exists()
    assert here.database and opening.look(here) == (0, ())
    with here.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LookupError):
        opening.look(here)
    here.close()


def test_a_key_for_nothing_is_refused_with_its_place(tmp_path):
    assert "case.resolve" in {each.id for each in BINDINGS}
    with pytest.raises(ConfigError, match=r"sources.yaml:1: desk.keys.case.resolv.*case.resolve"):
        opening.custom(house(tmp_path, "desk: {keys: {case.resolv: d}}\n"))
