"""What a command was given: configuration, database and agent, each opened when first asked for."""

from __future__ import annotations

import argparse
import getpass
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storage.errors import ConfigError

if TYPE_CHECKING:
    from desk.alerts import Alert
    from desk.macros import Macro
    from desk.policy import Policy
    from desk.privacy import Privacy
    from desk.rules import Rule
    from desk.service import Service
    from desk.timetable import Planned
    from listener.types import Watchlist
    from storage.database import Database
    from storage.settings import Document

CONFIG = "sources.yaml"
KNOWN_KEYS = ("database",)
"""Keys at the top of the file that are read here; the rooms name theirs."""


class House:
    """The house as one command sees it."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args

    @cached_property
    def config_path(self) -> Path:
        """`--config`, else the environment's, else `sources.yaml` here."""
        return Path(self.args.config or os.environ.get("WEBCARE_CONFIG") or CONFIG)

    @cached_property
    def has_config(self) -> bool:
        """Whether there is a configuration; commands that only need the database do without."""
        return bool(self.args.config or os.environ.get("WEBCARE_CONFIG")) or self.config_path.exists()

    @cached_property
    def document(self) -> Document:
        """The configuration as values that know their lines. Raises `ConfigError`."""
        from storage import settings

        return settings.read(self.config_path, os.environ)

    @cached_property
    def rooms(self) -> tuple[Any, ...]:
        """What each reader reads: the watchlist, the policy, the service. Raises `ConfigError` with every complaint."""
        from desk import alerts, macros, policy, privacy, rules, service, timetable
        from listener import watchlist

        readers: tuple[Any, ...] = (watchlist, policy, service, rules, alerts, timetable, privacy, macros)
        complaints = self._strange_keys({*KNOWN_KEYS, *(key for reader in readers for key in reader.KEYS)})
        # who listens needs nobody's log-in: `webcare web` itself asks for those
        complaints += [said for place, said in self.document.missing.items() if place[:3] != ("desk", "web", "tokens")]
        found: list[Any] = []
        for reader in readers:
            try:
                found.append(reader.read(self.document))
            except ConfigError as error:
                complaints += error.complaints
        if complaints:
            raise ConfigError(sorted(set(complaints), key=_line))
        return tuple(found)

    def _strange_keys(self, known: set[str]) -> list[str]:
        from storage.settings import suggestion

        return [
            self.document.sentence((key,), f"is not a key that is known here{suggestion(key, known)}")
            for key in self.document.values
            if key not in known
        ]

    @cached_property
    def learnt_for(self) -> tuple[Watchlist | None, Database | None]:
        """What texts are understood by: the brands, and what was learnt here. Opens nothing that is not there yet."""
        if not self.has_config:
            return None, None
        from listener import watchlist

        file = self.database_url.removeprefix("sqlite:///")
        is_there = file == self.database_url or Path(file).exists()
        return watchlist.read(self.document), self.database if is_there else None

    @property
    def watchlist(self) -> Watchlist:
        """What to listen to."""
        found: Watchlist = self.rooms[0]
        return found

    @cached_property
    def policy(self) -> Policy:
        """How to answer; the defaults where there is no configuration. Looks at the desk's keys alone.

        A password that is missing is found out when a reply is to leave: looking needs none.
        """
        from desk import policy

        return policy.read(self.document) if self.has_config else policy.Policy()

    @cached_property
    def service(self) -> Service:
        """When we are there, and what is promised; nothing where there is no configuration."""
        from desk import service

        return service.read(self.document) if self.has_config else service.Service()

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """What is done by itself; nothing where there is no configuration."""
        from desk import rules

        return rules.read(self.document) if self.has_config else ()

    @cached_property
    def alerts(self) -> tuple[Alert, ...]:
        """Whom to tell of what; nobody where there is no configuration."""
        from desk import alerts

        return alerts.read(self.document) if self.has_config else ()

    @cached_property
    def timetable(self) -> tuple[Planned, ...]:
        """Which reports are written when; none where there is no configuration."""
        from desk import timetable

        return timetable.read(self.document) if self.has_config else ()

    @cached_property
    def privacy(self) -> Privacy:
        """How long posts are kept and who gets no marketing; the defaults where there is no configuration."""
        from desk import privacy

        return privacy.read(self.document) if self.has_config else privacy.Privacy()

    @cached_property
    def database_url(self) -> str:
        """`--database`, else the environment's, else the config's, else a file beside the config."""
        url = self.args.database or os.environ.get("WEBCARE_DATABASE")
        if not url and self.has_config:
            if ("database",) in self.document.missing:
                raise ConfigError([self.document.missing["database",]])
            url = str(self.document.values.get("database") or "")
        return _beside(url or "sqlite:///webcare.db", self.config_path.parent)

    @cached_property
    def database(self) -> Database:
        """The database, brought to the schema of this program."""
        from storage import migrations
        from storage.database import Database

        database = Database(self.database_url, zone=self.policy.timezone)
        migrations.upgrade(database)
        return database

    @cached_property
    def agent(self) -> str:
        """`--agent`, else the environment's, else the login name."""
        return str(self.args.agent or os.environ.get("WEBCARE_AGENT") or getpass.getuser())

    @cached_property
    def clerk(self) -> Any:
        """The agent at the desk."""
        from desk import channels
        from desk.clerk import Clerk

        return Clerk(
            self.database,
            agent=self.agent,
            policy=self.policy,
            channels=channels.load,
            service=self.service,
            macros=self._macros,
        )

    @property
    def _macros(self) -> Mapping[str, Macro]:
        """The macros. Raises `ConfigError`."""
        if not self.has_config or "macros" not in self.document.values:
            return {}
        from desk import macros  # only now: what steps can be takes long to import

        return macros.read(self.document)

    def close(self) -> None:
        """Gives back what was opened."""
        if "database" in self.__dict__:
            self.database.close()


def _beside(url: str, folder: Path) -> str:
    """A relative SQLite file lies beside the configuration, wherever the command is called from."""
    prefix = "sqlite:///"
    path = url.removeprefix(prefix)
    if not url.startswith(prefix) or path in ("", ":memory:") or Path(path).is_absolute():
        return url
    return prefix + str((folder / path).resolve())


def _line(complaint: str) -> int:
    parts = complaint.split(":", 2)
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0
