"""Occlusion against whole forward passes of networks whose image was changed by hand, box by box."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.stats import binomtest
from small_results import small_results

from reportgen.analysis.neurons import receptive_field
from reportgen.analysis.occlusion import OccludedNetwork, Replaced
from reportgen.analysis.receptive_fields import describe_field
from reportgen.errors import ExplanationError
from reportgen.models.graph import LayerGraph
from reportgen.results import Box, Position
from reportgen.sections.occlusion.claims import decide
from reportgen.sections.occlusion.compute import (
    BLUR,
    Subject,
    View,
    draw_boxes,
    lay_grid,
    make_view,
    occlude,
    occlude_neurons,
)
from reportgen.sections.occlusion.result import OccludedNeuron, Occlusion

SIDE = 32
SQUARE = Box(rows=(8, 16), cols=(16, 24))
WHOLE = Box(rows=(0, SIDE), cols=(0, SIDE))
Image = NDArray[np.float32]


def make_model(*layers: Any, seed: int = 0) -> keras.Model:
    """A chain with random weights and biases."""
    model = keras.Sequential([keras.Input((SIDE, SIDE, 3)), *layers])
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        layer.set_weights([rng.normal(size=w.shape).astype(np.float32) / 3 for w in layer.get_weights()])
    return keras.Model(model.inputs[0], model.outputs[0])


def conv(filters: int, size: int = 3, **more: Any) -> Any:
    return keras.layers.Conv2D(filters, size, activation="relu", **{"padding": "same", **more})


def make_below_zero() -> keras.Model:
    """Where all that a pooling sees at the edge is negative, zeros beyond the edge would be the maximum."""
    first = keras.layers.Conv2D(4, 3, padding="same")
    model = make_model(first, keras.layers.MaxPooling2D(3, 1, padding="same"), conv(6))
    first.set_weights([first.get_weights()[0], np.full(4, -9, np.float32)])
    return model


def identity(filters: int) -> Any:
    layer = conv(filters)
    layer.build((None, None, None, filters))
    kernel = np.zeros((3, 3, filters, filters), np.float32)
    kernel[1, 1] = np.eye(filters)
    layer.set_weights([kernel, np.zeros(filters, np.float32)])
    return layer


CHAINS: dict[str, Callable[[], keras.Model]] = {
    "like VGG": lambda: make_model(
        conv(4), conv(4), keras.layers.MaxPooling2D(), conv(5), conv(5), keras.layers.MaxPooling2D(), conv(6)
    ),
    "valid": lambda: make_model(
        conv(4, padding="valid"), conv(4, 5, padding="valid"), keras.layers.MaxPooling2D(3, 2), conv(6)
    ),
    "strides": lambda: make_model(conv(4, 3, strides=2), conv(5, 4), conv(6, 2, strides=2), conv(6)),
    "below zero": lambda: make_below_zero(),
    "blocks": lambda: make_model(conv(4, 8, strides=8, padding="valid"), conv(6)),
}


def draw_image(seed: int = 3) -> Image:
    return np.random.default_rng(seed).normal(size=(SIDE, SIDE, 3)).astype(np.float32)


def mixed(base: Image, other: Image, box: Box) -> Image:
    """The base with the box of the other one, pixel by pixel."""
    made = base.copy()
    for row, col in product(range(*box.rows), range(*box.cols)):
        made[row, col] = other[row, col]
    return made


def output_of(model: keras.Model, image: Image, position: Position) -> float:
    return float(model(image[np.newaxis]).numpy()[(0, *position)])


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("size", [(1, 1), (5, 9), (12, 7), (SIDE, SIDE)])
def test_outputs_are_those_of_whole_passes(name: str, size: tuple[int, int]) -> None:
    """Red with a window that begins a pixel late, a base of the other image, or rows for columns."""
    model = CHAINS[name]()
    network = OccludedNetwork(model.layers, SIDE)
    base, other = draw_image(1), draw_image(2)
    recorded = network.record(base)
    np.testing.assert_allclose(recorded[-1], model(base[np.newaxis]).numpy()[0], rtol=1e-4, atol=1e-5)
    rng = np.random.default_rng(7)
    last = [SIDE - length for length in size]
    corners = [(0, 0), tuple(last), *(tuple(rng.integers(0, np.array(last) + 1)) for _ in range(28))]
    boxes = [Box(rows=(int(r), int(r) + size[0]), cols=(int(c), int(c) + size[1])) for r, c in corners]
    rows, cols, channels = recorded[-1].shape
    # Every third the other way about: images of two records in one call, among them more than are computed
    # together.
    pairs = [(other, base) if i % 3 == 0 else (base, other) for i in range(len(boxes))]
    records = [network.record(other) if i % 3 == 0 else recorded for i in range(len(boxes))]
    replaced = [
        Replaced(record, pair[1], box) for record, pair, box in zip(records, pairs, boxes, strict=True)
    ]
    outputs = model(np.stack([mixed(*pair, box) for pair, box in zip(pairs, boxes, strict=True)])).numpy()
    for position in ((0, 0, 0), (rows - 1, cols - 1, channels - 1), (rows // 2, 0, 2), (1, cols - 2, 3)):
        found = network.replace(replaced, position)
        wanted = outputs[(slice(None), *position)]
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)


def test_layers_that_do_nothing_are_left_out_and_others_are_refused() -> None:
    first = conv(4)
    model = make_model(first, conv(5))
    network = OccludedNetwork([*model.layers, identity(5), identity(5)], SIDE)
    assert len(network.record(draw_image())) == 3  # the image and two layers
    with pytest.raises(ExplanationError, match="flatten"):
        OccludedNetwork([*model.layers, keras.layers.Flatten(name="flatten")], SIDE)


@pytest.fixture(scope="module")
def square() -> tuple[OccludedNetwork, Image]:
    """The neuron (1, 2, 1) sees the square and nothing else; the image is positive, and larger there."""
    layer = conv(2, 8, strides=8, padding="valid")
    model = make_model(layer)
    kernel = np.zeros((8, 8, 3, 2), np.float32)
    kernel[..., 0, 1] = 1
    layer.set_weights([kernel, np.zeros(2, np.float32)])
    image = np.abs(draw_image())
    image[slice(*SQUARE.rows), slice(*SQUARE.cols)] += 2
    return OccludedNetwork(model.layers, SIDE), image


POSITION = (1, 2, 1)


def test_a_neuron_that_sees_one_square_loses_all_with_it_and_nothing_with_others(
    square: tuple[OccludedNetwork, Image],
) -> None:
    """Red if kept and removed are swapped, if another neuron is asked, or the fill is not zero."""
    network, image = square
    view, outputs = make_view(network, image)
    value = image[slice(*SQUARE.rows), slice(*SQUARE.cols), 0].sum()
    assert outputs[POSITION] == pytest.approx(value)
    blocks = [
        Box(rows=(row, row + 8), cols=(col, col + 8)) for row in range(0, 32, 8) for col in range(0, 32, 8)
    ]
    own = [box == SQUARE for box in blocks]
    assert sum(own) == 1
    removed, kept = view.measure(POSITION, (view.removed, blocks), (view.kept, blocks))
    np.testing.assert_allclose(removed, np.where(own, 0, value), rtol=1e-5)
    np.testing.assert_allclose(kept, np.where(own, value, 0), rtol=1e-5)
    assert view.blank(POSITION) == 0
    # Of a box that covers half of the square, half is left.
    half = Box(rows=(8, 12), cols=(16, 24))
    part = image[8:12, 16:24, 0].sum()
    assert view.measure(POSITION, (view.kept, [half]), (view.removed, [half])) == [
        pytest.approx([part]), pytest.approx([value - part]),
    ]  # fmt: skip
    # Another neuron of the same place has no weight at all.
    assert view.measure((1, 2, 0), (view.removed, blocks))[0].tolist() == [0] * 16


def test_the_box_by_occlusion_is_the_square_and_a_patch_elsewhere_holds_nothing(
    square: tuple[OccludedNetwork, Image],
) -> None:
    network, image = square
    view, outputs = make_view(network, image)
    value = float(outputs[POSITION])
    elsewhere = Box(rows=(20, 28), cols=(0, 8))
    found = occlude(view, Subject(POSITION, value, elsewhere, WHOLE), random_boxes=50, step=8, seed=4)
    assert found["patch"][:6] == pytest.approx([20, 28, 0, 8, 0, value])
    assert found["best"][:6] == pytest.approx([8, 16, 16, 24, value, 0])
    measured = [(Subject(POSITION, value, elsewhere, WHOLE), found)]
    numbers = put_together({"cat": measured})
    neuron = numbers.neurons["cat"][0]
    assert neuron.harming == 50
    # What harms more lies on a part of the square at least; the rest harms as little as the patch.
    drawn = draw_boxes(measured[0][0], 50, 4)
    assert neuron.harming_more == sum(
        max(box.rows[0], 8) < min(box.rows[1], 16) and max(box.cols[0], 16) < min(box.cols[1], 24)
        for box in drawn
    )
    assert (numbers.measured, numbers.harming, numbers.holding, numbers.found) == (1, 0, 0, 1)
    assert {claim.name: claim.passed for claim in decide(numbers)} == {
        "patches_harm": False, "patches_hold": False, "boxes_better": False,
    }  # fmt: skip


def test_a_patch_that_is_the_square_is_the_best_box_and_hardly_a_random_one_harms_as_much(
    square: tuple[OccludedNetwork, Image],
) -> None:
    network, image = square
    view, outputs = make_view(network, image)
    subject = Subject(POSITION, float(outputs[POSITION]), SQUARE, WHOLE)
    numbers = put_together({"cat": [(subject, occlude(view, subject, random_boxes=50, step=8, seed=4))]})
    neuron = numbers.neurons["cat"][0]
    assert neuron.best == neuron.patch
    assert neuron.patch.box == SQUARE
    assert neuron.harming == sum(box == SQUARE for box in draw_boxes(subject, 50, 4))
    assert (numbers.harming, numbers.holding, numbers.found, numbers.found_in_blur) == (1, 1, 0, 0)
    assert neuron.shares is not None
    assert neuron.shares.patch_kept == pytest.approx(1)
    assert neuron.shares.patch_removed == 0


def put_together(measures: Any) -> Occlusion:
    files = dict.fromkeys(measures, "test/x.jpg")
    return occlude_neurons(measures, files, layer="some", random_boxes=50, step=8).numbers


def test_what_is_measured_is_what_loops_over_whole_passes_give() -> None:
    """Red for the wrong neuron or image, kept and removed exchanged, or a mean over the wrong boxes."""
    model = CHAINS["like VGG"]()
    network, image = OccludedNetwork(model.layers, SIDE), draw_image(5)
    output = model(image[np.newaxis]).numpy()[0]
    position = tuple(map(int, np.unravel_index(int(output.argmax()), output.shape)))
    value = float(output[position])
    graph = LayerGraph.read(model)
    geometry = describe_field(graph, len(graph.nodes) - 1)
    field = receptive_field(geometry, position[0], position[1], SIDE)
    patch = Box(rows=(field.rows[0] + 1, field.rows[0] + 8), cols=(field.cols[0], field.cols[0] + 9))
    subject = Subject(position, value, patch, field)  # type: ignore[arg-type]
    found = occlude(make_view(network, image)[0], subject, random_boxes=20, step=6, seed=1)
    computed = occlude_neurons(
        {"cat": [(subject, found)], "dog": [(subject, found)] * 2}, {"cat": "a", "dog": "b"},
        layer="some", random_boxes=20, step=6,
    )  # fmt: skip

    empty = np.zeros_like(image)
    blurred = gaussian_filter(image, (BLUR, BLUR, 0), mode="nearest")

    def run(base: Image, other: Image, box: Box) -> float:
        return output_of(model, mixed(base, other, box), position)  # type: ignore[arg-type]

    neuron = computed.numbers.neurons["cat"][0]
    for tried in (neuron.patch, neuron.best):
        assert tried.removed == pytest.approx(run(image, empty, tried.box), rel=1e-4)
        assert tried.kept == pytest.approx(run(empty, image, tried.box), rel=1e-4)
        assert tried.removed_in_blur == pytest.approx(run(image, blurred, tried.box), rel=1e-4)
        assert tried.kept_in_blur == pytest.approx(run(blurred, image, tried.box), rel=1e-4)
    assert neuron.blank == pytest.approx(output_of(model, empty, position), rel=1e-4)  # type: ignore[arg-type]
    removed = [run(image, empty, box) for box in draw_boxes(subject, 20, 1)]
    assert neuron.random_removed == pytest.approx(sum(removed) / 20, rel=1e-4)
    assert neuron.harming == sum(each <= neuron.patch.removed for each in removed)
    boxes = [patch, *lay_grid(subject, 6)]
    worth = [min(run(empty, image, box), value - run(image, empty, box)) for box in boxes]
    assert neuron.best.box == boxes[int(np.argmax(worth))]
    assert neuron.tried == len(boxes) - 1
    assert computed.arrays["random_0"].shape == (20, 4)
    assert computed.arrays["grid_1"][:, 0].tolist() == [0] * neuron.tried + [1] * neuron.tried
    np.testing.assert_allclose(
        computed.arrays["grid_0"][:, 3], [run(image, empty, b) for b in boxes[1:]], 1e-4
    )
    np.testing.assert_allclose(
        computed.arrays["grid_0"][:, 4], [run(empty, image, b) for b in boxes[1:]], 1e-4
    )


def test_random_boxes_have_the_patches_size_and_lie_anywhere_in_the_field() -> None:
    field, patch = Box(rows=(4, 20), cols=(10, 31)), Box(rows=(5, 12), cols=(11, 20))
    subject = Subject((1, 2, 3), 1.0, patch, field)
    boxes = draw_boxes(subject, 4000, 9)
    assert all(size_of(box) == (7, 9) for box in boxes)
    assert {box.rows[0] for box in boxes} == set(range(4, 14))
    assert {box.cols[0] for box in boxes} == set(range(10, 23))
    counts = np.bincount([box.rows[0] - 4 for box in boxes])
    assert ((counts - 400) ** 2 / 400).sum() < 27.9  # chi-squared, 9 degrees of freedom, 0.1 %
    assert draw_boxes(subject, 50, 9) == draw_boxes(subject, 50, 9)
    assert draw_boxes(subject, 50, 8) != draw_boxes(subject, 50, 9)


def test_the_grid_covers_the_field_from_edge_to_edge() -> None:
    field, patch = Box(rows=(4, 20), cols=(10, 31)), Box(rows=(5, 12), cols=(11, 20))
    for step in (1, 4, 5, 30):
        boxes = lay_grid(Subject((1, 2, 3), 1.0, patch, field), step)
        assert all(size_of(box) == (7, 9) for box in boxes)
        for starts, wanted in (
            (sorted({box.rows[0] for box in boxes}), (4, 13)),
            (sorted({box.cols[0] for box in boxes}), (10, 22)),
        ):
            assert (starts[0], starts[-1]) == wanted
            assert max(np.diff(starts)) <= step
        assert len(boxes) == len({(box.rows, box.cols) for box in boxes})


def test_a_patch_larger_than_the_field_is_moved_about_the_image() -> None:
    """It would be the field by the architecture; patches of our own are in the field of what ran."""
    subject = Subject((1, 2, 3), 0.0, Box(rows=(0, 200), cols=(0, 190)), Box(rows=(0, 150), cols=(0, 190)))
    boxes = draw_boxes(subject, 500, 1)
    assert {box.rows[0] for box in boxes} == set(range(25))
    assert {box.cols[0] for box in boxes} == {0}


def size_of(box: Box) -> tuple[int, int]:
    return box.rows[1] - box.rows[0], box.cols[1] - box.cols[0]


def make_neuron(value: float, **more: Any) -> OccludedNeuron:
    given = small_results().occlusion.neurons["cat"][0].model_dump() | {"value": value} | more
    return OccludedNeuron.model_validate(given)


def test_silent_neurons_have_no_shares_and_do_not_count() -> None:
    section = small_results().occlusion
    changed = section.model_copy(update={"neurons": {"cat": [make_neuron(0)], "dog": [make_neuron(4.0)] * 2}})
    assert changed.measured == 2
    assert changed.mean["cat"] is None
    assert changed.neurons["cat"][0].shares is None
    assert changed.mean["dog"] == changed.neurons["dog"][0].shares


def test_means_are_those_of_shares_and_not_of_outputs() -> None:
    section = small_results().occlusion
    changed = section.model_copy(update={"neurons": {"cat": [make_neuron(4.0), make_neuron(8.0)]}})
    kept = changed.neurons["cat"][0].patch.kept
    mean = changed.mean["cat"]
    assert mean is not None
    assert mean.patch_kept == pytest.approx((kept / 4 + kept / 8) / 2)


@pytest.mark.parametrize(
    ("harming", "kept", "best", "passed"),
    [
        (
            [0, 2, 3, 4, 14, 15],
            [4.0, 4.0, 4.0, 4.0, 3.9, 0.0],
            6,
            {"patches_harm", "patches_hold", "boxes_better"},
        ),
        # Five of six are worth more; six coins give that, or the contrary, in 14 of 64 cases.
        ([10, 11, 12, 13, 14, 15], [4.0, 3.9, 0.0, 0.0, 0.0, 0.0], 5, set()),
        ([30, 30, 30, 30, 30, 30], [8.0, 9.0, 4.0, 4.0, 0.0, 0.0], 0, {"patches_hold"}),
    ],
)
def test_claims_count_neurons_and_ask_what_chance_gives(
    harming: Sequence[int], kept: Sequence[float], best: int, passed: set[str]
) -> None:
    section = small_results().occlusion
    patch = section.neurons["cat"][0].patch.model_dump()
    neurons = [
        make_neuron(
            8.0, harming=h, harming_more=h,
            patch={**patch, "kept": k, "kept_in_blur": 1.0, "removed_in_blur": 7.0,
                   "box": {"rows": [20 * n, 20 * n + 20], "cols": [0, 20]}},
            # Found for all; better in blur for the first ones: worth more than 1.
            best={**patch, "box": {"rows": [20 * n, 20 * n + 20], "cols": [10, 30]}, "kept_in_blur": 3.0,
                  "removed_in_blur": 5.0 if n < best else 7.5},
        )
        for n, (h, k) in enumerate(zip(harming, kept, strict=True))
    ]  # fmt: skip
    changed = section.model_copy(update={"neurons": {"cat": neurons}, "random_boxes": 30})
    assert (changed.found, changed.found_in_blur, changed.found_places) == (6, best, 6)
    assert changed.found_p_value == pytest.approx(binomtest(best, 6).pvalue)
    assert {claim.name for claim in decide(changed) if claim.passed} == passed
    assert changed.found_worth == {6: "more", 5: None, 0: "less"}[best]


def test_a_place_that_is_looked_at_six_times_is_one_place() -> None:
    """All of six neurons gain at one place: that is a coin thrown once."""
    section = small_results().occlusion
    patch = section.neurons["cat"][0].patch.model_dump() | {"kept_in_blur": 1.0, "removed_in_blur": 7.0}
    found = {**patch, "box": {"rows": [0, 50], "cols": [0, 70]}, "kept_in_blur": 3.0, "removed_in_blur": 5.0}
    changed = section.model_copy(update={"neurons": {"cat": [make_neuron(8.0, patch=patch, best=found)] * 6}})
    assert (changed.found_in_blur, changed.found_places, changed.found_p_value) == (6, 1, 1.0)
    assert changed.found_worth is None


def test_a_view_does_not_mix_up_its_four_measures() -> None:
    """Each of them answers with numbers of its own, which must come out in their own places."""
    subject = Subject((0, 0, 0), 10.0, Box(rows=(0, 2), cols=(0, 2)), Box(rows=(0, 4), cols=(0, 3)))

    def way(start: float) -> Callable[[Box], Replaced]:
        return lambda box: Replaced([], np.array(start + box.rows[0] + box.cols[0] / 10), box)

    def outputs(images: Sequence[Replaced], _position: Position) -> NDArray[np.float64]:
        return np.array([float(image.other) for image in images])

    view = View(way(1), way(2), way(3), way(4), outputs, lambda _position: 0.5)
    found = occlude(view, subject, random_boxes=3, step=1, seed=0)
    # Worth: the smaller one of 2 + r + c/10 and of 9 − r − c/10: largest for r = 2, c = 1.
    assert found["patch"].tolist() == [0, 2, 0, 2, 2.0, 1.0, 4.0, 3.0]
    assert found["best"].tolist() == pytest.approx([2, 4, 1, 3, 4.1, 3.1, 6.1, 5.1])
    assert found["grid"][0].tolist() == [0, 0, 1.0, 2.0]
    for row, col, removed in found["random"]:
        assert removed == pytest.approx(1 + row + col / 10)
