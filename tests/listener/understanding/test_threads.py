"""The listener judges in several threads at once, with one classifier: each text is judged as if alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from listener.understanding import language, sentiment, weights
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
