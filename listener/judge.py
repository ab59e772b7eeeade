"""What a post means to us: which queries it answers, whose it is, and how it is understood. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from listener import fingerprint, understanding
from listener.types import Brand, Watchlist
from listener.understanding import BrandWords, Classifier, Task
from storage.query import fold, grammar, many, tree
from storage.types import Match, NewPost, Opinion, Post

LANGUAGES = ("nl", "en", "de", "fr")
"""Languages a source's own word is taken for; anything else is found out from the text."""
NAME = 200
"""Characters by which an account is known: some are remembered, and strangers give them any length."""


Matched = tuple[Post, Sequence[Match]]
"""A post, and the queries it answers."""


@dataclass(frozen=True, slots=True)
class Bench:
    """The brands with everything that is prepared once: compiled queries, own accounts, brand words, the classifier."""

    brands: Mapping[str, Brand]
    matcher: many.Matcher[tuple[str, str]]
    own: frozenset[str]
    words: Mapping[str, BrandWords]
    classifier: Classifier


def prepare(watchlist: Watchlist, classifier: Classifier) -> Bench:
    """Compiles a watchlist. Own brands come first, so that a post about both is ours."""
    brands = sorted(watchlist.brands, key=lambda brand: brand.competitor)
    queries = {(brand.name, name): text for brand in brands for name, text in brand.queries.items()}
    return Bench(
        brands={brand.name: brand for brand in brands},
        matcher=many.Matcher(queries),
        own=frozenset(_account(each) for brand in brands for each in brand.own_accounts),
        words={brand.name: _words(brand) for brand in brands},
        classifier=classifier,
    )


def judge(posts: Iterable[Post], bench: Bench, *, source: str, kind: str) -> list[NewPost]:
    """Posts with what was found in them, in the same order."""
    return understood(matched(posts, bench, source, kind), bench)


def matched(posts: Iterable[Post], bench: Bench, source: str, kind: str) -> list[Matched]:
    """Posts with the queries they answer, in the same order."""
    return [(post, _matches(post, bench, source, kind)) for post in posts]


def understood(posts: Iterable[Matched], bench: Bench, settled: Collection[str] = ()) -> list[NewPost]:
    """`all_understood` of one source."""
    return all_understood([(list(posts), settled)], bench)[0]


def all_understood(visits: Sequence[tuple[Sequence[Matched], Collection[str]]], bench: Bench) -> list[list[NewPost]]:
    """What was found in posts of several sources that were matched, of each in the same order.

    With the posts of a source come the external ids of those that are known and unchanged: they are not understood
    again. A text too short to tell its language takes that of the posts before it in its conversation.
    """
    asked = [
        (source, at, _task(post, matches, bench, source))
        for source, (posts, settled) in enumerate(visits)
        for at, (post, matches) in enumerate(posts)
        if matches and post.external_id not in settled
    ]
    judged = understanding.many(bench.classifier, [task for _, _, task in asked])
    opinions = {(source, at): opinion for (source, at, _), opinion in zip(asked, judged, strict=True)}
    return [
        [_found(post, bench, matches, opinions.get((source, at))) for at, (post, matches) in enumerate(posts)]
        for source, (posts, _) in enumerate(visits)
    ]


def _found(post: Post, bench: Bench, matches: Sequence[Match], opinion: Opinion | None) -> NewPost:
    is_own = not bench.own.isdisjoint((_account(post.author), _account(post.author_id)))
    ours = bool(matches) and not all(bench.brands[match.brand].competitor for match in matches)
    return NewPost(
        post=post,
        matches=tuple(matches),
        opinion=opinion,
        sketch=fingerprint.of(post) if opinion is not None else (),
        wants_case=ours and not is_own,
        is_own=is_own,
    )


def _matches(post: Post, bench: Bench, source: str, kind: str) -> list[Match]:
    """In the order of the brands: the matcher keeps the order in which it was given the queries."""
    found = bench.matcher.which(post, source=source, source_kind=kind)
    return [Match(brand=brand, query=name) for brand, name in found]


def _task(post: Post, matches: Sequence[Match], bench: Bench, source: int) -> Task:
    matched = dict.fromkeys([match.brand for match in matches])
    return Task(
        post.text,
        post.title,
        post.lang if post.lang in LANGUAGES else None,
        tuple([bench.words[name] for name in dict.fromkeys([*matched, *bench.words])]),
        f"{source} {post.conversation_id or post.external_id}",
    )


def _account(name: str) -> str:
    return _folded(name[:NAME])


@lru_cache(maxsize=16_384)
def _folded(name: str) -> str:
    return "".join(fold.tokens(name.lstrip("@"))) if name else "\0"


def _words(brand: Brand) -> BrandWords:
    terms = dict.fromkeys(word for text in brand.queries.values() for word in _names(grammar.parse(text)))
    return BrandWords(
        name=brand.name,
        terms=(*terms, *brand.own_accounts),
        context=brand.context,
        products=brand.products,
        ours=not brand.competitor,
    )


def _names(node: tree.Node) -> Iterator[str]:
    """The words and phrases that a query looks for, without those it shuts out."""
    if isinstance(node, tree.Word | tree.Phrase | tree.Marked | tree.Exact) and not node.field:
        yield node.text
    if not isinstance(node, tree.Not):
        for part in tree.children(node):
            yield from _names(part)
