"""The most excited neurons: their ranking, their plain gradients and what they see."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from guided_clone import gradient_of
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from plain_numpy import slide

from reportgen.analysis.chain import RecordedImage, read_steps
from reportgen.analysis.gradients import differentiate
from reportgen.analysis.neurons import (
    effective_field,
    find_support,
    rank_neurons,
    receptive_field,
)
from reportgen.analysis.receptive_fields import describe_field
from reportgen.errors import ExplanationError
from reportgen.models.backbone import Backbone, preprocess
from reportgen.models.graph import LayerGraph
from reportgen.results import Box, FieldGeometry, Patch, Position
from reportgen.sections.neurons.compute import (
    NeuronBoxes,
    See,
    _require_same,
    describe_neurons,
    find_excited_neurons,
)
from reportgen.sections.neurons.result import HeadOverlap

POOLING = FieldGeometry(size=2, stride=2, padding=0)


def naive_ranking(activations: NDArray[np.float32]) -> list[Position]:
    rows, columns, channels = map(range, activations.shape)
    positions = [(i, j, c) for i in rows for j in columns for c in channels]
    return sorted(positions, key=lambda position: (-activations[position], position))


def pool(batch: Any) -> Any:
    """2 × 2 averages: neuron (i, j, c) sees rows 2i, 2i + 1 and columns 2j, 2j + 1 of channel c."""
    return tf.nn.avg_pool2d(batch, 2, 2, "VALID")


@given(
    shape=st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 6)),
    values=st.integers(1, 5),
    count=st.integers(1, 12),
    seed=st.integers(0, 10**6),
)
@settings(derandomize=True, max_examples=150)
def test_ranking_is_sorting_with_ties_by_position(
    shape: tuple[int, int, int], values: int, count: int, seed: int
) -> None:
    activations = np.random.default_rng(seed).integers(0, values, shape).astype(np.float32)
    naive = naive_ranking(activations)
    one_a_channel = [p for n, p in enumerate(naive) if p[2] not in [q[2] for q in naive[:n]]]

    assert rank_neurons(activations, count) == naive[:count]
    assert rank_neurons(activations, count, distinct=True) == one_a_channel[:count]


def test_positions_are_row_column_channel() -> None:
    activations = np.zeros((3, 4, 5), np.float32)
    activations[2, 1, 4], activations[0, 3, 4], activations[1, 0, 2] = 9, 8, 7

    assert rank_neurons(activations, 3) == [(2, 1, 4), (0, 3, 4), (1, 0, 2)]
    assert rank_neurons(activations, 2, distinct=True) == [(2, 1, 4), (1, 0, 2)]
    assert all(type(index) is int for position in rank_neurons(activations, 3) for index in position)


def test_the_gradient_is_the_finite_difference() -> None:
    rng = np.random.default_rng(4)
    image = rng.normal(size=(6, 5, 2)).astype(np.float32)
    kernel = rng.normal(size=(3, 3, 2, 3)).astype(np.float32) / 3

    def network(x: Any) -> Any:
        return tf.tanh(tf.nn.conv2d(x, kernel, 2, "VALID"))

    for position in [(0, 0, 0), (1, 0, 2), (0, 1, 1)]:
        difference = np.zeros(image.shape)
        for pixel in np.ndindex(image.shape):
            step = np.zeros(image.shape)
            step[pixel] = 1e-5
            up, down = (np.tanh(slide(image + s, kernel, 2))[position] for s in (step, -step))
            difference[pixel] = (up - down) / 2e-5
        gradient = differentiate(network, image, position)
        assert gradient.shape == image.shape
        np.testing.assert_allclose(gradient, difference, rtol=1e-4, atol=1e-6)


def found(
    images: dict[str, NDArray[np.uint8]], heads: dict[str, Box | None], count: int = 3, network: Any = pool
) -> Any:
    signals = {label: image.astype(np.float32) for label, image in images.items()}
    return find_excited_neurons(
        {label: network(signal[np.newaxis])[0].numpy() for label, signal in signals.items()},
        {label: seeing(network, signal) for label, signal in signals.items()},
        images,
        {label: f"{label}.png" for label in images},
        layer="pool",
        geometry=POOLING,
        network_geometry=POOLING,
        count=count,
        seed=1,
        heads=heads,
    )


def seeing(network: Any, signal: NDArray[np.float32]) -> See:
    def see(position: Position, field: Box) -> NeuronBoxes:
        gradient = differentiate(network, signal, position)
        return NeuronBoxes(effective_field(gradient, fallback=field), find_support(gradient))

    return see


@pytest.fixture
def images() -> dict[str, NDArray[np.uint8]]:
    """Bright spots: averages 50, 25, 10 in the first image; 30, 20, 5 in the second, two in one channel."""
    cat, ant = np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8, 3), np.uint8)
    cat[6, 1, 2], cat[1, 5, 0], cat[2, 2, 1] = 200, 100, 40
    ant[0, 7, 1], ant[4, 4, 1], ant[7, 0, 0] = 120, 80, 20
    return {"cat": cat, "ant": ant}


def test_neurons_have_the_values_and_boxes_of_their_positions(images: dict[str, NDArray[np.uint8]]) -> None:
    numbers = found(images, {}).numbers

    cat = numbers.top["cat"]
    assert [neuron.position for neuron in cat] == [(3, 0, 2), (0, 2, 0), (1, 1, 1)]
    assert [neuron.value for neuron in cat] == [50, 25, 10]
    assert [(n.receptive_field.rows, n.receptive_field.cols) for n in cat] == [
        ((6, 8), (0, 2)),
        ((0, 2), (4, 6)),
        ((2, 4), (2, 4)),
    ]
    for neuron in cat:  # the gradient is even over the two by two pixels
        assert (neuron.patch.rows, neuron.patch.cols) == (
            neuron.receptive_field.rows,
            neuron.receptive_field.cols,
        )
        assert neuron.patch.energy_share == pytest.approx(1)
    assert [neuron.position for neuron in numbers.top["ant"]] == [(0, 3, 1), (2, 2, 1), (3, 0, 0)]
    assert [neuron.position for neuron in numbers.top_distinct["ant"]] == [(0, 3, 1), (3, 0, 0), (0, 0, 2)]
    assert numbers.layer_shape == [4, 4, 3]
    assert numbers.positive_share == {"cat": 3 / 48, "ant": 3 / 48}
    assert numbers.files == {"cat": "cat.png", "ant": "ant.png"}
    assert (numbers.layer, numbers.geometry) == ("pool", POOLING)


def test_arrays_are_kept_class_by_class(images: dict[str, NDArray[np.uint8]]) -> None:
    arrays = found(images, {}).arrays

    for i, image in enumerate(images.values()):
        np.testing.assert_array_equal(arrays[f"image_{i}"], image)
        blocks = image.astype(float).reshape(4, 2, 4, 2, 3).mean(axis=(1, 3))
        np.testing.assert_array_equal(arrays[f"activations_{i}"], blocks)


def test_the_patch_is_where_the_gradients_energy_is(images: dict[str, NDArray[np.uint8]]) -> None:
    weights = np.zeros((8, 8, 3), np.float32)
    weights[0, 1], weights[1, 0], weights[1, 1] = 0.1, 0, 3  # all but 0.1 % of the energy on one pixel
    tiled = np.tile(weights[:2, :2], (4, 4, 1))
    head = Box(rows=(0, 1), cols=(4, 6))  # a head in the receptive field's upper row, above the patch

    numbers = found({"cat": images["cat"]}, {"cat": head}, 1, lambda x: pool(x * tiled + 1)).numbers
    neuron = numbers.top["cat"][0]

    assert neuron.position == (0, 2, 0)
    top, left = 0, 4
    assert (neuron.receptive_field.rows, neuron.receptive_field.cols) == ((top, top + 2), (left, left + 2))
    assert (neuron.patch.rows, neuron.patch.cols) == ((top + 1, top + 2), (left + 1, left + 2))
    assert neuron.patch.energy_share == pytest.approx(9 / 9.01)
    assert numbers.head_overlap == {"cat": HeadOverlap(overlapping=0, total=1)}


def test_a_neuron_without_a_gradient_shows_its_receptive_field() -> None:
    black = {"cat": np.zeros((8, 8, 3), np.uint8)}

    neuron = found(black, {}, 1, lambda x: tf.nn.relu(pool(x) - 1)).numbers.top["cat"][0]

    assert (neuron.value, neuron.patch.energy_share) == (0, None)
    assert (neuron.patch.rows, neuron.patch.cols) == ((0, 2), (0, 2))


def test_overlaps_with_the_head_are_counted(images: dict[str, NDArray[np.uint8]]) -> None:
    # Patches of the cat: rows 6–8 × columns 0–2, rows 0–2 × columns 4–6, rows 2–4 × columns 2–4.
    head = Box(rows=(1, 7), cols=(0, 4))  # the first, which it meets in row 6, and the third

    assert found(images, {"cat": head, "ant": None}).numbers.head_overlap == {
        "cat": HeadOverlap(overlapping=2, total=3)
    }
    assert found(images, {"cat": Box(rows=(4, 6), cols=(0, 8)), "ant": head}, 2).numbers.head_overlap == {
        "cat": HeadOverlap(overlapping=0, total=2),
        "ant": HeadOverlap(overlapping=0, total=2),
    }
    assert found(images, {"cat": None, "ant": None}).numbers.head_overlap is None


@pytest.mark.long
@pytest.mark.slow
def test_the_traced_network_is_the_network_bit_for_bit(backbone: Backbone) -> None:
    rng = np.random.default_rng(0)
    image = preprocess(rng.integers(0, 256, (224, 224, 3), dtype=np.uint8))
    activations = backbone.explained(image[np.newaxis])[0].numpy()
    position = rank_neurons(activations, 1)[0]

    np.testing.assert_array_equal(activations, backbone.convolutions(image[np.newaxis])[0].numpy())
    np.testing.assert_array_equal(
        differentiate(backbone.explained, image, position),
        gradient_of(backbone.convolutions, image, position),
    )


def test_a_neuron_of_both_rankings_costs_one_backward_pass() -> None:
    activations = np.random.default_rng(5).normal(size=(6, 6, 4)).astype(np.float32)
    asked: list[Position] = []

    def see(position: Position, field: Box) -> NeuronBoxes:
        asked.append(position)
        return NeuronBoxes(Patch(rows=field.rows, cols=field.cols, energy_share=None), None)

    geometry = FieldGeometry(size=3, stride=1, padding=0)
    top, distinct = describe_neurons(activations, (geometry, geometry), 4, 8, see)
    wanted = {neuron.position for neuron in (*top, *distinct)}
    assert len(wanted) < len(top) + len(distinct)
    assert sorted(asked) == sorted(wanted)


@pytest.mark.long
def test_the_field_of_the_network_that_ran_is_the_support_of_its_gradients(backbone: Backbone) -> None:
    """Its identity convolutions add nothing to what a neuron sees: 196 pixels, not the architecture's 252."""
    graph = LayerGraph.read(backbone.convolutions)
    end = graph.find("block5_conv4")
    geometry = describe_field(graph, end, as_run=True)
    assert (geometry.size, geometry.stride, geometry.padding) == (196, 16, 90)
    assert describe_field(graph, end).size == 252
    image = np.random.default_rng(8).normal(0, 60, (224, 224, 3)).astype(np.float32)
    activations = backbone.explained(image[np.newaxis])[0].numpy()
    for row, column in ((0, 0), (7, 6), (13, 2)):
        position = (row, column, int(activations[row, column].argmax()))
        field = receptive_field(geometry, row, column)
        assert find_support(differentiate(backbone.explained, image, position)) == field


@pytest.mark.long
@pytest.mark.slow
def test_gradients_in_windows_are_those_of_the_whole_network(backbone: Backbone) -> None:
    """In the corner, at an edge and in the middle; red with a window that is a pixel short or late."""
    image = np.random.default_rng(9).normal(0, 60, (224, 224, 3)).astype(np.float32)
    recorded = RecordedImage(read_steps(backbone.convolutions.layers, 224), image)
    activations = backbone.explained(image[np.newaxis])[0].numpy()
    for row, column in ((0, 0), (7, 6), (13, 2)):
        position = (row, column, int(activations[row, column].argmax()))
        whole = differentiate(backbone.explained, image, position)
        found = recorded.gradient(position)
        np.testing.assert_allclose(found, whole, rtol=1e-3, atol=1e-5 * np.abs(whole).max())
        assert find_support(found) == find_support(whole)


@pytest.mark.parametrize(
    ("pixels", "box"),
    [([(2, 3)], ((2, 3), (3, 4))), ([(0, 7), (5, 1)], ((0, 6), (1, 8))), ([], None)],
)
def test_the_support_is_the_box_of_all_that_is_not_zero(pixels: list[Any], box: Any) -> None:
    gradient = np.zeros((8, 8, 3), np.float32)
    for number, pixel in enumerate(pixels):
        gradient[(*pixel, number)] = (-1) ** number * 1e-30
    found = find_support(gradient)
    assert (found and (found.rows, found.cols)) == box


def test_a_gradient_that_is_not_the_networks_stops_the_build() -> None:
    """Red if the one gradient of each image is not compared, or only where it is not zero in the window.

    Neuron (1, 1) of the pooling sees rows and columns 2 to 4. A network in which it sees one pixel more by a
    billionth is another one.
    """
    image = np.random.default_rng(6).normal(size=(6, 6, 2)).astype(np.float32)
    position = (1, 1, 0)
    whole = differentiate(pool, image, position)
    outside = whole.copy()
    outside[5, 5, 1] = np.abs(whole).max() / 10
    context: Any = SimpleNamespace(network=lambda: SimpleNamespace(explained=pool))
    recorded: Any = SimpleNamespace(image=image)
    neuron = position, Box(rows=(2, 4), cols=(2, 4))
    _require_same(context, recorded, neuron, whole, "test/x.jpg")
    message = r"test/x\.jpg: the gradient of the neuron \(1, 1, 0\)"
    for other in (outside, 1.01 * whole, np.zeros_like(whole)):
        with pytest.raises(ExplanationError, match=message):
            _require_same(context, recorded, neuron, other, "test/x.jpg")

    def leak(x: Any) -> Any:
        """The same, but for a path from the pixel in the corner that hardly counts."""
        return pool(x) + 1e-9 * x[:, :1, :1, :]

    context = SimpleNamespace(network=lambda: SimpleNamespace(explained=leak))
    with pytest.raises(ExplanationError, match=message):
        _require_same(context, recorded, neuron, whole, "test/x.jpg")


def test_a_silent_neurons_patch_is_its_field_in_the_network_that_ran() -> None:
    """The architecture's 252 pixels hold some that change nothing in the network whose layers hand on."""
    activations = np.zeros((6, 6, 2), np.float32)
    given: list[Box] = []

    def see(position: Position, field: Box) -> NeuronBoxes:
        given.append(field)
        return NeuronBoxes(effective_field(np.zeros((40, 40, 3)), fallback=field), None)

    wide, narrow = (FieldGeometry(size=size, stride=4, padding=size // 2) for size in (20, 8))
    top, _ = describe_neurons(activations, (wide, narrow), 3, 40, see)
    assert [(n.patch.rows, n.patch.cols) for n in top] == [
        (field.rows, field.cols) for field in (receptive_field(narrow, *n.position[:2], 40) for n in top)
    ]
    assert all(n.patch.rows != n.receptive_field.rows for n in top)
