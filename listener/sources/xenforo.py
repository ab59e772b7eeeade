"""XenForo 2 boards, by their HTML: the forums' thread lists say what moved, the threads give their posts."""

from __future__ import annotations

import re

from listener.pages.board import Engine

ENGINE = Engine(
    name="XenForo",
    forum=re.compile(r"/forums/(?:[^/?#]+\.)?(\d+)/?$"),
    topic=re.compile(r"/threads/(?:[^/?#]+\.)?(\d+)/?(?:page-\d+/?)?$"),
    post=re.compile(r"[#/]post-(\d+)|/posts/(\d+)|\bpost: ?(\d+)"),
    topic_link=".structItem-title a[href*='/threads/']",
    row=".structItem",
    moved=(
        ".structItem-cell--meta dl:first-child dd",
        ".structItem-latestDate@datetime",
        ".structItem-cell--latest time@datetime",
    ),
    item="article.message[data-content^='post-'], article[id^='js-post-'], article.message--post",
    body=".message-body .bbWrapper, .message-content .bbWrapper",
    author=".message-name .username, .message-name",
    date=(".message-attribution time[datetime]", ".message-date time[datetime]", "header time[datetime]"),
    title="h1.p-title-value",
    edited=".message-lastEdit",
    quotes="blockquote[data-source], .bbCodeBlock-sourceJump",
    headings=".bbCodeBlock-title",
    noise=".bbCodeBlock-expandLink, .bbCodeBlock-shrinkLink, .js-unfurl-desc, .bbCodeBlock--code .bbCodeBlock-title",
    next=".pageNav-page a[href], a.pageNav-jump--next",
)
start, read, LISTS_ALL = ENGINE.start, ENGINE.read, True
