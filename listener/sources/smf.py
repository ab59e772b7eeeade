"""SMF 2 boards (Simple Machines), by their HTML: the topic lists say what moved, the topics give their posts."""

from __future__ import annotations

import re

from listener.pages.board import Engine

ENGINE = Engine(
    name="SMF",
    forum=re.compile(r"[?;/]board[=,](\d+)\.0(?:\.html)?$"),
    topic=re.compile(r"[?;/]topic[=,](\d+)\.(?:\d+|msg\d+|new)(?:\.html)?$"),
    post=re.compile(r"[.#]msg(\d+)"),
    topic_link=".message_index_title a[href], span[id^='msg_'] a[href], td.subject span a[href]",
    row=".windowbg, .windowbg2, tr, #topic_container > div",
    moved=(".stats", ".board_stats", ".lastpost a[href*='profile']"),
    item="#forumposts [id^='msg'].windowbg, #forumposts [id^='msg'].windowbg2, #forumposts .post_wrapper",
    body=".inner",
    author=".poster h4 a[href], .poster h4",
    date=(".postinfo .smalltext", ".keyinfo .smalltext", ".keyinfo .page_number"),
    title=".display_title span, .display_title, #display_head h2, #top_subject",
    edited=".modified",
    quotes="cite a[href], .quoteheader a[href]",
    headings="blockquote cite",
    noise=".codeheader, .codefooter, .quotefooter",
    next=".pagelinks a[href]",
)
start, read, LISTS_ALL = ENGINE.start, ENGINE.read, True
