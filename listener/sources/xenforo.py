"""XenForo 1 and 2 boards, by their HTML: the forums' thread lists say what moved, the threads give their posts."""

from __future__ import annotations

import re

from listener.pages.board import Engine

ENGINE = Engine(
    name="XenForo",
    forum=re.compile(r"[/?]forums/(?:[^/?#]+\.)?(\d+)/?$"),
    topic=re.compile(r"[/?]threads/(?:[^/?#]+\.)?(\d+)/?(?:page-\d+/?)?$"),
    post=re.compile(r"[#/]post-(\d+)|/posts/(\d+)|\bpost: ?(\d+)"),
    topic_link=".structItem-title a[href*='threads/'], .discussionListItem .title a[href*='threads/']",
    row=".structItem, .discussionListItem",
    moved=(
        ".structItem-cell--latest time@datetime",
        ".lastPostInfo .DateTime@data-time",
        ".lastPostInfo .username",
    ),
    answers=".structItem-cell--meta dl:first-child dd, .stats .major dd",
    item="article.message[data-content^='post-'], article[id^='js-post-'], article.message--post, "
    ".messageList li.message[id^='post-']",
    body=".message-body .bbWrapper, .message-content .bbWrapper, blockquote.messageText",
    author=".message-name .username, .message-name, .messageUserBlock .username",
    date=(
        ".message-attribution time[datetime]",
        ".message-date time[datetime]",
        "header time[datetime]",
        ".messageMeta .DateTime",
    ),
    title="h1.p-title-value, .titleBar h1",
    edited=".message-lastEdit, .editDate",
    quotes="blockquote[data-source], .bbCodeBlock-sourceJump, .AttributionLink",
    headings=".bbCodeBlock-title, .bbCodeQuote .attribution",
    noise=".bbCodeBlock-expandLink, .bbCodeBlock-shrinkLink, .js-unfurl-desc, .bbCodeBlock--code .bbCodeBlock-title, "
    ".messageTextEndMarker, .quoteExpand, .AttributionLink",
    pager=".pageNav-page a[href], a.pageNav-jump--next, .PageNav a[href]",
)
start, read, fallback, LISTS_ALL = ENGINE.start, ENGINE.read, ENGINE.fallback, True
