"""How long what people wrote is kept, and who gets no marketing, as `sources.yaml` says it under `privacy`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pydantic import Field

from desk.service import Duration, Query
from storage.errors import ConfigError
from storage.settings import Document, Section, keys_of

SHORTEST = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """What the organisation decided about people's data."""

    keep: timedelta | None = None
    """How long posts are kept; None is for ever."""
    suppress: str = "intent:complaint"
    """Whoever has a case with a mention that answers this gets no marketing while it is open."""
    cool_down: timedelta = timedelta(days=7)
    """Nor for this long after it was resolved."""
    to: str = ""
    """The file that the list is written to, beside the configuration unless it is absolute; "" writes none."""


class PrivacySection(Section):
    """`privacy:`."""

    keep: Duration | None = None
    suppress: Query = "intent:complaint"
    cool_down: Duration = timedelta(days=7)
    to: str = Field(default="", alias="suppression")


class WholeSection(Section):
    """What is read here of the whole file."""

    privacy: PrivacySection = PrivacySection()


KEYS = keys_of(WholeSection)
"""The keys at the top of the file that are read here."""


def read(document: Document) -> Privacy:
    """The privacy rules of a file. Raises `ConfigError` with every complaint about them."""
    section = document.section(WholeSection, PrivacySection).privacy
    if section.keep is not None and section.keep < SHORTEST:
        raise ConfigError([document.sentence(("privacy", "keep"), "must be a day or longer")])
    return Privacy(keep=section.keep, suppress=section.suppress, cool_down=section.cool_down, to=section.to)
