"""FluxBB and PunBB boards, by their HTML: the forums' topic lists say what moved, the topics give their posts."""

from __future__ import annotations

import re

from listener.pages.board import Engine

ENGINE = Engine(
    name="FluxBB",
    forum=re.compile(r"viewforum\.php\?id=(\d+)$"),
    topic=re.compile(r"viewtopic\.php\?id=(\d+)(?:&p=\d+)?$"),
    post=re.compile(r"viewtopic\.php\?pid=(\d+)"),
    topic_link=".tclcon > a, .tclcon > div > a, .tclcon strong > a, .item-subject h3 a",
    row="tr, .main-item",
    moved=(".tcr", ".info-lastpost"),
    answers="td.tc2, .info-replies",
    item="div.blockpost, .main-topic > div.post",
    body=".postmsg, .entry-content",
    author=".postleft dt strong, .post-byline strong",
    date=("h2 a[href*='pid=']", ".post-link a"),
    title="h1.main-title a, .crumbs li:last-child strong, .crumbs li:last-child a",
    edited=".postedit, .lastedit",
    headings=".quotebox > cite, blockquote h4",
    noise=".postsignature, .sig-content",
    pager=".pagelink a[href], .paging a[href]",
)
start, read, fallback, LISTS_ALL = ENGINE.start, ENGINE.read, ENGINE.fallback, True
