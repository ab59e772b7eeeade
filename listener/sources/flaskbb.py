"""FlaskBB boards, by their HTML: the forums' topic lists say what moved, the topics give their posts."""

from __future__ import annotations

import re

from listener.pages.board import Engine

ENGINE = Engine(
    name="FlaskBB",
    forum=re.compile(r"/forum/(\d+)-[^/?#]*$"),
    topic=re.compile(r"/topic/(\d+)(?:-[^/?#]*)?(?:\?page=\d+)?$"),
    post=re.compile(r"/post/(\d+)(?:$|[#?])|#pid(\d+)"),
    topic_link=".topic-name a[href]",
    row=".forum-row",
    moved=(".topic-stats",),
    answers=".topic-stats",
    item=".post-row[id]",
    body=".post-content",
    author=".author-name h4",
    date=(".post-meta .pull-left > a",),
    title=".topic-head a, .topic-head",
    edited=".post-meta .pull-left small",
    noise=".signature",
    pager="ul.pagination a[href]",
)
start, read, fallback, LISTS_ALL = ENGINE.start, ENGINE.read, ENGINE.fallback, True
