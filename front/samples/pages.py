"""How the sample sites look: a phpBB board, a WordPress blog (pages, feeds and its REST interface), RSS and Atom."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from html import escape
from typing import Any

from front.samples.world import Note, Thread

STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#222}
.post,article,.comment{border:1px solid #ccd;border-radius:6px;padding:.6rem 1rem;margin:.8rem 0}
.author,.meta{color:#667;font-size:.85em}.children{margin-left:2rem}"""


def page(title: str, body: str, head: str = "", *, id_: str = "sample") -> str:
    """An HTML page."""
    return (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{escape(title)}</title>{head}'
        f'<style>{STYLE}</style></head><body id="{id_}">{body}</body></html>'
    )


def chat(told: Sequence[tuple[str, str]]) -> str:
    """What alerts told, newest first."""
    posts = "".join(f"<article><b>{escape(title)}</b>{paragraphs(text)}</article>" for title, text in reversed(told))
    return page("Alerts", f"<h1>Alerts</h1>{posts or '<p>Nothing was told yet.</p>'}")


def paragraphs(text: str) -> str:
    """Plain text as HTML."""
    return "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n"))


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


# The forum


def board(threads: Sequence[Thread]) -> str:
    """The board's index with its forums."""
    sections = dict.fromkeys(thread.section for thread in threads)
    forums = "".join(
        f'<li class="row"><a href="./viewforum.php?f={number}" class="forumtitle">{escape(name)}</a></li>'
        for number, name in enumerate(sections, 1)
    )
    feed = '<link rel="alternate" type="application/atom+xml" title="Feed" href="/app.php/feed">'
    return page("Praatpaal", f'<h1>Praatpaal</h1><ul class="topiclist forums">{forums}</ul>', feed, id_="phpbb")


def forum(threads: Sequence[Thread], number: int) -> str:
    """The topics of one forum, newest first."""
    sections = list(dict.fromkeys(thread.section for thread in threads))
    name = sections[number - 1] if 0 < number <= len(sections) else ""
    rows = "".join(
        f'<li class="row"><dl><dt><a href="./viewtopic.php?t={thread.number}" class="topictitle">'
        f'{escape(thread.title)}</a></dt><dd class="posts">{len(thread.notes) - 1}</dd>'
        f'<dd class="lastpost"><span><a href="./viewtopic.php?p={thread.notes[-1].number}#p{thread.notes[-1].number}">'
        f"{escape(thread.notes[-1].author)}</a></span></dd></dl></li>"
        for thread in threads
        if thread.section == name
    )
    return page(name, f'<h2 class="forum-title">{escape(name)}</h2><ul class="topics">{rows}</ul>', id_="phpbb")


def topic(thread: Thread) -> str:
    """A topic with its posts."""
    posts = "".join(_topic_post(thread, note) for note in thread.notes)
    title = f'<h2 class="topic-title"><a href="./viewtopic.php?t={thread.number}">{escape(thread.title)}</a></h2>'
    return page(thread.title, title + posts, id_="phpbb")


def _topic_post(thread: Thread, note: Note) -> str:
    quoted = next((each for each in thread.notes if each.number == note.parent), None)
    quote = (
        f'<blockquote><div><cite>{escape(quoted.author)} schreef: <a href="./viewtopic.php?p={quoted.number}'
        f'#p{quoted.number}" data-post-id="{quoted.number}">↑</a></cite>{escape(quoted.text)}</div></blockquote>'
        if quoted
        else ""
    )
    return (
        f'<div id="p{note.number}" class="post has-profile"><div class="inner"><dl class="postprofile"><dt>'
        f'<a href="./memberlist.php?mode=viewprofile&amp;un={escape(note.author)}" class="username">'
        f'{escape(note.author)}</a></dt></dl><div class="postbody"><p class="author">'
        f'<a href="./viewtopic.php?p={note.number}#p{note.number}">Bericht</a> '
        f'<time datetime="{_iso(note.at)}">{_iso(note.at)}</time></p>'
        f'<div class="content">{quote}{escape(note.text).replace(chr(10), "<br>")}</div></div></div></div>'
    )


# Feeds


def atom(title: str, base: str, threads: Sequence[Thread], *, board: bool = False) -> str:
    """An Atom feed: of a board's last posts, or of a site's articles."""
    if board:
        shown = [
            (thread, note, f"viewtopic.php?p={note.number}#p{note.number}")
            for thread in threads
            for note in thread.notes
        ]
    else:
        shown = [(thread, thread.notes[0], f"{thread.number}") for thread in threads]
    shown.sort(key=lambda each: each[1].at, reverse=True)
    entries = "".join(
        f"<entry><author><name>{escape(note.author)}</name></author>"
        f"<title>{escape(_entry_title(thread, board))}</title>"
        f"<id>{escape(base)}/{escape(path)}</id><published>{_iso(note.at)}</published><updated>{_iso(note.at)}</updated>"
        f'<link href="{escape(base)}/{escape(_topic_path(thread, path, board))}"/>'
        f'<content type="html">{escape(paragraphs(note.text))}</content></entry>'
        for thread, note, path in shown[:15]
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>{escape(title)}</title>'
        f'<id>{escape(base)}/</id><link href="{escape(base)}/"/>{entries}</feed>'
    )


def _entry_title(thread: Thread, board: bool) -> str:
    return f"{thread.section} • {thread.title}" if board else thread.title


def _topic_path(thread: Thread, path: str, board: bool) -> str:
    return path.replace("viewtopic.php?", f"viewtopic.php?t={thread.number}&") if board else path


def rss(title: str, base: str, threads: Sequence[Thread], *, comments: bool = False) -> str:
    """An RSS feed of articles, or of all comments."""
    if comments:
        said = [(thread, note) for thread in threads for note in thread.notes[1:]]
        items = [(f"Comment on {thread.title} by {note.author}", thread, note) for thread, note in said]
    else:
        items = [(thread.title, thread, thread.notes[0]) for thread in threads]
    items.sort(key=lambda each: each[2].at, reverse=True)
    shown = "".join(_rss_item(base, *each, comments=comments) for each in items[:20])
    spaces = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    spaces += ' xmlns:slash="http://purl.org/rss/1.0/modules/slash/" xmlns:wfw="http://wellformedweb.org/CommentAPI/"'
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" {spaces}><channel><title>{escape(title)}</title>'
        f"<link>{escape(base)}/</link><description></description>{shown}</channel></rss>"
    )


def _rss_item(base: str, title: str, thread: Thread, note: Note, *, comments: bool) -> str:
    url = f"{base}/?p={thread.number}" + (f"#comment-{note.number}" if comments else "")
    return (
        f"<item><title>{escape(title)}</title><link>{escape(url)}</link><guid isPermaLink='false'>{escape(url)}</guid>"
        f"<dc:creator>{escape(note.author)}</dc:creator><pubDate>{format_datetime(note.at)}</pubDate>"
        f"<content:encoded>{escape(paragraphs(note.text))}</content:encoded></item>"
    )


# The blog


def blog(base: str, threads: Sequence[Thread]) -> str:
    """The blog's front page."""
    items = "".join(f'<li><a href="/?p={thread.number}">{escape(thread.title)}</a></li>' for thread in threads)
    head = '<meta name="generator" content="WordPress 6.8"><link rel="https://api.w.org/" href="/wp-json/">'
    head += '<link rel="alternate" type="application/rss+xml" title="Feed" href="/feed/">'
    return page("Geldblog", f"<h1>Geldblog</h1><ul>{items}</ul>", head)


def article(thread: Thread) -> str:
    """An article with its comments."""
    first, *comments = thread.notes
    numbers = {note.number for note in comments}
    body = f"<article><h1>{escape(thread.title)}</h1>{_said(first)}</article>"
    body += "".join(
        f'<div class="comment{" children" if note.parent in numbers else ""}" id="comment-{note.number}">'
        f"{_said(note)}</div>"
        for note in comments
    )
    return page(thread.title, body, '<meta name="generator" content="WordPress 6.8">')


def _said(note: Note) -> str:
    return f'<p class="meta">{escape(note.author)}, {_iso(note.at)}</p>{paragraphs(note.text)}'


def rest_posts(base: str, threads: Sequence[Thread]) -> str:
    """`/wp-json/wp/v2/posts`."""
    return json.dumps([rest_post(base, thread) for thread in threads])


def rest_post(base: str, thread: Thread) -> dict[str, Any]:
    """One post, with its author embedded."""
    note = thread.notes[0]
    url = f"{base}/?p={thread.number}"
    author = {"name": note.author, "slug": note.author.lower(), "link": f"{base}/author/{note.author.lower()}"}
    return {
        "id": thread.number,
        "date_gmt": note.at.strftime("%Y-%m-%dT%H:%M:%S"),
        "modified_gmt": note.at.strftime("%Y-%m-%dT%H:%M:%S"),
        "guid": {"rendered": url},
        "link": url,
        "title": {"rendered": escape(thread.title)},
        "content": {"rendered": paragraphs(note.text), "protected": False},
        "_embedded": {"author": [author]},
    }


def rest_comments(base: str, threads: Sequence[Thread]) -> list[dict[str, Any]]:
    """`/wp-json/wp/v2/comments`, newest first."""
    found = [rest_comment(base, thread, note) for thread in threads for note in thread.notes[1:]]
    return sorted(found, key=lambda each: str(each["date_gmt"]), reverse=True)


def rest_comment(base: str, thread: Thread, note: Note) -> dict[str, Any]:
    """One comment; its parent is 0 where it answers the article."""
    answers = note.parent if note.parent != thread.notes[0].number else 0
    return {
        "id": note.number,
        "post": thread.number,
        "parent": answers,
        "author_name": note.author,
        "author_url": "",
        "date_gmt": note.at.strftime("%Y-%m-%dT%H:%M:%S"),
        "content": {"rendered": paragraphs(note.text)},
        "link": f"{base}/?p={thread.number}#comment-{note.number}",
        "_links": {"up": [{"embeddable": True, "href": f"{base}/wp-json/wp/v2/posts/{thread.number}"}]},
        "_embedded": {"up": [rest_post(base, thread)]},
    }
