"""Understanding JSON lines: what `webcare classify` does. It loads no more than it needs, for it is often called."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

from listener.errors import ListenerError
from listener.understanding import BrandWords, Classifier, load
from listener.understanding.lines import classify_lines

if TYPE_CHECKING:
    from listener.types import Watchlist
    from storage.database import Database

AT_ONCE = 1 << 17
"""Bytes read at a time at most: what has arrived by then is answered together."""


def classify(
    stream: BinaryIO,
    out: TextIO,
    complain: TextIO,
    watchlist: Watchlist | None = None,
    database: Database | None = None,
) -> int:
    """Understands JSON lines `{"text": …}`: the same objects go out with what was found, in the same order.

    Lines are answered as they come. One that is no JSON object with a text is said on `complain` by its number, and
    makes the status 1.
    """
    classifier, brands = _prepared(watchlist, database)
    number = failed = 0
    for lines in _arriving(stream):
        records = []
        for line in lines:
            number += 1
            try:
                records += _record(line)
            except (ValueError, RecursionError) as error:
                failed = 1
                said = "it is not JSON" if isinstance(error, json.JSONDecodeError) else str(error)
                complain.write(f'line {number} is not understood: {said}; write {{"text": "…"}} on each line\n')
        out.writelines(map(_line, classify_lines(records, classifier, brands)))
        out.flush()
    return failed


def _arriving(stream: BinaryIO) -> Iterator[Sequence[bytes]]:
    """The lines that are there, again and again."""
    read = getattr(stream, "read1", stream.read)
    begun: list[bytes] = []
    while some := read(AT_ONCE):
        head, end, tail = some.rpartition(b"\n")
        if end:
            yield b"".join([*begun, head]).split(b"\n")
            begun = []
        begun.append(tail)
    yield [b"".join(begun)]


def _record(line: bytes) -> list[dict[str, Any]]:
    """What a line holds: a record, or nothing. Raises `ValueError` or `RecursionError` for anything else."""
    if not line.strip():
        return []
    record = json.loads(line)
    if not isinstance(record, dict) or not isinstance(record.get("text"), str):
        raise ValueError("it has no text")
    return [record]


_write = json.JSONEncoder(ensure_ascii=False).encode


def _line(record: dict[str, Any]) -> str:
    line = _write(record)
    try:
        line.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON may name and UTF-8 cannot hold
        line = json.dumps(record)
    return line + "\n"


def _prepared(watchlist: Watchlist | None, database: Database | None) -> tuple[Classifier, Sequence[BrandWords]]:
    """The classifier of the configuration with what was learnt here, and the words of its brands."""
    if watchlist is None:
        return load(), ()
    from listener import judge

    if database is None:
        try:
            classifier = load(watchlist.classifier, weights=watchlist.weights)
        except ValueError as error:
            raise ListenerError(str(error)) from error
    else:
        from listener import teaching

        classifier = teaching.classifier(watchlist.classifier, watchlist.weights, database)
    return classifier, list(judge.prepare(watchlist, classifier).words.values())
