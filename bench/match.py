"""Measures thousands of queries over a stream of posts: all at once, one by one, and one by one unprepared.

All three are measured in one run on the same posts, and must give the same answers. Twice: with queries as brands have
them, about names that a post seldom holds, with everyday words as conditions; and with queries of any words at all, so
that each post answers dozens. Run: `python -m bench.match`.
"""

from __future__ import annotations

import argparse
import gc
import random
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import accumulate

import ahocorasick

from storage.query import fold, grammar, matcher
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


def queries(name: Callable[[], str], word: Callable[[], str], count: int) -> dict[int, str]:
    """Queries from one word to several alternatives with conditions."""
    shapes: list[Callable[[], str]] = [
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
    return {number: shapes[number % len(shapes)]() for number in range(count)}


def rate(run: Callable[[Post], list[int]], some: list[Post]) -> tuple[float, list[list[int]]]:
    """Posts a second, in time of this process, and the answers. What lives on is kept from the garbage collector."""
    gc.collect()
    gc.freeze()
    start = time.process_time()
    answers = [run(post) for post in some]
    return len(some) / (time.process_time() - start), answers


def compare(title: str, asked: dict[int, str], stream: list[Post]) -> None:
    """Prints a line for each way, after it has seen that they agree."""
    start = time.process_time()
    nodes = {name: grammar.parse(text) for name, text in asked.items()}
    parsed = time.process_time()
    many = Matcher(nodes, clock=lambda: NOW)
    built = time.process_time()
    tests = {name: matcher.test_of(node, now=NOW) for name, node in nodes.items()}
    automaton = ahocorasick.Automaton()
    for key in {word for text in asked.values() for word in fold.tokens(text)}:
        automaton.add_word(f" {key} ", key)
    automaton.make_automaton()

    def at_once(post: Post) -> list[int]:
        return many.which(post, source="forum", source_kind="phpbb")

    def prefilter_alone(post: Post) -> list[int]:
        for _ in automaton.iter(fold.words(post.title) + fold.words(post.text)):
            pass
        return []

    def one_by_one(post: Post) -> list[int]:
        seen = Seen(PostView.of(post, source="forum", source_kind="phpbb", now=NOW))
        return [name for name, test in tests.items() if test(seen)]

    def naive(post: Post) -> list[int]:
        view = PostView.of(post, source="forum", source_kind="phpbb", now=NOW)
        return [name for name, node in nodes.items() if matcher.matches(node, view, now=NOW)]

    fast, answers = rate(at_once, stream)
    limit, _ = rate(prefilter_alone, stream)
    plain, plain_answers = rate(one_by_one, stream[:150])
    slow, slow_answers = rate(naive, stream[:3])
    assert plain_answers == answers[:150], "the answers differ"
    assert slow_answers == answers[:3], "the answers differ"
    found = sum(map(len, answers)) / len(answers)
    print(f"{title}: {len(asked):,} queries, {len(stream):,} posts, {found:.1f} answers a post; the three ways agree")
    print(f"  parsing       {len(asked) / (parsed - start):>10,.0f} queries/s   preparing {built - parsed:.2f} s")
    print(f"  naive         {slow:>10,.1f} posts/s")
    print(f"  one by one    {plain:>10,.0f} posts/s")
    print(f"  the limit     {limit:>10,.0f} posts/s   (folding and an automaton of all words, without any answer)")
    print(f"  all at once   {fast:>10,.0f} posts/s   ({fast / plain:,.0f} times one by one)")


def main() -> None:
    """Measures both kinds of queries."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--queries", type=int, default=10_000)
    arguments.add_argument("--posts", type=int, default=20_000)
    chosen = arguments.parse_args()
    random_ = random.Random(7)
    drawn = vocabulary(random_, 40_000)
    words, names = drawn[:20_000], drawn[20_000:]
    stream = posts(random_, words, names, chosen.posts)
    weights = list(accumulate(1 / rank for rank in range(1, len(words) + 1)))

    def name() -> str:
        return random_.choice(names)

    def word() -> str:
        return random_.choices(words, cum_weights=weights)[0]

    def any_word() -> str:
        return random_.choice(words)

    compare("names", queries(name, word, chosen.queries), stream)
    compare("any words", queries(any_word, any_word, chosen.queries), stream)


if __name__ == "__main__":
    main()
