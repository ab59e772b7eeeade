"""What the language reads, how it binds, and what it refuses and where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import QueryError
from storage.query import grammar, tree
from storage.query.tree import And, Exact, Fuzzy, Near, Not, Or, Phrase, Regex, Value, Word


@given(data=st.data())
def test_a_query_printed_and_read_again_is_the_same_query(
    data: st.DataObject, trees: st.SearchStrategy[tree.Node]
) -> None:
    node = data.draw(trees)
    assert grammar.parse(tree.to_text(node)) == node


SIGNS = [
    "AND",
    "OR",
    "NOT",
    "-",
    "(",
    ")",
    '"',
    '"c',
    "NEAR/2",
    "ONEAR",
    "title:",
    "source:",
    "is:open",
    "~1",
    "/",
    "*",
    "?",
    "#",
    "@",
]


@given(st.lists(st.sampled_from(SIGNS) | st.text(max_size=4), max_size=12), st.sampled_from(["", " "]))
def test_any_text_is_read_or_refused_and_what_is_read_prints_to_itself(pieces: list[str], between: str) -> None:
    text = between.join(pieces)
    try:
        node = grammar.parse(text)
    except QueryError as error:
        assert 0 <= error.position <= len(text)
        assert error.picture()
    else:
        assert grammar.parse(tree.to_text(node)) == node


A, B, C, D = (Word(each) for each in "abcd")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("a OR b NOT c", Or((A, And((B, Not(C)))))),
        ("a b OR c AND d", Or((And((A, B)), And((C, D))))),
        ("NOT a NEAR/3 b", Not(Near(A, B, 3))),
        ("a NEAR b ONEAR/2 c", Near(Near(A, B, 4), C, 2, ordered=True)),
        ("-a -(b c)", And((Not(A), Not(And((B, C)))))),
        ("((a))", A),
        ("zonne-bank and a", And((Word("zonne-bank"), Word("and"), A))),
        ("“zonne bank”c „de bank”", And((Exact("zonne bank"), Phrase("de bank")))),
        ('"a \\"b\\""', Phrase('a "b"')),
        ("kapot~ /a b+/", And((Fuzzy("kapot", 1), Regex("a b+")))),
        ("Title:(a OR b)", Or((Word("a", "title"), Word("b", "title")))),
        ("source:(a OR b)", Or((Value("source", "=", "a"), Value("source", "=", "b")))),
        ("priority:>=high", Value("priority", ">=", "high")),
        ('tag:"a b"', Value("tag", "=", "a b")),
        ("site:https://x.nl", Value("site", "=", "https://x.nl")),
        ("*", tree.Everything()),
    ],
)
def test_a_query_means_what_its_precedence_says(text: str, meaning: tree.Node) -> None:
    assert grammar.parse(text) == meaning


@pytest.mark.parametrize(
    ("text", "position", "says", "suggestion"),
    [
        ("", 0, "empty", "*"),
        ("a AND (b OR c", 6, "bracket is never closed", ""),
        ("a)", 1, "closes none", ""),
        ('bank "zonne', 5, "quote is never closed", '"zonne"'),
        ("titel:x", 0, "no field 'titel'", "title:"),
        ("http://x.nl", 0, "in quotes", ""),
        ("priority:hgih", 9, "no 'hgih'", "priority:high"),
        ("is:opne", 3, "no 'opne'", "is:open"),
        ("a OR", 4, "missing at the end", ""),
        ("OR a", 0, "both sides", '"OR"'),
        ("a AND OR b", 6, "both sides", '"OR"'),
        ("age:4h", 4, "older or younger", "age:>4h or age:<4h"),
        ("lang:>nl", 5, "cannot be compared", "lang:nl"),
        ("after:2026-13-01", 6, "takes a date", "after:2026-11-01"),
        ("within:soon", 7, "takes a length of time", "within:7d"),
        ("reach:>9e99", 6, "takes a number", "reach:>1000"),
        ("id:99999999999999999999", 3, "takes a whole number", "id:17"),
        ("site:x.nl/forum", 5, "name of a site", "site:gathering.example"),
        ("title:-x", 6, "minus stands before", "-title:x"),
        ("title: x", 0, "nothing after", 'title:"zonne bank"'),
        ("kapot~3", 0, "1 or 2", "kapot~2"),
        ("de~1", 0, "too short", "de"),
        ('"a b"~3', 5, "NEAR", "zonne NEAR/3 bank"),
        ("a NEAR/0 b", 2, "1 to 100", "NEAR/1"),
        ("a NEAR/2 (b c)", 2, "words and phrases", ""),
        ("title:a NEAR/2 b", 8, "one field", ""),
        ("/a(/", 0, "missing", ""),
        ("a && b", 2, "no letter or digit", '"&&"c'),
        ("source:(a OR lang:nl)", 13, "within source:", ""),
        ("a\x00b", 1, "no text", ""),
        ("(" * 10_000 + "a", 50, "More than 50 deep", ""),
        ("NOT " * 4_000 + "a", 200, "More than 50 deep", ""),
        ("NOT NOT (" * 200 + "a", 152, "More than 50 deep", ""),
        ("a NEAR " * 2_800 + "a", 352, "More than 50 deep", ""),
        ("(" * 10_000 + "a" + ")" * 10_000, 0, "longer than 20,000", ""),
    ],
)
def test_a_wrong_query_is_refused_at_its_place_with_what_was_meant(
    text: str, position: int, says: str, suggestion: str
) -> None:
    with pytest.raises(QueryError) as caught:
        grammar.parse(text)
    assert says in caught.value.message
    assert (caught.value.position, caught.value.suggestion) == (position, suggestion)


def test_many_nears_beside_each_other_are_not_deep() -> None:
    grammar.parse(" OR ".join(["zonne NEAR/3 bank NOT (a NEAR b)", "zonne NEAR bank"] * 100))


def test_the_picture_puts_a_caret_under_the_place() -> None:
    with pytest.raises(QueryError) as caught:
        grammar.parse("brand:x\npriority:hgih")
    assert caught.value.picture().splitlines()[:2][1].startswith(" " * 9 + "^ priority: has no 'hgih'")


def test_lower_case_words_of_command_are_hinted_at() -> None:
    assert [each.split()[0] for each in grammar.hints('a or b AND "c and d" not')] == ["“or”", "“not”"]


@pytest.mark.parametrize(
    ("text", "asks"), [("a is:open", False), ("a (b OR NOT is:context)", True), ("id:4", True), ("context", False)]
)
def test_a_query_asks_for_context_posts_when_it_names_them(text: str, asks: bool) -> None:
    assert tree.asks_for_context(grammar.parse(text)) is asks
