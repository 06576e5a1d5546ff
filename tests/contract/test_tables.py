"""Results as tables and data frames, beside ``results.json`` as anybody reads it."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_results import LABELS
from whole_document import change, whole, written

from reportgen import load_results
from reportgen.contract.reader import LoadedResults
from reportgen.contract.summary import PandasMissingError
from reportgen.pointer import PointerError

SPLITS = ("train", "val", "test")
TABLES = (
    *("images", "counts", "convolution", "conv_stack", "accuracy"),
    *("confusion_train", "confusion_val", "confusion_test", "per_class", "history", "misclassified"),
    *(
        "predictions",
        "neurons",
        "neurons_distinct",
        "occlusion",
        "channels",
        "guided_backprop",
        "methods",
        "randomisation",
        "shortcuts",
        "without_ring",
        "nearest",
        "twins",
        "checks",
    ),
)
"""In the order of the report."""

DONE_WITHOUT = "predictions"


def read(folder: Path, content: Any) -> LoadedResults:
    (folder / "results.json").write_text(json.dumps(content), encoding="utf-8")
    return load_results(folder / "results.json")


@pytest.fixture
def results(tmp_path: Path) -> LoadedResults:
    return read(tmp_path, whole())


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows with their index, as plain values; NaN is None."""
    return [
        {
            name: None if isinstance(value, float) and math.isnan(value) else value
            for name, value in row.items()
        }
        for row in frame.reset_index().to_dict("records")
    ]


def test_every_table_is_a_frame_with_a_named_index(results: LoadedResults) -> None:
    assert results.tables == tuple(name for name in TABLES if name != DONE_WITHOUT)
    for name in results.tables:
        frame = results.table(name)
        assert isinstance(frame, pd.DataFrame)
        assert None not in frame.index.names
        assert frame.columns.is_unique


@pytest.mark.parametrize("split", SPLITS)
def test_confusion_has_true_classes_in_rows(results: LoadedResults, split: str) -> None:
    frame = results.table(f"confusion_{split}")
    matrix = whole()["transfer"]["confusion"][split]
    for row, true in enumerate(LABELS):
        for column, predicted in enumerate(LABELS):
            assert frame.loc[true, predicted] == matrix[row][column]
    assert frame.dtypes.eq("int64").all()


def test_accuracy_has_counts_beside_it(results: LoadedResults) -> None:
    assert records(results.table("accuracy")) == [
        {"split": "train", "correct": 8, "total": 8, "accuracy": 1.0},
        {"split": "val", "correct": 6, "total": 8, "accuracy": 0.75},
        {"split": "test", "correct": 5, "total": 8, "accuracy": 0.625},
    ]


def test_rows_are_what_the_document_says(results: LoadedResults) -> None:
    document = whole()
    data, transfer = document["dataset"], document["transfer"]
    assert records(results.table("images")) == data["images"]
    assert records(results.table("checks")) == document["checks"]
    assert results.table("counts").to_dict() == data["counts"]
    assert records(results.table("history")) == [
        {"epoch": 1, "loss": 0.5, "accuracy": 0.9, "val_loss": 0.6, "val_accuracy": 0.8}
    ]
    assert records(results.table("per_class")) == [
        {"split": split, "class": label, **transfer["per_class"][split][label]}
        for split in SPLITS
        for label in LABELS
    ]
    assert records(results.table("misclassified")) == [
        {"file": "test/x.jpg", "true": "cat", "predicted": "dog", "probability of cat": 0.5,
         "probability of dog": 0.5}
    ]  # fmt: skip
    assert records(results.table("convolution"))[1] == {
        "class": "dog", "file": "test/x.jpg", "expected_shape": "222 × 222", "observed_shape": "222 × 222",
        "matches": True,
    }  # fmt: skip
    assert records(results.table("conv_stack"))[1]["kernel_shape"] == "3 × 3 × 32 × 64"


@pytest.mark.parametrize(("table", "section"), [("neurons", "top"), ("neurons_distinct", "top_distinct")])
def test_neurons_have_position_value_and_boxes(tmp_path: Path, table: str, section: str) -> None:
    content = change(written(), f"/neurons/{section}/dog/0/position", [1, 2, 300])
    frame = read(tmp_path, content).table(table)
    row = frame.loc[("dog", 1)]
    assert [row[name] for name in ("row", "column", "channel", "value")] == [1, 2, 300, 7.5]
    assert [row[f"field_{side}"] for side in ("top", "bottom", "left", "right")] == [0, 224, 10, 224]
    assert [row[f"patch_{side}"] for side in ("top", "bottom", "left", "right")] == [40, 90, 50, 120]
    assert row["energy_share"] == 0.81
    assert frame.loc[("cat", 1), "channel"] == 5


def test_guided_rows_have_shares_where_there_are_boxes(results: LoadedResults) -> None:
    first, second, *_ = records(results.table("guided_backprop"))
    assert (first["class"], first["choice"], first["blank"]) == ("cat", "zero", True)
    assert (first["energy_on_animal"], first["energy_on_head"]) == (0.5, None)
    assert (second["value"], second["energy_on_animal"]) == (2.0, None)


def test_null_is_nan_in_a_column_of_numbers(results: LoadedResults) -> None:
    precision = results.table("per_class")["precision"]
    assert precision.dtype == np.float64
    assert precision.isna().all()


@pytest.mark.parametrize("name", ["file", "true", "true class", "predicted", "split", "label"])
def test_a_class_may_have_the_name_of_a_column(tmp_path: Path, name: str) -> None:
    renamed = json.loads(json.dumps(written()).replace('"cat"', json.dumps(name)))
    results = read(tmp_path, renamed)
    for table in results.tables:
        frame = results.table(table).reset_index()
        assert frame.columns.is_unique, table
    assert 3 in results.table("confusion_test").to_numpy()
    assert results.table("misclassified")[f"probability of {name}"].tolist() == [0.5]


def test_a_matrix_of_other_classes_has_numbers_for_names(tmp_path: Path) -> None:
    content = change(written(), "/transfer/confusion/test", [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    frame = read(tmp_path, content).table("confusion_test")
    assert list(frame.columns) == list(frame.index) == ["0", "1", "2"]


def test_a_split_without_images_has_no_accuracy(tmp_path: Path) -> None:
    content = change(written(), "/transfer/confusion/val", [[0, 0], [0, 0]])
    frame = read(tmp_path, content).table("accuracy")
    assert math.isnan(frame.loc["val", "accuracy"])
    assert frame.loc["val", "total"] == 0


def test_a_wrong_name_is_answered_with_the_nearest(results: LoadedResults) -> None:
    with pytest.raises(PointerError, match="confusion_tests") as caught:
        results.table("confusion_tests")
    assert "Did you mean 'confusion_test'?" in caught.value.remedy
    assert all(name in caught.value.remedy for name in results.tables)


def test_predictions_need_the_build_folder(results: LoadedResults) -> None:
    with pytest.raises(PointerError, match="arrays that did not come along") as caught:
        results.table("predictions")
    assert "build folder" in caught.value.remedy


def test_without_pandas_the_error_says_what_to_install(
    results: LoadedResults, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(PandasMissingError) as caught:
        results.table("accuracy")
    assert isinstance(caught.value, ImportError)
    assert f"{sys.executable} -m pip install pandas" in caught.value.remedy
    assert results.tables


@pytest.mark.slow
def test_predictions_give_the_confusion_matrix_again(build: Path, results: Any) -> None:
    document = json.loads((build / "results.json").read_bytes())
    loaded = load_results(build)
    assert loaded.tables == TABLES
    frame = loaded.table("predictions")
    classes = document["transfer"]["classes"]
    likely = frame[[f"probability of {label}" for label in classes]].to_numpy()
    np.testing.assert_allclose(likely.sum(axis=1), 1, atol=1e-6)
    for split in SPLITS:
        part = frame[frame["split"] == split]
        counted = [
            [int(((part["label"] == true) & (part["predicted"] == predicted)).sum()) for predicted in classes]
            for true in classes
        ]
        assert counted == document["transfer"]["confusion"][split]
    wrong = document["transfer"]["misclassified"]
    assert {each["file"] for each in wrong} == {
        file for file, row in frame.iterrows() if row["split"] == "test" and row["label"] != row["predicted"]
    }
