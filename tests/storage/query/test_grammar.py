"""What the language reads, how it binds, and what it refuses and where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import QueryError
from storage.query import grammar, slips, tree
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
    "~9",
    "/",
    "status:gesloten",
    "intent:klacht,vraag",
    "is:negatief",
    "rating:[1 TO 3]",
    "titel:",
    "body:",
    "age:2u",
    "*",
    "?",
    "#",
    "@",
]


@given(st.lists(st.sampled_from(SIGNS) | st.text(max_size=4), max_size=12), st.sampled_from(["", " "]))
def test_any_text_is_read_or_refused_what_is_read_prints_to_itself_and_what_is_suggested_can_be_read(
    pieces: list[str], between: str
) -> None:
    text = between.join(pieces)
    try:
        node = grammar.parse(text)
    except QueryError as error:
        assert 0 <= error.position <= len(text)
        assert error.picture()
        assert not error.suggestion or grammar.parse(error.suggestion)
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
        ("a AND (b OR c", 6, "bracket is never closed", "a AND (b OR c)"),
        ("a)", 1, "closes none", "a"),
        ("a OR title:()", 12, "nothing before", 'a OR title:"zonne bank"'),
        ('bank "zonne', 5, "quote is never closed", 'bank "zonne"'),
        ('(bank OR "zonne bank)', 9, "quote is never closed", '(bank OR "zonne bank")'),
        ('bank"', 4, "quote is never closed", "bank"),
        ("titel:x", 0, "no field 'titel'", "title:x"),
        ("merk:x taal:nederlands", 0, "no field 'merk'", "brand:x lang:nl"),
        ("body:bank hashtag:x", 0, "words alone", "bank #x"),
        ("older_than:3weken", 0, "no field", "age:>3w"),
        ("a http://x.nl OR b", 2, "in quotes", 'a "http://x.nl" OR b'),
        ("priority:hgih", 9, "no 'hgih'", "priority:high"),
        ("priority:>=hoog a", 9, "no 'hoog'", "priority:>=high a"),
        ("is:opne", 3, "no 'opne'", "is:open"),
        ("is:negatief", 3, "no 'negatief'", "sentiment:negative"),
        ("status:(open OR geslotn)", 16, "no 'geslotn'", "status:(open OR resolved)"),
        ("status:open,closed", 7, "it takes", "status:(open OR resolved)"),
        ("kind:reactie", 5, "no 'reactie'", "kind:comment"),
        ("kind:boek", 5, "no 'boek'", ""),
        ("intent:klacht", 7, "no 'klacht'", "intent:complaint"),
        ("intent:tarief", 7, "in quotes", 'intent:"tarief"'),
        ("lang:nl-BE", 5, "a code such as nl", "lang:nl"),
        ("a OR", 4, "missing at the end", "a"),
        ("OR a", 0, "both sides", "a"),
        ("OR", 0, "both sides", '"OR"'),
        ("a AND OR b", 6, "both sides", "a AND b"),
        ("age:4uur", 4, "older (age:>4h)", "age:>4h"),
        ("lang:>nl", 5, "cannot be compared", "lang:nl"),
        ("after:2026-13-01", 6, "takes a date", "after:2026-11-01"),
        ("after:31-1-2026", 6, "takes a date", "after:2026-01-31"),
        ("na:gisteren", 0, "no field", "after:yesterday"),
        ("within:soon", 7, "takes a length of time", "within:7d"),
        ('within:"2 maanden"', 7, "takes a length of time", "within:60d"),
        ("reach:>9e99", 6, "takes a number", "reach:>1000"),
        ("reach:>10.000", 6, "without a dot", "reach:>10000"),
        ("rating:1-3", 7, "takes a number", "rating:(>=1 <=3)"),
        ("rating:[1 TO 3]", 7, "takes a number", "rating:(>=1 <=3)"),
        ("relevance:>30%", 10, "takes a number", "relevance:>0.3"),
        ("relevance:30", 10, "from 0 to 1", "relevance:0.3"),
        ("id:99999999999999999999", 3, "takes a whole number", "id:17"),
        ("site:x.nl/forum", 5, "name of a site", "site:x.nl"),
        ("title:-x", 6, "minus stands before", "-title:x"),
        ("title: x", 0, "nothing after", "title:x"),
        ("author:*", 7, "every post", "has:author"),
        ("kapot~3", 0, "1 or 2", "kapot~2"),
        ("de~1", 0, "too short", "de"),
        ('x "a b"~3', 7, "NEAR", "x a NEAR/3 b"),
        ("a NEAR/0 b", 2, "1 to 100", "a NEAR/1 b"),
        ("a NEAR/2 (b c)", 10, "words and phrases", "a AND (b c)"),
        ("title:a NEAR/2 b", 15, "one field", "title:a AND b"),
        ("a NEAR/3 -b", 9, "a NOT a NEAR/3 b", "a NEAR/3 b"),
        ("/a(/", 0, "missing", '"a("c'),
        ("a && b || c", 2, "no letter or digit", "a AND b OR c"),
        ("🙂", 0, "no letter or digit", '"🙂"c'),
        ("source:(a OR lang:nl)", 13, "within source:", "source:(a OR nl)"),
        ("a\x00b", 1, "no text", "ab"),
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


@pytest.mark.parametrize("place", [0, 300, 596])
def test_of_a_long_line_the_picture_shows_the_part_around_the_caret(place: int) -> None:
    words = ["漢字é\t"[:3]] * 200
    words[place // 4] = "a:x"
    with pytest.raises(QueryError) as caught:
        grammar.parse(" ".join(words))
    shown, caret, meant = caught.value.picture().splitlines()
    assert "a:x" in shown
    cells = sum(2 if each in "漢字" else 1 for each in shown[: shown.index("a:x")])
    assert caret.index("^") == cells
    assert '"a:x"' in meant


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('a or b AND "c and d" not', ["“or”", "“not”"]),
        ("app EN (site OF balie) NIET x", ["“EN”", "“OF”", "“NIET”"]),
        ("a near/5 b NEAR 5 c", ["“NEAR", "“near/5”"]),
        ("!a 'b c' /x/i bank^2", ["“!a”", "'b", "“/x/i”", "“bank^2”:"]),
        ("tag:geen assignee:ik", ["“geen”", "“ik”"]),
        ("doet het niet en waarom of hoe /a and b/ “x and y”", []),
    ],
)
def test_what_parses_and_hardly_means_what_it_says_is_hinted_at(text: str, says: list[str]) -> None:
    assert [each.split()[0] for each in slips.hints(text)] == says


@pytest.mark.parametrize(
    "query", ['intent:"tarief"', 'lang:"nl-BE"', "lang:zz", "intent:c*", "lang:NONE", "intent:Job"]
)
def test_what_a_classifier_of_your_own_says_stands_in_quotes(query: str) -> None:
    assert tree.to_text(grammar.parse(query)) == query


@pytest.mark.parametrize(
    ("text", "asks"), [("a is:open", False), ("a (b OR NOT is:context)", True), ("id:4", True), ("context", False)]
)
def test_a_query_asks_for_context_posts_when_it_names_them(text: str, asks: bool) -> None:
    assert tree.asks_for_context(grammar.parse(text)) is asks
