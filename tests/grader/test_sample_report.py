"""A report read as a grader would: ``results.json`` and its arrays, nothing else.

Every value is computed again here from the assignment's text; nothing of the package's analysis is used. That
is done of the report that all tests share, and with ``--full`` of the one on the sample data instead; what
only the sample has is left to the long tests.
"""

from __future__ import annotations

import json
import math
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from stand_in import print_nothing

from reportgen import load_results
from reportgen.diff.difference import compare
from reportgen.engine.pipeline import build
from reportgen.grading.run import grade
from reportgen.grading.shipped import shipped_rubrics
from reportgen.settings import load_settings
from reportgen.submission import open_submission
from reportgen.system.libraries import can_print
from reportgen.verify import verify

pytestmark = pytest.mark.slow

CLASSES = ["butterfly", "kangaroo", "leopard"]
COUNTS = {"train": 20, "val": 8, "test": 8}
EMBEDDED_SHA256 = "4502df9d0a88873911ea191cb2be5147d190f6a7f4c21731a418960f6bdb8e8f"
SIDE = 224
ASKED = ["convolution", "conv_stack", "transfer", "neurons", "guided_backprop"]
Box = tuple[int, int, int, int]


@pytest.fixture(scope="module")
def sample(drawn: Path, full: bool, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample images and the finished report on them."""
    home = tmp_path_factory.mktemp("sample")
    shutil.copytree(drawn, home / "data/sample")
    if not full:
        # What the assignment asks for, and no more: nothing here looks at the other sections.
        (home / "report.toml").write_text(f"sections = {json.dumps(ASKED)}\n", encoding="utf-8")
    settings = load_settings(folder=home, data=str(home / "data/sample"), weights="embedded")
    with pytest.MonkeyPatch.context() as patch:
        if not full or not can_print():
            # No number is read from the PDF here, and other tests print all that is in it.
            patch.setattr("reportgen.engine.stages.pdf.print_pdf", print_nothing)
        assert build(settings, home / "data/sample").problem is None
    return home


@pytest.fixture(scope="module")
def built(full: bool, request: pytest.FixtureRequest) -> Path:
    """The build folder of the report that is computed again."""
    if full:
        return request.getfixturevalue("sample") / "build"  # type: ignore[no-any-return]
    return request.getfixturevalue("build")  # type: ignore[no-any-return]


def read_results(folder: Path) -> Any:
    return json.loads((folder / "results.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def results(built: Path) -> Any:
    return read_results(built)


@pytest.fixture(scope="module")
def classes(results: Any) -> list[str]:
    """The three classes, in the order of the report."""
    found: list[str] = results["dataset"]["classes"]
    assert len(found) == len(set(found)) == 3
    return found


def load(folder: Path, name: str) -> dict[str, NDArray[Any]]:
    with np.load(folder / "arrays" / f"{name}.npz", allow_pickle=False) as archive:
        return dict(archive)


@pytest.fixture(scope="module")
def activations(built: Path, classes: list[str]) -> dict[str, NDArray[np.float32]]:
    """The output of the explained layer for each class's example image, (14, 14, 512)."""
    arrays = load(built, "neurons")
    return {label: arrays[f"activations_{i}"] for i, label in enumerate(classes)}


# What was put in


@pytest.mark.long
def test_the_data_are_the_sample_and_said_to_be_drawn(sample: Path) -> None:
    results = read_results(sample / "build")
    dataset = results["dataset"]
    assert dataset["classes"] == CLASSES
    assert dataset["counts"] == {split: dict.fromkeys(CLASSES, n) for split, n in COUNTS.items()}
    assert dataset["drawn_by_program"] is True
    assert dataset["warnings"] == []
    assert results["schema_version"]
    assert set(results["report"]) >= {"course", "assignment", "group", "authors"}


def test_seed_weights_and_versions_are_stated(results: Any) -> None:
    provenance = results["provenance"]
    assert provenance["weights"]["source"] == "embedded"
    assert provenance["weights"]["sha256"] == EMBEDDED_SHA256
    assert "hed" in provenance["weights"]["name"]
    assert "196" in provenance["weights"]["note"]
    assert provenance["seed"] == 671
    assert len(provenance["data_fingerprint"]) == 64
    assert {"tensorflow", "keras", "numpy", "reportgen"} <= set(provenance["versions"])


# Question 1 and 2: convolution


def output_size(size: int, *, filter_size: int = 3, padding: int = 0, stride: int = 1) -> int:
    return (size - filter_size + 2 * padding) // stride + 1


def test_the_feature_map_of_one_filter_has_the_size_of_the_formula(results: Any, classes: list[str]) -> None:
    convolution = results["convolution"]
    assert convolution["expected_shape"] == [222, 222] == [output_size(SIDE)] * 2
    assert list(convolution["classes"]) == classes
    for item in convolution["classes"].values():
        assert item["observed_shape"] == [222, 222]
        assert item["matches"] is True
    assert np.shape(convolution["filter"]) == (3, 3)


@pytest.mark.parametrize("i", range(3))
def test_the_feature_map_is_that_of_the_filter(built: Path, results: Any, i: int) -> None:
    arrays = load(built, "convolution")
    image, weights = arrays[f"image_{i}"].astype(np.float64), np.array(results["convolution"]["filter"])
    assert image.shape == (SIDE, SIDE)
    assert 0 <= image.min() < image.max() <= 1
    expected = sum(weights[r, c] * image[r : r + 222, c : c + 222] for r in range(3) for c in range(3))
    np.testing.assert_allclose(arrays[f"map_{i}"], expected, atol=1e-5)


def test_the_two_layers_have_the_sizes_of_the_formula(results: Any) -> None:
    first, second = results["conv_stack"]["layers"]
    assert (first["filters"], second["filters"]) == (32, 64)
    assert first["kernel_shape"] == [3, 3, 1, 32]
    assert second["kernel_shape"] == [3, 3, 32, 64]
    assert first["expected_shape"] == first["observed_shape"] == [222, 222, 32]
    assert second["expected_shape"] == second["observed_shape"] == [220, 220, 64]
    assert second["input_shape"] == first["observed_shape"]
    assert first["matches"] is second["matches"] is True


def test_the_maps_of_ten_channels_are_kept(built: Path) -> None:
    arrays = load(built, "conv_stack")
    for i in range(3):
        assert arrays[f"maps_1_{i}"].shape == (222, 222, 10)
        assert arrays[f"maps_2_{i}"].shape == (220, 220, 10)
        assert min(arrays[f"maps_{layer}_{i}"].min() for layer in (1, 2)) == 0


def test_the_initialisation_is_kaimings(built: Path, results: Any) -> None:
    arrays = load(built, "conv_stack")
    banks = [
        (np.array(results["convolution"]["filter"]), 9, results["convolution"]["init_check"]),
        (arrays["kernel_1"], 9, results["conv_stack"]["layers"][0]["init_check"]),
        (arrays["kernel_2"], 288, results["conv_stack"]["layers"][1]["init_check"]),
    ]
    for weights, fan_in, check in banks:
        assert check["fan_in"] == fan_in
        assert check["sigma_expected"] == pytest.approx(math.sqrt(2 / fan_in))
        spread = math.sqrt(np.square(weights.astype(np.float64)).mean())
        assert check["sigma_observed"] == pytest.approx(spread, rel=1e-6)
        assert check["statistic"] == pytest.approx(weights.size * spread**2 * fan_in / 2, rel=1e-5)
        assert check["interval"][0] < check["statistic"] < check["interval"][1]
        assert check["alpha"] == 0.001
        assert check["plausible"] is True
        assert check["redrawn"] is True
    drawn = np.random.default_rng([results["provenance"]["seed"], 1]).normal(0, math.sqrt(2 / 9), (3, 3))
    np.testing.assert_array_equal(banks[0][0].astype(np.float32), drawn.astype(np.float32))
    assert np.abs(arrays["kernel_2"]).max() > 2 * math.sqrt(2 / 288), "not truncated at two sigma"


# Question 3: transfer


def test_only_the_new_layer_was_trained(results: Any) -> None:
    transfer = results["transfer"]
    assert transfer["trainable_parameters"] == 512 * 3 + 3
    assert transfer["frozen_sha256"]["before"] == transfer["frozen_sha256"]["after"]
    assert len(transfer["frozen_sha256"]["before"]) == 64


@pytest.mark.parametrize("split", COUNTS)
def test_the_confusion_matrix_is_that_of_the_probabilities(
    built: Path, results: Any, classes: list[str], split: str
) -> None:
    matrix = results["transfer"]["confusion"][split]
    predicted = load(built, "transfer")[f"probabilities_{split}"].argmax(axis=1)
    labels = [image["label"] for image in results["dataset"]["images"] if image["split"] == split]
    counted = Counter(zip(map(classes.index, labels), predicted.tolist(), strict=True))
    assert matrix == [[counted[true, guess] for guess in range(3)] for true in range(3)]
    assert [sum(row) for row in matrix] == [labels.count(label) for label in classes]
    right = matrix[0][0] + matrix[1][1] + matrix[2][2]
    assert results["transfer"]["accuracy"][split] == right / len(labels)


@pytest.mark.long
def test_the_animals_are_recognised(sample: Path) -> None:
    assert read_results(sample / "build")["transfer"]["accuracy"]["test"] >= 0.9


def test_precision_and_recall_are_those_of_the_matrix(results: Any, classes: list[str]) -> None:
    matrix = results["transfer"]["confusion"]["test"]
    for i, label in enumerate(classes):
        score = results["transfer"]["per_class"]["test"][label]
        guessed = matrix[0][i] + matrix[1][i] + matrix[2][i]
        assert score["support"] == sum(matrix[i]) > 0
        assert score["recall"] == pytest.approx(matrix[i][i] / sum(matrix[i]))
        if guessed:
            assert score["precision"] == pytest.approx(matrix[i][i] / guessed)
        else:
            assert score["precision"] is None


def test_every_wrong_test_image_is_listed(results: Any, classes: list[str]) -> None:
    matrix, wrong = results["transfer"]["confusion"]["test"], results["transfer"]["misclassified"]
    counted = Counter((item["true"], item["predicted"]) for item in wrong)
    for i, true in enumerate(classes):
        for j, predicted in enumerate(classes):
            assert counted[true, predicted] == (matrix[i][j] if i != j else 0)


def test_the_history_has_one_entry_an_epoch_and_the_best_was_kept(results: Any) -> None:
    history, training = results["transfer"]["history"], results["transfer"]["training"]
    assert {len(values) for values in history.values()} == {training["epochs_run"]}
    assert training["best_epoch"] == 1 + history["val_loss"].index(min(history["val_loss"]))


# Question 4: the most excited neurons


def test_the_explained_layer_is_the_last_convolution(results: Any) -> None:
    assert results["neurons"]["layer"] == "block5_conv4"
    assert results["neurons"]["layer_shape"] == [14, 14, 512]


def ranked(output: NDArray[np.float32]) -> list[tuple[float, tuple[int, int, int]]]:
    """Every neuron as (output, position), the largest first, ties in the order of positions."""
    positions = [(r, c, k) for r in range(14) for c in range(14) for k in range(512)]
    return sorted(zip(output.ravel().tolist(), positions, strict=True), key=lambda pair: (-pair[0], pair[1]))


@pytest.mark.parametrize("i", range(3))
def test_the_most_excited_are_truly_the_largest(
    results: Any, activations: dict[str, NDArray[np.float32]], classes: list[str], i: int, full: bool
) -> None:
    label = classes[i]
    # The settings of the report that all tests share name two.
    count = 5 if full else 2
    everything = ranked(activations[label])
    top = [(neuron["value"], tuple(neuron["position"])) for neuron in results["neurons"]["top"][label]]
    assert top == everything[:count]
    assert top[0][0] > top[-1][0] > 0
    distinct: dict[int, tuple[float, tuple[int, int, int]]] = {}
    for value, position in everything:
        distinct.setdefault(position[2], (value, position))
    said = [
        (neuron["value"], tuple(neuron["position"])) for neuron in results["neurons"]["top_distinct"][label]
    ]
    assert said == list(distinct.values())[:count]


def neurons(results: Any) -> list[Any]:
    return [n for table in ("top", "top_distinct") for top in results["neurons"][table].values() for n in top]


def test_the_receptive_fields_are_those_of_the_architecture(results: Any) -> None:
    # VGG19's block5_conv4: 252 pixels wide, one every 16, 126 - 8 beyond the border (Araujo et al. 2019).
    for neuron in neurons(results):
        for axis, name in enumerate(("rows", "cols")):
            start = neuron["position"][axis] * 16 - 118
            assert neuron["receptive_field"][name] == [max(start, 0), min(start + 252, SIDE)]


def test_each_patch_lies_in_its_field_and_holds_most_of_the_energy(results: Any) -> None:
    for neuron in neurons(results):
        for name in ("rows", "cols"):
            (start, stop), (low, high) = neuron["patch"][name], neuron["receptive_field"][name]
            assert low <= start < stop <= high
        # 5 % is cut off at most on each of four sides.
        assert 0.8 <= neuron["patch"]["energy_share"] <= 1


# Question 5: guided backpropagation


def rows(results: Any) -> list[tuple[str, int, Any]]:
    table = results["guided_backprop"]["rows"]
    assert list(table) == results["dataset"]["classes"]
    return [(label, k, row) for label in table for k, row in enumerate(table[label])]


def test_five_neurons_of_each_class_are_explained(results: Any, classes: list[str]) -> None:
    assert [(label, k) for label, k, _ in rows(results)] == [
        (label, k) for label in classes for k in range(5)
    ]


def test_the_neurons_are_those_of_the_rules(
    results: Any, activations: dict[str, NDArray[np.float32]]
) -> None:
    for label in activations:
        silent, tenth, median, first, _ = (
            tuple(row["position"]) for row in results["guided_backprop"]["rows"][label]
        )
        everything = ranked(activations[label])
        positive = [pair for pair in everything if pair[0] > 0]
        zeros = [position for value, position in everything if value == 0]
        assert silent == ((0, 0, 0) if (0, 0, 0) in zeros else zeros[0])
        assert first == everything[0][1]
        assert activations[label][median] == positive[len(positive) // 2][0], "the lower of two, counted down"
        wanted = float(np.percentile([value for value, _ in positive], 10))
        nearest = min(abs(value - wanted) for value, _ in positive)
        assert abs(float(activations[label][tenth]) - wanted) == pytest.approx(nearest, abs=1e-12)


def test_the_last_is_of_the_channel_that_most_exceeds_its_own_average(
    built: Path, results: Any, activations: dict[str, NDArray[np.float32]]
) -> None:
    """By the averages that stand beside the gradients, none of them below the three quarters' quantile."""
    usual = load(built, "guided_backprop")["usual"].astype(np.float64)
    for label in activations:
        peaks = activations[label].reshape(-1, 512).max(axis=0)
        position = tuple(results["guided_backprop"]["rows"][label][-1]["position"])
        assert position[2] == np.argmax(peaks / np.maximum(usual, np.quantile(usual, 0.75)))
        assert activations[label][position] == peaks[position[2]]


def test_the_outputs_are_those_of_the_layer(
    results: Any, activations: dict[str, NDArray[np.float32]]
) -> None:
    for label, _, row in rows(results):
        assert row["value"] == pytest.approx(float(activations[label][tuple(row["position"])]), rel=1e-4)


def test_every_relu_on_the_way_was_guided(results: Any) -> None:
    assert {(row["relu_guided"], row["relu_total"]) for _, _, row in rows(results)} == {(16, 16)}


def test_a_silent_neuron_is_blank_and_no_other(built: Path, results: Any, classes: list[str]) -> None:
    gradients = load(built, "guided_backprop")
    for label, k, row in rows(results):
        gradient = gradients[f"gradients_{classes.index(label)}"][k]
        assert gradient.shape == (SIDE, SIDE, 3)
        assert row["gradient_max_abs"] == float(np.abs(gradient).max())
        assert row["blank"] is (row["value"] == 0) is (not gradient.any())
    zero = [row for _, _, row in rows(results) if row["value"] == 0]
    assert len(zero) == 3
    assert results["guided_backprop"]["zero_neurons"] == results["guided_backprop"]["zero_neurons_blank"] == 3


def test_every_claim_holds(results: Any) -> None:
    must_hold = [check for check in results["checks"] if not check["finding"]]
    assert len(must_hold) >= 7
    assert [check["claim"] for check in must_hold if not check["passed"]] == []


# Against the annotations


@pytest.fixture(scope="module")
def boxes(sample: Path) -> dict[tuple[str, str], Box]:
    """The boxes of the example images, (class, animal or head) -> first and past-last row, and column."""
    results = read_results(sample / "build")
    coco = json.loads((sample / "data/sample/annotations.json").read_text(encoding="utf-8"))
    names = {category["id"]: category["name"] for category in coco["categories"]}
    found: dict[tuple[str, str], Box] = {}
    for label, file in results["dataset"]["examples"].items():
        (image,) = (image for image in coco["images"] if image["file_name"] == file)
        for mark in coco["annotations"]:
            if mark["image_id"] == image["id"]:
                x, y, width, height = mark["bbox"]
                edges = (
                    SIDE * y / image["height"], SIDE * (y + height) / image["height"],
                    SIDE * x / image["width"], SIDE * (x + width) / image["width"],
                )  # fmt: skip
                top, bottom, left, right = (math.floor(edge + 0.5) for edge in edges)
                part = "head" if names[mark["category_id"]] == "head" else "animal"
                found[label, part] = (max(top, 0), min(bottom, SIDE), max(left, 0), min(right, SIDE))
    assert set(found) == {(label, part) for label in CLASSES for part in ("animal", "head")}
    return found


@pytest.mark.long
def test_the_patches_on_the_head_are_counted(sample: Path, boxes: dict[tuple[str, str], Box]) -> None:
    results = read_results(sample / "build")
    for label in CLASSES:
        head = np.zeros((SIDE, SIDE), bool)
        top, bottom, left, right = boxes[label, "head"]
        head[top:bottom, left:right] = True
        patches = [neuron["patch"] for neuron in results["neurons"]["top"][label]]
        touching = sum(bool(head[slice(*p["rows"]), slice(*p["cols"])].any()) for p in patches)
        assert results["neurons"]["head_overlap"][label] == {"overlapping": touching, "total": 5}


@pytest.mark.long
def test_the_energy_in_the_boxes_is_that_of_the_gradients(
    sample: Path, boxes: dict[tuple[str, str], Box]
) -> None:
    results, gradients = read_results(sample / "build"), load(sample / "build", "guided_backprop")
    for label, k, row in rows(results):
        energy = np.square(gradients[f"gradients_{CLASSES.index(label)}"][k].astype(np.float64)).sum(axis=-1)
        for part in ("animal", "head"):
            top, bottom, left, right = boxes[label, part]
            area = results["guided_backprop"]["area_share"][label][part]
            assert area == pytest.approx((bottom - top) * (right - left) / SIDE**2)
            if row["blank"]:
                assert row["energy_share"] is None
            else:
                share = energy[top:bottom, left:right].sum() / energy.sum()
                assert row["energy_share"][part] == pytest.approx(share, rel=1e-6)


RELEASED = sorted(Path(__file__).with_name("released").glob("results-*.json"))
"""The results of the sample as each released version of the contract had them."""


@pytest.fixture(params=RELEASED, ids=lambda file: file.stem)
def released(request: pytest.FixtureRequest) -> Path:
    file: Path = request.param
    return file


def test_a_report_of_an_earlier_version_is_read(released: Path) -> None:
    written = json.loads(released.read_bytes())
    results = load_results(released)
    assert results.kind.sections == ["convolution", "conv_stack", "transfer", "neurons", "guided_backprop"]
    assert results.transfer.correct == written["transfer"]["correct"]
    assert results.at("/neurons/top/leopard/0/value") == written["neurons"]["top"]["leopard"][0]["value"]
    assert results.table("accuracy").loc["test", "total"] == sum(
        map(sum, written["transfer"]["confusion"]["test"])
    )
    assert len(repr(results).splitlines()) == 10


def test_a_report_of_an_earlier_version_loses_no_points(released: Path) -> None:
    grades = grade(released, shipped_rubrics(), show=False)
    lost = {item.name: item.status for item in grades.criteria if item.score < item.points}
    # A results.json alone has neither arrays nor a page.
    assert set(lost.values()) <= {"not checkable"}, lost
    assert grades.score == grades.checked


@pytest.mark.long
def test_a_report_of_an_earlier_version_is_compared(released: Path, sample: Path) -> None:
    old, new = (open_submission(file) for file in (released, sample / "build/results.json"))
    difference = compare(old, new, rtol=2e-2, atol=1e-3)
    assert [(each.old, each.new) for each in difference.accuracies if each.old != each.new] == []
    assert difference.predictions.flips == ()


@pytest.mark.long
def test_a_report_of_an_earlier_version_is_confirmed(released: Path, sample: Path) -> None:
    settings = load_settings(folder=sample, weights="embedded")
    found = verify(released, sample / "data/sample", settings=settings)
    assert [(row.pointer, row.submitted, row.recomputed) for row in found.of("differs")] == []
    assert sum(row.subject == "numbers" for row in found.of("confirmed")) > 1000


@pytest.mark.long
def test_a_forged_report_of_an_earlier_version_is_not(released: Path, sample: Path, tmp_path: Path) -> None:
    forged = json.loads(released.read_bytes())
    forged["neurons"]["top"]["leopard"][0]["value"] *= 1.01
    (tmp_path / "results.json").write_text(json.dumps(forged), encoding="utf-8")
    settings = load_settings(folder=sample, weights="embedded")
    found = verify(tmp_path / "results.json", sample / "data/sample", settings=settings)
    assert "/neurons/top/leopard/0/value" in {row.pointer for row in found.of("differs")}
