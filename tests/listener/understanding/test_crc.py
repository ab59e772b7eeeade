"""What is hashed for many words at once is what zlib hashes one by one, and what training hashes."""

import zlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from listener.understanding import crc
from listener.understanding.memory import Memory
from listener.understanding.words import edged, pieces

WORDS = st.lists(st.text(max_size=200), min_size=1, max_size=12)


@given(WORDS)
def test_letter_groups_are_hashed_as_in_training(words):
    hashes, owners = crc.Groups([edged(word) for word in words]).crcs()
    assert [hashes[owners == at].tolist() for at in range(len(words))] == [pieces(word) for word in words]


@given(WORDS)
def test_letter_groups_are_known_by_their_bytes(words):
    keys, owners = crc.Groups([edged(word) for word in words]).keys()
    for at, word in enumerate(map(edged, words)):
        groups = [word[start : start + size] for size in crc.SIZES for start in range(len(word) - size + 1)]
        assert keys[owners == at].tolist() == [int.from_bytes(group, "little") for group in groups]


@given(WORDS, st.binary(max_size=300))
def test_the_hash_of_two_strings_together_follows_from_those_of_each(words, second):
    firsts = [word.encode("utf-8", "surrogatepass") for word in words]
    crcs = np.array([zlib.crc32(each) for each in firsts], dtype=np.uint32)
    seconds = np.full(len(words), zlib.crc32(second), dtype=np.uint32)
    found = crc.together(crcs, seconds, np.full(len(words), len(second)))
    assert found.tolist() == [zlib.crc32(each + second) for each in firsts]


def test_a_memory_that_is_full_begins_anew():
    memory = Memory(1, np.int64, most=3)
    memory.add(memory.unknown(["a", "b"]), np.array([[1], [2]]))
    assert memory.unknown(["b", "c"]) == ["c"]
    assert memory.unknown(["b", "c", "d"]) == ["b", "c", "d"]
    memory.add(["b", "c", "d"], np.array([[2], [3], [4]]))
    assert {word: int(memory.numbers[at, 0]) for word, at in memory.places.items()} == {"b": 2, "c": 3, "d": 4}
