"""What ``verify`` lets pass of the images that are shown for a cue, and what not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from reportgen.sections.shortcuts.comparison import compare
from reportgen.verify.tolerances import Pair, Tolerances

CLASSES = ("ant", "bee", "cat")
IMAGES = [
    {"file": f"{split}/{label}/{n}", "split": split, "label": label}
    for split in ("train", "test")
    for label in CLASSES
    for n in range(4)
]


def made() -> Pair:
    """The cue tells all four training ants correctly, two bees and no cat."""
    numbers = {
        "shown": "ring",
        "beyond_chance": ["ring"],
        "confusion": {"ring": [[4, 0, 0], [2, 2, 0], [0, 4, 0]], "file": [[0, 0, 0]] * 3},
        "examples": {
            "ant": ["train/ant/0", "train/ant/1", "train/ant/3"], "bee": ["train/bee/0", "train/bee/2"],
            "cat": [],
        },
        "tested": [],
    }  # fmt: skip
    theirs: Any = {**numbers, "examples": {label: [*files] for label, files in numbers["examples"].items()}}  # type: ignore[attr-defined]
    none = np.zeros((0, 3))
    arrays = {"probabilities_as_it_is": none, "probabilities_without_ring": none}
    return Pair(theirs, numbers, arrays, {"classes": list(CLASSES), "images": IMAGES}, Tolerances(()))


def wrong(pair: Pair) -> set[str]:
    return {row.pointer for row in compare(pair) if row.status == "differs"}


def test_an_honest_report_is_confirmed() -> None:
    assert wrong(made()) == set()


def test_any_image_of_the_class_may_be_the_surest() -> None:
    pair = made()
    pair.submitted["examples"]["ant"][0] = "train/ant/2"
    assert wrong(pair) == set()


def test_a_machine_that_tells_one_image_more_shows_one_more() -> None:
    pair = made()
    theirs = dict(pair.submitted, confusion={"ring": [[4, 0, 0], [1, 3, 0], [0, 4, 0]]})
    theirs["examples"]["bee"].append("train/bee/3")
    assert wrong(Pair(theirs, pair.recomputed, pair.arrays, pair.dataset, pair.tolerances)) == set()


def test_without_a_cue_nothing_is_shown() -> None:
    pair = made()
    theirs = dict(pair.submitted, shown=None, examples={})
    assert wrong(Pair(theirs, pair.recomputed, pair.arrays, pair.dataset, pair.tolerances)) == set()
    theirs["examples"] = {"ant": ["train/ant/0"]}
    found = wrong(Pair(theirs, pair.recomputed, pair.arrays, pair.dataset, pair.tolerances))
    assert found == {"/shortcuts/examples/ant"}


def test_of_a_cue_that_may_be_luck_nothing_is_shown() -> None:
    pair = made()
    theirs = dict(pair.submitted, beyond_chance=[], found=["ring"], examples={})
    assert wrong(Pair(theirs, pair.recomputed, pair.arrays, pair.dataset, pair.tolerances)) == set()
    theirs["examples"] = {"ant": ["train/ant/0"]}
    found = wrong(Pair(theirs, pair.recomputed, pair.arrays, pair.dataset, pair.tolerances))
    assert found == {"/shortcuts/examples/ant"}


FORGED: dict[str, tuple[Callable[[Any], object], set[str]]] = {
    "no examples": (lambda own: own.clear(), {"/shortcuts/examples/ant", "/shortcuts/examples/bee"}),
    "none of a class": (lambda own: own["bee"].clear(), {"/shortcuts/examples/bee"}),
    "one three times": (lambda own: own.update(ant=["train/ant/0"] * 3), {"/shortcuts/examples/ant"}),
    "one more": (lambda own: own["bee"].append("train/bee/3"), {"/shortcuts/examples/bee"}),
    "one that is told wrongly": (lambda own: own["cat"].append("train/cat/0"), {"/shortcuts/examples/cat"}),
    "another class": (lambda own: own["ant"].__setitem__(0, "train/bee/0"), {"/shortcuts/examples/ant/0"}),
    "no class": (
        lambda own: own.update(dog=["train/ant/0"]),
        {"/shortcuts/examples/dog", "/shortcuts/examples/dog/0"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_a_forgery_is_found(name: str) -> None:
    forge, pointers = FORGED[name]
    pair = made()
    forge(pair.submitted["examples"])
    assert wrong(pair) == pointers
