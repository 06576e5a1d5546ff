"""Networks with redrawn weights: gradients by finite differences, and measures by their definitions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from plain_numpy import slide
from scipy.stats import rankdata, spearmanr
from small_results import small_results

from reportgen.analysis.chain import Step
from reportgen.analysis.gradients import GuidedNetwork
from reportgen.errors import ExplanationError
from reportgen.results import Box, ImageFile
from reportgen.sections.randomisation.claims import decide
from reportgen.sections.randomisation.compute import Pictures, Subject, compare_pictures
from reportgen.sections.randomisation.likeness import compare_with_first, rank, structural_similarity
from reportgen.sections.randomisation.network import Chain, View
from reportgen.sections.randomisation.result import Likeness, Likenesses

BLOCKS = (5, 4, 3, 2, 1)
"""VGG19's, in the order in which they are redrawn."""

RNG = np.random.default_rng(3)
SIDE, DEPTHS = 64, (3, 4, 5, 4, 6, 5)
NAMES = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1")
POSITION = (1, 2, 3)
IMAGE = RNG.normal(size=(SIDE, SIDE, 3)).astype(np.float32)


def convolution(name: str, side: int, kernel: Any, bias: Any, *, rectified: bool = True) -> Step:
    """A 3 × 3 convolution that keeps the side."""
    return Step(name, 3, 1, 1, side, side, kernel, bias, rectified)


def make_steps() -> list[Step]:
    """A convolution and a pooling of each of four blocks, and the convolution of the fifth."""
    steps, side = [], SIDE
    for name, below, depth in zip(NAMES, DEPTHS[:-1], DEPTHS[1:], strict=True):
        kernel = RNG.normal(size=(3, 3, below, depth)).astype(np.float32) / 4
        steps += [convolution(name, side, kernel, RNG.normal(size=depth).astype(np.float32) / 9)]
        steps += [Step(name.replace("conv1", "pool"), 2, 2, 0, side, side // 2)]
        side //= 2
    return steps[:-1]


CHAIN = Chain(make_steps())


def explain(chain: Chain, redrawn: dict[str, Step]) -> tuple[float, Any, Any]:
    """The neuron's value, and its gradients with zeros where it sees nothing."""
    view = View(chain, IMAGE, POSITION)
    value, *gradients = view.explain(redrawn)
    whole = np.zeros((2, *IMAGE.shape), np.float32)
    whole[:, slice(*view.field.rows), slice(*view.field.cols)] = gradients
    return value, *whole


def value_of(image: NDArray[Any], layers: list[Step]) -> float:
    """The neuron's value before its ReLU, in float64, by loops."""
    signal = image.astype(np.float64)
    for k, layer in enumerate(layers):
        if layer.kernel is None:
            rows, columns, depth = signal.shape
            signal = signal.reshape(rows // 2, 2, columns // 2, 2, depth).max(axis=(1, 3))
            continue
        signal = slide(signal, layer.kernel, padding=1) + layer.bias
        if k < len(layers) - 1:
            signal = np.maximum(signal, 0)
    return float(signal[POSITION])


def keras_model(layers: list[Step], *, top: str | None = None) -> keras.Model:
    """The same as a Keras model, its last activation ``top``."""
    image = signal = keras.Input((SIDE, SIDE, 3))
    for k, layer in enumerate(layers):
        if layer.kernel is None:
            signal = keras.layers.MaxPooling2D(2, 2, name=layer.name)(signal)
            continue
        activation = "relu" if k < len(layers) - 1 else top
        conv = keras.layers.Conv2D(
            layer.kernel.shape[3], 3, padding="same", activation=activation, name=layer.name
        )
        signal = conv(signal)
        conv.set_weights([layer.kernel, layer.bias])
    return keras.Model(image, signal)


def with_redrawn(redrawn: dict[str, Step]) -> list[Step]:
    return [redrawn.get(layer.name, layer) for layer in CHAIN.steps]


@pytest.mark.long
def test_plain_gradients_are_those_of_finite_differences_in_a_redrawn_network() -> None:
    redrawn = CHAIN.redraw(3, 5)
    value, _, plain = explain(CHAIN, redrawn)
    layers = with_redrawn(redrawn)
    assert value == pytest.approx(value_of(IMAGE, layers), rel=1e-5)
    strongest = np.argsort(-np.abs(plain), axis=None)[:3]
    for position in (np.unravel_index(index, plain.shape) for index in strongest):
        step = np.zeros_like(IMAGE, np.float64)
        step[position] = 1e-5
        measured = (value_of(IMAGE + step, layers) - value_of(IMAGE - step, layers)) / 2e-5
        assert plain[position] == pytest.approx(measured, rel=1e-3)


@pytest.mark.parametrize("block", [None, 5, 4, 3, 2, 1])
def test_guided_gradients_are_those_of_the_overridden_rectifiers(block: int | None) -> None:
    redrawn = {} if block is None else CHAIN.redraw(block, 5)
    value, guided, plain = explain(CHAIN, redrawn)
    wanted = GuidedNetwork(keras_model(with_redrawn(redrawn)), (SIDE, SIDE, 3), 1)(IMAGE, [POSITION])
    assert value == pytest.approx(float(wanted.values[0]), rel=1e-5)
    np.testing.assert_allclose(guided, wanted.gradients[0], rtol=1e-4, atol=1e-6 * np.abs(guided).max())
    assert np.abs(guided - plain).max() > 0.1 * np.abs(plain).max()


def test_the_field_is_that_of_the_architecture_and_nothing_outside_it_counts() -> None:
    # Size 1 + 2 (1 + 2 + 4 + 8 + 16) + 1 + 2 + 4 + 8, centred on the neuron's 16 pixels.
    row, column = 16 * POSITION[0] - 31, 16 * POSITION[1] - 31
    field = Box(rows=(max(row, 0), min(row + 78, SIDE)), cols=(max(column, 0), min(column + 78, SIDE)))
    view = View(CHAIN, IMAGE, POSITION)
    assert view.field == field
    outside = IMAGE + 50
    outside[slice(*field.rows), slice(*field.cols)] = IMAGE[slice(*field.rows), slice(*field.cols)]
    assert (outside != IMAGE).any()
    wanted = value_of(IMAGE, CHAIN.steps)
    assert value_of(outside, CHAIN.steps) == wanted
    assert view.value == pytest.approx(wanted, rel=1e-5)


def test_blocks_are_redrawn_from_the_top_and_all_below_is_kept_bit_for_bit() -> None:
    for block in BLOCKS:
        redrawn = CHAIN.redraw(block, 7)
        assert sorted(redrawn) == sorted(name for name in NAMES if int(name[5]) >= block)
        for before, after in zip(CHAIN.steps, with_redrawn(redrawn), strict=True):
            assert (before is after) == (before.kernel is None or int(before.name[5]) < block)
            if before is not after:
                assert before.kernel.shape == after.kernel.shape
                assert not np.isin(after.kernel, before.kernel).any()
                assert not after.bias.any()


def test_a_layer_is_redrawn_alike_whatever_else_is_and_otherwise_with_another_seed() -> None:
    few, many, other = CHAIN.redraw(5, 7), Chain(CHAIN.steps).redraw(1, 7), CHAIN.redraw(5, 8)
    top = NAMES[-1]
    np.testing.assert_array_equal(few[top].kernel, many[top].kernel)
    assert not np.isin(few[top].kernel, other[top].kernel).any()
    large = Chain([convolution("block4_conv2", 8, np.zeros((3, 3, 64, 128)), np.ones(128))]).redraw(4, 1)[
        "block4_conv2"
    ]
    assert large.kernel.std() == pytest.approx(np.sqrt(2 / (9 * 64)), rel=0.01)
    assert abs(large.kernel.mean()) < 1e-3


def test_a_silent_neuron_has_the_gradient_of_what_comes_before_its_rectifier() -> None:
    quiet = [*CHAIN.steps[:-1], replace(CHAIN.steps[-1], bias=np.full(5, -100, np.float32))]
    value, guided, plain = explain(Chain(quiet), {})
    assert value < -50
    assert guided.any()
    assert plain.any()
    loud = explain(CHAIN, {})
    np.testing.assert_array_equal(guided, loud[1])
    np.testing.assert_array_equal(plain, loud[2])


def test_layers_that_hand_their_input_on_are_left_out_and_named() -> None:
    identity = np.zeros((3, 3, 5, 5), np.float32)
    identity[1, 1] = np.eye(5)
    same = convolution("block5_conv2", 4, identity, np.zeros(5, np.float32))
    chain = Chain.read(keras_model([*CHAIN.steps, same], top="relu"), SIDE)
    assert chain.kept == ["block5_conv2"]
    assert [layer.name for layer in chain.steps] == [layer.name for layer in CHAIN.steps]
    almost = replace(same, kernel=identity * np.float32(1.001))
    assert Chain.read(keras_model([*CHAIN.steps, almost], top="relu"), SIDE).kept == []


@pytest.mark.parametrize("strange", ["activation", "layer", "dilation"])
def test_a_layer_whose_gradient_is_not_known_is_refused(strange: str) -> None:
    image = keras.Input((SIDE, SIDE, 3))
    if strange == "layer":
        odd = keras.layers.AveragePooling2D(2, name="block1_pool")
    elif strange == "activation":
        odd = keras.layers.Conv2D(2, 3, padding="same", activation="elu", name="block1_conv1")
    else:
        odd = keras.layers.Conv2D(2, 3, dilation_rate=2, activation="relu", name="block1_conv1")
    with pytest.raises(ExplanationError) as caught:
        Chain.read(keras.Model(image, odd(image)), SIDE)
    assert odd.name in caught.value.problem


def test_ranks_are_scipys() -> None:
    values = RNG.integers(0, 9, (5, 6, 3)).astype(float)
    np.testing.assert_array_equal(rank(values), rankdata(values.ravel()))


def test_rank_correlations_are_scipys_with_signs_and_without() -> None:
    first = RNG.normal(size=(20, 22, 3)).astype(np.float32)
    first[:5] = 0
    other = (first + RNG.normal(size=first.shape)).astype(np.float32)
    (found,) = compare_with_first(np.stack([first, other]))
    assert found.signed == pytest.approx(spearmanr(first.ravel(), other.ravel()).statistic)
    sizes = spearmanr(np.abs(first).ravel(), np.abs(other).ravel()).statistic
    assert found.absolute == pytest.approx(sizes)
    assert abs((found.signed or 0) - sizes) > 0.05


def test_equal_pictures_are_alike_and_the_negative_is_so_in_size_only() -> None:
    picture = RNG.normal(size=(16, 16, 3)).astype(np.float32)
    same, negative, blank = compare_with_first(np.stack([picture, picture, -picture, 0 * picture]))
    assert same == Likeness(signed=1, absolute=1, ssim=1)
    assert negative.signed == pytest.approx(-1)
    assert negative.absolute == pytest.approx(1)
    assert negative.ssim is not None
    assert negative.ssim < 0
    assert blank == Likeness(signed=None, absolute=None, ssim=None)


def test_structural_similarity_is_that_of_every_window() -> None:
    one, other = RNG.random((2, 15, 13, 3))
    other = (one + other) / 2
    offsets = np.arange(11) - 5.0
    weights = np.exp(-(offsets[:, None] ** 2 + offsets[None] ** 2) / (2 * 1.5**2))
    weights /= weights.sum()
    found = []
    for channel in range(3):
        for i in range(15 - 10):
            for j in range(13 - 10):
                x, y = (each[i : i + 11, j : j + 11, channel] for each in (one, other))
                m, n = (weights * x).sum(), (weights * y).sum()
                v, w = (weights * (x - m) ** 2).sum(), (weights * (y - n) ** 2).sum()
                c = (weights * (x - m) * (y - n)).sum()
                found.append(
                    (2 * m * n + 0.01**2) * (2 * c + 0.03**2)
                    / ((m**2 + n**2 + 0.01**2) * (v + w + 0.03**2))
                )  # fmt: skip
    assert structural_similarity(one, other) == pytest.approx(np.mean(found), abs=1e-9)
    assert 0.1 < np.mean(found) < 0.95


def explained(guided: list[NDArray[Any]], plain: list[NDArray[Any]], values: list[float]) -> Any:
    field = Box(rows=(10, 30), cols=(200, 224))
    subject = Subject(
        ImageFile(file="test/x.jpg", split="test", label="cat", sha256="1" * 64), (1, 13, 7), 5.0, field
    )
    pictures = [Pictures(v, g, p) for v, g, p in zip(values, guided, plain, strict=True)]
    layers = {"weights": dict.fromkeys(NAMES, 10), "kept": ["block5_conv4"]}
    return compare_pictures(
        {"cat": subject}, {"cat": pictures}, layers, layer="block5_conv4", seed=4, images=3
    )


def test_pictures_are_compared_in_the_field_each_with_the_first_of_its_kind() -> None:
    first, drifting = RNG.normal(size=(2, 20, 24, 3)).astype(np.float32)
    guided = [first + np.float32(k / 5) * drifting for k in range(6)]
    plain = [RNG.normal(size=first.shape).astype(np.float32) * 7 for _ in range(6)]
    computed = explained(guided, plain, [5.0, 1.0, -1.0, 2.0, 0.0, -3.0])
    numbers, arrays = computed.numbers, computed.arrays
    neuron = numbers.neurons["cat"]
    for kind, pictures in (("guided", guided), ("plain", plain)):
        array = arrays[f"{kind}_0"]
        assert array.shape == (6, 224, 224, 3)
        outside = array.copy()
        outside[:, 10:30, 200:224] = 0
        assert not outside.any()
        for k, picture in enumerate(pictures):
            whole = np.zeros((224, 224, 3))
            whole[10:30, 200:224] = picture
            limit = np.percentile(np.abs(whole), 99.5)
            np.testing.assert_allclose(array[k], whole / limit, rtol=1e-5)
            if k:
                likeness = getattr(neuron.redrawn[k - 1].likeness, kind)
                wanted = spearmanr(pictures[0].ravel(), picture.ravel()).statistic
                assert likeness.signed == pytest.approx(wanted)
    assert [each.first_block for each in numbers.networks] == [5, 4, 3, 2, 1]
    assert [each.layers for each in numbers.networks] == [1, 2, 3, 4, 5]
    assert (numbers.silent, numbers.explained) == (3, 5)  # zero is silent, too
    assert numbers.mean[-1].guided.signed > 0.3
    assert abs(numbers.mean[-1].plain.signed) < 0.1


def test_means_leave_out_what_is_blank() -> None:
    neuron = small_results().randomisation.neurons["cat"]
    blank = neuron.redrawn[1].model_copy(update={"likeness": likenesses(None, None, None)})
    other = neuron.model_copy(update={"redrawn": [neuron.redrawn[0], blank]})
    numbers = small_results().randomisation.model_copy(update={"neurons": {"cat": neuron, "dog": other}})
    assert [each.guided.signed for each in numbers.mean] == [pytest.approx(0.9), pytest.approx(0.9)]
    numbers = numbers.model_copy(update={"neurons": {"dog": other}})
    assert numbers.mean[1].guided.signed is None


def likenesses(guided: float | None, plain: float | None, sizes: float | None) -> Likenesses:
    return Likenesses(
        guided=Likeness(signed=guided, absolute=guided, ssim=guided),
        plain=Likeness(signed=plain, absolute=sizes, ssim=plain),
    )


def verdicts(*steps: tuple[float | None, float | None, float | None]) -> dict[str, bool]:
    """What is claimed of one neuron with these likenesses in two networks."""
    section = small_results().randomisation
    neuron = section.neurons["cat"]
    redrawn = [
        each.model_copy(update={"likeness": likenesses(*step)})
        for each, step in zip(neuron.redrawn, steps, strict=True)
    ]
    changed = section.model_copy(update={"neurons": {"cat": neuron.model_copy(update={"redrawn": redrawn})}})
    return {claim.name: claim.passed for claim in decide(changed)}


def test_claims_turn_into_their_contrary_with_the_numbers() -> None:
    usual = {"guided_survives": True, "plain_changes": True, "sizes_survive": True}
    assert verdicts((0.9, 0.01, 0.8), (0.5, -0.02, 0.7)) == usual
    assert verdicts((0.9, 0.01, 0.8), (0.29, -0.02, 0.7)) == usual | {"guided_survives": False}
    assert verdicts((0.1, 0.01, 0.1), (0.3, 0.0, 0.3)) == usual  # the last network counts
    assert verdicts((0.9, -0.1, 0.8), (0.5, 0.0, 0.7)) == usual | {"plain_changes": False}
    assert verdicts((0.9, 0.0, 0.8), (0.5, 0.11, 0.7)) == usual | {"plain_changes": False}
    assert verdicts((0.9, 0.0, 0.8), (0.5, 0.0, 0.2)) == usual | {"sizes_survive": False}
    assert verdicts((0.9, 0.0, 0.8), (-0.9, 0.0, -0.8)) == usual | {
        "guided_survives": False, "sizes_survive": False,
    }  # fmt: skip
    assert verdicts((None, None, None), (None, None, None)) == {
        "guided_survives": False, "plain_changes": True, "sizes_survive": False,
    }  # fmt: skip
