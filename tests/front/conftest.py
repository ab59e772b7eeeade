"""A folder with a configuration and some stored mentions, in which commands are run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

import webcare
from storage import migrations
from storage.database import Database
from storage.intake import Intake
from storage.types import NewPost

Run = Callable[..., tuple[int, str, str]]
"""Runs a command, by bram unless `agent` says otherwise; gives status, output and errors."""


@pytest.fixture
def begun(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, Iterable[NewPost]], Run]:
    """Writes a configuration, stores posts of a forum, and gives what runs commands there."""

    def begin(config: str, posts: Iterable[NewPost]) -> Run:
        for name in ("WEBCARE_CONFIG", "WEBCARE_DATABASE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.chdir(tmp_path)
        (tmp_path / "sources.yaml").write_text(config, encoding="utf-8")
        database = Database(f"sqlite:///{tmp_path}/webcare.db")
        migrations.upgrade(database)
        for post in posts:
            Intake(database).store("forum", "phpbb", [post])
        database.close()
        return command

    def command(*words: str, agent: str = "bram") -> tuple[int, str, str]:
        status = webcare.main(["--agent", agent, *words])
        return (status, *capsys.readouterr())

    return begin
