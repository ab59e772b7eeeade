"""Word classes are the same in Dutch and English, and every word has the class that its list gives it."""

import pytest

from listener.understanding import lists
from listener.understanding.words import classes, vocabulary


def test_the_classes_have_the_same_names_and_numbers_in_both_languages():
    dutch, english = ([name for name, _ in lists.cues(f"classes_{lang}.txt")] for lang in ("nl", "en"))
    assert list(dict.fromkeys(dutch)) == list(dict.fromkeys(english))
    assert max(classes("nl").values()) == max(classes("en").values())


@pytest.mark.parametrize(
    ("dutch", "english"), [("Sinds", "since"), ("3", "14:30"), ("geannuleerd", "cancelled"), ("niks", "nothing")]
)
def test_a_word_and_its_translation_are_of_one_class(dutch, english):
    one, other = vocabulary("nl")[0].word(dutch).class_, vocabulary("en")[0].word(english).class_
    assert one == other > 0


def test_a_word_in_no_list_has_no_class_unless_it_praises_or_blames():
    english = vocabulary("en")[0]
    assert english.word("zyzzyva").class_ == 0
    assert english.word("hideous").class_ == classes("en")["<blame>"]
