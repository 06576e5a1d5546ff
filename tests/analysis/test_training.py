"""Training from random weights: the same bytes in every process, stopped and resumed without loss."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.analysis.architecture import DEFAULT_ARCHITECTURES, Architecture, Layer, trace_whole
from reportgen.analysis.training import (
    LEARNING,
    Course,
    Part,
    Recipe,
    build_network,
    observe_shapes,
    predict,
    train_network,
)

SHAPE = (14, 14, 3)
# Of every kind of layer, since each could draw or sum in an order of its own.
TINY = Architecture(
    name="tiny",
    layers=(
        Layer(layer="conv", filters=6, size=3, padding=1, activation="linear"),
        Layer(layer="batch_norm"),
        Layer(layer="activation", activation="relu"),
        Layer(layer="pool", size=2),
        Layer(layer="flatten"),
        Layer(layer="dropout", rate=0.25),
        Layer(layer="dense", units=8),
    ),
)
RECIPE = Recipe(epochs=6, learning_rate=0.003, batch_size=7, patience=4, flip=True, seed=5)


def make_parts() -> dict[str, Part]:
    """Images that are brighter on the left, or on the right: turning them must change what is learnt."""
    draws = np.random.default_rng(1)
    parts = {}
    for name, count in (("train", 30), ("val", 12)):
        labels = np.arange(count) % 3
        pixels = draws.integers(0, 120, (count, *SHAPE), dtype=np.uint8)
        for image, label in zip(pixels, labels, strict=True):
            image[4 * label : 4 * label + 4] += 100
        parts[name] = Part(pixels, labels)
    return parts


def train(recipe: Recipe = RECIPE, **more: Any) -> tuple[Any, Course]:
    network = build_network(TINY, 3, recipe.seed, SHAPE, precision=LEARNING)
    return network, train_network(network, make_parts(), recipe, **more)


def digest() -> str:
    network, course = train()
    parts = [each.tobytes() for each in network.get_weights()]
    return hashlib.sha256(b"".join([*parts, repr(course.log).encode()])).hexdigest()


@pytest.mark.long
@pytest.mark.slow
def test_another_process_on_one_processor_trains_the_same_bytes() -> None:
    """As many threads everywhere, whatever the number of processors."""
    code = (
        "import os\n"
        "if hasattr(os, 'sched_setaffinity'): os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from reportgen.models.backend import load_keras\nload_keras()\n"
        "import test_training\nprint('digest', test_training.digest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent, capture_output=True, text=True, timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == digest()


@pytest.mark.long
def test_what_processors_round_otherwise_does_not_grow() -> None:
    """Another set of instructions sums in another order. Here the first weights differ by as much, and after
    forty epochs the course is the same; the next test is what float32 makes of it.
    """
    recipe = Recipe(40, 0.003, 7, 40, True, 5)
    last_bits = 4 * np.finfo(LEARNING).eps
    (usual, course), (other, again) = train(recipe), train_disturbed(recipe, LEARNING, last_bits)
    assert again.epochs == course.epochs
    assert again.best_epoch == course.best_epoch
    for name, values in course.log.items():
        np.testing.assert_allclose(again.log[name], values, rtol=1e-6)
    val = make_parts()["val"].pixels
    np.testing.assert_allclose(predict(other, val), predict(usual, val), atol=1e-6)


def train_disturbed(recipe: Recipe, precision: str, by: float) -> tuple[Any, Course]:
    network = build_network(TINY, 3, recipe.seed, SHAPE, precision=precision)
    draws = np.random.default_rng(0)
    weights = [each * (1 + by * draws.standard_normal(each.shape)) for each in network.get_weights()]
    network.set_weights(weights)
    return network, train_network(network, make_parts(), recipe)


@pytest.mark.long
def test_in_single_precision_it_would_grow() -> None:
    recipe = Recipe(40, 0.003, 7, 40, True, 5)
    usual, other = (train_disturbed(recipe, "float32", by)[1].log["val_loss"] for by in (0, 1e-7))
    assert np.abs(np.subtract(usual, other)).max() > 1e-4


@pytest.mark.long
def test_a_stopped_training_goes_on_as_if_nothing_had_happened() -> None:
    whole, course = train()
    states: list[Any] = []

    class StoppedError(Exception):
        pass

    def keep(state: Any) -> None:
        states.append({name: np.array(value) for name, value in state.items()})
        if len(states) == 3:
            raise StoppedError

    with pytest.raises(StoppedError):
        train(keep=keep)
    resumed, again = train(resume=states[-1])

    assert again.log == course.log
    assert again.best_epoch == course.best_epoch
    for one, other in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.long
@pytest.mark.parametrize(
    ("recipe", "learns"),
    [(Recipe(40, 0.3, 7, 2, False, 5), False), (Recipe(60, 0.001, 7, 30, False, 5), True)],
    ids=["too fast", "slowly"],
)
def test_training_learns_and_keeps_the_weights_of_the_lowest_validation_loss(
    recipe: Recipe, learns: bool
) -> None:
    network, course = train(recipe)
    val = make_parts()["val"]

    losses = course.log["val_loss"]
    assert course.best_epoch == 1 + losses.index(min(losses))
    assert course.epochs == min(recipe.epochs, course.best_epoch + recipe.patience)
    p = predict(network, val.pixels)
    # Cross-entropy by hand, of the weights that are set now.
    assert -np.log(p[np.arange(12), val.labels]).mean() == pytest.approx(min(losses), rel=1e-3)
    if learns:
        assert (p.argmax(axis=1) == val.labels).mean() > 0.8
    else:
        assert course.epochs < recipe.epochs, "it was stopped"


@pytest.mark.long
def test_turning_images_changes_the_course() -> None:
    assert train(Recipe(2, 0.003, 7, 4, True, 5))[1].log != train(Recipe(2, 0.003, 7, 4, False, 5))[1].log
    assert train(Recipe(2, 0.003, 7, 4, False, 6))[1].log != train(Recipe(2, 0.003, 7, 4, False, 5))[1].log


@pytest.mark.parametrize("architecture", DEFAULT_ARCHITECTURES, ids=lambda each: str(each.name))
def test_keras_gives_the_sizes_and_parameters_of_the_formula(architecture: Architecture) -> None:
    network = build_network(architecture, 5, 1)
    traced = trace_whole(architecture, 5)

    assert observe_shapes(network, architecture, 5) == [list(each.output_shape) for each in traced]
    assert network.count_params() == sum(each.parameters for each in traced)
