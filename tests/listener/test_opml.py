"""Subscriptions of another reader become lines of YAML, whatever stands in their titles."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
import yaml
from hypothesis import example, given
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


FEED = "<opml version='1.0'><body><outline text='Café é' xmlUrl='http://a.example/f'/></body></opml>"
DECLARED = "<?xml version='1.0' encoding='UTF-8'?>"


@pytest.mark.parametrize(
    "data",
    [
        FEED.encode(),
        FEED.encode("cp1252"),
        (DECLARED + FEED).encode("cp1252"),
        (DECLARED.replace("UTF-8", "no-such") + FEED).encode("cp1252"),
        (DECLARED + FEED).encode("utf-16"),
        ("\n\ufeff" + DECLARED + FEED).encode(),
        FEED.replace("<opml", "<opml xmlns='http://opml.org/spec2'").encode(),
        FEED.replace("é", "&eacute;").encode(),
        FEED.replace("opml", "OPML").replace("outline", "OUTLINE").replace("xmlUrl", "XMLURL").encode(),
        FEED.replace("http:", "feed:").encode(),
        FEED.replace("http:", "feed:HTTP:").replace("a.example", "A.Example").encode(),
        ("<!DOCTYPE opml [<!ENTITY x 'y'>]>" + FEED).encode(),
    ],
)
def test_files_are_read_as_readers_write_them(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x").write_bytes(data)
    (line,) = opml.entries(str(tmp_path / "x"))
    assert yaml.safe_load(line) == {"name": "café-é", "kind": "feed", "url": "http://a.example/f"}


def test_an_ampersand_that_nobody_escaped_and_names_that_look_numbered_do_no_harm(tmp_path: Path) -> None:
    found = read(
        tmp_path / "x.opml",
        "<outline text='A & B' xmlUrl='http://a.example/?a=1&b=2&amp;c=3&copy=4'/>",
        "<outline text='A B' xmlUrl='http://a.example/2'/><outline text='a-b-2' xmlUrl='http://a.example/3'/>",
    )
    assert [each["url"] for each in found] == [
        "http://a.example/?a=1&b=2&c=3&copy=4", "http://a.example/2", "http://a.example/3"
    ]  # fmt: skip
    assert len({each["name"] for each in found}) == 3


def test_a_file_without_a_feed_says_so(tmp_path: Path) -> None:
    with pytest.raises(ListenerError, match="holds no feed"):
        read(tmp_path / "x.opml", "<outline text='x'/>")


words = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=80)


@given(words, words)
@example("", "?")
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
