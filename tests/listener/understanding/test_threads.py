"""The listener judges in several threads at once, with one classifier: each text is judged as if alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from listener.understanding import intents, language, sentiment, weights
from listener.understanding.classifier import Default
from listener.understanding.sentiment import Tongue

TEXTS = [[f"woord{part}x{n}{sign}" for n in range(40)] for part in range(120) for sign in ("slecht", "fijn")]


@pytest.fixture
def eager_switching() -> Iterator[None]:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def in_threads(judge: Callable[[list[str]], Any]) -> list[Any]:
    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(judge, TEXTS))


@pytest.mark.usefixtures("eager_switching")
def test_threads_share_what_was_learnt_of_words_without_mixing_it_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentiment, "CACHE", 500)  # forgets often
    monkeypatch.setattr(language, "CACHE", 500)
    alone, shared = (Tongue("nl", weights.load()) for _ in range(2))
    expected = [alone.read([text])[0].odds for text in TEXTS]
    assert in_threads(lambda text: shared.read([text])[0].odds) == expected
    heard, telling = (language.Languages(weights.load()) for _ in range(2))
    assert in_threads(lambda text: telling.guess([text])) == [heard.guess([text]) for text in TEXTS]


def test_a_language_that_another_thread_meets_first_does_not_disturb(monkeypatch: pytest.MonkeyPatch) -> None:
    classify, order = Default(), intents.Order.__call__

    def interrupted(self: intents.Order, readings: Any) -> list[float]:
        monkeypatch.setattr(intents.Order, "__call__", order)
        with ThreadPoolExecutor(1) as other:
            assert other.submit(classify, "Three weeks and still no answer from you").result().lang == "en"
        return order(self, readings)

    monkeypatch.setattr(intents.Order, "__call__", interrupted)
    assert classify("Al drie weken geen antwoord van jullie").lang == "nl"
