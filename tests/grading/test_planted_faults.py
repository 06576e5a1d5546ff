"""Faults planted in a real report: each costs the points of the criteria concerned, and of no other."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from reportgen.grading.rubric import load_rubric
from reportgen.grading.run import grade
from reportgen.grading.shipped import shipped_rubrics

Arrays = dict[str, NDArray[Any]]


class Forged:
    """A copy of a build whose document, arrays and page can be changed; summaries follow the arrays."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.document: Any = json.loads((folder / "results.json").read_text(encoding="utf-8"))

    def arrays(self, section: str) -> Arrays:
        with np.load(self.folder / f"arrays/{section}.npz", allow_pickle=False) as archive:
            return dict(archive)

    def put(self, section: str, arrays: Arrays) -> None:
        np.savez(self.folder / f"arrays/{section}.npz", **arrays)  # type: ignore[arg-type]
        for key, array in arrays.items():
            exact = array.astype(np.float64)
            self.document[section]["arrays"][key] |= {
                "min": exact.min(),
                "max": exact.max(),
                "mean": exact.mean(),
                "norm": float(np.sqrt(np.square(exact).sum())),
            }

    def page(self, change: Callable[[str], str]) -> None:
        file = self.folder / "report.html"
        text = file.read_text(encoding="utf-8")
        assert change(text) != text
        file.write_text(change(text), encoding="utf-8")

    def lost(self) -> dict[str, Decimal]:
        """The points that each criterion lost."""
        (self.folder / "results.json").write_text(json.dumps(self.document), encoding="utf-8")
        grades = grade(self.folder, shipped_rubrics(), show=False)
        return {one.name: one.points - one.score for one in grades.criteria if one.score < one.points}


@pytest.fixture(scope="module")
def sound(build: Path) -> dict[str, Decimal]:
    """What the report loses as it is: its few images may cost the accuracy's points, nothing else."""
    grades = grade(build, shipped_rubrics(), show=False)
    lost = {one.name: one.points - one.score for one in grades.criteria if one.score < one.points}
    assert set(lost) <= {
        "Q3 Test accuracy 0.6 or more",
        "Q3 Test accuracy 0.8 or more",
        "Q3 No image in two splits",
    }
    return lost


@pytest.fixture
def forged(build: Path, tmp_path: Path) -> Forged:
    copy = tmp_path / "build"
    for name in ("results.json", "report.html"):
        copy.mkdir(exist_ok=True)
        shutil.copy(build / name, copy / name)
    shutil.copytree(build / "arrays", copy / "arrays")
    return Forged(copy)


def first(forged: Forged) -> str:
    label: str = forged.document["dataset"]["classes"][0]
    return label


def shrink_map(forged: Forged) -> None:
    forged.document["convolution"]["classes"][first(forged)]["observed_shape"] = [224, 224]


def blur_map(forged: Forged) -> None:
    arrays = forged.arrays("convolution")
    arrays["map_0"] = np.roll(arrays["map_0"], 1, axis=1)
    forged.put("convolution", arrays)


def flatten_kernel(forged: Forged) -> None:
    arrays = forged.arrays("conv_stack")
    arrays["kernel_2"] = arrays["kernel_2"] * np.float32(0.5)
    forged.put("conv_stack", arrays)


def thaw_base(forged: Forged) -> None:
    forged.document["transfer"]["frozen_sha256"]["after"] = "0" * 64


def raise_accuracy(forged: Forged) -> None:
    accuracy = forged.document["transfer"]["accuracy"]
    accuracy["test"] = 0.999 if accuracy["test"] != 0.999 else 0.998


def swap_axes(forged: Forged) -> None:
    """Rows and columns of the training matrix, made unequal first."""
    matrix = forged.document["transfer"]["confusion"]["train"]
    matrix[0][0] -= 1
    matrix[0][1] += 1
    forged.document["transfer"]["correct"]["train"] -= 1
    total = forged.document["transfer"]["total"]["train"]
    forged.document["transfer"]["accuracy"]["train"] = forged.document["transfer"]["correct"]["train"] / total


def leave_out_largest(forged: Forged) -> None:
    top = forged.document["neurons"]["top"][first(forged)]
    del top[0]


def shift_fields(forged: Forged) -> None:
    field = forged.document["neurons"]["top"][first(forged)][0]["receptive_field"]
    field["rows"][1] -= 1


def free_relu(forged: Forged) -> None:
    forged.document["guided_backprop"]["rows"][first(forged)][1]["relu_guided"] -= 1


def stain_blank(forged: Forged) -> None:
    rows = forged.document["guided_backprop"]["rows"][first(forged)]
    location = next(k for k, row in enumerate(rows) if row["value"] == 0)
    arrays = forged.arrays("guided_backprop")
    arrays["gradients_0"][location, 0, 0, 0] = 1e-3
    rows[location]["gradient_max_abs"] = 1e-3
    forged.put("guided_backprop", arrays)


def blank_all(forged: Forged) -> None:
    arrays = forged.arrays("guided_backprop")
    arrays["gradients_0"][:] = 0
    for row in forged.document["guided_backprop"]["rows"][first(forged)]:
        row["gradient_max_abs"] = 0.0
    forged.put("guided_backprop", arrays)


def leak_image(forged: Forged) -> None:
    images = forged.document["dataset"]["images"]
    train = next(image for image in images if image["split"] == "train")
    test = next(image for image in images if image["split"] == "test" and image["sha256"] != train["sha256"])
    test["sha256"] = train["sha256"]


def drop_caption(forged: Forged) -> None:
    forged.page(lambda text: re.sub(r"<figcaption.*?</figcaption>", "", text, count=1, flags=re.DOTALL))


def hide_weights(forged: Forged) -> None:
    name = forged.document["provenance"]["weights"]["name"]
    forged.page(lambda text: text.replace(name, "our weights"))


FAULTS: list[tuple[Callable[[Forged], None], dict[str, str]]] = [
    (shrink_map, {"Q1 Observed size by the formula": "share"}),
    (blur_map, {"Q1 Feature maps are the filter's": "share"}),
    (flatten_kernel, {"Q1, Q2 Kaiming initialisation": "2"}),
    (thaw_base, {"Q3 Base frozen": "5"}),
    (swap_axes, {"Q3 Matrices are those of the predictions": "2"}),
    (leave_out_largest, {"Q4 Neurons are the largest": "share"}),
    (shift_fields, {"Q4 Receptive fields": "share"}),
    (free_relu, {"Q5 Every ReLU guided": "share"}),
    (stain_blank, {"Q5 Zero neuron blank": "share"}),
    (blank_all, {"Q5 Gradients of the others": "share"}),
    (leak_image, {"Q3 No image in two splits": "3"}),
    (drop_caption, {"Q6 Figures captioned": "2"}),
    (hide_weights, {"Q6 Weights named": "1"}),
]


LONG = {blur_map, swap_axes, shift_fields, free_relu, leak_image, hide_weights}
"""Left to the long tests: of each question there is another one."""


@pytest.mark.parametrize(
    ("plant", "costs"),
    [
        pytest.param(plant, costs, id=plant.__name__, marks=[pytest.mark.long] * (plant in LONG))
        for plant, costs in FAULTS
    ],
)
def test_a_planted_fault_costs_its_own_points(
    forged: Forged, sound: dict[str, Decimal], plant: Callable[[Forged], None], costs: dict[str, str]
) -> None:
    plant(forged)
    lost = forged.lost()
    assert set(lost) == set(costs) | set(sound)
    classes = len(forged.document["dataset"]["classes"])
    rubric = {row.criterion: row.points for file in shipped_rubrics() for row in load_rubric(file).rows}
    for name, cost in costs.items():
        expected = float(rubric[name]) / classes if cost == "share" else float(cost)
        assert float(lost[name]) == pytest.approx(expected, abs=0.005)


def test_a_false_accuracy_costs_its_points_and_those_of_what_depends_on_it(
    forged: Forged, sound: dict[str, Decimal]
) -> None:
    raise_accuracy(forged)
    lost = forged.lost()
    assert lost.pop("Q3 Accuracies are those of the matrices") == 2
    assert lost.pop("Q3 Test accuracy 0.6 or more") == 3
    assert lost.pop("Q3 Test accuracy 0.8 or more") == 3
    assert set(lost) <= set(sound)
