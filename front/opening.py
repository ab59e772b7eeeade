"""Opening the desk: the first frame is painted before the configuration, the database and their libraries are read."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, TextIO

from front.house import House
from front.scout import Scout
from storage.errors import ConfigError, StorageError

if TYPE_CHECKING:
    from desk.custom import Custom, Sighting
    from desk.overview import Overview

WATCH_EVERY = 15
"""Seconds between two looks at the promises while the desk is open."""

M_ARENA_MAX = -8
"""The number by which mallopt(3) knows how many heaps there may be."""

FIRST_SECONDS = 2.0
"""Seconds that belong to the agent alone, before what the desk does by itself is imported."""


def desk(house: House, args: argparse.Namespace) -> int:
    """Opens the desk. While it is open it also sends what is due and wakes what slept.

    Raises `NotReady` where there is neither a terminal nor a tab of a browser to open it in.
    """
    if "TEXTUAL_DRIVER" not in os.environ and not all(map(_is_terminal, (sys.__stdin__, sys.__stderr__))):
        from desk.errors import NotReady

        raise NotReady("The desk needs a terminal; without one there are `webcare mentions` and `webcare case`.")
    gc.disable()  # what is imported stays: looking through it for garbage is a tenth of the wait
    scout = Scout(lambda: look(house))
    from desk.app import Desk

    with closing(scout), _clockwork(house) as start_clockwork:

        def make_clerk() -> Any:
            _share_one_heap()
            try:
                clerk = house.clerk
            finally:
                gc.freeze()
                gc.enable()
            start_clockwork()
            return clerk

        app = Desk(
            make_clerk,
            agent=house.agent,
            lang=args.lang or spoken(os.environ),
            custom=lambda: custom(house),
            sighted=scout.found,
            sources=lambda: _roster(house),
            printer=lambda: _printer(house),
            overview=partial(_overview, house),
        )
        app.run()
    if app.refused is not None:
        raise app.refused
    return app.return_code or 0


def _share_one_heap() -> None:
    """Has the C library give threads no heaps of their own: what a search freed, the next takes, in whatever thread."""
    import ctypes  # asked for when the first page is painted

    with suppress(OSError, AttributeError, TypeError):  # elsewhere there is no such call; on Windows no such library
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def look(house: House) -> Sighting:
    """What a desk shows first. Raises `ConfigError`, and what `first_page` raises."""
    from desk.views import FIRST_PAGE
    from storage.glance import first_page
    from storage.migrations import HEAD

    return first_page(house.database_url, HEAD, FIRST_PAGE)


def custom(house: House) -> Custom:
    """What the configuration says of the screen. Raises `ConfigError`."""
    from desk.custom import Custom
    from desk.views import with_own

    policy = house.policy
    return Custom(zone=policy.timezone, names=policy.names, keymap=_keymap(house), views=with_own(policy.views))


def spoken(environment: Mapping[str, str]) -> str:
    """The screen's language by the system's settings: Dutch or English."""
    said = environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG") or ""
    return "nl" if said.lower().startswith("nl") else "en"


def _roster(house: House) -> Any:
    from storage.roster import Roster

    return Roster(house.database)


def _printer(house: House) -> Any:
    from desk.printing import Printer

    folder = house.config_path.parent
    return Printer(house.database, house.timetable, folder, house.policy.timezone, house.service)


async def _overview(house: House, query: str, days: int, lang: str) -> Overview:
    from front.reckoning import overview  # only now: a desk opens in less time than this takes to import

    return await overview(house, query, days, lang)


def _keymap(house: House) -> Mapping[str, str]:
    """The configured keys. Raises `ConfigError` for what no key does."""
    from desk.screens.keys import BINDINGS
    from storage.settings import suggestion

    known = [binding.id for binding in BINDINGS if binding.id]
    strange = [each for each in house.policy.keys if each not in known]
    if strange:  # only now, for what has keys beside the list takes longer to import than the first paint may take
        from desk.screens import asides

        known += [binding.id for binding in asides.BINDINGS if binding.id]
        strange = [each for each in strange if each not in known]
    if strange:
        place = ("desk", "keys", strange[0])
        raise ConfigError([house.document.sentence(place, f"is nothing a key does{suggestion(strange[0], known)}")])
    return house.policy.keys


@contextmanager
def _clockwork(house: House) -> Iterator[Callable[[], None]]:
    """What the desk does by itself, from when it is told that the database is there until the block ends."""
    opened, over = threading.Event(), threading.Event()

    def run() -> None:
        opened.wait()
        if not over.wait(FIRST_SECONDS):
            _rounds(house, over)

    thread = threading.Thread(target=run, name="clockwork", daemon=True)
    thread.start()
    try:
        yield opened.set
    finally:
        over.set()
        opened.set()
        thread.join(timeout=5)


def _rounds(house: House, over: threading.Event) -> None:
    """Each second: sends this agent's replies in their time, wakes what slept, follows rules; now and then warns."""
    from desk import channels, clockwork, rule_runs
    from desk.watch import Watch

    watch = Watch(house.database, house.service)
    for second in count(1):
        with suppress(StorageError):  # the desk itself says when the database is away
            clockwork.tick(house.database, house.policy, channels.load, desk_of=house.agent)
            rule_runs.run(house.database, house.policy, house.rules)
            if second % WATCH_EVERY == 0:
                watch.round()
        if over.wait(1.0):
            return
