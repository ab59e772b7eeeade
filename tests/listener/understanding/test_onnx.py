"""A model that the user brings judges the sentiment behind the same seam."""

import json

import pytest

from listener.understanding import load
from storage.types import Sentiment

onnx = pytest.importorskip("onnx", reason="the extra onnx is not installed", exc_type=ImportError)
pytest.importorskip("onnxruntime", reason="the extra onnx is not installed", exc_type=ImportError)
tokenizers = pytest.importorskip("tokenizers", reason="the extra onnx is not installed", exc_type=ImportError)

WORDS = {"[UNK]": 0, "slecht": 1, "tafel": 2, "goed": 3}
LOGITS = [[0.0, 0.1, 0.0], [4.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 4.0]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model of one layer: the mean of a row of logits for each word."""
    from onnx import TensorProto, helper, numpy_helper

    place = tmp_path_factory.mktemp("model")
    import numpy as np

    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("ReduceMean", ["rows"], ["logits"], axes=[1], keepdims=0),
    ]
    table = numpy_helper.from_array(np.array(LOGITS, dtype=np.float32), "table")
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, None])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 3])],
        [table],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(place / "model.onnx"))
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(WORDS, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.save(str(place / "tokenizer.json"))
    (place / "config.json").write_text(json.dumps({"id2label": {"0": "negative", "1": "neutral", "2": "positive"}}))
    return place


@pytest.mark.parametrize(
    ("text", "sentiment"), [("slecht slecht", "negative"), ("tafel tafel", "neutral"), ("goed goed", "positive")]
)
def test_the_sentiment_is_that_of_the_model(folder, text, sentiment):
    opinion = load(f"onnx:{folder}")(text)
    assert opinion.sentiment == sentiment
    assert opinion.model == f"onnx:{folder.name}"
    assert opinion.confidence > 0.5


def test_all_else_is_that_of_the_default(folder):
    opinion = load(f"onnx:{folder / 'model.onnx'}")("Gaslucht in de meterkast, wat moet ik doen? slecht")
    assert opinion.lang == "nl"
    assert "question" in opinion.intents
    assert any(r.label == "safety" for r in opinion.reasons)


def test_a_text_without_words_stays_unrated(folder):
    assert load(f"onnx:{folder}")("123").sentiment is Sentiment.UNRATED


def test_a_model_whose_labels_are_unknown_is_refused(folder, tmp_path):
    (tmp_path / "model.onnx").write_bytes((folder / "model.onnx").read_bytes())
    with pytest.raises(ValueError, match="id2label"):
        load(f"onnx:{tmp_path}")
    (tmp_path / "config.json").write_text(json.dumps({"id2label": {"0": "LABEL_0"}}))
    with pytest.raises(ValueError, match="must begin with"):
        load(f"onnx:{tmp_path}")
