"""The nouns that cross rooms: frozen, keyword-only, with aware UTC datetimes.

A noun per life stage: a `Post` is what a source says; a `NewPost` is a post with what we found in it; a `Mention`
is a stored post as the desk and the exports see it; a `Case` is the work on one person's mentions in one conversation.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from storage.types.people import Account, Erased, Person, Suppression
    from storage.types.posts import (
        Delivery,
        DueSource,
        DueThread,
        Match,
        NewPost,
        Opinion,
        Post,
        ReadThread,
        Reason,
        SourceHealth,
        Stored,
        Visit,
    )
    from storage.types.words import (
        INTENTS,
        SYSTEM,
        EventKind,
        Health,
        PostKind,
        Priority,
        ReplyState,
        Sentiment,
        Status,
    )
    from storage.types.work import Author, Case, CaseFile, Event, Mention, Receipt, Reply, Tick
else:

    def __getattr__(name: str) -> Any:
        """A noun when it is first asked for: making them all takes longer than a screen may."""
        for part in ("words", "work", "posts", "people"):
            if hasattr(found := import_module(f"storage.types.{part}"), name):
                return globals().setdefault(name, getattr(found, name))
        raise AttributeError(name)


__all__ = [
    "Account",
    "Author",
    "Case",
    "CaseFile",
    "Delivery",
    "DueSource",
    "DueThread",
    "Erased",
    "Event",
    "EventKind",
    "Health",
    "INTENTS",
    "Match",
    "Mention",
    "NewPost",
    "Opinion",
    "Person",
    "Post",
    "PostKind",
    "Priority",
    "ReadThread",
    "Reason",
    "Receipt",
    "Reply",
    "ReplyState",
    "SYSTEM",
    "Sentiment",
    "SourceHealth",
    "Status",
    "Stored",
    "Suppression",
    "Tick",
    "Visit",
]
