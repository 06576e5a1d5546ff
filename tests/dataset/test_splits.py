"""Which names of folders stand for which split."""

from __future__ import annotations

import pytest

from reportgen.dataset.names import find_splits


@pytest.mark.parametrize(
    ("split", "name"),
    [
        *[("train", name) for name in ("train", "TRAIN", "Training", "training_set", "TrainSet")],
        *[("val", name) for name in ("val", "valid", "Validation", "validation_set", "dev", "Eval")],
        *[("test", name) for name in ("test", "Testing", "test_set", "TestSet", "test images")],
    ],
)  # fmt: skip
def test_usual_names_are_known(split: str, name: str) -> None:
    assert find_splits([name, "cats"]) == {name: split}


@pytest.mark.parametrize(
    "name", ["cats", "trains", "contest", "latest", "values", "device", "train_and_test"]
)
def test_other_words_are_none(name: str) -> None:
    assert find_splits([name]) == {}


def test_what_all_names_share_does_not_matter() -> None:
    names = ["seg_train", "seg_test", "seg_pred"]
    assert find_splits(names) == {"seg_train": "train", "seg_test": "test"}
    assert find_splits(["animals-train", "animals-val", "animals-test"]).keys() == {
        "animals-train",
        "animals-val",
        "animals-test",
    }


@pytest.mark.parametrize("names", [["steam_train", "test_tube"], ["steam_train", "steam_boat"]])
def test_classes_with_such_words_in_them_stay_classes(names: list[str]) -> None:
    assert find_splits(names) == {}


def test_plain_names_go_before_others() -> None:
    assert find_splits(["train", "test", "old_train", "old_test"]) == {"train": "train", "test": "test"}


def test_two_names_of_one_split_are_both_found() -> None:
    assert find_splits(["val", "valid"]) == {"val": "val", "valid": "val"}
