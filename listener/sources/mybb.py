"""MyBB 1.6 and 1.8 boards, by their HTML: the forums' thread lists say what moved, the threads give their posts."""

from __future__ import annotations

import re

from listener.pages.board import Engine

ENGINE = Engine(
    name="MyBB",
    forum=re.compile(r"forumdisplay\.php\?fid=(\d+)$|/forum-(\d+)\.html$|/Forum-([^/?#]+)$"),
    topic=re.compile(
        r"showthread\.php\?tid=(\d+)(?:&page=\d+)?$|/thread-(\d+)(?:-page-\d+)?\.html$|/Thread-([^/?#]+?)(?:\?page=\d+)?$"
    ),
    post=re.compile(r"[?&]pid=(\d+)|#pid(\d+)|-post-(\d+)\.html"),
    topic_link="[id^='tid_'] a[href], .subject_new a[href], .subject_old a[href]",
    row="tr.inline_row, tr",
    moved=(".lastpost a[href*='member'], .lastpost a[href*='ser-']",),
    answers="a[onclick*='whoPosted'], a[href*='whoPosted'], a[href*='whoposted']",
    item="[id^='post_'].post, table[id^='post_']",
    body=".post_body",
    author=".largetext, .author_information strong",
    date=(".post_date", "td.tcat"),
    title=".navigation .active, td.thead strong",
    edited=".edited_post, .post_edit",
    quotes="blockquote cite a[href], a.quick_jump",
    noise="img[src*='attachtypes'], blockquote cite span, a.quick_jump, .codeblock .title",
    counted=re.compile(r" ?\([^()\n]{1,30} / Downloads: [\d.,]+\)"),
    day_first=False,
    clock="#current_time",
)
start, read, fallback, LISTS_ALL = ENGINE.start, ENGINE.read, ENGINE.fallback, True
