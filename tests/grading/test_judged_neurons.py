"""Where a wrong receptive field of a neuron is said to be."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from reportgen.grading.report import CheckFailure
from reportgen.results import Box
from reportgen.sections.neurons.checks import judge_fields

# By hand, with stride 16, padding 3 and 20 pixels: place p sees 16 p - 3 to 16 p + 17, within 0 to 224. The
# places of both neurons differ from their indices, and from each other's.
PLACES = ((2, 5, 7), (13, 0, 1))
SEEN = (((29, 49), (77, 97)), ((205, 224), (0, 17)))
GEOMETRY = SimpleNamespace(stride=16, padding=3, size=20, row_spans=None, column_spans=None)
# The network that ran sees less, of which each span is listed.
NARROW = SimpleNamespace(
    stride=16,
    padding=3,
    size=20,
    row_spans=tuple((p, p + 1) for p in range(14)),
    column_spans=tuple((100 + p, 101 + p) for p in range(14)),
)
LISTED = (((2, 3), (105, 106)), ((13, 14), (100, 101)))


def make_report() -> Any:
    top = [
        SimpleNamespace(
            position=location,
            receptive_field=Box(rows=seen[0], cols=seen[1]),
            field=Box(rows=listed[0], cols=listed[1]),
        )
        for location, seen, listed in zip(PLACES, SEEN, LISTED, strict=True)
    ]
    neurons = SimpleNamespace(top={"cat": top}, geometry=GEOMETRY, network_geometry=NARROW)
    return SimpleNamespace(results=SimpleNamespace(neurons=neurons))


def test_the_fields_that_were_worked_out_by_hand_are_right() -> None:
    judge_fields(make_report(), "cat")


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize(
    ("key", "right"), [("receptive_field", SEEN), ("field", LISTED)], ids=["wide", "narrow"]
)
@pytest.mark.parametrize(("axis", "name"), [(0, "rows"), (1, "cols")])
def test_a_wrong_field_is_told_with_its_pointer(
    index: int, key: str, right: Any, axis: int, name: str
) -> None:
    report = make_report()
    neuron = report.results.neurons.top["cat"][index]
    spans = {"rows": right[index][0], "cols": right[index][1], name: (1, 99)}
    setattr(neuron, key, Box(**spans))
    said = f"/neurons/top/cat/{index}/{key}/{name}: found (1, 99), expected {right[index][axis]}"
    with pytest.raises(CheckFailure, match=f"^{re.escape(said)}$"):
        judge_fields(report, "cat")
