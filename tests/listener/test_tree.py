"""The page that follows is found by what its link says, else by its number; a count of answers is no page."""

from datetime import UTC, datetime

import pytest

from listener import walk
from listener.pages import tree
from listener.types import Page

BASE = "https://praat.example/forum/7/"


@pytest.mark.parametrize(
    ("base", "links", "following"),
    [
        (BASE, "<a rel=next href='?page=2'>oud</a>", f"{BASE}?page=2"),
        (BASE, "<a href='?page=2'>volgende pagina →</a>", f"{BASE}?page=2"),
        (BASE, "<b class=current>1</b><a href='?page=2'><i></i></a><a href='?page=3'>3</a>", f"{BASE}?page=2"),
        (f"{BASE}?page=2", "<a href='?page=1'>1</a><a href='?page=3'><i></i></a>", f"{BASE}?page=3"),
        (f"{BASE}?f=2", "<a href='?f=2&start=20'>2</a>", f"{BASE}?f=2&start=20"),
        (f"{BASE}?f=2&start=20", "<a class=active>2</a><a href='?f=2&start=40'>3</a>", f"{BASE}?f=2&start=40"),
        (f"{BASE}page/2/", "<a href='../3/'>3</a>", f"{BASE}page/3/"),
        (BASE, "<a href='2/'>2</a>", f"{BASE}2/"),
        (BASE, "<a href='/topic/31/'>2</a>", ""),
        (BASE, "<a href='?topic=5'>2</a>", ""),
        (BASE, "<a href=''>»</a><a href='#'>2</a><a href='https://other.example/forum/7/?page=2'>2</a>", ""),
        (f"{BASE}?page=2", "<a href='?page=1'>1</a><a class=active href='?page=2'>2</a>", ""),
    ],
)
def test_the_following_page(base: str, links: str, following: str) -> None:
    assert tree.next_page(tree.fragment(f"<div class='page'>{links}</div>"), base) == following


@pytest.mark.parametrize(
    "charset", ["idna", "punycode", "undefined", "unicode_escape", "rot13", "zip", "x" * 5000, "a\0b", "\x1b[2J", ""]
)
def test_what_is_no_charset_is_read_as_browsers_read_what_names_none(charset: str) -> None:
    headers = {"content-type": f"text/html; charset={charset}"}
    body = "<p>café \\u0041 xn--bcher-kva".encode("cp1252")
    page = Page(url=BASE, status=200, headers=headers, body=body, fetched_at=datetime(2026, 11, 22, tzinfo=UTC))
    assert tree.decoded(page) == body.decode("cp1252")
    assert walk.beginning(page).endswith("<p>caf\ufffd \\u0041 xn--bcher-kva")
