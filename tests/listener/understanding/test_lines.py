"""Records keep their own keys and gain what was understood."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.understanding import Task, many
from listener.understanding.lines import classify_line, classify_lines


def test_a_record_keeps_its_keys_and_gains_the_judgement(classify):
    record = classify_line({"id": 7, "text": "Waar blijft mijn pakket? Al twee weken onderweg!", "x": None}, classify)
    assert record["id"] == 7
    assert record["x"] is None
    assert record["lang"] == "nl"
    assert record["intent"] == record["intents"][0]
    wanted = {"sentiment", "score", "confidence", "relevance", "priority", "priority_score", "reasons", "model"}
    assert wanted <= set(record)
    assert json.loads(json.dumps(record)) == record


def test_many_records_are_judged_as_one_by_one(classify):
    records = [{"text": text} for text in ("Top!", "Wat een drama", "", "The app is great")]
    assert classify_lines(records, classify) == [classify_line(record, classify) for record in records]


@given(texts=st.lists(st.text(max_size=40) | st.sampled_from(["Ik wacht al weken!", "So happy, thanks", "nee", "Ok."])))
def test_texts_are_judged_among_others_as_one_by_one(classify, texts):
    assert many(classify, [Task(text) for text in texts]) == [classify(text) for text in texts]


def test_a_short_text_speaks_the_language_of_its_conversation(classify):
    tasks = [
        Task("Waar blijft mijn pakket nu toch weer", conversation="a"),
        Task("Where is my parcel then", conversation="b"),
        Task("Ok", conversation="a"),
        Task("Ok", conversation="b"),
        Task("123"),
    ]
    assert [each.lang for each in many(classify, tasks)] == ["nl", "en", "nl", "en", None]
    one_by_one = many(lambda *text, **about: classify(*text, **about), tasks)
    assert [each.lang for each in one_by_one] == ["nl", "en", "nl", "en", None]


@pytest.mark.parametrize("record", [{}, {"text": None}, {"text": 3}])
def test_a_record_without_a_text_is_refused_in_one_sentence(classify, record):
    with pytest.raises(ValueError, match='no "text"'):
        classify_line(record, classify)


def test_a_language_that_the_source_says_is_only_a_hint(classify):
    assert classify_line({"text": "Where is my parcel, it is late again", "lang": "nl"}, classify)["lang"] == "en"
