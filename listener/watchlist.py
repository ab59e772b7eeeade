"""The brands, queries and sources of `sources.yaml`, validated: all complaints at once, each with its place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from listener import sources
from listener.types import Brand, Doorbell, SourceSpec, Watchlist
from storage.errors import ConfigError, QueryError
from storage.query import grammar, many
from storage.settings import Document, Place, Section, keys_of

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def seconds(text: str | int | float) -> float:
    """`15m`, `2h`, `1d`, `30s` or a number of seconds, as seconds. Raises ValueError."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhdw]?)\s*", str(text))
    if match is None:
        raise ValueError("is not a duration: write 30s, 15m, 2h or 1d")
    return float(match[1]) * UNITS[match[2] or "s"]


def _is_web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https", "ws", "wss") or not parts.hostname:
        raise ValueError("is not a web address: it must begin with http:// or https://")
    if parts.username or parts.password:
        raise ValueError("holds a password: give it as a key of its own, filled in from the environment")
    return url


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
Seconds = Annotated[float, BeforeValidator(seconds)]
Private = bool | tuple[str, ...]


class BrandSection(Section):
    """One brand: `query`, or `queries` by name."""

    query: str | None = None
    queries: dict[str, str] = {}
    competitor: bool = False
    own_accounts: Words = ()
    context: Words = ()
    products: Words = ()
    listen_only: bool = False
    tone: Any = None
    """Whether and how it is answered for: the desk's business, read by `desk.policy`."""


class SourceSection(Section):
    """One source; keys that are not listed here are its kind's own."""

    model_config = Section.model_config | {"extra": "allow"}

    name: str = Field(min_length=1, max_length=100)
    url: Annotated[str, AfterValidator(_is_web_address)]
    kind: str = ""
    every: Seconds | None = None
    allow_private: Private | None = None
    pause: float | None = Field(default=None, ge=0, le=60)
    listen_only: bool = False
    reply: dict[str, Any] | Literal["none"] | None = None
    tone: Any = None
    """These three say how to answer here: the desk's business, read by `desk.policy`."""


def _host_and_port(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    try:
        port = parts.port
    except ValueError:
        port = None
    if not parts.hostname or port is None or parts.path:
        raise ValueError("is not a host and a port, as in 127.0.0.1:8071")
    return parts.hostname, port


class DoorbellSection(Section):
    """Where hubs ring."""

    callback: Annotated[str, AfterValidator(_is_web_address)]
    listen: Annotated[tuple[str, int], BeforeValidator(_host_and_port)] = ("127.0.0.1", 8071)


class ListeningSection(Section):
    """What the listener reads of the whole file."""

    brands: dict[str, BrandSection] = {}
    sources: list[SourceSection] = []
    classifier: str = "default"
    allow_private: Private = False
    contact: str = ""
    weights: dict[str, float] = {}
    websub: DoorbellSection | None = None


KEYS = keys_of(ListeningSection)
"""The keys at the top of the file that are read here."""


def read(document: Document) -> Watchlist:
    """The watchlist of a file. Raises `ConfigError` with every complaint about the listener's keys."""
    section = document.section(ListeningSection, BrandSection, SourceSection)
    complaints = [*_bad_queries(section, document), *_bad_sources(section, document)]
    if complaints:
        raise ConfigError(complaints)
    return Watchlist(
        brands=tuple(_brand(name, brand) for name, brand in section.brands.items()),
        sources=tuple(_source(source, section.allow_private) for source in section.sources),
        classifier=section.classifier,
        contact=section.contact,
        allow_private=section.allow_private,
        weights=section.weights,
        websub=_doorbell(section.websub),
    )


def _doorbell(section: DoorbellSection | None) -> Doorbell | None:
    if section is None:
        return None
    host, port = section.listen
    return Doorbell(callback=section.callback, host=host, port=port)


def _queries(name: str, brand: BrandSection) -> Mapping[str, str]:
    return {**({name: brand.query} if brand.query is not None else {}), **brand.queries}


def _bad_queries(section: ListeningSection, document: Document) -> list[str]:
    complaints = []
    for name, brand in section.brands.items():
        place: Place = ("brands", name)
        if not _queries(name, brand):
            complaints.append(document.sentence(place, "has no query: what should count as a mention?"))
        for query_name, text in _queries(name, brand).items():
            at: Place = (*place, "queries", query_name) if query_name in brand.queries else (*place, "query")
            try:
                many.check_collectable(grammar.parse(text))
            except QueryError as error:
                picture = "\n".join(f"    {line}" for line in error.picture().splitlines())
                complaints.append(document.sentence(at, f"{error.message}\n{picture}"))
    return complaints


def _bad_sources(section: ListeningSection, document: Document) -> list[str]:
    complaints = []
    seen: set[str] = set()
    for number, source in enumerate(section.sources):
        place: Place = ("sources", number)
        if source.name in seen:
            complaints.append(document.sentence((*place, "name"), f"{source.name} is the name of another source too"))
        seen.add(source.name)
        private = section.allow_private if source.allow_private is None else source.allow_private
        if source.pause is not None and source.pause < 1 and not private:
            message = "a pause under one second is only for your own sites (allow_private)"
            complaints.append(document.sentence((*place, "pause"), message))
        complaints += [document.sentence((*place, "kind"), said) for said in _bad_kind(source.kind)]
        complaints += [document.sentence((*place, key), said) for key, said in _slips(source)]
    return complaints


def _slips(source: SourceSection) -> Iterator[tuple[str, str]]:
    """A key that is nearly one of every source's: no kind on our shelf asks for such, so it would do nothing."""
    strange = source.model_extra or {} if "." not in source.kind else {}
    for key in strange:
        if meant := difflib.get_close_matches(key, SourceSection.model_fields, n=1, cutoff=0.8):
            yield key, f"is not a key that is known here (did you mean {meant[0]}?)"


def _bad_kind(kind: str) -> list[str]:
    try:
        if kind:
            sources.load(kind)
    except ValueError as error:
        return [str(error)]
    return []


def _brand(name: str, brand: BrandSection) -> Brand:
    return Brand(
        name=name,
        queries=_queries(name, brand),
        competitor=brand.competitor,
        own_accounts=brand.own_accounts,
        context=brand.context,
        products=brand.products,
    )


def _source(source: SourceSection, allow_private: Private) -> SourceSpec:
    return SourceSpec(
        name=source.name,
        url=source.url,
        kind=source.kind,
        every=source.every,
        pause=source.pause,
        options=dict(source.model_extra or {}),
        allow_private=allow_private if source.allow_private is None else source.allow_private,
    )
