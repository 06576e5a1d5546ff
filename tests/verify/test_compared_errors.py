"""What ``verify`` lets pass of the errors, and what not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from reportgen.results import ImageFile
from reportgen.sections.errors.comparison import compare, find_comparable, judge_beside
from reportgen.sections.errors.compute import ImageFeatures, find_errors
from reportgen.store.packing import pack_arrays
from reportgen.verify.tolerances import Pair, Tolerances

CLASSES = ("ant", "bee")
PROBABILITIES = np.array([[0.9, 0.1], [0.2, 0.8], [0.49, 0.51], [0.45, 0.55]], np.float32)
"""Of two images of each class: an ant that is recognised and one that is not, a bee that nearly is not."""


def made() -> Pair:
    images = [
        ImageFile(file=f"{split}/{label}/{n}", split=split, label=label, sha256="0" * 64)  # type: ignore[arg-type]
        for split, count in (("train", 4), ("val", 1), ("test", 2))
        for label in CLASSES
        for n in range(count)
    ]
    rng = np.random.default_rng(1)
    features = rng.random((len(images), 5)).astype(np.float32)
    computed = find_errors(
        ImageFeatures(images, features, rng.random((len(images), 64)) < 0.5), PROBABILITIES, CLASSES
    )
    numbers = computed.numbers.model_dump(mode="json")
    return Pair(
        copy.deepcopy(numbers), numbers, computed.arrays,
        {"classes": list(CLASSES), "images": [image.model_dump() for image in images]},
        Tolerances(()), {"features": {"features.npz": pack_arrays({"features": features})}},
    )  # fmt: skip


def wrong(pair: Pair) -> list[str]:
    return [row.pointer for row in compare(pair) if row.status == "differs"]


def test_an_honest_report_is_confirmed() -> None:
    pair = made()
    assert [each["file"] for each in pair.recomputed["mistakes"]] == ["test/ant/1"]
    assert wrong(pair) == []
    assert find_comparable(pair) == {"shown": []}


def farther(own: Any) -> None:
    nearest = own["mistakes"][0]["nearest"]
    nearest[0], nearest[2] = nearest[2], nearest[0]


def other_label(own: Any) -> None:
    one = own["mistakes"][0]["nearest"][1]
    one["label"] = "bee" if one["label"] == "ant" else "ant"


FORGED: dict[str, tuple[Callable[[Any], object], set[str]]] = {
    "a farther image first": (farther, {"/errors/mistakes/0/nearest/0", "/errors/mistakes/0/nearest/2"}),
    "another class of a neighbour": (other_label, {"/errors/mistakes/0/nearest/1"}),
    "another cosine": (
        lambda own: own["mistakes"][0]["nearest"][0].update(similarity=0.1),
        {"/errors/mistakes/0/nearest/0"},
    ),
    "one neighbour twice": (
        lambda own: own["mistakes"][0]["nearest"].__setitem__(1, own["mistakes"][0]["nearest"][0]),
        {"/errors/mistakes/0/nearest", "/errors/mistakes/0/nearest/1"},
    ),
    "an error left out": (lambda own: own["mistakes"].clear(), {"/errors/mistakes/0"}),
    "an error made up": (
        lambda own: own["mistakes"][0].update(file="test/ant/0"),
        {"/errors/mistakes/0/predicted", "/errors/mistakes/0/probability", "/errors/mistakes/1"},
    ),
    "a false entry before the true one": (
        lambda own: own["mistakes"].insert(0, {**own["mistakes"][0], "probability": 0.99}),
        {"/errors/mistakes", "/errors/mistakes/0/probability"},
    ),
    "an error told twice": (
        lambda own: own["mistakes"].append(own["mistakes"][0]), {"/errors/mistakes"},
    ),
    "what is recognised told as an error": (
        lambda own: own["mistakes"].append(
            {**own["mistakes"][0], "file": "test/bee/0", "true": "bee", "predicted": "bee"}
        ),
        {"/errors/mistakes/1/predicted"},
    ),
    "fewer neighbours": (
        lambda own: own["mistakes"][0]["nearest"].pop(), {"/errors/mistakes/0/nearest"},
    ),
    "no neighbour": (
        lambda own: own["mistakes"][0]["nearest"].clear(), {"/errors/mistakes/0/nearest"},
    ),
    "the surest one twice": (
        lambda own: own["surest"].__setitem__(1, own["surest"][0]), {"/errors/surest"},
    ),
    "no test image": (lambda own: own["surest"][0].update(file="x"), {"/errors/surest/0/file"}),
    "surer than it is": (
        lambda own: own["least_sure"][0].update(probability=0.7), {"/errors/least_sure/0/probability"},
    ),
    "another image is surest": (
        lambda own: own["surest"].__setitem__(0, own["least_sure"][0]), {"/errors/surest/0/file"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_a_forgery_is_found(name: str) -> None:
    forge, pointers = FORGED[name]
    pair = made()
    forge(pair.submitted)
    assert pointers <= set(wrong(pair))


def test_errors_in_another_order_are_found() -> None:
    pair = made()
    tie = {"file": "test/bee/0", "true": "bee", "predicted": "ant", "probability": 0.51}
    nearest = pair.recomputed["mistakes"][0]["nearest"]
    pair.submitted["mistakes"].append({**tie, "nearest": nearest})
    assert "/errors/mistakes" not in wrong(pair)
    pair.submitted["mistakes"].reverse()
    assert "/errors/mistakes" in wrong(pair)


def test_the_mistakes_are_those_of_the_other_section() -> None:
    mistake = SimpleNamespace(file="a", true="ant", predicted="bee")
    other = SimpleNamespace(file="b", true="ant", predicted="bee")

    def statuses(listed: list[Any], others: list[Any]) -> list[str]:
        sections = {"transfer": SimpleNamespace(misclassified=others)}
        errors: Any = SimpleNamespace(mistakes=listed)
        return [row.status for row in judge_beside(errors, sections)]

    assert statuses([mistake, other], [other, mistake]) == ["confirmed"]
    assert statuses([mistake], [mistake, other]) == ["differs"]
    assert statuses([mistake, mistake], [mistake]) == ["differs"]
    assert statuses([mistake], [other]) == ["differs"]
    alone: Any = SimpleNamespace(mistakes=[mistake])
    assert list(judge_beside(alone, {})) == []


def test_where_two_classes_are_nearly_equal_either_will_do() -> None:
    pair = made()
    tie = {"file": "test/bee/0", "true": "bee", "predicted": "ant", "probability": 0.5}
    nearest = pair.recomputed["mistakes"][0]["nearest"]
    pair.submitted["mistakes"].append({**tie, "nearest": nearest})
    rows = [row for row in compare(pair) if row.pointer == "/errors/mistakes/1/predicted"]
    assert [row.status for row in rows] == ["confirmed"]
    clear = {**tie, "file": "test/bee/1", "probability": 0.55}
    pair.submitted["mistakes"][1] = {**clear, "nearest": nearest}
    assert "/errors/mistakes/1/predicted" in wrong(pair)
