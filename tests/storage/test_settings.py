"""`sources.yaml` is read once; every fault becomes a sentence with its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import settings
from storage.errors import ConfigError


def complaints(text: str | bytes) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        settings.parse(text, "sources.yaml", {})
    return caught.value.complaints


def test_values_know_their_lines_and_the_environment_fills_them_in() -> None:
    document = settings.parse("a: ${NAME:-x}\nb:\n  - {c: '${HOME}'}\n", "s.yaml", {"HOME": "/home/anna"})
    assert document.values == {"a": "x", "b": [{"c": "/home/anna"}]}
    assert document.lines["b", 0, "c"] == 3


def test_a_missing_secret_is_said_by_who_needs_it() -> None:
    document = settings.parse("a: 1\nb: {password: '${SECRET}'}", "s.yaml", {})
    assert document.missing["b", "password"].startswith("s.yaml:2: the environment has no SECRET")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x 1\nb: *x", "sources.yaml:1: is not YAML: a value that begins with & or * must stand in quotes"),
        ("a: !!python/object:os.system 1", "the tag python/object:os.system is not allowed"),
        ("a: 1\nb: 2\na: 3", "sources.yaml:3: a: stands here a second time"),
        ("a: [1, 2", "a bracket is open since line 1: close it"),
        ("- 1\n- 2", "must hold keys"),
        ("[" * 5000, "nested deeper than 20"),
        ("a: b: c", "sources.yaml:1: is not YAML: a colon too many: put the value in quotes"),
        ("a:\n\t- 1", "sources.yaml:2: is not YAML: a tab stands here: indent with spaces"),
        ("a: @b", "sources.yaml:1: is not YAML: a value that begins with a sign such as @ must stand in quotes"),
        ("a:\n  - b: 1\n   c: d", "does not line up with what began since line 2"),
        ("a: 'b\nc: d", "a quote is open since line 1: close it"),
        ("a: één".encode("latin-1"), "saved as UTF-8"),
    ],
)
def test_bad_files_are_refused_with_their_place(text: str | bytes, said: str) -> None:
    assert said in complaints(text)[0]


@pytest.mark.parametrize("plain", ["12:30", "2026-11-22", "1e3", "0x1f", "1_000"])
def test_only_plain_numbers_are_numbers(plain: str) -> None:
    assert settings.parse(f"a: {plain}", "s.yaml", {}).values == {"a": plain}


@given(st.text(max_size=200))
def test_no_text_makes_anything_but_values_or_complaints(text: str) -> None:
    try:
        assert isinstance(settings.parse(text, "s.yaml", {}).values, dict)
    except ConfigError as error:
        assert all(each.startswith("s.yaml:") for each in error.complaints)
