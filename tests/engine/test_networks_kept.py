"""A network is trained once, whatever else a report has, however it is called, and whenever a build stops."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from stand_in import StopError, counting_epochs, make_home

from reportgen.engine import pipeline
from reportgen.settings import load_settings

EPOCHS = 3
FILTERS = {"A": 1, "B": 2, "C": 3}
LAYERS = '[{{ layer = "conv", filters = {filters}, size = 56, stride = 56 }}, {{ layer = "flatten" }}]'


def parameters(filters: int) -> int:
    """Of a convolution of 56 × 56 × 3 on 224 pixels, 4 × 4 positions, and the softmax on two classes."""
    return filters * (56 * 56 * 3 + 1) + 2 * (16 * filters + 1)


def sizes(**epochs: int) -> dict[int, int]:
    """Epochs by the names of networks, as they are counted: by their numbers of parameters."""
    return {parameters(FILTERS[name]): count for name, count in epochs.items()}


def build(
    home: Path, networks: dict[str, str], sections: Sequence[str] = ("architectures",), more: str = ""
) -> Any:
    """Build a report on networks by name, and return what it says of them."""
    text = (
        f'report = "architectures"\nsections = {json.dumps(sections)}\n[training]\nepochs = {EPOCHS}\n{more}'
    )
    for called, name in networks.items():
        layers = LAYERS.format(filters=FILTERS[name])
        text += f'[[architectures]]\nname = "{called}"\nlayers = {layers}\n'
    (home / "report.toml").write_text(text, encoding="utf-8")
    pipeline.build(load_settings(folder=home), home / "data")
    return json.loads((home / "build/results.json").read_text(encoding="utf-8"))["architectures"]


@pytest.mark.long
def test_one_more_network_is_trained_alone_and_one_fewer_not_at_all(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    with counting_epochs() as epochs:
        two = build(home, {"A": "A", "B": "B"})
    assert epochs == sizes(A=EPOCHS, B=EPOCHS)

    with counting_epochs() as epochs:
        three = build(home, {"A": "A", "C": "C", "B": "B"})
    assert epochs == sizes(C=EPOCHS)
    kept = {network["name"]: network["history"] for network in three["networks"]}
    assert {name: kept[name] for name in "AB"} == {each["name"]: each["history"] for each in two["networks"]}

    with counting_epochs() as epochs:
        assert build(home, {"A": "A", "B": "B"}) == two
        renamed = build(home, {"First": "A", "Second": "B"})
    assert epochs == {}
    assert [network["name"] for network in renamed["networks"]] == ["First", "Second"]
    assert [network["train"] for network in renamed["networks"]] == [
        each["train"] for each in two["networks"]
    ]


@pytest.mark.long
def test_a_build_that_was_stopped_goes_on_with_the_next_epoch(tmp_path: Path) -> None:
    whole, home = make_home(tmp_path / "whole"), make_home(tmp_path / "stopped")
    networks = {name: name for name in FILTERS}
    expected = build(whole, networks)
    with counting_epochs(stop=(parameters(FILTERS["B"]), 2)) as epochs, pytest.raises(StopError):
        build(home, networks)
    assert epochs == sizes(A=EPOCHS, B=2)

    with counting_epochs() as epochs:
        found = build(home, networks)

    assert epochs == sizes(B=EPOCHS - 2, C=EPOCHS)
    assert found == expected


def test_the_best_network_is_shown_with_the_images_that_are_explained(tmp_path: Path) -> None:
    """Training images, as the sheet has it, so that the patches of both networks are of the same images."""
    home = make_home(tmp_path)
    images = {label: f"train/{label}/0.png" for label in ("cat", "dog")}
    # A test image cannot be meant by a part that is about training images.
    for chosen, displayed in (({}, "train/dog/0.png"), ({"dog": "train/dog/2.png"}, "train/dog/2.png"),
                          ({"dog": "test/dog/1.png"}, "train/dog/0.png")):  # fmt: skip
        more = "".join(f'[example_images]\n{label} = "{file}"\n' for label, file in chosen.items())
        build(home, {"A": "A"}, ("architectures", "best_network"), more)
        results = json.loads((home / "build/results.json").read_text(encoding="utf-8"))
        assert results["dataset"]["examples"] == images | chosen
        neurons = results["best_network"]["neurons"]
        assert {label: each["file"] for label, each in neurons.items()} == {**images, "dog": displayed}
