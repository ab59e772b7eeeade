"""Looks out for the keys of thousands of queries in a post: pieces of text with an automaton, in one pass for all.

The automaton is that of Aho & Corasick (1975); other keys are features, of which a post has a set.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import ahocorasick

from storage.query.many.arrival import Arrival
from storage.query.many.keys import PRESENT, TEXTS, Key

V = TypeVar("V")


class Lookout(Generic[V]):
    """Keys, and what each stands for."""

    def __init__(self, wanted: Mapping[Key, V]) -> None:
        made = {
            field: _automaton({text: value for (place, text), value in wanted.items() if place == field})
            for field in TEXTS
        }
        self._automata = [(field, automaton) for field, automaton in made.items() if automaton is not None]
        self._features = {name: value for (place, name), value in wanted.items() if place == PRESENT}

    def met(self, arrival: Arrival) -> list[V]:
        """What the keys in a post stand for; a key that stands there twice comes twice."""
        found: list[V] = []
        for field, automaton in self._automata:
            if words := arrival.words(field):
                found += [value for _, value in automaton.iter(words)]
        if self._features:
            found += [self._features[name] for name in self._features.keys() & arrival.present]
        return found


def _automaton(wanted: Mapping[str, V]) -> Any:
    automaton = ahocorasick.Automaton()
    for text, value in wanted.items():
        automaton.add_word(text, value)
    if not wanted:
        return None
    automaton.make_automaton()
    return automaton
