"""Numbers of another machine agree, and no others: tolerances, rankings, predictions, derived values."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from small_results import document

from reportgen.outline.kind import find_kind
from reportgen.sections.guided_backprop.comparison import compare_rows, same_neurons
from reportgen.sections.neurons.comparison import compare_top
from reportgen.sections.randomisation.comparison import compare_neurons
from reportgen.sections.transfer.comparison import compare_predictions
from reportgen.verify.numbers import compare_numbers
from reportgen.verify.tolerances import Finding, Tolerances

KIND = find_kind()
TOLERANCES = Tolerances.of(KIND)

SUMMARY = {"file": "f", "key": "k", "shape": [10, 10], "dtype": "float32"}


def differing(rows: Iterable[Finding]) -> set[str]:
    return {row.pointer for row in rows if row.status == "differs"}


@pytest.mark.parametrize(
    ("pointer", "recomputed", "within", "beyond"),
    [
        ("/transfer/history/val_loss/3", 1.0, 1.02, 1.05),
        ("/transfer/history/accuracy/3", 0.9, 0.94, 0.96),
        ("/transfer/training/feature_scale", 2.0, 2.0001, 2.001),
        ("/transfer/training/epochs_run", 20, 20, 21),
        ("/neurons/top/a~1b/0/patch/rows/1", 100, 102, 103),
        ("/neurons/top/cat/0/patch/energy_share", 0.8, 0.815, 0.83),
        ("/neurons/geometry/size", 252, 252, 253),
        ("/neurons/positive_share/cat", 0.3, 0.3005, 0.302),
        ("/guided_backprop/rows/cat/0/scale_limit", 0.1, 0.10005, 0.1003),
        ("/guided_backprop/rows/cat/0/relu_guided", 16, 16, 15),
        ("/convolution/init_check/statistic", 6.48, 6.4800001, 6.4801),
        ("/convolution/filter/0/0", 0.5, 0.5000001, 0.50001),
        ("/dataset/counts/test/cat", 4, 4, 5),
    ],
)
def test_a_number_may_be_as_far_off_as_its_kind_is_on_another_machine(
    pointer: str, recomputed: float, within: float, beyond: float
) -> None:
    assert TOLERANCES.agree(pointer, within, recomputed)
    assert not TOLERANCES.agree(pointer, beyond, recomputed)
    assert not TOLERANCES.agree(pointer, 2 * recomputed - beyond, recomputed)


@pytest.mark.parametrize(
    ("pointer", "scale", "allowed"),
    [
        ("/convolution/arrays/image_0/mean", 1, 1 / 255),
        ("/convolution/arrays/filter/mean", 2, 2e-6),
        ("/convolution/arrays/map_0/min", 10, 1e-3 + 1 / 255),
        ("/conv_stack/arrays/kernel_1/max", 2, 2e-6),
        ("/conv_stack/arrays/maps_1_0/mean", 10, 1e-3 + 1 / 255),
        ("/transfer/arrays/features_train/mean", 10, 1e-3),
        ("/transfer/arrays/probabilities_test/max", 1, 0.01),
        ("/transfer/arrays/misclassified/mean", 255, 1),
        ("/transfer/misclassified/0/probabilities/cat", 0, 0.01),
        ("/neurons/arrays/image_0/mean", 255, 1),
        ("/neurons/arrays/activations_0/mean", 100, 1e-2),
        ("/neurons/top/cat/0/value", 100, 1e-2),
        ("/neurons/top_distinct/cat/0/value", 100, 1e-2),
        ("/neurons/head_overlap/cat/overlapping", 0, 1),
        ("/guided_backprop/rows/cat/0/value", 100, 1e-2),
        ("/guided_backprop/rows/cat/0/gradient_max_abs", 0, 5e-4),
        ("/guided_backprop/rows/cat/0/energy_share", 0, 2e-3),
        ("/guided_backprop/arrays/gradients_0/max", 2, 2e-3),
    ],
)
def test_arrays_and_outputs_may_be_off_by_a_part_of_their_scale(
    pointer: str, scale: float, allowed: float
) -> None:
    """The recomputed number is one half; JPEG's level of 1/255 has a hundredth of its own for rounding."""
    assert TOLERANCES.agree(pointer, 0.5 + 0.99 * allowed, 0.5, scale)
    assert not TOLERANCES.agree(pointer, 0.5 + 1.02 * allowed, 0.5, scale)
    assert not TOLERANCES.agree(pointer, 0.5 - 1.02 * allowed, 0.5, scale)


def test_no_number_agrees_with_what_is_none() -> None:
    for value in (None, "1", True, [1.0]):
        assert not TOLERANCES.agree("/transfer/history/loss/0", value, 1.0)
    assert not TOLERANCES.agree("/convolution/matches", 1, True)
    assert TOLERANCES.agree("/convolution/matches", True, True)


def test_every_tolerance_has_its_reason_and_a_place_in_the_contract() -> None:
    from reportgen.contract.schema import POINTERS_FILE

    listed = POINTERS_FILE.read_text(encoding="utf-8")
    for rule in TOLERANCES.rules:
        assert rule.reason
        section, name = rule.pattern.split("/")[1:3]
        assert f"`/{section}/{name.strip('*')}" in listed


def summary(**values: float) -> dict[str, Any]:
    return {"transfer": {"arrays": {"features_test": {**SUMMARY, **values}}}}


def test_a_summary_is_compared_on_the_scale_of_its_array() -> None:
    recomputed = summary(min=-1.0, max=100.0, mean=1e-6, norm=500.0)
    near = summary(min=-1.009, max=100.009, mean=0.009, norm=500.04)
    far = summary(min=-1.02, max=100.02, mean=0.02, norm=500.06)
    assert differing(compare_numbers(near, recomputed, KIND)) == set()
    names = {f"/transfer/arrays/features_test/{name}" for name in ("min", "max", "mean", "norm")}
    assert differing(compare_numbers(far, recomputed, KIND)) == names
    other = copy.deepcopy(recomputed)
    other["transfer"]["arrays"]["features_test"]["shape"][1] = 11
    assert differing(compare_numbers(other, recomputed, KIND)) == {"/transfer/arrays/features_test/shape/1"}


def test_what_one_of_two_documents_lacks_is_named() -> None:
    one, other = {"dataset": {"a": 1, "b": []}}, {"dataset": {"a": 1, "c": {"d": 2}}}
    assert differing(compare_numbers(one, other, KIND)) == {"/dataset/b", "/dataset/c/d"}
    newer = {"schema_version": "1.7", **one}
    assert differing(compare_numbers(newer, {"schema_version": "1.0", **other}, KIND)) == set()
    assert differing(compare_numbers({}, other, KIND)) >= {"/dataset/a", "/dataset/c/d"}


LAYER = np.zeros((14, 14, 16), np.float32)
LAYER[0, 0, 0], LAYER[0, 0, 1], LAYER[5, 5, 2], LAYER[9, 9, 3] = 10, 9, 8.9995, 8
GEOMETRY = {"size": 252, "stride": 16, "padding": 118}
FIELDS = {0: [0, 134], 5: [0, 214], 9: [26, 224]}
"""Of the rows and columns 0, 5 and 9: −118 + 16 i … 252 pixels long, clipped to 224."""


def neuron(row: int, channel: int, value: float) -> dict[str, Any]:
    field = {"rows": FIELDS[row], "cols": FIELDS[row]}
    patch = {"rows": [1, 50], "cols": [row, 50], "energy_share": 0.8}
    return {"position": [row, row, channel], "value": value, "receptive_field": field, "patch": patch}


def ranking(*neurons: dict[str, Any]) -> dict[str, Any]:
    return {"top": {"cat": list(neurons)}, "top_distinct": {"cat": list(neurons)}, "geometry": GEOMETRY}


FIRST, SECOND, THIRD, FOURTH = neuron(0, 0, 10), neuron(0, 1, 9), neuron(5, 2, 8.9995), neuron(9, 3, 8)
RANKED = ranking(FIRST, SECOND, THIRD)


def wrong_pointers(reported: dict[str, Any]) -> set[str]:
    rows = list(compare_top(reported, RANKED, {"cat": LAYER}, TOLERANCES))
    pointers = {pointer.removeprefix("/neurons/") for pointer in differing(rows)}
    assert {p.removeprefix("top/") for p in pointers if p.startswith("top/")} == {
        p.removeprefix("top_distinct/") for p in pointers if p.startswith("top_distinct/")
    }
    return {path.removeprefix("top/") for path in pointers if path.startswith("top/")}


def test_neurons_of_nearly_equal_output_may_change_places() -> None:
    assert wrong_pointers(RANKED) == set()
    assert wrong_pointers(ranking(FIRST, THIRD, SECOND)) == set()


def test_neurons_of_other_outputs_may_not() -> None:
    assert wrong_pointers(ranking(SECOND, FIRST, THIRD)) >= {"cat/0/position", "cat/1/position"}
    assert wrong_pointers(ranking(FIRST, SECOND, FOURTH)) >= {"cat/2/position", "cat/2/value"}
    flattered = {**FOURTH, "value": 8.9995}
    assert wrong_pointers(ranking(FIRST, SECOND, flattered)) == {"cat/2/position"}


def test_a_neuron_stands_in_its_list_once_and_inside_the_layer() -> None:
    assert wrong_pointers(ranking(FIRST, SECOND, SECOND)) == {"cat/2/position"}
    outside = {**THIRD, "position": [5, 5, 16]}
    assert wrong_pointers(ranking(FIRST, SECOND, outside)) == {"cat/2/position"}
    assert wrong_pointers(ranking(FIRST, SECOND)) == {"cat"}


def test_only_the_second_list_has_each_channel_once() -> None:
    layer = LAYER.copy()
    layer[5, 5, 0] = layer[9, 9, 3] = 10
    reported, expected = ranking(FIRST, neuron(5, 0, 10)), ranking(FIRST, neuron(9, 3, 10))
    rows = compare_top(reported, expected, {"cat": layer}, TOLERANCES)
    assert differing(rows) == {"/neurons/top_distinct/cat/1/position"}


def test_a_swapped_neuron_keeps_its_own_field_and_patch() -> None:
    wrong = {**THIRD, "receptive_field": SECOND["receptive_field"]}
    assert wrong_pointers(ranking(FIRST, wrong, SECOND)) == {"cat/1/receptive_field"}
    wrong = {**THIRD, "patch": {**THIRD["patch"], "cols": [0, 50]}}
    assert wrong_pointers(ranking(FIRST, wrong, SECOND)) == {"cat/1/patch/cols/0"}


def test_the_patch_of_a_neuron_that_was_not_chosen_again_is_not_recomputed() -> None:
    layer = LAYER.copy()
    layer[9, 9, 3] = 8.9999
    reported = ranking(FIRST, SECOND, {**FOURTH, "value": 8.9999})
    rows = list(compare_top(reported, RANKED, {"cat": layer}, TOLERANCES))
    assert differing(rows) == set()
    assert {row.pointer for row in rows if row.status == "not recomputable"} == {
        "/neurons/top/cat/2/patch", "/neurons/top_distinct/cat/2/patch",
    }  # fmt: skip


def redrawn(position: list[int], value: float, signed: float = 0.5) -> dict[str, Any]:
    networks = [{"value": -3.0, "likeness": {"guided": {"signed": signed}}}]
    usual = {"file": "x", "field": {"rows": [0, 9]}, "guided_limit": 0.2, "plain_limit": 0.1}
    return {"neurons": {"cat": {"position": position, "value": value, "redrawn": networks, **usual}}}


def test_an_explained_neuron_may_be_another_of_equal_output_and_then_says_nothing_more() -> None:
    here, layers = "/randomisation/neurons/cat", {"cat": LAYER}
    recomputed = redrawn([0, 0, 1], 9.0)

    def found(submitted: dict[str, Any]) -> list[Finding]:
        return list(compare_neurons(submitted, recomputed, layers, TOLERANCES))

    assert {row.status for row in found(redrawn([0, 0, 1], 9.0, 0.504))} == {"confirmed"}
    likeness = f"{here}/redrawn/0/likeness/guided/signed"
    assert differing(found(redrawn([0, 0, 1], 9.0, 0.51))) == {likeness}
    other = found(redrawn([5, 5, 2], 8.9995, 0.1))
    assert differing(other) == set()
    assert f"{here}/redrawn" in {row.pointer for row in other if row.status == "not recomputable"}
    assert differing(found(redrawn([9, 9, 3], 9.0))) == {f"{here}/position"}
    assert differing(found({"neurons": {}})) == {here}
    cow = {"neurons": {**recomputed["neurons"], "cow": {}}}
    assert differing(found(cow)) == {"/randomisation/neurons/cow"}


def guided(*rows: tuple[str, list[int], float]) -> dict[str, Any]:
    usual = {
        "gradient_max_abs": 1.0, "blank": False, "relu_total": 2, "relu_guided": 2, "scale_limit": 0.5,
        "energy_share": None,
    }  # fmt: skip
    table = [
        {"choice": choice, "position": position, "value": value, **usual} for choice, position, value in rows
    ]
    return {"rows": {"cat": table}}


def test_a_median_may_be_another_neuron_of_equal_output_but_a_named_position_not() -> None:
    layers = {"cat": LAYER}
    recomputed = guided(("median", [0, 0, 1], 9.0), ("position", [0, 0, 1], 9.0))
    other = guided(("median", [5, 5, 2], 8.9995), ("position", [0, 0, 1], 9.0))
    rows = list(compare_rows(other, recomputed, layers, TOLERANCES))
    assert differing(rows) == set()
    assert "/guided_backprop/rows/cat/0/blank" in {r.pointer for r in rows if r.status == "not recomputable"}
    assert same_neurons(other, recomputed) == {"cat": [False, True]}
    far = guided(("median", [9, 9, 3], 9.0), ("position", [5, 5, 2], 8.9995))
    wrong = {"/guided_backprop/rows/cat/0/position", "/guided_backprop/rows/cat/1/position"}
    assert differing(compare_rows(far, recomputed, layers, TOLERANCES)) == wrong
    assert differing(compare_rows(guided(("top:1", [0, 0, 1], 9.0)), recomputed, layers, TOLERANCES)) == {
        "/guided_backprop/rows/cat", "/guided_backprop/rows/cat/0/choice",
    }  # fmt: skip
    assert "/guided_backprop/rows/cow" in differing(
        compare_rows({"rows": {**recomputed["rows"], "cow": []}}, recomputed, layers, TOLERANCES)
    )


def test_an_unusual_neuron_may_be_another_one_that_exceeds_its_average_as_much() -> None:
    # No floor changes these: 10/20, 9/9, 8.9995/8.9996 and 8/4, the third quartile being 1.75.
    usual = np.ones(16, np.float32)
    usual[:4] = 20, 9, 8.9996, 4
    recomputed = guided(("unusual:2", [0, 0, 1], 9.0))

    def found(position: list[int], value: float) -> set[str]:
        reported = guided(("unusual:2", position, value))
        return differing(compare_rows(reported, recomputed, {"cat": LAYER}, TOLERANCES, usual))

    assert found([0, 0, 1], 9.0) == set()
    # Nearly the same output over nearly the same average; then the same output over another average.
    assert "/guided_backprop/rows/cat/0/position" not in found([5, 5, 2], 8.9995)
    usual[2] = 4.5
    assert "/guided_backprop/rows/cat/0/position" in found([5, 5, 2], 8.9995)
    # What is twice its average is another one, though the report had it in the same place.
    assert "/guided_backprop/rows/cat/0/position" in found([9, 9, 3], 8.0)


IMAGES = [{"file": f"test/{i}.png", "split": "test", "label": label} for i, label in enumerate("aabbc")]
PROBABILITIES = np.array(
    [[0.9, 0.05, 0.05], [0.49, 0.50, 0.01], [0.1, 0.9, 0.0], [0.48, 0.47, 0.05], [0.0, 0.1, 0.9]], np.float32
)
WRONG = {1: ("a", "b"), 3: ("b", "a")}


def predictions(confusion: list[list[int]], wrong: dict[int, tuple[str, str]]) -> dict[str, Any]:
    listed = [
        {
            "file": f"test/{i}.png", "true": true, "predicted": guess,
            "probabilities": dict(zip("abc", map(float, PROBABILITIES[i]), strict=True)),
        }
        for i, (true, guess) in wrong.items()
    ]  # fmt: skip
    return {"classes": list("abc"), "confusion": {"test": confusion}, "misclassified": listed}


COMPUTED = predictions([[1, 1, 0], [1, 1, 0], [0, 0, 1]], WRONG)


def wrong_predictions(reported: dict[str, Any]) -> set[str]:
    rows = compare_predictions(reported, COMPUTED, IMAGES, {"test": PROBABILITIES}, TOLERANCES)
    return {pointer.removeprefix("/transfer/") for pointer in differing(rows)}


def test_an_image_between_two_classes_may_be_taken_for_either() -> None:
    assert wrong_predictions(COMPUTED) == set()
    assert wrong_predictions(predictions([[2, 0, 0], [1, 1, 0], [0, 0, 1]], {3: WRONG[3]})) == set()
    assert wrong_predictions(predictions([[2, 0, 0], [0, 2, 0], [0, 0, 1]], {})) == set()


def test_an_image_that_is_clearly_of_one_class_may_not() -> None:
    confusion = [[1, 1, 0], [1, 1, 0], [0, 1, 0]]
    assert wrong_predictions(predictions(confusion, WRONG)) == {"confusion/test"}
    assert wrong_predictions(predictions(confusion, {**WRONG, 4: ("c", "b")})) == {
        "confusion/test", "misclassified/2/predicted",
    }  # fmt: skip
    assert wrong_predictions(predictions([[0, 2, 0], [1, 1, 0], [0, 0, 1]], WRONG)) == {"confusion/test"}
    assert wrong_predictions(predictions([[1, 0, 1], [1, 1, 0], [0, 0, 1]], WRONG)) == {"confusion/test"}
    assert wrong_predictions(predictions([[1, 1], [1, 1]], WRONG)) == {"confusion/test"}


def test_the_list_of_errors_is_looked_at_image_by_image() -> None:
    reported = copy.deepcopy(COMPUTED)
    reported["misclassified"][0]["probabilities"]["a"] = 0.3
    reported["misclassified"][1]["predicted"] = "c"
    reported["misclassified"].append({**reported["misclassified"][0], "file": "test/none.png"})
    assert wrong_predictions(reported) == {
        "misclassified/0/probabilities/a", "misclassified/1/predicted", "misclassified/2/file",
    }  # fmt: skip
    reported["misclassified"][1]["predicted"] = "cow"
    assert "misclassified/1/predicted" in wrong_predictions(reported)
    twice = {**COMPUTED, "misclassified": [COMPUTED["misclassified"][0]] * 2}
    assert "misclassified" in wrong_predictions(twice)


def test_an_honest_document_agrees_with_itself() -> None:
    whole = document()
    assert differing(compare_numbers(whole, copy.deepcopy(whole), KIND)) == set()


def test_words_of_another_version_are_not_held_against_a_report_and_its_numbers_are() -> None:
    own, other = document(), copy.deepcopy(document())
    other["provenance"]["weights"]["note"] = "Said in another way."
    other["dataset"]["warnings"] = ["Mind the gap."]
    other["provenance"]["seed"] = 9
    words = {"/provenance/weights/note", "/dataset/warnings/0"}
    assert differing(compare_numbers(other, own, KIND)) >= {*words, "/provenance/seed"}
    other["schema_version"] = "1.0"
    assert differing(compare_numbers(other, {**own, "schema_version": "1.2"}, KIND)) == {"/provenance/seed"}


def test_what_no_module_compares_is_compared_like_all_else() -> None:
    neurons = KIND.section("neurons")
    own, other = document(), copy.deepcopy(document())
    other["neurons"]["top"]["cat"][0]["value"] = 99.0
    pointer = "/neurons/top/cat/0/value"
    assert pointer not in differing(compare_numbers(other, own, KIND))
    alone = replace(neurons, package="reportgen.sections.convolution", result="Convolution")
    careless = replace(KIND, sections=(alone,))
    assert alone.load("comparison") is None
    assert pointer in differing(compare_numbers(other, own, careless))
