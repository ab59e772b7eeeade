"""People from the command line: shown, merged, grouped, exported, forgotten; and a mailing list checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from storage.types import Match, NewPost, Opinion, Post

CONFIG = """database: sqlite:///webcare.db
team: {anna: {role: agent}, bram: {role: lead}}
brands: {zonnebank: {query: zonnebank}}
"""


@pytest.fixture
def run(begun: Any) -> Any:
    """Runs a command on the mentions of three accounts; gives status, output and errors."""
    return begun(CONFIG, map(said_by, ("Jan", "jan_87", "Piet \x1b[2J")))


def said_by(author: str) -> NewPost:
    """A complaint; of Piet, a question."""
    post = Post(external_id=author, url="https://f.example/1", text=f"Zonnebank, zegt {author}", author=author)
    opinion = Opinion(lang="nl", intents=("question" if "Piet" in author else "complaint",))
    return NewPost(post=post, matches=(Match(brand="zonnebank", query="zonnebank"),), opinion=opinion, wants_case=True)


def test_two_accounts_become_one_person_in_a_group_and_are_found_by_it(run: Any) -> None:
    assert run("person", "merge", "Jan", "jan_87", agent="anna")[0] == 0
    status, out, _ = run("person", "group", "jan_87", "pers", agent="anna")
    assert (status, out) == (0, "Person 1: forum/Jan, forum/jan_87; groups pers.\n")
    found = json.loads(run("mentions", "group:pers", "--format", "json")[1])
    assert sorted(each["author"] for each in found) == ["Jan", "jan_87"]
    shown = json.loads(run("person", "show", "Jan", "--format", "json")[1])[0]
    assert [account["mentions"] for account in shown["accounts"]] == [1, 1]
    assert run("person", "split", "forum/jan_87")[0] == 0
    assert run("person", "group", "Jan", "pers", "--remove")[1] == "Person 1: forum/Jan.\n"


def test_who_is_not_known_or_not_clear_is_said(run: Any) -> None:
    status, _, err = run("person", "show", "Kees")
    assert status == 1 and "Nobody is known as Kees" in err


def test_all_of_a_person_is_exported_and_then_forgotten(run: Any) -> None:
    whole = json.loads(run("person", "export", "Jan")[1])
    assert whole["posts"][0]["text"] == "Zonnebank, zegt Jan"
    assert [event["kind"] for event in whole["events"]] == ["found"]
    status, _, err = run("person", "forget", "Jan")
    assert status == 1 and "say --yes" in err
    status, out, _ = run("person", "forget", "Jan", "--yes")
    assert status == 0 and out.startswith("Erased 1 accounts, 1 posts")
    assert run("person", "show", "Jan")[0] == 1
    assert "zegt Jan" not in run("mentions", "--all", "--format", "jsonl")[1]


def test_only_a_lead_forgets_and_exports(run: Any) -> None:
    for words in (["person", "forget", "Jan", "--yes"], ["person", "export", "Jan"]):
        status, _, err = run(*words, agent="anna")
        assert status == 1 and "the role agent does not have that" in err
    status, _, err = run("db", "forget", "--older-than", "1d", agent="anna")
    assert status == 1


def test_what_is_old_is_counted_before_it_goes(run: Any) -> None:
    assert run("db", "forget", "--older-than", "400d", "--dry-run")[1].startswith("Would erase 0 posts")
    status, _, err = run("db", "forget", "--older-than", "soon")
    assert status == 1 and "write 400d" in err


def test_a_mailing_list_loses_who_has_an_open_complaint(run: Any, tmp_path: Path) -> None:
    run("person", "link", "Jan", "Jan@Example.nl")
    mailing = tmp_path / "mailing.txt"
    mailing.write_text('piet@example.nl\njan@example.nl \n"Jansen, J.";"JAN@example.nl";NL\n')
    status, out, err = run("suppression", "check", str(mailing))
    assert (status, out) == (0, "piet@example.nl\n")
    assert "Left out 2" in err and "1 accounts with a complaint are of nobody" in err
    assert "cannot be read: No such file" in run("suppression", "check", "nowhere.txt")[2]
    listed = json.loads(run("suppression", "list", "--format", "json")[1])
    assert [(each["name"], each["customer"]) for each in listed] == [("Jan", "Jan@Example.nl"), ("jan_87", "")]
    out = run("suppression", "export", "--format", "csv")[1]
    assert len(out.splitlines()) == 4 and "an" not in out.splitlines()[1]


def test_no_name_of_a_stranger_reaches_the_terminal_as_a_command(run: Any) -> None:
    assert "\x1b" not in run("person", "show", "person:9")[2]
    run("person", "group", "Piet \x1b[2J", "pers")
    assert "\x1b" not in "".join(map(str, run("person", "show", "person:1")))
