"""The page that follows is found by what its link says, else by its number; a count of answers is no page."""

import pytest

from listener.pages import tree

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
