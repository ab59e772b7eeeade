"""Measures thousands of queries over a stream of posts: all at once, beside an Aho-Corasick prefilter.

Both look at the same posts in turns of a few hundred, so that a busy machine slows both, and must give the same
answers; the plain evaluation of every query is held to them on a few posts. What is measured is the running stream: the
posts from which the word counts are learnt come before, and are told apart. Each mix of queries is measured alone, and
then as many of each together. Run: `python -m bench.match`, or with the names of mixes.
"""

from __future__ import annotations

import argparse
import gc
import random
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import accumulate

import ahocorasick

from storage.query import grammar, matcher, patterns, tree
from storage.query.many import Matcher
from storage.query.seen import PostView, Seen
from storage.types import Post

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SYLLABLES = re.findall(
    "[a-z]+",
    "ban ka ze lo ri mon te sta ver de ge or in ho pel zon nij brug wer ken lij kost af op over ij ou eu sch een",
)
ACCENTED = 0.02
"""Share of words with an accent."""
SOURCES = ("forum", "blog", "nieuws")


def vocabulary(random_: random.Random, size: int) -> list[str]:
    """Words of one to five syllables, each once, shorter ones more often in front, as in a language."""
    words: dict[str, None] = {}
    while len(words) < size:
        word = "".join(random_.choices(SYLLABLES, k=random_.randint(1, 5)))
        words[word.replace("e", "é", 1) if len(word) > 4 and random_.random() < ACCENTED else word] = None
    return sorted(words, key=lambda word: len(word) + random_.random() * 6)


def posts(random_: random.Random, words: list[str], names: list[str], count: int) -> list[Post]:
    """Posts of 88 words on average, drawn by Zipf's law, with a name or two, a title, tags, handles and quotes."""
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    made = []
    for number in range(count):
        drawn = random_.choices(words, weights, k=random_.randint(40, 136))
        drawn[0] = drawn[0].capitalize()
        drawn[5:7] = random_.choices(names, k=random_.randint(0, 2))
        if number % 3 == 0:
            drawn += ["#" + random_.choice(names), "@" + random_.choice(names), "“zo’n dag”"]
        text = ", ".join(" ".join(drawn[start : start + 9]) for start in range(0, len(drawn), 9)) + "."
        title = " ".join(random_.choices(words, weights, k=6))
        made.append(
            Post(external_id=str(number), url="https://x.example/1", title=title, text=text, author="Jan", lang="nl")
        )
    return made


LEARNT = 500
"""Posts from which the word counts are learnt before the stream is measured."""
TURN, PEERS = 250, 25
"""Posts of a turn, and how many of them the peer looks at."""

Shape = Callable[[], str]


def mixes(random_: random.Random, words: list[str], names: list[str]) -> Mapping[str, list[Shape]]:
    """The shapes of each mix's queries: names are rare in posts, words are drawn evenly or as often as they are met."""
    weights = list(accumulate(1 / rank for rank in range(1, len(words) + 1)))

    def name() -> str:
        return random_.choice(names)

    def often() -> str:
        return random_.choices(words, cum_weights=weights)[0]

    def any_() -> str:
        return random_.choice(words)

    the = words[0]
    return {
        "brands": _shapes(name, often),
        "any words": _shapes(any_, any_),
        "by frequency": [
            lambda: f"{often()} {often()} {often()} {any_()}",
            lambda: f"({often()} OR {often()}) {any_()} -{often()}",
            lambda: f"{often()} NEAR/3 {any_()}",
            lambda: f'"{often()} {often()}" {any_()}',
            lambda: f"title:{often()} {any_()}",
            lambda: f"{often()}* {often()} (NOT {often()} OR {often()}) {any_()}",
        ],
        "one common word": [
            lambda: f"{the} {name()}",
            lambda: f'"{the} {name()}"',
            lambda: f"({name()} OR {name()}) {the} -{often()}",
            lambda: f"{the} NEAR/5 {name()}",
            lambda: f"{the} (NOT {often()} OR {name()}) {name()}*",
        ],
        "wildcards": [
            lambda: f"{name()}*",
            lambda: f"*{name()}",
            lambda: f"*{name()}*",
            lambda: f"{_cut(name())} {often()}",
            lambda: f"{any_()}* {often()}",
        ],
        "common phrases": [
            lambda: f'"{often()} {often()}"',
            lambda: f'"{often()} {often()} {often()}"',
            lambda: f'"{often()} {often()}*" -{often()}',
        ],
        "fuzzy": [
            lambda: f"{_long(name)}~1",
            lambda: f"{_long(any_)}~2 {often()}",
            lambda: f"{name()} {_long(often)}~1",
        ],
    }


def _shapes(name: Shape, word: Shape) -> list[Shape]:
    """From one word to several alternatives with conditions."""
    return [
        lambda: name(),
        lambda: name() + "*",
        lambda: f'"{name()} {word()}"',
        lambda: f'{name()}* OR "{word()} {name()}" NOT {word()}',
        lambda: f"({name()} OR {name()} OR {name()}) ({word()} OR {word()})",
        lambda: f"{name()} {word()} -{word()}",
        lambda: f"{name()} NEAR/5 ({word()} OR {word()})",
        lambda: f"#{name()} OR @{name()}",
        lambda: f"title:{name()} lang:nl",
        lambda: f"source:forum {name()} (NOT {word()} OR {word()})",
    ]


def _cut(word: str) -> str:
    return f"{word[:3]}*{word[3:]}"


def _long(word: Shape) -> str:
    return next(each for each in iter(word, "") if len(each) > 5)


class Prefilter:
    """The peer: an automaton over the longest word that each query cannot do without, then a closure a query."""

    def __init__(self, nodes: Mapping[int, tree.Node]) -> None:
        self.tests = {number: matcher.test_of(node, now=NOW) for number, node in nodes.items()}
        self.always, by_text = set[int](), dict[str, set[int]]()
        for number, node in nodes.items():
            needed = _longest(node)
            for text in needed:
                by_text.setdefault(text, set()).add(number)
            self.always |= set() if needed else {number}
        self.automaton = ahocorasick.Automaton()
        for text, numbers in by_text.items():
            self.automaton.add_word(text, numbers)
        self.automaton.make_automaton()

    def which(self, post: Post) -> list[int]:
        """The queries that a post answers."""
        seen = Seen(PostView.of(post, source="forum", source_kind="phpbb", now=NOW))
        candidates = set(self.always)
        for _, numbers in self.automaton.iter(seen.both_words):
            candidates |= numbers
        return [number for number in sorted(candidates) if self.tests[number](seen)]


def _longest(node: tree.Node) -> tuple[str, ...]:
    """Pieces of text of which each post that answers holds one; none where that cannot be told."""
    match node:
        case tree.And() | tree.Near():
            return max(map(_longest, tree.children(node)), key=lambda some: min(map(len, some), default=0))
        case tree.Or(parts):
            found = list(map(_longest, parts))
            return tuple(text for some in found for text in some) if all(found) else ()
        case tree.Fuzzy():
            return patterns.fuzzy_pieces(node)
        case tree.Word() | tree.Phrase() | tree.Marked():
            return (max(patterns.of(node).pieces, key=len),)
    return ()


def measure(title: str, asked: Mapping[int, str], stream: list[Post], learnt: int) -> None:
    """Prints what both ways make of a mix, after it has seen that they agree."""
    start = time.process_time()
    nodes = {number: grammar.parse(text) for number, text in asked.items()}
    parsed = time.process_time()
    many = Matcher(nodes, clock=lambda: NOW)
    built = time.process_time()
    peer = Prefilter(nodes)
    for post in stream[:learnt]:
        many.which(post, source="forum", source_kind="phpbb")
    gc.collect()
    gc.freeze()
    spent, count, answers = {"all at once": 0.0, "prefilter": 0.0}, {"all at once": 0, "prefilter": 0}, 0
    for at in range(learnt, len(stream), TURN):
        turn = stream[at : at + TURN]
        found = _timed(
            "all at once", lambda post: many.which(post, source="forum", source_kind="phpbb"), turn, spent, count
        )
        same = _timed("prefilter", peer.which, turn[:PEERS], spent, count)
        assert same == found[: len(same)], f"the answers differ: {title}"
        answers += sum(map(len, found))
    for post in stream[learnt : learnt + 2]:
        view = PostView.of(post, source="forum", source_kind="phpbb", now=NOW)
        plain = [number for number, node in nodes.items() if matcher.matches(node, view, now=NOW)]
        assert plain == peer.which(post), f"the answers differ: {title}"
    ours, theirs = (count[way] / spent[way] for way in ("all at once", "prefilter"))
    print(
        f"{title:16} {ours:>8,.0f} posts/s, prefilter {theirs:>7,.0f}: {ours / theirs:>6.1f} times;"
        f" {answers / count['all at once']:>6.1f} answers a post;"
        f" parsed {len(asked) / (parsed - start):,.0f} queries/s, prepared in {built - parsed:.2f} s",
        flush=True,
    )


def _timed(
    way: str, which: Callable[[Post], list[int]], posts: list[Post], spent: dict[str, float], count: dict[str, int]
) -> list[list[int]]:
    start = time.process_time()
    found = [which(post) for post in posts]
    spent[way] += time.process_time() - start
    count[way] += len(posts)
    return found


def main() -> None:
    """Measures the mixes that are asked for, or all."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("mixes", nargs="*", help="names of mixes, or `together`; all when none is given")
    arguments.add_argument("--queries", type=int, default=10_000)
    arguments.add_argument("--posts", type=int, default=5_000)
    chosen = arguments.parse_args()
    random_ = random.Random(7)
    drawn = vocabulary(random_, 40_000)
    words, names = drawn[:20_000], drawn[20_000:]
    stream = posts(random_, words, names, LEARNT + chosen.posts)
    shapes = mixes(random_, words, names)
    made = {title: [some[n % len(some)]() for n in range(chosen.queries)] for title, some in shapes.items()}
    made["together"] = [
        made[title][n // len(shapes)] for n in range(chosen.queries) for title in [[*shapes][n % len(shapes)]]
    ]
    print(f"{chosen.queries:,} queries, {chosen.posts:,} posts; the ways agree, or there is an error")
    for title, asked in made.items():
        if not chosen.mixes or title in chosen.mixes:
            measure(title, dict(enumerate(asked)), stream, LEARNT)


if __name__ == "__main__":
    main()
