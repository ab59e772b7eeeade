"""A mailing list's threads are read mail by mail from HyperKitty's interface, or from its feed where that is closed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from listener.errors import FetchError, ReadError
from listener.sources import hyperkitty
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import PostKind

BASE = "https://lijst.example/archives"
NAME = "praat@lijst.example"
SPEC = SourceSpec(name="praat", url=f"{BASE}/list/{NAME}/")
FIRST, SECOND, THIRD = "H7KQ2WZLNVB5", "M3PX9TARCDQ4", "Q8YFJ6S2EGUT"


@pytest.fixture
def read(page: Callable[..., Page]) -> Callable[..., Reading]:
    def reading(link: Link, found: Any, spec: SourceSpec = SPEC) -> Reading:
        is_file = isinstance(found, str)
        body = b"" if is_file else json.dumps(found).encode()
        return hyperkitty.read(page(link.url, f"hyperkitty/{found}" if is_file else "", body=body), link, spec)

    return reading


@pytest.fixture
def threads() -> Link:
    return hyperkitty.start(SPEC, {})[0]


@pytest.mark.parametrize(
    "path", [f"/list/{NAME}/", f"/list/{NAME.replace('@', '%40')}/latest", f"/api/list/{NAME}/threads/"]
)
def test_a_list_is_known_by_any_of_its_addresses(path: str) -> None:
    (link,) = hyperkitty.start(SourceSpec(name="p", url=BASE + path), {})
    assert link.url == f"{BASE}/api/list/{NAME}/threads/?format=json&limit=50"


def test_a_thread_or_a_whole_server_is_listened_to(read: Callable[..., Reading]) -> None:
    (thread,) = hyperkitty.start(SourceSpec(name="p", url=f"{BASE}/list/{NAME}/thread/{FIRST}/"), {})
    assert (thread.role, thread.conversation) == ("thread", FIRST)
    server = SourceSpec(name="p", url=f"{BASE}/")
    (lists,) = hyperkitty.start(server, {})
    assert lists.url == f"{BASE}/api/lists/?format=json&limit=50"
    reading = read(lists, {"results": [{"name": NAME}, {"name": "../x"}]}, server)
    assert [link.url for link in reading.links] == [f"{BASE}/api/list/{NAME}/threads/?format=json&limit=50"]
    assert len(hyperkitty.start(server, reading.memory)) == 2


def test_a_thread_is_stamped_with_its_newest_mail_and_their_number(read: Callable[..., Reading], threads: Link) -> None:
    reading = read(threads, "threads.json")
    first, second = reading.links
    assert first.url == f"{BASE}/api/list/{NAME}/thread/{FIRST}/emails/?format=json&limit=500"
    assert (first.conversation, first.stamp) == (FIRST, "2026-11-21T19:05:00Z/2")
    assert second.conversation == "OUD123"
    assert dict(reading.memory) == {f"since {NAME}": "2026-11-21T19:05:00Z"}


def test_older_threads_are_listed_only_while_all_are_new(read: Callable[..., Reading], threads: Link) -> None:
    rows = [{"thread_id": "A1", "date_active": "2026-11-20T10:00:00Z"}]
    found = {"results": rows, "next": f"{BASE}/api/list/{NAME}/threads/?format=json&limit=50&offset=50"}
    assert [link.role for link in read(threads, found).links] == ["thread", "list"]
    (known,) = hyperkitty.start(SPEC, {f"since {NAME}": "2026-11-20T10:00:00Z"})
    assert [link.role for link in read(known, found).links] == ["thread"]
    elsewhere = {**found, "next": "http://binnen.example/api/"}
    assert [link.role for link in read(threads, elsewhere).links] == ["thread"]
    assert len(read(threads, rows).links) == 1


def test_each_mail_of_a_thread_is_fetched_in_its_conversation(read: Callable[..., Reading], threads: Link) -> None:
    thread = read(threads, "threads.json").links[0]
    mails = read(thread, "emails.json").links
    assert [link.url.split("/email/")[1] for link in mails] == [
        f"{each}/?format=json" for each in (FIRST, SECOND, THIRD)
    ]
    assert {link.conversation for link in mails} == {FIRST}
    many = read(thread, [{"message_id_hash": f"H{number}"} for number in range(100)]).links
    assert len(many) == hyperkitty.MOST_MAILS
    assert ("/H0/" in many[0].url, "/H99/" in many[-1].url) == (True, True)


def test_a_mail_knows_its_parent_and_keeps_its_quotes(read: Callable[..., Reading], threads: Link) -> None:
    thread = read(threads, "threads.json").links[0]
    (post,) = read(read(thread, "emails.json").links[2], "email.json").posts
    assert post.text == "piet schreef:\n> > Weet iemand de rente?\n> Twee procent.\n>\n\nBedankt, Piet!"
    assert (post.external_id, post.parent_id, post.conversation_id) == (THIRD, SECOND, FIRST)
    assert (post.title, post.conversation_title, post.kind) == ("", "Rente bij Zonnebank", PostKind.REPLY)
    assert (post.author, post.author_id, post.author_url) == ("Anna B", "a1b2", f"{BASE}/users/a1b2/")
    assert post.url == f"{BASE}/list/{NAME}/message/{THIRD}/"
    assert post.conversation_url == f"{BASE}/list/{NAME}/thread/{FIRST}/"
    assert post.published_at == datetime(2026, 11, 21, 19, 5, tzinfo=UTC)


def test_wide_signs_are_folded_in_a_name_that_hides_an_address(read: Callable[..., Reading], threads: Link) -> None:
    link = Link(url=f"{BASE}/api/list/{NAME}/email/{FIRST}/", role="email", conversation=FIRST, carry=threads.carry)
    row = {"message_id_hash": FIRST, "sender_name": "piet\uff20post.example", "subject": "Hoi", "content": "½ \uff20"}
    (post,) = read(link, row).posts
    assert (post.author, post.text, post.title, post.kind) == ("piet@post.example", "½ \uff20", "Hoi", PostKind.POST)


def test_a_closed_interface_leaves_the_feed(read: Callable[..., Reading], threads: Link) -> None:
    (feed,) = hyperkitty.fallback(threads, FetchError("Nee.", status=403), SPEC, {})
    assert (feed.url, feed.role) == (f"{BASE}/list/{NAME}/feed/", "feed")
    assert hyperkitty.fallback(threads, FetchError("Stuk.", status=500), SPEC, {}) == []
    (post,) = read(feed, "feed.xml").posts
    assert (post.external_id, post.author) == (THIRD, "Anna B")
    assert post.text == "piet@post.example schreef:\n> Twee procent.\n\nBedankt, Piet!"


@pytest.mark.parametrize("found", [{"detail": "Not found."}, 3, "x"])
def test_what_is_not_hyperkittys_is_refused(read: Callable[..., Reading], threads: Link, found: Any) -> None:
    for role in ("list", "thread", "email", "lists"):
        link = Link(url=threads.url, role=role, carry=threads.carry)
        with pytest.raises(ReadError, match=r"\.$"):
            read(link, [found] if found == "x" and role == "email" else {"results": found} if found == "x" else found)
