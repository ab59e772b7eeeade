"""Counts for the dashboard in a process of its own: what that takes is given back at once, and leaving stops it."""

from __future__ import annotations

import gc
import os
import pickle
import sys
from typing import TYPE_CHECKING

from front.house import House
from storage.errors import StorageError

if TYPE_CHECKING:
    from desk.overview import Overview

_SERVE = "from front.reckoning import serve; serve()"


async def overview(house: House, query: str, days: int, lang: str) -> Overview:
    """What the dashboard shows: see `desk.overview.read`. Raises `DeskError`."""
    import asyncio  # the desk has it already, and who only counts needs it not
    from asyncio.subprocess import DEVNULL, PIPE

    from desk.errors import DeskError

    path = os.pathsep.join(each for each in sys.path if each) or "."
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-c", _SERVE, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, start_new_session=True,
        env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    try:
        answer, _ = await worker.communicate(pickle.dumps((house.args, query, days, lang)))
    finally:
        if worker.returncode is None:
            worker.kill()
    if worker.returncode:
        raise DeskError(f"The process that counts the figures ended with status {worker.returncode}; try again.")
    found: Overview | str = pickle.loads(answer)  # noqa: S301 - from our own process
    if isinstance(found, str):
        raise DeskError(found)
    return found


def serve() -> None:
    """The life of that process: one question on the standard input, and its answer, or why there is none, back."""
    gc.disable()  # it ends with its answer
    from desk.errors import DeskError
    from desk.overview import read

    os.nice(5)
    args, query, days, lang = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the desk that started it
    said: Overview | str
    try:
        said = read(House(args).clerk, query, days, lang)
    except (StorageError, DeskError) as error:
        said = str(error)
    sys.stdout.buffer.write(pickle.dumps(said))
