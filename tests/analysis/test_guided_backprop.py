"""The tables of guided backpropagation: which neurons, and what is said of each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from reportgen.analysis.gradients import GuidedNetwork
from reportgen.analysis.neurons import GuidedGradients
from reportgen.errors import ExplanationError, SettingsError
from reportgen.results import Box, Position
from reportgen.sections.guided_backprop.compute import (
    Example,
    are_averages,
    choose_neuron,
    explain_neurons,
)
from reportgen.sections.guided_backprop.settings import NeuronChoice

#  Positive: 1 2 3 4 7 7, in the order of their positions; zeros at (0, 0, 1), (1, 0, 0), (1, 1, 0) …
LAYER = np.array(
    [[[3, 0], [7, 1]], [[0, 4], [0, 0]], [[2, 0], [7, 0]]],
    np.float32,
)
PER_CHANNEL = np.array([[1, 4], [2, -5], [3, 6]], np.float32)  # weights of B, G and R


@pytest.mark.parametrize(
    ("choice", "position"),
    [
        ("zero", (0, 0, 1)),
        ("median", (0, 0, 0)),  # 3, the lower of 3 and 4
        ("top:1", (0, 1, 0)),  # 7 stands twice: the first position
        ("top:2", (2, 1, 0)),
        ("top:3", (1, 0, 1)),
        ("top:6", (0, 1, 1)),
        ("top:7", (0, 0, 1)),  # the first of the zeros
        ("top:13", None),  # there are twelve
        ("percentile:0", (0, 1, 1)),
        ("percentile:10", (0, 1, 1)),  # 1 + 0.5 · (2 − 1) = 1.5: as near to 1 as to 2, the first position
        ("percentile:35", (0, 0, 0)),  # 2.75 is nearest to 3
        ("percentile:75", (0, 1, 0)),  # 6.25 is nearest to 7
        ("percentile:100", (0, 1, 0)),
    ],
)
def test_each_rule_finds_its_neuron(choice: str, position: tuple[int, int, int] | None) -> None:
    assert choose_neuron(LAYER, choice) == position


def test_the_first_neuron_is_the_zero_one_if_it_is_zero() -> None:
    layer = LAYER.copy()
    layer[0, 0, 0] = 0

    assert choose_neuron(layer, "zero") == (0, 0, 0)


def test_the_median_of_an_odd_number_is_the_middle_one() -> None:
    layer = LAYER.copy()
    layer[0, 1, 1] = 0  # 2 3 4 7 7

    assert choose_neuron(layer, "median") == (1, 0, 1)


def test_the_zeros_do_not_count_towards_percentiles() -> None:
    layer = np.zeros((10, 10, 2), np.float32)
    layer[4, 5, 1], layer[8, 2, 0] = 5, 9

    assert choose_neuron(layer, "percentile:10") == (4, 5, 1)
    assert choose_neuron(layer, "median") == (4, 5, 1)


def test_a_rule_may_find_nothing() -> None:
    silent, awake = np.zeros((2, 2, 2), np.float32), np.ones((2, 2, 2), np.float32)

    assert choose_neuron(awake, "zero") is None
    assert choose_neuron(silent, "median") is None
    assert choose_neuron(silent, "percentile:10") is None
    assert choose_neuron(silent, "top:1") == (0, 0, 0)


def test_a_position_is_taken_as_it_is_if_the_layer_has_it() -> None:
    assert choose_neuron(LAYER, (2, 1, 1)) == (2, 1, 1)
    for outside in [(3, 0, 0), (0, 2, 0), (0, 0, 2)]:
        with pytest.raises(SettingsError) as caught:
            choose_neuron(LAYER, outside)
        assert str(list(outside)) in caught.value.problem
        assert "3×2×2" in caught.value.problem


def network(batch: Any) -> Any:
    """Pool the image 2 × 2, weigh its channels, subtract 0 and 1000, and rectify: channel 1 stays silent."""
    weighed = tf.nn.conv2d(tf.nn.relu(batch), PER_CHANNEL[np.newaxis, np.newaxis], 1, "VALID")
    return tf.nn.relu(tf.nn.avg_pool2d(weighed, 2, 2, "VALID") - [0.0, 1000.0])


def example(seed: int, side: int = 6, **boxes: Box | None) -> Example:
    image = picture(seed, side)
    return Example(f"{seed}.png", network(image[np.newaxis])[0].numpy(), **boxes)


def picture(seed: int, side: int = 6) -> NDArray[np.float32]:
    return np.random.default_rng(seed).uniform(1, 9, (side, side, 3)).astype(np.float32)


def explain(
    examples: dict[str, Example],
    *choices: NeuronChoice,
    side: int = 6,
    shared: bool = False,
    image: NDArray[np.float32] | None = None,
) -> tuple[Any, list[NDArray[np.float32]]]:
    """Explain ``image``, or the pictures whose seeds are the names of the files."""
    traced = GuidedNetwork(network, (side, side, 3), len(choices))

    def of(label: str, positions: Sequence[Position]) -> GuidedGradients:
        seed = int(Path(examples[label].file).stem) if image is None else 0
        return traced(picture(seed, side) if image is None else image, positions)

    result = explain_neurons(of, examples, layer="out", choices=choices, shared_scale=shared)
    return result.numbers, [result.arrays[f"gradients_{i}"] for i in range(len(examples))]


def percentile(values: NDArray[np.float32]) -> float:
    """The 99.5th percentile of |values|, by the definition: linear between the two nearest ranks."""
    ranked = sorted(abs(float(value)) for value in values.ravel())
    rank = 0.995 * (len(ranked) - 1)
    low = ranked[math.floor(rank)]
    return low + (ranked[math.ceil(rank)] - low) * (rank - math.floor(rank))


def test_rows_tell_position_value_and_gradient() -> None:
    cat = example(1)

    numbers, (gradients,) = explain({"cat": cat}, "top:1", "zero", (1, 2, 0))

    top, zero, given = numbers.rows["cat"]
    pooled = picture(1).astype(float).reshape(3, 2, 3, 2, 3).mean(axis=(1, 3)) @ [1, 2, 3]
    best = np.unravel_index(pooled.argmax(), pooled.shape)
    assert top.position == (*best, 0)
    assert top.value == pytest.approx(pooled.max(), rel=1e-5)
    assert (top.choice, zero.choice, given.choice) == ("top:1", "zero", "position")
    assert given.position == (1, 2, 0)
    assert given.value == pytest.approx(pooled[1, 2], rel=1e-5)
    assert (top.gradient_max_abs, top.blank) == (0.75, False)  # 3/4
    assert (zero.value, zero.gradient_max_abs, zero.blank, zero.scale_limit) == (0, 0, True, 0)
    assert zero.position == (0, 0, 1)
    assert all((row.relu_total, row.relu_guided) == (2, 2) for row in numbers.rows["cat"])
    wanted = np.zeros((6, 6, 3))
    wanted[2:4, 4:6] = [0.75, 0.5, 0.25]  # weights 1 2 3 of B, G, R, turned to R, G, B, over four pixels
    np.testing.assert_array_equal(gradients[2], wanted)
    assert not gradients[1].any()
    assert (numbers.zero_neurons, numbers.zero_neurons_blank) == (1, 1)
    assert (numbers.layer, numbers.files, numbers.percentile) == ("out", {"cat": "1.png"}, 99.5)


def test_signs_of_all_gradients_are_counted() -> None:
    gradients = np.zeros((1, 4, 4, 3), np.float32)
    gradients[0, 0, 0], gradients[0, 3, 3, 1] = [-1e-20, 2, -3], 5

    def of(_label: str, _positions: Sequence[Position]) -> GuidedGradients:
        return GuidedGradients(np.ones(1, np.float32), gradients, 2, 2)

    examples = {"cat": example(1), "ant": example(2)}
    numbers = explain_neurons(of, examples, layer="out", choices=["top:1"], shared_scale=False).numbers
    assert numbers.signs is not None
    assert (numbers.signs.negative, numbers.signs.positive) == (2 * 2, 2 * 2)


def test_each_class_is_explained_on_its_own_image() -> None:
    examples = {"cat": example(1), "ant": example(2)}

    numbers, gradients = explain(examples, "top:1")

    for i, (label, each) in enumerate(examples.items()):
        row = numbers.rows[label][0]
        assert row.value == each.activations.max()
        lit = np.argwhere(gradients[i][0].any(axis=2))
        assert lit[0].tolist() == [2 * row.position[0], 2 * row.position[1]]
    assert numbers.rows["cat"][0].position != numbers.rows["ant"][0].position


def test_energy_shares_by_hand() -> None:
    half, none = Box(rows=(0, 6), cols=(5, 6)), Box(rows=(4, 6), cols=(2, 4))
    examples = {"cat": example(1, animal=half, head=none), "ant": example(2, animal=half), "bee": example(3)}

    numbers, _ = explain(examples, (1, 2, 0), "zero")  # sees rows 2–4, columns 4–6

    shares = numbers.rows["cat"][0].energy_share
    assert (shares.animal, shares.head) == (pytest.approx(0.5), 0)
    assert numbers.rows["cat"][1].energy_share is None  # a blank gradient has no energy
    assert numbers.rows["ant"][0].energy_share.head is None
    assert numbers.rows["bee"][0].energy_share is None
    assert numbers.area_share["cat"].animal == pytest.approx(6 / 224**2)
    assert numbers.area_share["cat"].head == pytest.approx(4 / 224**2)
    assert (numbers.area_share["ant"].head, numbers.area_share["bee"].animal) == (None, None)


def test_without_annotations_nothing_is_said_of_shares() -> None:
    numbers, _ = explain({"cat": example(1)}, "top:1")

    assert numbers.area_share is None
    assert numbers.rows["cat"][0].energy_share is None


def blurred(batch: Any) -> Any:
    """Many different gradient values, so that a percentile is not a maximum."""
    kernel = np.random.default_rng(0).normal(size=(5, 5, 3, 2)).astype(np.float32)
    return tf.nn.relu(tf.nn.conv2d(batch, kernel, 3, "VALID"))


@pytest.mark.parametrize("shared", [False, True])
def test_the_scale_is_the_percentile_of_the_row_or_of_the_table(shared: bool) -> None:
    image = np.random.default_rng(5).normal(size=(11, 11, 3)).astype(np.float32)
    cat = Example("cat.png", blurred(image[np.newaxis])[0].numpy())
    traced = GuidedNetwork(blurred, image.shape, 3)

    result = explain_neurons(
        lambda _, positions: traced(image, positions),
        {"cat": cat},
        layer="out",
        choices=("top:1", "top:2", "zero"),
        shared_scale=shared,
    )

    gradients = result.arrays["gradients_0"]
    limits = [row.scale_limit for row in result.numbers.rows["cat"]]
    wanted = [percentile(gradients)] * 3 if shared else [percentile(each) for each in gradients]
    assert limits == pytest.approx(wanted, rel=1e-6)
    assert 0 < limits[0] < np.abs(gradients[0]).max()
    assert (len(set(limits)) == 1) == shared
    assert result.numbers.shared_scale is shared


@pytest.mark.parametrize("shared", [False, True])
def test_a_gradient_on_few_pixels_is_scaled_by_its_largest_value(shared: bool) -> None:
    numbers, _ = explain({"cat": example(1, side=32)}, "top:1", "zero", side=32, shared=shared)

    top, zero = numbers.rows["cat"]  # 12 of 3072 values are not zero: less than 0.5 %
    assert top.scale_limit == 0.75
    assert zero.scale_limit == (0.75 if shared else 0)


def test_a_rule_that_finds_nothing_leaves_its_row_out() -> None:
    image = np.full((4, 4, 3), 2000, np.float32)  # wakes channel 1: 4 − 5 + 6 = 5 times 2000
    awake = Example("awake.png", network(image[np.newaxis])[0].numpy())

    numbers, (gradients,) = explain({"cat": awake}, "zero", "top:1", side=4, image=image)

    assert [row.choice for row in numbers.rows["cat"]] == ["top:1"]
    assert gradients.shape == (1, 4, 4, 3)
    np.testing.assert_array_equal(gradients[0, 0, 0], [0.75, 0.5, 0.25])  # the row is not the filler's


@pytest.mark.parametrize("shared", [False, True])
def test_a_table_without_any_row_is_an_error(shared: bool) -> None:
    image = np.full((4, 4, 3), 2000, np.float32)
    awake = Example("awake.png", network(image[np.newaxis])[0].numpy())

    with pytest.raises(ExplanationError) as caught:
        explain({"cat": awake}, "zero", side=4, shared=shared, image=image)
    assert "awake.png" in caught.value.problem
    assert "guided_backprop.neurons" in caught.value.remedy


def test_an_unusual_neuron_exceeds_what_its_channel_usually_gives() -> None:
    layer = np.zeros((3, 4, 4), np.float32)
    layer[0, 1], layer[2, 3, 1] = (50, 5, 8, 0), 9
    usual = np.array([100, 1, 2, 0.5], np.float32)
    # The third quartile of the usual outputs is 26.5; nothing is divided by less: 50/100, 9/26.5, 8/26.5.
    found = [choose_neuron(layer, f"unusual:{n}", usual) for n in (1, 2, 3, 4)]
    assert found == [(0, 1, 0), (2, 3, 1), (0, 1, 2), None]
    # Louder for once is what counts: the plain ranking begins with another one of these.
    quiet = np.array([100, 60, 20, 90], np.float32)
    assert choose_neuron(layer, "unusual:1", quiet) == (0, 1, 0)
    louder = np.where(np.arange(4) == 1, 10 * layer, layer).astype(np.float32)
    assert choose_neuron(louder, "unusual:1", np.full(4, 1, np.float32)) == (2, 3, 1)
    assert choose_neuron(layer, "unusual:1", np.full(4, 1, np.float32)) == choose_neuron(layer, "top:1")


def test_without_usual_outputs_there_is_no_unusual_neuron() -> None:
    assert choose_neuron(LAYER, "unusual:1") is None
    assert choose_neuron(np.zeros_like(LAYER), "unusual:1", np.ones(2, np.float32)) is None


def test_the_channel_that_is_always_loud_is_the_most_excited_and_not_the_most_unusual() -> None:
    # Four channels that are quiet as a rule, and one that is loud in all images.
    usual = np.array([4, 4, 4, 4, 80], np.float32)
    layer = np.zeros((2, 2, 5), np.float32)
    layer[0, 0], layer[1, 1, 3] = (2, 0, 0, 0, 90), 30
    assert choose_neuron(layer, "top:1") == (0, 0, 4)
    assert choose_neuron(layer, "unusual:1", usual) == (1, 1, 3)


def test_features_are_taken_for_averages_only_where_they_are() -> None:
    output = np.random.default_rng(1).random((3, 4, 5)).astype(np.float32)
    means = np.array([sum(float(v) for v in output[..., c].ravel()) / 12 for c in range(5)], np.float32)
    assert are_averages(means, output)
    assert not are_averages(means[::-1].copy(), output)
    assert not are_averages(np.ones(7, np.float32), output)
