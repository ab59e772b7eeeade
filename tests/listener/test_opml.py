"""Subscriptions of another reader become lines of YAML, whatever stands in their titles."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from listener import opml
from listener.errors import ListenerError


def read(path: Path, *outlines: str) -> list[dict[str, Any]]:
    path.write_text(f"<?xml version='1.0'?><opml version='2.0'><body>{''.join(outlines)}</body></opml>")
    return [yaml.safe_load(line) for line in opml.entries(str(path))]


def test_each_feed_becomes_a_source_once_with_a_name_of_its_own(tmp_path: Path) -> None:
    found = read(
        tmp_path / "x.opml",
        "<outline text='Money'><outline title='Geld &amp; Zo' xmlUrl='https://a.example/rss'/></outline>",
        "<outline text='Geld &amp; Zo' xmlUrl='https://b.example/rss'/>",
        "<outline text='again' xmlUrl='https://b.example/rss'/>",
        "<outline text='no feed'/><outline text='odd' xmlUrl='javascript:alert(1)'/>",
    )
    assert found == [
        {"name": "geld-zo", "kind": "feed", "url": "https://a.example/rss"},
        {"name": "geld-zo-2", "kind": "feed", "url": "https://b.example/rss"},
    ]


words = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=80)


@given(words, words)
def test_nothing_in_a_title_or_address_becomes_yaml_of_its_own(tmp_path: Path, title: str, path: str) -> None:
    url = f"https://a.example/{path}".strip()
    (found,) = read(tmp_path / "x.opml", f"<outline text={quoteattr(title)} xmlUrl={quoteattr(url)}/>")
    assert found.keys() == {"name", "kind", "url"}
    assert found["url"].split() == url.split()


@pytest.mark.parametrize(
    "text", ["", "hello", "<html><body/></html>", "<!DOCTYPE a [<!ENTITY b SYSTEM 'c'>]><a>&b;</a>"]
)
def test_what_is_no_opml_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "x").write_text(text)
    with pytest.raises(ListenerError, match="is not OPML"):
        opml.entries(str(tmp_path / "x"))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ListenerError, match="cannot be read"):
        opml.entries(str(tmp_path / "x"))
