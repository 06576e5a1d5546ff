"""The public contract of ``results.json``."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from printed import resolve_pointer
from small_results import document, results_of, small_results

from reportgen.contract.schema import read_results
from reportgen.outline.kind import find_kind
from reportgen.results.inference import wilson_interval
from reportgen.sections.guided_backprop.result import Signs

CONTRACT = [
    "/schema_version",
    "/report/course", "/report/assignment", "/report/group", "/report/authors",
    "/provenance/seed", "/provenance/data_fingerprint", "/provenance/versions",
    "/provenance/weights/source", "/provenance/weights/name", "/provenance/weights/sha256",
    "/provenance/weights/note",
    "/dataset/classes", "/dataset/counts/train/cat", "/dataset/warnings",
    "/convolution/filter/2/2", "/convolution/expected_shape/1", "/convolution/init_check/plausible",
    "/convolution/classes/cat/file", "/convolution/classes/cat/observed_shape",
    "/convolution/classes/cat/matches",
    "/conv_stack/layers/1/filters", "/conv_stack/layers/1/kernel_shape/3",
    "/conv_stack/layers/1/expected_shape",
    "/conv_stack/layers/1/observed_shape", "/conv_stack/layers/1/matches", "/conv_stack/layers/1/init_check",
    "/transfer/trainable_parameters", "/transfer/frozen_sha256/before", "/transfer/frozen_sha256/after",
    "/transfer/history", "/transfer/confusion/test/1/1", "/transfer/accuracy/test", "/transfer/misclassified",
    "/neurons/layer", "/neurons/layer_shape/2", "/neurons/top/cat/0/position/2", "/neurons/top/cat/0/value",
    "/neurons/top/cat/0/receptive_field/rows/1", "/neurons/top/cat/0/receptive_field/cols/1",
    "/neurons/top/cat/0/patch/rows/0", "/neurons/top/cat/0/patch/cols/0",
    "/neurons/top_distinct/cat/0/position",
    "/guided_backprop/rows/cat/0/position", "/guided_backprop/rows/cat/0/value",
    "/guided_backprop/rows/cat/0/gradient_max_abs", "/guided_backprop/rows/cat/0/blank",
    "/guided_backprop/rows/cat/0/relu_total", "/guided_backprop/rows/cat/0/relu_guided",
]  # fmt: skip


@pytest.fixture
def written() -> Any:
    """What ``results.json`` holds, read by a plain JSON parser."""
    return json.loads(small_results().model_dump_json())


@pytest.mark.parametrize("pointer", CONTRACT)
def test_what_the_assignment_names_is_there(written: Any, pointer: str) -> None:
    resolve_pointer(written, pointer)


def test_results_are_read_back_as_they_were_written() -> None:
    results = small_results()
    text = results.model_dump_json(indent=2)
    assert read_results(text, find_kind()) == results
    assert read_results(text, find_kind()).model_dump_json(indent=2) == text


def test_nothing_that_was_put_in_is_lost(written: Any) -> None:
    def subset(part: Any, whole: Any) -> bool:
        if isinstance(part, dict):
            return all(key in whole and subset(value, whole[key]) for key, value in part.items())
        if isinstance(part, list):
            return len(part) == len(whole) and all(map(subset, part, whole))
        return bool(part == whole)

    assert subset(document(), written)


def test_rates_are_those_of_the_confusion_matrix(written: Any) -> None:
    # By hand: [[3, 1], [2, 2]] has 5 of 8 on the diagonal, [[2, 2], [0, 4]] has 6.
    assert written["transfer"]["correct"] == {"train": 8, "val": 6, "test": 5}
    assert written["transfer"]["total"] == {"train": 8, "val": 8, "test": 8}
    assert written["transfer"]["accuracy"] == {"train": 1.0, "val": 0.75, "test": 0.625}


def test_an_accuracy_that_was_written_by_hand_is_not_believed() -> None:
    changed = document()
    changed["transfer"]["accuracy"] = {"train": 1, "val": 1, "test": 1}
    assert results_of(changed).transfer.accuracy["test"] == 0.625


def test_silent_neurons_are_counted(written: Any) -> None:
    # Two of the four rows have zero output; one of these is blank, and one other row is blank too.
    assert written["guided_backprop"]["zero_neurons"] == 2
    assert written["guided_backprop"]["zero_neurons_blank"] == 1


@pytest.mark.parametrize("label", ["cat", "dog"])
def test_one_image_that_does_not_match_is_enough(label: str) -> None:
    changed = document()
    assert results_of(changed).convolution.matches is True
    changed["convolution"]["classes"][label] = {"file": "x", "observed_shape": [221, 222], "matches": False}
    assert results_of(changed).convolution.matches is False


@pytest.mark.parametrize("layer", [0, 1])
def test_one_layer_that_does_not_match_is_enough(layer: int) -> None:
    changed = document()
    assert results_of(changed).conv_stack.matches is True
    changed["conv_stack"]["layers"][layer]["matches"] = False
    assert results_of(changed).conv_stack.matches is False


def test_keys_of_a_newer_version_are_passed_over() -> None:
    changed = document() | {"more": 1}
    changed["transfer"]["more"] = {"a": 1}
    assert read_results(json.dumps(changed), find_kind()) == small_results()


def test_results_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        small_results().transfer.trainable_parameters = 1


def test_signs_are_counted_as_a_share(written: Any) -> None:
    assert written["guided_backprop"]["signs"]["negative_share"] == 0.75
    assert Signs(negative=0, positive=0).negative_share == 0


@pytest.mark.parametrize(("correct", "total"), [(0, 7), (1, 1), (8, 10), (54, 60), (60, 60), (1, 1000)])
def test_the_interval_ends_where_the_score_test_does(correct: int, total: int) -> None:
    """At its ends the share found is 1.96 standard deviations off, or it is an end of all shares."""
    low, high = wilson_interval(correct, total)
    share = correct / total
    assert 0 <= low <= share <= high <= 1
    assert low == 0 if correct == 0 else low > 0
    assert high == 1 if correct == total else high < 1
    for end in (low, high):
        if 0 < end < 1:
            off = abs(share - end) / math.sqrt(end * (1 - end) / total)
            assert off == pytest.approx(1.959964, abs=1e-5)


def test_the_largest_class_is_what_the_accuracy_has_to_beat(written: Any) -> None:
    for split, matrix in written["transfer"]["confusion"].items():
        rows = [sum(row) for row in matrix]
        assert written["transfer"]["majority_share"][split] == max(rows) / sum(rows)
        assert len(written["transfer"]["accuracy_interval"][split]) == 2
