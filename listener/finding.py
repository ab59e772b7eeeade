"""Finding out what kind of source an address is: looks at the page, then at the few addresses worth a try."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from listener import discover
from listener.errors import ListenerError, OutOfTime, ReadError
from listener.reading import Run, here
from listener.types import NotModified, Page, SourceSpec

PROBES = 8
"""Addresses that are tried besides the one given."""


class Web(Protocol):
    """What is needed of the network."""

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        allow_private: bool | tuple[str, ...] = False,
        pause: float | None = None,
    ) -> Page | NotModified: ...


async def find(source: SourceSpec, web: Web, run: Run = here) -> discover.Guess:
    """What the source's address is. Raises `ListenerError` when it cannot be reached or nothing there can be read."""
    page = await _get(source, source.url, web)
    guess: discover.Guess | None = await run(discover.guess, page)
    if guess is not None:
        return guess
    seen = {page.body}
    for link in (await run(discover.probes, page))[:PROBES]:
        try:
            answer = await _get(source, link.url, web)
            if answer.body in seen:  # some sites show the same page at every address
                continue
            seen.add(answer.body)
            probed: discover.Guess | None = await run(discover.guess, answer)
        except OutOfTime as error:
            raise OutOfTime(f"{error} Name its kind in sources.yaml, so that it need not be found out.") from None
        except ListenerError:
            continue
        if probed is not None:
            return probed
    shown: discover.Guess | None = await run(discover.of_blocks, page)
    if shown is not None:
        return shown
    raise ReadError(f"Nothing at {page.url} tells how to read it: name its kind in sources.yaml (see docs/sources.md).")


async def feeds(source: SourceSpec, web: Web, run: Run = here) -> list[discover.FoundFeed]:
    """The feeds that the page at the source's address names."""
    found: list[discover.FoundFeed] = await run(discover.feeds_of, await _get(source, source.url, web))
    return found


async def _get(source: SourceSpec, url: str, web: Web) -> Page:
    page = await web.get(url, allow_private=source.allow_private, pause=source.pause)
    if isinstance(page, NotModified):  # nothing was asked conditionally
        raise ReadError(f"{url} answers that nothing changed, without having been asked.")
    return page
