"""Serves the sample sites over HTTP on loopback, each on a port of its own, with validators as real sites have them."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from front.samples import pages
from front.samples.world import World

SITES = ("forum", "blog", "nieuws", "news", "chat")
"""The chat is where alerts are told; the others are listened to."""
USER, PASSWORD = "webcare", "abcd efgh ijkl mnop"
LARGEST = 100_000
"""Bytes a request may post."""

Answer = tuple[int, str, str]
"""Status, media type, body."""


def _forum(world: World, base: str, path: str, query: dict[str, str]) -> Answer:
    threads = world.of("forum")
    if path == "/app.php/feed":
        return 200, "application/atom+xml", pages.atom("Praatpaal", base, threads, board=True)
    if path == "/viewforum.php":
        return 200, "text/html", pages.forum(_in_order(threads), int(query.get("f", "0")))
    if path == "/viewtopic.php":
        number = int(query.get("t", "0")) or _topic_of(threads, int(query.get("p", "0")))
        found = world.thread("forum", number)
        return (200, "text/html", pages.topic(found)) if found else _missing()
    return (200, "text/html", pages.board(_in_order(threads))) if path in ("/", "/index.php") else _missing()


def _in_order(threads: list[Any]) -> list[Any]:
    return sorted(threads, key=lambda thread: thread.number)


def _topic_of(threads: list[Any], post: int) -> int:
    return next((each.number for each in threads if any(note.number == post for note in each.notes)), 0)


def _blog(world: World, base: str, path: str, query: dict[str, str]) -> Answer:
    threads = world.of("blog")
    if path == "/wp-json/wp/v2/posts":
        return 200, "application/json", pages.rest_posts(base, threads)
    if path.startswith("/wp-json/wp/v2/posts/"):
        shown = world.thread("blog", int(path.rsplit("/", 1)[1]))
        return (200, "application/json", json.dumps(pages.rest_post(base, shown))) if shown else _missing()
    if path.startswith("/wp-json/wp/v2/comments/"):
        number = int(path.rsplit("/", 1)[1])
        found = [each for each in pages.rest_comments(base, threads) if each["id"] == number]
        return (200, "application/json", json.dumps(found[0])) if found else _missing()
    if path == "/wp-json/wp/v2/comments":
        found = [each for each in pages.rest_comments(base, threads) if query.get("post") in (None, str(each["post"]))]
        return 200, "application/json", json.dumps(found)
    if path in ("/feed/", "/comments/feed/"):
        return 200, "application/rss+xml", pages.rss("Geldblog", base, threads, comments="comments" in path)
    if path == "/" and "p" in query:
        shown = world.thread("blog", int(query["p"]))
        return (200, "text/html", pages.article(shown)) if shown else _missing()
    return (200, "text/html", pages.blog(base, threads)) if path == "/" else _missing()


def _nieuws(world: World, base: str, path: str, query: dict[str, str]) -> Answer:
    return 200, "application/rss+xml", pages.rss("Nieuws van hier", base, world.of("nieuws"))


def _news(world: World, base: str, path: str, query: dict[str, str]) -> Answer:
    return 200, "application/atom+xml", pages.atom("News from here", base, world.of("news"))


def _chat(world: World, base: str, path: str, query: dict[str, str]) -> Answer:
    return 200, "text/html", pages.chat(world.told)


def _missing() -> Answer:
    return 404, "text/html", pages.page("Not found", "<h1>Not found</h1>")


VIEWS: dict[str, Callable[[World, str, str, dict[str, str]], Answer]] = {
    "forum": _forum,
    "blog": _blog,
    "nieuws": _nieuws,
    "news": _news,
    "chat": _chat,
}


class Handler(BaseHTTPRequestHandler):
    """One request to one of the sites."""

    server: SampleServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if parts.path == "/robots.txt":
            self._answer((200, "text/plain", "User-agent: *\nDisallow: /admin/\n"))
            return
        try:
            self._answer(VIEWS[self.server.site](self.server.world, self.server.base, parts.path, query))
        except ValueError:
            self._answer(_missing())

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(size, LARGEST))
        if self.server.site == "chat":
            said = json.loads(body)["data"]
            self.server.world.told.append((str(said["title"]), str(said["text"])))
            self._answer((200, "text/plain", "told"))
        elif self.server.site != "blog" or urlsplit(self.path).path != "/wp-json/wp/v2/comments":
            self._answer(_missing())
        elif self.headers.get("Authorization") != "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode():
            self._answer(_refusal(401, "rest_cannot_create", "Sorry, you are not allowed to create this comment."))
        else:
            self._answer(self._comment(body))

    def _comment(self, body: bytes) -> Answer:
        said = json.loads(body)
        thread = self.server.world.thread("blog", int(said["post"]))
        if thread is None:
            return _refusal(403, "rest_comment_invalid_post_id", "There is no such post.")
        note = self.server.world.add(thread.number, "Zonnebank", str(said["content"]), int(said.get("parent") or 0))
        if note is None:
            return _refusal(409, "comment_duplicate", "You said that already.")
        return 201, "application/json", json.dumps(pages.rest_comment(self.server.base, thread, note))

    def _answer(self, answer: Answer) -> None:
        status, kind, text = answer
        body = text.encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if status == 200 and self.headers.get("If-None-Match") == etag:
            status, body = 304, b""
        self.send_response(status)
        self.send_header("ETag", etag)
        if status != 304:
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Says nothing: the screen belongs to the desk."""


class SampleServer(ThreadingHTTPServer):
    """One sample site."""

    daemon_threads = True

    def __init__(self, site: str, world: World, port: int) -> None:
        try:
            super().__init__(("127.0.0.1", port), Handler)
        except OSError as error:
            raise OSError(error.errno, error.strerror, f"127.0.0.1:{port}") from None
        self.site, self.world = site, world
        self.base = f"http://127.0.0.1:{self.server_address[1]}"


def _refusal(status: int, code: str, message: str) -> Answer:
    return status, "application/json", json.dumps({"code": code, "message": message, "data": {"status": status}})


@contextmanager
def running(world: World, port: int = 0) -> Iterator[dict[str, str]]:
    """The sites, serving; gives their addresses by name. `port` is the first site's, the others follow; 0 takes any."""
    with ExitStack() as stack:
        addresses = {}
        for place, site in enumerate(SITES):
            server = stack.enter_context(SampleServer(site, world, port + place if port else 0))
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            addresses[site] = server.base
        yield addresses
