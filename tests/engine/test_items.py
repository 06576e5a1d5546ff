"""What is kept for single images and neurons is that of this image and this neuron."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from stand_in import LABELS, counting, load_stand_in, make_home

from reportgen.analysis.gradients import GuidedNetwork, differentiate
from reportgen.analysis.neurons import effective_field
from reportgen.contract.schema import read_results
from reportgen.dataset.decode import decode
from reportgen.engine import pipeline
from reportgen.models.backbone import INPUT_SHAPE, preprocess
from reportgen.outline.kind import find_kind
from reportgen.results import Position, Results
from reportgen.settings import load_settings


@pytest.fixture(scope="module")
def neurons(tmp_path_factory: pytest.TempPathFactory) -> list[Position]:
    """Neurons that both images excite, each differing from the first in one index."""
    home = make_images(tmp_path_factory.mktemp("neurons"))
    network = load_stand_in("embedded")
    images = [preprocess(decode(home / f"data/test/{label}/0.png")) for label in LABELS]
    active = np.argwhere((network.convolutions(np.stack(images)).numpy() > 0).all(axis=0))
    for first in active:
        differing = [
            active[((active == first) == [i != axis for i in range(3)]).all(axis=1)] for axis in range(3)
        ]
        if all(len(others) for others in differing):
            chosen = [first, *(others[0] for others in differing)]
            return [(int(row), int(column), int(channel)) for row, column, channel in chosen]
    raise AssertionError


def make_images(home: Path) -> Path:
    make_home(home)
    blend(home / "data/test/cat/0.png", home / "data/test/dog/0.png")
    return home


@pytest.fixture(scope="module")
def home(neurons: list[Position], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two builds, so that the second finds everything kept but what it shows beyond the first."""
    home = make_images(tmp_path_factory.mktemp("items"))
    file = home / "report.toml"
    text = file.read_text(encoding="utf-8").replace("neurons = 2", "neurons = 20")
    for chosen in (neurons[:1], neurons):
        listed = [list(position) for position in chosen]
        file.write_text(text.replace('["zero", "top:1"]', str(listed)), encoding="utf-8")
        with counting() as passes:
            pipeline.build(load_settings(folder=home), home / "data")
    assert passes["guided"] == 3 * len(LABELS)
    assert passes["gradient"] == 0
    return home


def blend(cat: Path, dog: Path) -> None:
    """Make the second image so like the first that they excite some of the same neurons."""
    with Image.open(cat) as one, Image.open(dog) as other:
        mixed = Image.blend(one, other, 0.3)
    mixed.save(dog)


@pytest.fixture(scope="module")
def results(home: Path) -> Results:
    return read_results((home / "build/results.json").read_bytes(), find_kind())


@pytest.mark.long
def test_patches_are_those_of_the_image(home: Path, results: Results) -> None:
    network = load_stand_in("embedded")
    cat, dog = ({n.position: n.patch for n in results.neurons.top[label]} for label in LABELS)
    assert any(cat[position] != dog[position] for position in cat.keys() & dog.keys())
    for label in LABELS:
        image = preprocess(decode(home / "data" / results.neurons.files[label]))
        for neuron in results.neurons.top[label]:
            gradient = differentiate(network.explained, image, neuron.position)
            wanted = effective_field(gradient, neuron.receptive_field)
            assert (neuron.patch.rows, neuron.patch.cols) == (wanted.rows, wanted.cols)
            assert neuron.patch.energy_share == pytest.approx(wanted.energy_share, rel=1e-6)


def test_guided_gradients_are_those_of_the_image_and_the_neuron(
    home: Path, results: Results, neurons: list[Position]
) -> None:
    network = load_stand_in("embedded")
    with np.load(home / "build/arrays/guided_backprop.npz") as arrays:
        found = [arrays[f"gradients_{i}"] for i in range(len(LABELS))]
    for label, gradients in zip(LABELS, found, strict=True):
        image = preprocess(decode(home / "data" / results.guided_backprop.files[label]))
        wanted = GuidedNetwork(network.convolutions, INPUT_SHAPE, 1)(image, neurons)
        np.testing.assert_allclose(gradients, wanted.gradients[..., ::-1], rtol=1e-5, atol=1e-8)
        assert [row.value for row in results.guided_backprop.rows[label]] == wanted.values.tolist()
        assert len({gradient.tobytes() for gradient in gradients}) == len(neurons)


def test_features_are_those_of_the_image(home: Path, results: Results) -> None:
    network = load_stand_in("embedded")
    with np.load(home / "build/arrays/transfer.npz") as arrays:
        found = {split: arrays[f"features_{split}"] for split in ("train", "val", "test")}
    for split, features in found.items():
        files = [image.file for image in results.dataset.images if image.split == split]
        pixels = np.stack([decode(home / "data" / file) for file in files])
        # Each image on its own, in whatever company it was when the report was made.
        wanted = list(network.features(iter(pixels[:, np.newaxis])))
        np.testing.assert_array_equal(features, np.concatenate(wanted))
