"""Vanilla forums, by their HTML: the lists of discussions say what moved, the discussions give their comments."""

from __future__ import annotations

import re

from listener.pages.board import Engine

ENGINE = Engine(
    name="Vanilla",
    forum=re.compile(r"/categories/([^/?#]+)$"),
    topic=re.compile(r"/discussion/(\d+)(?:/[^?#]*)?$"),
    post=re.compile(r"/discussion/comment/(\d+)|#Comment_(\d+)"),
    topic_link=".ItemDiscussion .Title a[href], a.Title[href*='/discussion/']",
    row=".ItemDiscussion",
    moved=(".LastCommentBy", ".LastCommentDate time@datetime", ".LastUser time@datetime"),
    answers=".CommentCount .Number, .CountComments .Number",
    item="div.ItemDiscussion, li.ItemComment",
    number=re.compile(r"(Discussion_\d+|\d+)$"),
    body=".Message",
    author="a.Username, .Author",
    date=(".DateCreated",),
    title=".PageTitle h1, h1",
    edited=".DateUpdated",
    quotes=".QuoteAuthor a[href*='comment']",
    headings=".QuoteAuthor",
    pager=".Pager a[href], .NumberedPager a[href]",
)
start, read, fallback, LISTS_ALL = ENGINE.start, ENGINE.read, ENGINE.fallback, True
