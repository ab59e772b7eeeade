"""The house keeps itself: what the README names is there, what is there is named, and nothing heavy loads early."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

import pytest

from desk import alerts, channels, macros, policy, reports, rules, service, timetable
from desk.screens import keys
from front import answering, house, parser
from listener import sources, watchlist

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def parts_of(verbs: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The sub-commands of a command."""
    actions = [each for each in verbs._actions if isinstance(each, argparse._SubParsersAction)]
    return dict(actions[0].choices) if actions else {}


def test_the_readme_names_every_command() -> None:
    for command, its_parser in parts_of(parser.build()).items():
        assert f"`webcare {command}`" in README, command
        for part in parts_of(its_parser):
            assert re.search(rf"`[^`]*\b{part}\b[^`]*`", README), f"{command} {part}"


def test_a_command_is_the_same_whether_or_not_others_are_made() -> None:
    whole = parts_of(parser.build())
    assert set(whole) == {name for names in parser.GROUPS for name in names.split()}
    for command, its_parser in whole.items():
        assert parts_of(parser.build([command, "x"]))[command].format_help() == its_parser.format_help()


def test_the_readme_and_the_sources_page_name_every_kind() -> None:
    page = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    for kind in sources.names():
        assert f"`{kind}`" in README, kind
        assert re.search(rf"^## .*\b{kind}\b", page, re.MULTILINE), kind


def test_the_readme_and_the_replies_page_name_every_channel() -> None:
    page = (ROOT / "docs" / "replies.md").read_text(encoding="utf-8")
    for channel in channels.names():
        assert f"`{channel}`" in README, channel
        assert f"`{channel}`" in page, channel


def test_the_readme_names_every_key_of_the_desk() -> None:
    for binding in keys.BINDINGS:
        assert f"`{keys.display(binding)}` {binding.description}" in " ".join(README.split()), binding.id


def test_the_readme_names_every_key_of_the_configuration() -> None:
    readers = (alerts, macros, policy, rules, service, timetable, watchlist)
    for key in {*house.KNOWN_KEYS, *(key for reader in readers for key in reader.KEYS)}:
        assert f"`{key}`" in README, key


def test_the_readme_names_every_report_format() -> None:
    for form in reports.formats():
        assert re.search(rf"\b{form}\b", README), form


def test_every_page_the_docs_lead_to_is_there() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+\.md)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name} leads to {link}"


def test_every_step_of_a_case_has_its_command() -> None:
    steps = parts_of(parts_of(parser.build())["case"])
    assert set(steps) == set(answering.STEPS)


def test_files_are_short_enough_to_be_read() -> None:
    files = [path for room in ("storage", "listener", "desk", "front") for path in (ROOT / room).rglob("*.py")]
    long = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in files}
    assert {path: lines for path, lines in long.items() if lines > 400} == {}


def test_no_address_of_a_registry_is_in_the_lock() -> None:
    assert "://" not in (ROOT / "requirements.lock").read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["case", "--help"]])
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    program = (
        "import sys, webcare\n"
        f"try: webcare.main({words!r})\n"
        "except SystemExit: pass\n"
        "heavy = {'sqlalchemy', 'textual', 'httpx', 'numpy', 'pydantic', 'yaml'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_a_desk_shows_first_loads_nothing_of_the_database() -> None:
    program = (
        "import sys, desk.app, desk.widgets.conversation, desk.widgets.trail, storage.glance\n"
        "heavy = {'sqlalchemy', 'httpx', 'numpy', 'pydantic', 'yaml', 'lark'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
