"""SMF 2.0 to 3 boards (Simple Machines), by their HTML: the topic lists say what moved, the topics give their posts."""

from __future__ import annotations

import re

from listener.pages.board import Engine

ENGINE = Engine(
    name="SMF",
    forum=re.compile(r"[?;/]board[=,](\d+)\.0(?:\.html)?$"),
    topic=re.compile(r"[?;/]topic[=,](\d+)\.(?:\d+|msg\d+|new)(?:\.html)?$"),
    post=re.compile(r"[.#]msg(\d+)"),
    topic_link=".message_index_title a[href], span[id^='msg_'] a[href], td.subject span a[href]",
    row="tr, #topic_container > div",
    moved=(".lastpost a[href*='profile']",),
    answers=".stats, .board_stats",
    item="#forumposts .post_wrapper",
    body=".inner",
    author=".poster h4 a[href*='action=profile'], .poster h4",
    date=(".postinfo .smalltext", ".keyinfo .smalltext", ".keyinfo .page_number"),
    title=".display_title span, .display_title, #top_subject, .navigate_section li.last a",
    edited=".modified",
    quotes="cite a[href], .quoteheader a[href]",
    headings="blockquote cite, .quoteheader",
    noise=".codeheader, .codefooter, .quotefooter, .quoteheader + br",
    clock="#top_section time, .user > time, #upper_section .user li, .info > .time",
    pager=".pagelinks a[href]",
)
start, read, fallback, LISTS_ALL = ENGINE.start, ENGINE.read, ENGINE.fallback, True
