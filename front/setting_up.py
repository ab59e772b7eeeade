"""Setting up: a first configuration, and whether one is right."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from front.house import CONFIG, House
from storage.errors import ConfigError


def init(house: House, args: argparse.Namespace) -> int:
    """Writes a commented `sources.yaml`; refuses to write over one."""
    path = Path(args.folder) / CONFIG
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigError([f"{path} is there already; it was left as it is."]) from None
    except OSError as error:
        raise ConfigError([f"{path}: cannot be written: {error.strerror}."]) from None
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(example())
    print(f"Wrote {path}. Name your brand and your sources in it, then: webcare check, webcare listen, webcare desk.")  # noqa: T201
    return 0


def example() -> str:
    """The commented configuration that comes with the program."""
    here = Path(__file__).parent
    path = here / CONFIG if (here / CONFIG).exists() else here.parent / CONFIG
    return path.read_text(encoding="utf-8")


def check(house: House, args: argparse.Namespace) -> int:
    """Says every complaint about the configuration, or that there is none."""
    watchlist = house.watchlist
    brands, sources = len(watchlist.brands), len(watchlist.sources)
    sys.stdout.write(f"{house.config_path} is right: {brands} brands, {sources} sources.\n")
    if not (brands and sources):
        sys.stdout.write("Nothing is listened to until it names a brand and a source.\n")
    return 0
