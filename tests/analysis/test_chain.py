"""Gradients in windows against those of TensorFlow's tape over the whole network."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest
from test_occlusion import CHAINS, SIDE, conv, draw_image, identity, make_model

from reportgen.analysis.chain import (
    GuidedChain,
    NeuronView,
    RecordedImage,
    find_needed,
    read_steps,
    record_values,
)
from reportgen.analysis.gradients import GuidedNetwork, differentiate
from reportgen.errors import ExplanationError
from reportgen.results import Position

WIDE: dict[str, Callable[[], keras.Model]] = {
    **CHAINS,
    # More input channels than are pulled back by a plain convolution.
    "wide": lambda: make_model(conv(130), conv(4), keras.layers.MaxPooling2D(), conv(5)),
    "linear": lambda: make_model(conv(4), keras.layers.Conv2D(5, 3, padding="same")),
}


def sample_positions(shape: tuple[int, ...]) -> list[Position]:
    rows, cols, channels = shape
    return [(0, 0, 0), (rows - 1, cols - 1, channels - 1), (rows // 2, 0, 2), (1, cols - 2, 3)]


@pytest.mark.parametrize("name", WIDE)
def test_gradients_are_those_of_the_tape(name: str) -> None:
    """Red with a window a pixel late, a kernel that is not turned, a ReLU left out, rows for columns."""
    model, image = WIDE[name](), draw_image()
    recorded = RecordedImage(read_steps(model.layers, SIDE), image)
    output = model(image[np.newaxis]).numpy()[0]
    # Among them one that is not silent.
    loud = tuple(int(index) for index in np.unravel_index(output.argmax(), output.shape))
    for position in (*sample_positions(output.shape), (loud[0], loud[1], loud[2])):
        wanted = differentiate(model, image, position)
        found = recorded.gradient(position)
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6 * (np.abs(wanted).max() + 1))
        assert found.any() == (output[position] > 0 or name == "linear")


@pytest.mark.parametrize("name", ["like VGG", "valid"])
def test_guided_gradients_are_those_of_overridden_rectifiers(name: str) -> None:
    model, image = CHAINS[name](), draw_image()
    steps = read_steps(model.layers, SIDE)
    values = record_values(steps, image)
    position = tuple(int(index) for index in np.unravel_index(values[-1].argmax(), values[-1].shape))
    view = NeuronView(steps, (position[0], position[1], position[2]))
    rows, cols = view.windows[0]
    wanted = GuidedNetwork(model, image.shape, 1)(image, [position]).gradients[0]
    guided, plain = view.differentiate(steps, view.cut(values), ["guided", "plain"]).numpy()
    np.testing.assert_allclose(guided, wanted[slice(*rows), slice(*cols)], rtol=1e-4, atol=1e-6)
    assert np.abs(guided - plain).max() > 0.1 * np.abs(plain).max()
    outside = wanted.copy()
    outside[slice(*rows), slice(*cols)] = 0
    assert not outside.any()


@pytest.mark.parametrize("name", WIDE)
def test_a_guided_chain_is_the_guided_network_everywhere(name: str) -> None:
    """Red if a silent neuron has a gradient, if what lies beside the window is not zero, if a ReLU of a layer
    that passes its input on is not counted.
    """
    model, image = WIDE[name](), draw_image()
    shape = model.output_shape[1:]
    positions = sample_positions((shape[0], shape[1], shape[2]))
    wanted = GuidedNetwork(model, image.shape, len(positions))(image, positions)
    found = GuidedChain(model.layers, SIDE)(image, positions)
    assert (found.relu_total, found.relu_guided) == (wanted.relu_total, wanted.relu_guided)
    np.testing.assert_allclose(found.values, wanted.values, rtol=1e-5, atol=1e-6)
    scale = np.abs(wanted.gradients).max()
    np.testing.assert_allclose(found.gradients, wanted.gradients, rtol=1e-4, atol=1e-6 * scale)
    for k in np.flatnonzero(wanted.values <= 0) if name != "linear" else ():
        assert not found.gradients[k].any()


def test_a_layer_that_hands_on_what_no_relu_has_seen_is_not_left_out() -> None:
    """Its ReLU cuts off what is negative. Red if it is left out for its kernel alone."""
    model, image = make_model(keras.layers.Conv2D(4, 3, padding="same"), conv(4), conv(5)), draw_image()
    model.layers[2].set_weights(identity(4).get_weights())
    wanted = model(image[np.newaxis]).numpy()[0]
    assert (model.layers[1](image[np.newaxis]).numpy() < 0).any()
    np.testing.assert_allclose(record_values(read_steps(model.layers, SIDE), image)[-1], wanted, rtol=1e-5)
    (guided,) = GuidedChain(model.layers, SIDE)(image, [(8, 8, 1)]).gradients
    (overridden,) = GuidedNetwork(model, image.shape, 1)(image, [(8, 8, 1)]).gradients
    np.testing.assert_allclose(guided, overridden, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", CHAINS)
def test_what_is_run_in_windows_is_what_the_network_has_there(name: str) -> None:
    model, image = CHAINS[name](), draw_image()
    steps = read_steps(model.layers, SIDE)
    values = record_values(steps, image)
    for position in sample_positions(values[-1].shape):
        view = NeuronView(steps, position)
        cut = view.cut(values)
        for begun in (1, len(steps)):
            signals = view.run(steps, cut[:begun])
            for found, wanted in zip(signals[:-1], cut[:-1], strict=True):
                np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
            assert max(view.value(signals), 0) == pytest.approx(values[-1][position], rel=1e-5, abs=1e-6)


@pytest.mark.long
def test_windows_are_what_changing_a_pixel_shows() -> None:
    """By trying every pixel: inside the window it may reach the neuron, outside it never does."""
    model = CHAINS["valid"]()
    rows, cols = find_needed(read_steps(model.layers, SIDE), (2, 5, 0))[0]
    kernels = [layer for layer in model.layers if layer.weights]
    for layer in kernels:
        layer.set_weights([np.ones(weight.shape, np.float32) for weight in layer.get_weights()])
    base = model(np.ones((1, SIDE, SIDE, 3), np.float32)).numpy()[0, 2, 5, 0]
    reaching = np.zeros((SIDE, SIDE), bool)
    for pixel in np.ndindex(SIDE, SIDE):
        image = np.ones((1, SIDE, SIDE, 3), np.float32)
        image[(0, *pixel)] = 100
        reaching[pixel] = model(image).numpy()[0, 2, 5, 0] != base
    assert np.flatnonzero(reaching.any(1)).tolist() == list(range(*rows))
    assert np.flatnonzero(reaching.any(0)).tolist() == list(range(*cols))


def test_layers_that_hand_their_input_on_are_left_out() -> None:
    model = make_model(conv(4), conv(5))
    steps = read_steps([*model.layers, identity(5)], SIDE)
    assert [step.name for step in steps] == [layer.name for layer in model.layers[1:]]


@pytest.mark.parametrize(
    "odd",
    [
        keras.layers.AveragePooling2D(2, name="odd"),
        keras.layers.Conv2D(2, (3, 5), activation="relu", name="odd"),
        keras.layers.Conv2D(2, 3, activation="elu", name="odd"),
        keras.layers.Conv2D(2, 3, dilation_rate=2, name="odd"),
        keras.layers.DepthwiseConv2D(3, name="odd"),
    ],
    ids=["average", "oblong", "elu", "dilated", "depthwise"],
)
def test_other_layers_are_refused(odd: keras.Layer) -> None:
    model = make_model(conv(4), odd)
    with pytest.raises(ExplanationError, match="odd"):
        read_steps(model.layers, SIDE)
