"""The second report, architectures: its sections, its points, and what it says of contrary numbers."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from reportgen.analysis.architecture import Architecture, Layer
from reportgen.engine.plan import make_specs
from reportgen.grading.rubric import load_rubric
from reportgen.grading.shipped import shipped_rubrics, write_rubric
from reportgen.outline.kind import ReportKind, find_kind
from reportgen.pdf.printer import write_settings
from reportgen.sections.architectures import claims as architecture_claims
from reportgen.sections.architectures.comparison import read_choices
from reportgen.sections.architectures.compute import Candidate, Run, choose_best, describe_networks
from reportgen.sections.architectures.settings import Training
from reportgen.sections.best_network.compute import ImageOutputs, describe_network
from reportgen.sections.comparison import claims as comparison_claims
from reportgen.sections.comparison.compute import compare_networks
from reportgen.sections.grad_cam.compute import Evidence, correlate_maps, describe_maps
from reportgen.settings import understand_settings

KIND = find_kind("architectures")
LABELS = np.array([0, 0, 1, 1, 1, 1])
CONV = Layer(layer="conv", filters=2, size=224)
SMALL = Architecture(name="small", layers=(CONV, Layer(layer="flatten")))
"""Its convolution covers the image, so that one position of two channels remains."""


def test_it_is_an_ordered_list_of_sections_that_the_first_report_does_not_need() -> None:
    assert KIND.names[:4] == ("architectures", "best_network", "transfer", "comparison")
    assert {"neurons", "guided_backprop", "grad_cam"} <= set(KIND.names)
    own = {"architectures", "best_network", "comparison", "grad_cam"}
    assert own & set(find_kind().names) == set()
    # What both have is one object, not a copy.
    assert KIND.section("transfer") is find_kind().section("transfer")


def test_its_rubric_has_25_to_35_checks_worth_100_points(tmp_path: Any) -> None:
    rows = [
        row
        for file in shipped_rubrics(KIND)
        for row in tomllib.loads(file.read_text(encoding="utf-8"))["check"]
    ]
    assert 25 <= len(rows) <= 35
    assert sum(row["points"] for row in rows) == 100
    whole = tmp_path / "rubric.toml"
    whole.write_text(write_rubric(KIND), encoding="utf-8")
    assert len(load_rubric(whole, KIND).rows) == len(rows)


def test_the_settings_of_its_sections_decide_its_stages_and_come_back_from_the_pdf() -> None:
    specs = {spec.name: spec for spec in make_specs(KIND)}
    assert {"architectures", "training"} <= set(specs["pdf"].settings)
    assert "training" not in {name for spec in make_specs(find_kind()) for name in spec.settings}
    given: Any = understand_settings({"report": "architectures", "training": {"epochs": 7}}, "x")

    values = {name: getattr(given, name) for name in ("report", "architectures", "training")}
    back: Any = understand_settings(tomllib.loads(write_settings(values, "auto").decode()), "y")

    assert back.architectures == given.architectures
    assert back.training == given.training


def make_run(predicted: Sequence[int] | NDArray[Any], loss: float) -> Run:
    shares = np.eye(3, dtype=np.float32)[list(predicted)]
    curves = {name: [2.0, loss] for name in ("loss", "val_loss")}
    curves |= {name: [0.2, 0.5] for name in ("accuracy", "val_accuracy")}
    return Run([], curves, 2, {"train": shares, "val": shares})


def describe(runs: Sequence[Run], tested: Sequence[int] | NDArray[Any]) -> Any:
    shapes, counted = [[1, 1, 2], [2], [3]], 2 * (224 * 224 * 3 + 1) + 9
    candidates = [Candidate(SMALL, [run], shapes, counted) for run in runs]
    labels = dict.fromkeys(("train", "val", "test"), LABELS)
    best = choose_best(runs, LABELS)
    shares = np.eye(3, dtype=np.float32)[list(tested)]
    return describe_networks(candidates, best, shares, labels, (["a", "b", "c"], Training())).numbers


def test_the_validation_images_choose_and_of_equal_networks_the_lower_loss() -> None:
    poor, good, equal = make_run([0] * 6, 0.1), make_run(LABELS, 0.6), make_run(LABELS, 0.5)
    assert choose_best([poor, good], LABELS) == 1
    assert choose_best([poor, good, equal], LABELS) == 2
    assert choose_best([good, good], LABELS) == 0

    numbers = describe([poor, good, equal], [1, 0, 1, 1, 1, 2])

    assert numbers.best == 2
    # Rows are the true classes: one of class a is taken for b, one of class b for c.
    assert numbers.test.confusion == [[1, 1, 0], [0, 3, 1], [0, 0, 0]]
    assert (numbers.test.correct, numbers.test.total) == (4, 6)
    # The poor one loses four images and wins none: of four coins all fall alike once in eight.
    assert [each.beside_best for each in numbers.networks] == [0.125, 1.0, None]
    assert numbers.sizes_match
    choices = read_choices(numbers, None)["architectures"]
    assert choices == [SMALL.table] * 3


@pytest.mark.parametrize(("tested", "holds"), [(LABELS, True), ([0] * 6, False)])
def test_claims_turn_into_their_contrary(tested: Sequence[int], holds: bool) -> None:
    numbers = describe([make_run(LABELS, 0.5)], tested)
    decided = {claim.name: claim for claim in architecture_claims.decide(numbers)}
    assert decided["network_sizes"].passed
    # The interval of 6 of 6 begins at 0.61, below the share of the larger class, 4 of 6.
    assert not decided["network_above_majority"].passed
    wide = describe([make_run(LABELS, 0.5)], tested).test.model_copy(
        update={
            "confusion": [[20, 0, 0], [0, 20, 0], [0, 0, 0]] if holds else [[20, 0, 0], [20, 0, 0], [0, 0, 0]]
        }
    )
    decided = {
        claim.name: claim
        for claim in architecture_claims.decide(numbers.model_copy(update={"test": wide, "best": 0}))
    }
    assert decided["network_above_majority"].passed is holds


def test_a_size_that_was_not_observed_fails() -> None:
    numbers = describe([make_run(LABELS, 0.5)], LABELS)
    network = numbers.networks[0]
    other = network.layers[0].model_copy(update={"observed_shape": [2, 2, 2]})
    changed = network.model_copy(update={"layers": [other, *network.layers[1:]]})
    assert not numbers.model_copy(update={"networks": [changed]}).sizes_match


@pytest.mark.parametrize(
    ("own", "vgg19", "p", "better"),
    [
        ([1] * 2 + [0] * 8, [1] * 10, 2 / 2**8, "vgg19"),
        ([1] * 10, [1] * 2 + [0] * 8, 2 / 2**8, "own"),
        ([1, 1, 0, 0, 1, 0], [0, 1, 1, 0, 1, 1], 1.0, ""),
    ],
)
def test_two_networks_are_told_apart_by_the_images_that_one_alone_recognises(
    own: list[int], vgg19: list[int], p: float, better: str
) -> None:
    right = np.array([own, vgg19], bool).T
    described = {
        **{"own": "small", "own_parameters": 5, "vgg19_parameters": 9},
        **{"classes": 3, "largest": 4},
    }
    numbers = compare_networks(right, described).numbers

    assert numbers.both + numbers.only_own + numbers.only_vgg19 + numbers.neither == len(own)
    assert (numbers.own_correct, numbers.vgg19_correct) == (sum(own), sum(vgg19))
    assert numbers.p_value == pytest.approx(p)
    decided = {claim.name: claim for claim in comparison_claims.decide(numbers)}
    assert decided["vgg19_better"].passed is (better == "vgg19")
    assert decided["own_better"].passed is (better == "own")
    # Only what is shown is a finding.
    assert [name for name, claim in decided.items() if claim.weight] == (
        [f"{better}_better"] if better else []
    )


def test_a_patch_is_the_field_of_the_largest_output() -> None:
    layers = (Layer(layer="conv", filters=2, size=5, stride=4), Layer(layer="pool", size=3, stride=2))
    architecture = Architecture(
        name="two", layers=(*layers, Layer(layer="conv", filters=3, size=3), Layer(layer="flatten"))
    )
    last = np.zeros((25, 25, 3), np.float32)
    last[3, 2, 1] = 7
    gradient = np.zeros((224, 224, 3), np.float32)
    # Neuron 3 sees positions 3 to 5 of the pool, 6 to 12 of the convolution, pixels 24 to 52.
    gradient[24:53, 16:45] = 1
    looked = ImageOutputs("train/a/1.jpg", np.zeros((224, 224, 3), np.uint8), [last[..., :2], last], gradient)

    numbers = describe_network(architecture, {"a": looked}).numbers

    neuron = numbers.neurons["a"]
    assert (neuron.position, neuron.value) == ((3, 2, 1), 7.0)
    assert (neuron.patch.rows, neuron.patch.cols) == ((24, 53), (16, 45))
    assert neuron.inside
    gradient[23, 20] = 1
    assert not describe_network(architecture, {"a": looked}).numbers.neurons["a"].inside


def test_maps_of_one_image_are_compared_by_rank() -> None:
    up = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert correlate_maps(np.stack([up, np.exp(up)])) == pytest.approx(1)
    assert correlate_maps(np.stack([up, -up])) == pytest.approx(-1)
    assert correlate_maps(np.stack([up, np.zeros_like(up)])) is None
    found = {
        label: Evidence(f"test/{label}.jpg", np.array([1.0, 3.0]), np.stack([up, up[::-1]]))
        for label in ("a", "b")
    }

    numbers = describe_maps(found, "conv").numbers

    assert numbers.classes["a"].predicted == "b"
    assert numbers.classes["a"].maps["a"].peak == (1, 2)
    assert numbers.classes["a"].maps["b"].peak == (0, 2)
    assert numbers.classes["a"].maps["b"].probability == pytest.approx(np.e**2 / (1 + np.e**2))


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        (KIND, "Network Architectures, Transfer Learning and Explanations"),
        (find_kind(), "Convolution, transfer learning and guided backpropagation"),
        (ReportKind('the "other"', "1", ()), 'the "other"'),
    ],
)
def test_a_rubric_is_called_what_its_reports_are_about(kind: ReportKind, title: str) -> None:
    assert tomllib.loads(write_rubric(kind))["title"] == title
