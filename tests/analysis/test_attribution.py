"""Nine methods on a small network, against finite differences, loops and the other implementation of ours."""

from __future__ import annotations

from typing import Any, get_args

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray
from scipy.stats import spearmanr

from reportgen.analysis import attribution
from reportgen.analysis.attribution import BOX, METHODS, STEP, Effort, ImageExplainer, ScoredNetwork, enlarge
from reportgen.analysis.gradients import GuidedNetwork
from reportgen.errors import ExplanationError
from reportgen.models.identity import skip_identities
from reportgen.results import Box
from reportgen.sections.methods.claims import decide
from reportgen.sections.methods.compute import (
    CELLS,
    Explained,
    correlate,
    describe_methods,
    measure_agreement,
)
from reportgen.sections.methods.figures import SHORT, make_tiles
from reportgen.sections.methods.settings import Explaining

RNG = np.random.default_rng(5)
SIDE, CLASSES, INDEX = 84, 3, 1
EFFORT = Effort(steps=64, samples=3, seed=9)


def make_model() -> keras.Model:
    image = keras.Input((SIDE, SIDE, 3))
    first = keras.layers.Conv2D(4, 3, padding="same", strides=2, activation="relu", name="one")(image)
    pooled = keras.layers.MaxPooling2D(2)(first)
    maps = keras.layers.Conv2D(6, 3, padding="same", activation="relu", name="two")(pooled)
    dense = keras.layers.Dense(5, activation="relu")(
        keras.layers.Flatten()(keras.layers.MaxPooling2D(3)(maps))
    )
    model = keras.Model(image, dense)
    for layer in model.layers:
        # Biases, too: without them gradient × input would add up to the score by itself.
        layer.set_weights([RNG.normal(size=each.shape) / each.ndim for each in layer.get_weights()])
    return model


MODEL = make_model()
KERNEL = RNG.normal(size=(5, CLASSES)).astype(np.float32)
BIAS = RNG.normal(size=CLASSES).astype(np.float32)
IMAGE = RNG.normal(size=(SIDE, SIDE, 3)).astype(np.float32)
NETWORK = ScoredNetwork(MODEL.layers[1:], KERNEL, BIAS, "two")
EXPLAINER = ImageExplainer(NETWORK, IMAGE, INDEX, EFFORT)


def score(image: NDArray[Any]) -> float:
    """By Keras, and the new layer by NumPy."""
    features = np.asarray(MODEL(image[np.newaxis].astype(np.float32)))[0].astype(np.float64)
    return float(features @ KERNEL[:, INDEX] + BIAS[INDEX])


def slope(image: NDArray[Any], direction: NDArray[Any], length: float) -> float:
    """The score's derivative along a direction, by a central difference."""
    return (score(image + length * direction) - score(image - length * direction)) / (2 * length)


def gradient(image: NDArray[Any]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = NETWORK.gradient(image[np.newaxis].astype(np.float32), INDEX)[0]
    return found


def test_scores_are_those_of_the_network() -> None:
    images = RNG.normal(size=(6, SIDE, SIDE, 3)).astype(np.float32)

    scores = NETWORK.score(images)

    np.testing.assert_allclose(scores, np.asarray(MODEL(images)) @ KERNEL + BIAS, rtol=1e-4, atol=1e-4)
    assert np.ptp(scores[:, INDEX]) > 0.1


def test_the_gradient_is_the_slope_in_random_directions() -> None:
    found = gradient(IMAGE)

    for _ in range(8):
        # Of a few pixels, so that hardly a ReLU turns on the way.
        direction = np.zeros_like(IMAGE)
        rows, columns = RNG.integers(0, SIDE, (2, 30))
        direction[rows, columns] = RNG.normal(size=(30, 3))
        wanted = slope(IMAGE, direction, 5e-3)
        assert float((found * direction).sum()) == pytest.approx(wanted, abs=0.01, rel=0.03)
    np.testing.assert_allclose(EXPLAINER.explain("gradient"), found.sum(axis=-1), rtol=1e-5, atol=1e-6)
    assert np.abs(found).max() > 0.01


CONVOLUTIONS = {
    "as VGG has them": {"kernel_size": 3, "padding": "same"},
    "of even size": {"kernel_size": 4, "padding": "same"},
    "without padding": {"kernel_size": 3, "padding": "valid"},
    "with strides": {"kernel_size": 5, "padding": "same", "strides": 2},
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
@pytest.mark.parametrize("end", [keras.layers.GlobalAveragePooling2D, keras.layers.Flatten])
def test_gradients_of_several_images_are_those_of_a_tape(name: str, end: Any) -> None:
    """Red if an average hands all back to each position, or a kernel is not turned."""
    image = keras.Input((20, 20, 3))
    pooled = keras.layers.MaxPooling2D(3, 2, padding="same")(
        keras.layers.Conv2D(7, activation="relu", name="seen", **CONVOLUTIONS[name])(image)
    )
    model = keras.Model(image, end()(pooled))
    kernel = RNG.normal(size=(model.output.shape[1], 2)).astype(np.float32)
    network = ScoredNetwork(model.layers[1:], kernel, np.zeros(2, np.float32), "seen")
    images = RNG.normal(size=(5, 20, 20, 3)).astype(np.float32)
    with tf.GradientTape() as tape:
        source = tf.Variable(images)
        score = tf.reduce_sum((model(source) @ kernel)[:, 1])

    wanted = tape.gradient(score, source).numpy()

    np.testing.assert_allclose(
        network.gradient(images, 1), wanted, rtol=1e-4, atol=1e-5 * np.abs(wanted).max()
    )
    assert np.abs(wanted).max() > 0


def test_gradient_x_input_is_their_product() -> None:
    np.testing.assert_allclose(
        EXPLAINER.explain("gradient_x_input"), (gradient(IMAGE) * IMAGE).sum(axis=-1), rtol=1e-4, atol=1e-6
    )


def test_guided_gradients_are_those_that_an_overridden_graph_gives() -> None:
    def scores(image: Any) -> Any:
        return MODEL(image) @ KERNEL + BIAS

    wanted = GuidedNetwork(scores, IMAGE.shape, neurons=1)(IMAGE, [(INDEX,)])

    assert wanted.relu_total == 3
    np.testing.assert_allclose(
        EXPLAINER.explain("guided"), wanted.gradients[0].sum(axis=-1), rtol=1e-4, atol=1e-6
    )
    assert np.abs(EXPLAINER.explain("guided") - EXPLAINER.explain("gradient")).max() > 0.01


def test_deconvnet_passes_back_what_is_positive_whether_a_relu_was_open_or_not() -> None:
    # A single neuron that is closed: its bias is below all that the image can give.
    image = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(1, 8, activation="relu", name="only")(image)
    model = keras.Model(image, keras.layers.Flatten()(maps))
    kernel = RNG.normal(size=(8, 8, 3, 1)).astype(np.float32)
    model.get_layer("only").set_weights([kernel, np.array([-1e4], np.float32)])
    layers, zero = model.layers[1:], np.zeros((1, 8, 8, 3), np.float32)

    for weight, wanted in ((2.0, 2 * kernel[..., 0]), (-2.0, 0 * kernel[..., 0])):
        network = ScoredNetwork(layers, np.array([[weight]], np.float32), np.zeros(1, np.float32), "only")
        np.testing.assert_allclose(network.gradient(zero, 0, "deconvnet")[0], wanted, rtol=1e-6)
        assert not network.gradient(zero, 0, "guided").any()
        assert not network.gradient(zero, 0).any()


def test_integrated_gradients_add_up_to_the_rise_over_the_baseline() -> None:
    rise = score(IMAGE) - score(np.zeros_like(IMAGE))

    assert EXPLAINER.explain("integrated_gradients").sum() == pytest.approx(rise, rel=0.01)
    coarse = ImageExplainer(NETWORK, IMAGE, INDEX, Effort(steps=2)).explain("integrated_gradients")
    wanted = sum(gradient(share * IMAGE) for share in (0.25, 0.75)) / 2 * IMAGE
    np.testing.assert_allclose(coarse, wanted.sum(axis=-1), rtol=1e-3, atol=1e-5)
    # And the plain product does not, or this would show nothing.
    assert abs(EXPLAINER.explain("gradient_x_input").sum() / rise - 1) > 0.05


def test_smoothgrad_is_the_mean_gradient_of_noisy_copies() -> None:
    rng = np.random.default_rng(EFFORT.seed)
    spread = 0.15 * (IMAGE.max() - IMAGE.min())
    copies = [IMAGE + spread * rng.standard_normal(IMAGE.shape) for _ in range(3)]

    wanted = np.mean([gradient(copy) for copy in copies], axis=0).sum(axis=-1)

    np.testing.assert_allclose(EXPLAINER.explain("smoothgrad"), wanted, rtol=1e-3, atol=1e-5)
    other = ImageExplainer(NETWORK, IMAGE, INDEX, Effort(samples=3, seed=10)).explain("smoothgrad")
    assert np.abs(other - wanted).max() > 1e-3


def test_grad_cam_weighs_each_map_with_its_mean_gradient() -> None:
    below = keras.Model(MODEL.input, MODEL.get_layer("two").output)
    maps = np.asarray(below(IMAGE[np.newaxis]))[0]
    above = MODEL.layers[MODEL.layers.index(MODEL.get_layer("two")) + 1 :]

    def score_of(signal: NDArray[Any]) -> float:
        for layer in above:
            signal = layer(signal)
        return float((np.asarray(signal, np.float64) @ KERNEL[:, INDEX])[0])

    weights = []
    for channel in range(6):
        # The sum of the gradient over a channel is the slope if the whole channel rises.
        step = np.zeros_like(maps)
        step[..., channel] = 1e-3
        rise = score_of((maps + step)[np.newaxis]) - score_of((maps - step)[np.newaxis])
        weights.append(rise / 2e-3 / maps[..., 0].size)
    wanted = np.maximum((maps * np.array(weights)).sum(axis=-1), 0)

    found = NETWORK.weigh_maps(IMAGE, INDEX)

    assert 0 < (wanted > 0).mean() < 1
    np.testing.assert_allclose(found, wanted, atol=0.02 * wanted.max())
    np.testing.assert_array_equal(EXPLAINER.explain("grad_cam"), enlarge(found, SIDE))


def test_guided_grad_cam_is_their_product() -> None:
    wanted = EXPLAINER.explain("guided") * EXPLAINER.explain("grad_cam")

    np.testing.assert_allclose(EXPLAINER.explain("guided_grad_cam"), wanted, rtol=1e-4, atol=1e-6)


def test_occlusion_is_what_is_lost_behind_the_boxes_that_hold_a_pixel() -> None:
    found = EXPLAINER.explain("occlusion")

    for row, column in ((0, 0), (40, 40), (83, 83), (30, 70)):
        losses = []
        for top in range(0, SIDE - BOX + 1, STEP):
            for left in range(0, SIDE - BOX + 1, STEP):
                if top <= row < top + BOX and left <= column < left + BOX:
                    hidden = IMAGE.copy()
                    hidden[top : top + BOX, left : left + BOX] = 0
                    losses.append(score(IMAGE) - score(hidden))
        assert found[row, column] == pytest.approx(np.mean(losses), abs=1e-4)
    assert np.ptp(found) > 0.01


def test_enlarging_is_bilinear() -> None:
    plane = np.add.outer(np.arange(4.0), 10 * np.arange(4.0)).astype(np.float32)

    found = enlarge(plane, 16)

    middles = (np.arange(16) + 0.5) / 4 - 0.5
    wanted = np.add.outer(np.clip(middles, 0, 3), 10 * np.clip(middles, 0, 3))
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_one_forward_pass_serves_all_methods_and_classes_of_an_image(monkeypatch: pytest.MonkeyPatch) -> None:
    """Red if it is run again for a rule or a class, or if one image is taken for another."""
    passes = []
    forward = attribution._forward

    def counted(layer: Any, signal: Any) -> Any:
        passes.append(layer.name)
        return forward(layer, signal)

    monkeypatch.setattr(attribution, "_forward", counted)
    fresh = RNG.normal(size=IMAGE.shape).astype(np.float32)

    def explain(image: NDArray[np.float32], index: int) -> list[NDArray[np.float32]]:
        explainer = ImageExplainer(NETWORK, image, index, EFFORT)
        return [explainer.explain(method) for method in ("gradient", "guided", "deconvnet")]

    scores = NETWORK.score(fresh[np.newaxis])
    found = [explain(fresh, index) for index in range(CLASSES)]
    assert passes.count("one") == 1
    # Those of another image come from a pass of its own, and are others.
    other = fresh.copy()
    other[40, 40] += 1
    changed = explain(other, 0)
    assert passes.count("one") == 2
    assert all(np.abs(a - b).max() > 0 for a, b in zip(changed, found[0], strict=True))
    np.testing.assert_allclose(explain(fresh, 0), found[0], rtol=1e-5, atol=1e-7)
    assert passes.count("one") == 3
    np.testing.assert_allclose(NETWORK.score(fresh[np.newaxis]), scores, rtol=1e-6)


def test_every_method_has_its_name_everywhere() -> None:
    allowed = get_args(get_args(Explaining.model_fields["shown"].annotation)[0])

    assert set(allowed) == set(METHODS) == set(SHORT)


def test_a_layer_of_another_kind_is_refused_by_name() -> None:
    with pytest.raises(ExplanationError, match="The layer odd"):
        ScoredNetwork([keras.layers.LeakyReLU(name="odd")], KERNEL, BIAS, "odd")
    tanh = keras.layers.Dense(2, activation="tanh", name="bent")
    tanh.build((None, 3))
    with pytest.raises(ExplanationError, match="The layer bent"):
        ScoredNetwork([tanh], KERNEL, BIAS, "bent")


def maps_of(*sizes: NDArray[Any]) -> NDArray[np.float32]:
    return np.stack(sizes).astype(np.float32)


def test_agreement_is_the_mean_rank_correlation_of_cells() -> None:
    images = [RNG.normal(size=(3, 224, 224)).astype(np.float32) for _ in range(2)]
    images[1][2] = 0
    cells = [
        [[np.abs(own[r : r + 16, c : c + 16]).mean() for r in range(0, 224, 16) for c in range(0, 224, 16)]
         for own in image]
        for image in images
    ]  # fmt: skip
    pairs = [spearmanr(cells[0][a], cells[0][b])[0] for a, b in ((0, 1), (0, 2), (1, 2))]
    pairs.append(spearmanr(cells[1][0], cells[1][1])[0])

    assert CELLS == 14
    assert measure_agreement(images) == pytest.approx(np.mean(pairs), abs=1e-9)
    assert measure_agreement([images[0][:1]]) is None
    assert measure_agreement([maps_of(images[0][0], -2 * images[0][0])]) == pytest.approx(1)


def describe(*maps: NDArray[Any], methods: tuple[str, ...], **changed: Any) -> Any:
    values: dict[str, Any] = {"score": 5.0, "baseline": 1.0, "animal": None, **changed}
    image = Explained("test/x.jpg", "cat", "cat", maps=maps_of(*maps), **values)
    return describe_methods({"cat": image}, layer="two", methods=methods, effort=EFFORT)


def spot(row: int, column: int, value: float = -1.0) -> NDArray[np.float32]:
    values = np.zeros((224, 224), np.float32)
    values[row, column] = value
    return values


def test_maps_of_two_classes_are_correlated_by_rank_and_with_their_signs() -> None:
    one, noise = RNG.normal(size=(2, 224, 224)).astype(np.float32)
    other = (-one + noise).astype(np.float32)
    # Ties, as where a map is zero.
    one[:100] = other[:50] = 0

    wanted = spearmanr(one.ravel(), other.ravel())[0]
    assert wanted < -0.3
    assert correlate(one, other) == pytest.approx(wanted, abs=1e-9)
    # Nothing but the order counts.
    assert correlate(noise, np.exp(noise)) == pytest.approx(1)
    assert correlate(noise, -noise) == pytest.approx(-1)
    assert correlate(noise, 0 * noise) is None


def test_a_method_is_compared_with_itself_for_the_second_class() -> None:
    one, noise = RNG.normal(size=(2, 224, 224)).astype(np.float32)

    found = describe(
        one, noise, one, methods=("gradient", "guided", "occlusion"),
        second="dog", other={"guided": noise, "gradient": -one},
    ).numbers  # fmt: skip

    assert found.classes["cat"].second == "dog"
    measured = [each.other_class for each in found.methods]
    assert measured[:2] == pytest.approx([-1, 1])
    assert measured[2] is None
    assert (found.tested, found.class_tested, found.class_blind) == (1, 2, 1)


def test_peaks_and_shares_are_those_of_the_box() -> None:
    inside, outside = spot(10, 20, -3), spot(10, 30, 1)

    found = describe(
        inside + outside, inside * 0, methods=("gradient_x_input", "guided"),
        animal=Box(rows=(10, 12), cols=(20, 30)),
    ).numbers  # fmt: skip

    image = found.classes["cat"]
    product, empty = image.maps
    assert (product.peak, product.peak_on_animal, product.on_animal) == ((10, 20), True, 0.75)
    assert product.incompleteness == pytest.approx(abs(-2 - 4) / 4)
    assert (empty.peak, empty.peak_on_animal, empty.on_animal, empty.incompleteness) == (None,) * 4
    assert image.animal == pytest.approx(20 / 224**2)
    assert (image.centre_on_animal, found.centres, found.annotated) == (False, 0, 1)
    assert [each.peaks_on_animal for each in found.methods] == [1, None]


def test_arrays_are_in_units_of_each_limit() -> None:
    computed = describe(np.full((224, 224), -4.0), spot(0, 0, 2), methods=("guided", "grad_cam"))

    assert [each.limit for each in computed.numbers.classes["cat"].maps] == [4, 2]
    assert computed.arrays["maps_0"][0].min() == -1
    assert computed.arrays["maps_0"][1, 0, 0] == 1


@pytest.mark.parametrize(("second", "agrees"), [(1, True), (-1, False)])
def test_the_sentence_on_agreement_turns_with_the_maps(second: int, agrees: bool) -> None:
    slope = np.add.outer(np.arange(224.0), np.zeros(224)) + 1

    found = describe(slope, slope[::second], methods=("guided", "grad_cam")).numbers

    (claim,) = decide(found)
    assert (claim.name, claim.passed) == ("methods_agree", agrees)
    # Exactly opposite orders are as far from agreement as two maps can be.
    assert claim.weight == pytest.approx(0 if agrees else 1)


@pytest.mark.parametrize(("row", "on_it"), [(5, True), (50, False)])
def test_the_sentence_on_peaks_turns_with_the_box(row: int, on_it: bool) -> None:
    found = describe(spot(row, 5), methods=("guided",), animal=Box(rows=(0, 20), cols=(0, 20))).numbers

    assert {each.name: each.passed for each in decide(found)} == {"peaks_on_animal": on_it}


@pytest.mark.parametrize(("total", "complete"), [(4.03, True), (4.05, False)])
def test_the_sentence_on_sums_turns_with_the_sum(total: float, complete: bool) -> None:
    found = describe(spot(0, 0, total), methods=("integrated_gradients",)).numbers

    assert {each.name: each.passed for each in decide(found)} == {"integrated_complete": complete}


def test_the_tiles_are_the_image_and_the_maps_in_their_order() -> None:
    pixels = RNG.integers(0, 256, (224, 224, 3), np.uint8)
    maps = maps_of(np.full((224, 224), 1.0), np.full((224, 224), -1.0))

    tiles = make_tiles(pixels, maps, ("guided", "grad_cam"))

    assert [tile.label for tile in tiles] == ["image", "guided", "Grad-CAM"]
    np.testing.assert_array_equal(tiles[0].pixels, pixels)
    red, blue = (tile.pixels[0, 0].astype(int) for tile in tiles[1:])
    assert red[0] > red[2] + 50
    assert blue[2] > blue[0] + 50


def test_identities_left_out_change_no_map() -> None:
    assert skip_identities(MODEL.layers[1:]) == MODEL.layers[1:]


def test_the_maps_of_all_classes_are_those_of_each_by_itself() -> None:
    together = NETWORK.weigh_every_class(IMAGE)

    assert together.shape[0] == CLASSES
    for index in range(CLASSES):
        np.testing.assert_allclose(together[index], NETWORK.weigh_maps(IMAGE, index), rtol=1e-4, atol=1e-5)


def test_grad_cam_of_a_network_with_an_average_on_top_is_a_weighted_sum() -> None:
    """Where a global average leads to the scores, dS/dA is the class's weight over the number of positions:
    the map is the ReLU of the maps times these weights.
    """
    image = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(4, 3, activation="relu", name="last")(image)
    model = keras.Model(image, keras.layers.GlobalAveragePooling2D()(maps))
    kernel = RNG.normal(size=(4, 3)).astype(np.float32)
    network = ScoredNetwork(model.layers[1:], kernel, np.zeros(3, np.float32), "last")
    pixels = RNG.normal(size=(8, 8, 3)).astype(np.float32)

    found = network.weigh_every_class(pixels)

    outputs = np.asarray(keras.Model(image, maps)(pixels[np.newaxis]))[0].astype(np.float64)
    expected = np.maximum(np.einsum("ijk,kc->cij", outputs, kernel / 36), 0)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    assert found.any(axis=(1, 2)).sum() >= 2
