"""Where an image may be predicted as either of two classes, or a map be largest in either of two places."""

from __future__ import annotations

import copy
import json
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from small_results import document

from reportgen.outline.kind import find_kind
from reportgen.sections.best_network import comparison as best_network
from reportgen.sections.channels import comparison as channels
from reportgen.sections.grad_cam import comparison as grad_cam
from reportgen.sections.methods import comparison as methods
from reportgen.verify.choices import excuse
from reportgen.verify.tolerances import Finding, Pair, Tolerances, judge

TOLERANCES = Tolerances((*Tolerances.of(find_kind()).rules, *Tolerances.of(find_kind("architectures")).rules))
DATASET = {
    "classes": ["cat", "dog", "owl"],
    "images": [
        {"file": "train/a.jpg", "split": "train", "label": "dog"},
        {"file": "test/x.jpg", "split": "test", "label": "cat"},
    ],
}
NEAR, CLEAR = [0.49, 0.475, 0.035], [0.51, 0.475, 0.015]
"""A hair within the margin of 0.02, and more than it."""


def compare(module: ModuleType, theirs: Any, ours: Any, arrays: Any, shares: list[float]) -> dict[str, str]:
    """The status by pointer, as verify has it in the end."""
    upstream = {"transfer": {"probabilities_test": np.array([shares]), "probabilities_train": np.eye(3)[:1]}}
    pair = Pair(theirs, ours, arrays, DATASET, TOLERANCES, {"activations": {}}, upstream)
    excused = module.find_excused(pair) if hasattr(module, "find_excused") else []
    return {row.pointer: row.status for row in excuse(list(module.compare(pair)), excused)}


def tell(name: str, predicted: str) -> Any:
    """A section of a report in which the image is predicted as this class."""
    # By way of text: in the document several neurons are one and the same object.
    made = json.loads(json.dumps(document()[name]))
    made["classes"] = {"cat": copy.deepcopy(made["classes"]["cat"])}
    # Of the images of the data no class is predicted here.
    made.pop("over_data", None)
    image = made["classes"]["cat"]
    image["predicted"] = predicted
    if name == "methods":
        image |= {"explained": predicted, "second": None}
        for each in image["maps"]:
            each["other_class"] = None
    if predicted != "cat":
        image["score"] += 1
        for each in image.get("maps", ()):
            each["limit"] *= 2
        for each in (*image.get("loud", ()), *image.get("unusual", ())):
            each["contribution"] = -9.0
        image["decisive"] = image.get("decisive", [])[::-1]
    return made


@pytest.fixture(autouse=True)
def _layer(monkeypatch: pytest.MonkeyPatch) -> None:
    output = np.zeros((14, 14, 8), np.float32)
    output[3, 4, 5], output[1, 2, 7] = 7.5, 2.5
    monkeypatch.setattr(channels, "read_activations", lambda *_: {"cat": output})


ARRAYS = {
    "channels": {"contributions": np.array([[0, 0, 0, 0, 0, -0.5, 0, 1.5]]), "usual": np.full(8, 2.5)},
    "methods": {"maps_0": np.zeros((2, 224, 224), np.float32)},
}


@pytest.mark.parametrize(("name", "module"), [("channels", channels), ("methods", methods)])
@pytest.mark.parametrize(("predicted", "shares", "honest"), [
    ("cat", NEAR, True), ("dog", NEAR, True), ("dog", CLEAR, False), ("owl", NEAR, False), ("", NEAR, False),
])  # fmt: skip
def test_of_nearly_equal_probabilities_either_class_may_be_predicted(
    name: str, module: ModuleType, predicted: str, shares: list[float], *, honest: bool
) -> None:
    """Also what follows of the class is no difference then; whoever forges a clear case is caught."""
    found = compare(module, tell(name, predicted), tell(name, "cat"), ARRAYS[name], shares)
    wrong = {pointer for pointer, status in found.items() if status == "differs"}
    assert not wrong if honest else f"/{name}/classes/cat/predicted" in wrong
    if predicted == "dog":
        assert found[f"/{name}/classes/cat/score"] == "not recomputable"


def test_a_tie_excuses_nothing_that_does_not_follow_from_it() -> None:
    theirs = tell("channels", "dog")
    theirs["classes"]["cat"]["loud"][0]["value"] = 99.0
    found = compare(channels, theirs, tell("channels", "cat"), ARRAYS["channels"], NEAR)
    assert [pointer for pointer, status in found.items() if status == "differs"] == [
        "/channels/classes/cat/loud/0/value"
    ]


def test_a_class_that_the_settings_name_is_no_matter_of_probabilities() -> None:
    theirs, ours = tell("methods", "cat"), tell("methods", "cat")
    theirs["classes"]["cat"]["explained"] = "dog"
    found = compare(methods, theirs, ours, ARRAYS["methods"], NEAR)
    assert found["/methods/classes/cat/explained"] == "differs"


def test_arrays_of_another_class_were_not_recomputed() -> None:
    pair = Pair(tell("methods", "dog"), tell("methods", "cat"), {}, DATASET, TOLERANCES, {},
                {"transfer": {"probabilities_test": np.array([NEAR])}})  # fmt: skip
    rows = [judge("arrays", f"/methods/arrays/{name}", False, 1, 2) for name in ("maps_0", "maps_1")]
    text = Finding("text", "/methods/arrays/maps_0", "differs")
    found = [row.status for row in excuse([*rows, text], methods.find_excused(pair))]
    assert found == ["not recomputable", "differs", "differs"]


def cam(predicted: str = "cat", peak: tuple[int, int] | None = (1, 2)) -> Any:
    one = {"score": 2.0, "probability": 0.4, "highest": 1.0, "peak": list(peak) if peak else None}
    image = {
        "file": "test/x.jpg",
        "predicted": predicted,
        "limit": 1.0,
        "maps": {"cat": one},
        "correlation": None,
    }
    return {"classes": {"cat": image}}


@pytest.mark.parametrize(("theirs", "shares", "wrong"), [
    (cam(), CLEAR, ""), (cam("dog"), NEAR, ""), (cam("dog"), CLEAR, "predicted"),
    (cam("owl"), NEAR, "predicted"), (cam(peak=(0, 3)), CLEAR, ""),
    (cam(peak=(0, 0)), CLEAR, "maps/cat/peak"),
    (cam(peak=None), CLEAR, "maps/cat/peak"), (cam(peak=(9, 9)), CLEAR, "maps/cat/peak"),
])  # fmt: skip
def test_the_evidence_for_a_class(theirs: Any, shares: list[float], wrong: str) -> None:
    maps = np.zeros((1, 1, 4, 4), np.float32)
    maps[0, 0, 1, 2], maps[0, 0, 0, 3], maps[0, 0, 0, 0] = 1.0, 0.98, 0.9
    found = compare(grad_cam, theirs, cam(), {"maps": maps}, shares)
    assert [pointer.removeprefix("/grad_cam/classes/cat/") for pointer, status in found.items()
            if status == "differs"] == ([wrong] if wrong else [])  # fmt: skip


def neuron(position: list[int], value: float = 5.0) -> Any:
    box = {"rows": [0, 9], "cols": [0, 9]}
    return {"neurons": {"cat": {"file": "train/a.jpg", "position": position, "value": value, "patch": box,
                                "support": box, "inside": True}}}  # fmt: skip


@pytest.mark.parametrize(("theirs", "wrong"), [
    (neuron([1, 1, 0]), ""), (neuron([2, 2, 1]), ""), (neuron([0, 0, 0]), "position"),
    (neuron([9, 0, 0]), "position"), (neuron([1, 1, 0], 6.0), "value"),
])  # fmt: skip
def test_a_neuron_with_nearly_the_same_output_is_as_good(theirs: Any, wrong: str) -> None:
    output = np.zeros((3, 3, 2), np.float32)
    output[1, 1, 0], output[2, 2, 1], output[0, 0, 0] = 5.0, 4.9999, 4.9
    found = compare(best_network, theirs, neuron([1, 1, 0]), {"output_0": output}, CLEAR)
    assert [pointer.rpartition("/")[2] for pointer, status in found.items() if status == "differs"] == (
        [wrong] if wrong else []
    )
