"""Every kind, given pages with parts missing, doubled or replaced: a reading or one sentence, never more."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener import sources
from listener.errors import ReadError
from listener.types import Link, Page, SourceSpec

Pages = Callable[..., Page]

DATA = Path(__file__).parents[2] / "data" / "sources"
OPTIONS = {"list": ".topic-name a", "item": ".post-row", "text": ".post-content", "date": ".post-meta a", "title": "h1"}
CASES = [
    ("phpbb", "index.html", "index"),
    ("phpbb", "viewforum.html", "forum"),
    ("phpbb", "feed.xml", "feed"),
    ("phpbb", "viewtopic.html", "conversation"),
    ("phpbb", "viewtopic_30.html", "conversation"),
    ("phpbb", "viewtopic_subsilver.html", "conversation"),
    ("discourse", "latest.json", "list"),
    ("discourse", "topic.json", "conversation"),
    ("nodebb", "recent.json", "list"),
    ("nodebb", "topic.json", "conversation"),
    ("schema_org", "thread_jsonld.html", "list"),
    ("schema_org", "question_microdata.html", "list"),
    ("schema_org", "reviews.html", "list"),
    ("flarum", "discussions.json", "list"),
    ("flarum", "posts.json", "conversation"),
    ("mybb", "forumdisplay.html", "forum"),
    ("mybb", "showthread.html", "conversation"),
    ("smf", "board.html", "forum"),
    ("smf", "topic.html", "conversation"),
    ("xenforo", "forum.html", "forum"),
    ("xenforo", "thread.html", "conversation"),
    ("vbulletin", "forumdisplay.html", "forum"),
    ("vbulletin", "showthread.html", "conversation"),
    ("flaskbb", "forum.html", "forum"),
    ("flaskbb", "topic.html", "conversation"),
    ("selectors", "list.html", "list"),
    ("selectors", "thread.html", "conversation"),
    ("sitemap", "index.xml", "sitemap"),
    ("sitemap", "sitemap.xml", "sitemap"),
    ("sitemap", "page.html", "page"),
    ("hyperkitty", "threads.json", "list"),
    ("hyperkitty", "emails.json", "thread"),
    ("hyperkitty", "email.json", "email"),
    ("hyperkitty", "feed.xml", "feed"),
    ("askbot", "questions.json", "list"),
    ("askbot", "question.html", "question"),
    ("askbot", "comments.json", "comments"),
    ("askbot", "feed.xml", "feed"),
    ("ghost", "newest.json", "newest"),
    ("ghost", "comments.json", "comments"),
    ("ghost", "rss.xml", "feed"),
]
JUNK = st.sampled_from(
    [b"", b"<", b">", b'"', b"\x00", b"\xff\xfe", b"&#x0;", b"&#55296;", b"<!--", b"]]>", b"http://[", b"9" * 30, b"-"]
)
VALUES = st.sampled_from([None, True, -1, 10**30, 1e308, "", "x", "http://[", "\ud800", [], {}, [[]], [{}], {"a": []}])


def read(kind: str, role: str, body: bytes) -> None:
    url = "http://site.example/deel/pagina"
    page = Page(url=url, status=200, headers={}, body=body, fetched_at=datetime(2026, 11, 22, 12, tzinfo=UTC))
    source = SourceSpec(name="site", kind=kind, url=url, options=OPTIONS)
    try:
        reading = sources.load(kind).read(page, Link(url=url, role=role), source)
    except ReadError as error:
        assert "\n" not in str(error)
        return
    assert all(link.url.startswith("http") for link in reading.links)
    json.dumps([[dict(link.carry) for link in reading.links], dict(reading.memory)])


@pytest.mark.parametrize(("kind", "file", "role"), CASES)
@settings(max_examples=25)
@given(cuts=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 0.2), JUNK), min_size=1, max_size=4))
def test_a_damaged_page_is_read_or_refused(
    kind: str, file: str, role: str, cuts: list[tuple[float, float, bytes]]
) -> None:
    body = (DATA / kind / file).read_bytes()
    for place, length, junk in cuts:
        start = int(place * len(body))
        body = body[:start] + junk + body[start + int(length * len(body)) :]
    read(kind, role, body)


@pytest.mark.parametrize(("kind", "file", "role"), [case for case in CASES if case[1].endswith(".json")])
@settings(max_examples=40)
@given(data=st.data())
def test_json_with_other_values_is_read_or_refused(kind: str, file: str, role: str, data: st.DataObject) -> None:
    whole = json.loads((DATA / kind / file).read_text())
    for _ in range(3):
        holder: Any = whole
        while isinstance(holder, dict | list) and holder:
            key = data.draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
            if not isinstance(holder[key], dict | list) or not holder[key] or data.draw(st.integers(0, 3)) == 0:
                holder[key] = copy.deepcopy(data.draw(VALUES))
                break
            holder = holder[key]
    read(kind, role, json.dumps(whole).encode())
