"""Of boxes of nearly equal worth another one may be told as the best, and then what is told of it is true."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from reportgen.outline.kind import find_kind
from reportgen.sections.occlusion.comparison import compare_neurons
from reportgen.verify.tolerances import Tolerances

TOLERANCES = Tolerances.of(find_kind())
LAYERS = {"cat": np.array([[[10.0]]])}
# The neuron's number, first row and column, output without the box and with nothing else.
GRIDS = {"cat": np.array([[0, 40, 40, 3.0, 9.0], [0, 60, 20, 3.0, 9.002], [1, 8, 8, 3.0, 9.0]])}


def box(row: int, column: int, side: int = 30) -> dict[str, list[int]]:
    return {"rows": [row, row + side], "cols": [column, column + side]}


def occluded(location: dict[str, list[int]], kept: float = 9.0, removed: float = 3.0) -> dict[str, Any]:
    return {"box": location, "kept": kept, "removed": removed, "kept_in_blur": 8.0, "removed_in_blur": 4.0}


def section(best: dict[str, Any]) -> dict[str, Any]:
    neuron = {
        "position": [0, 0, 0], "value": 10.0, "blank": 0.5, "patch": occluded(box(50, 50), 8.999),
        "best": best, "tried": 2, "random_removed": 7.0, "harming": 1, "harming_more": 1,
    }  # fmt: skip
    return {"neurons": {"cat": [neuron]}}


OURS = section(occluded(box(40, 40)))


def found(best: dict[str, Any]) -> dict[str, set[str]]:
    rows = list(compare_neurons(section(best), copy.deepcopy(OURS), LAYERS, GRIDS, TOLERANCES))
    here = "/occlusion/neurons/cat/0/best"
    return {
        status: {
            row.pointer.removeprefix(here) for row in rows if row.status == status and here in row.pointer
        }
        for status in ("differs", "not recomputable", "confirmed")
    }


def test_the_recomputed_box_is_confirmed_with_all_that_is_told_of_it() -> None:
    own = found(occluded(box(40, 40)))
    assert own["differs"] == own["not recomputable"] == set()
    assert {"/kept", "/removed_in_blur", "/box/rows/0"} <= own["confirmed"]


def test_so_is_another_one_that_was_tried_as_far_as_it_was_computed() -> None:
    own = found(occluded(box(60, 20), 9.002))
    assert own["differs"] == set()
    assert {"/box", "/kept", "/removed"} <= own["confirmed"]
    assert own["not recomputable"] == {"/kept_in_blur", "/removed_in_blur"}


def test_and_so_is_the_patch_itself() -> None:
    assert found(occluded(box(50, 50), 8.999))["differs"] == set()


FORGED: dict[str, Callable[[], dict[str, Any]]] = {
    "a box that nobody tried": lambda: occluded(box(90, 90)),
    "a larger box": lambda: occluded(box(60, 20, 31)),
    "a box of another neuron": lambda: occluded(box(8, 8)),
}


@pytest.mark.parametrize("name", FORGED)
def test_any_other_box_differs(name: str) -> None:
    assert found(FORGED[name]())["differs"] == {"/box"}


def test_of_another_box_the_outputs_must_be_its_own() -> None:
    # By what it takes away it is as good as the best one, and it keeps more than it does.
    assert found(occluded(box(60, 20), 9.5))["differs"] == {"/kept"}
