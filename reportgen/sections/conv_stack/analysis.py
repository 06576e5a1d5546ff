"""Question 2: two stacked convolution layers with ReLU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.computed import Computed, summarise
from reportgen.analysis.convolution import output_size
from reportgen.analysis.initialisation import check_initialisation, kaiming_normal
from reportgen.sections.conv_stack.result import ConvLayer, ConvStack
from reportgen.sections.conv_stack.settings import StackedLayer


def apply_stack(
    image: NDArray[Any], kernels: Sequence[NDArray[np.float32]], layers: Sequence[StackedLayer]
) -> list[NDArray[np.float32]]:
    """Run an image (H, W, C) through convolution (zero padding, no bias) and ReLU, layer by layer.

    ``kernels[l]`` is (F, F, C_in, C_out), for the stride and the padding of ``layers[l]``. Returns each
    layer's feature maps (rows, columns, C_out), ≥ 0.
    """
    outputs = []
    signal = keras.ops.convert_to_tensor(image.astype(np.float32)[np.newaxis])
    for kernel, layer in zip(kernels, layers, strict=True):
        around = (layer.padding, layer.padding)
        # By hand: Keras knows "same" and "valid" only, and not any number of zeros.
        signal = keras.ops.pad(signal, ((0, 0), around, around, (0, 0)))
        signal = keras.ops.relu(keras.ops.conv(signal, kernel, strides=layer.stride, padding="valid"))
        outputs.append(np.asarray(keras.ops.convert_to_numpy(signal)[0], dtype=np.float32))
    return outputs


def stack_layers(
    images: Mapping[str, NDArray[np.float32]],
    files: Mapping[str, str],
    *,
    layers: Sequence[StackedLayer],
    displayed: int,
    seed: int,
    shared_scale: bool = False,
) -> Computed[ConvStack]:
    """Apply the filters F×F×C of the first layer and then those of the second to each class's image (0–1).

    Kernels are Kaiming normal from ``numpy.random.default_rng([seed, 2])``, biases zero. The first
    ``displayed`` feature maps of each layer, or all that it has, are kept for each image.
    """
    first = next(iter(images.values()))
    channels = 1 if first.ndim == 2 else first.shape[2]
    # A stream of its own for each question, so that a change in one does not draw the others' filters again.
    rng = np.random.default_rng([seed, 2])
    kernels: list[NDArray[np.float32]] = []
    for count, size, _stride, _padding in layers:
        kernels.append(kaiming_normal((size, size, channels, count), rng))
        channels = count
    arrays: dict[str, NDArray[Any]] = {f"kernel_{n}": kernel for n, kernel in enumerate(kernels, 1)}
    observed: list[set[tuple[int, ...]]] = [set() for _ in kernels]
    for i, image in enumerate(images.values()):
        outputs = apply_stack(image.reshape(*image.shape[:2], -1), kernels, layers)
        for n, maps in enumerate(outputs):
            observed[n].add(maps.shape)
            # A slice would keep all maps of the layer in memory.
            arrays[f"maps_{n + 1}_{i}"] = maps[..., :displayed].copy()
    numbers = ConvStack(
        colour=first.ndim == 3,
        shown=displayed,
        shared_scale=shared_scale,
        files=dict(files),
        layers=[
            layer.model_copy(update=_find_scales(arrays, n, list(images), displayed))
            # One generator for both layers, begun where drawing began: they were drawn one after the other.
            for n, layer in enumerate(
                _describe(kernels, layers, first.shape[:2], observed, np.random.default_rng([seed, 2])), 1
            )
        ],
        arrays=summarise("conv_stack", arrays),
    )
    return Computed(numbers, arrays)


def _find_scales(
    arrays: Mapping[str, NDArray[Any]], n: int, labels: Sequence[str], displayed: int
) -> dict[str, Any]:
    """Where the colour scales of layer ``n`` end: that of the displayed filters, and of each displayed
    map.
    """
    return {
        "weight_limit": float(np.abs(arrays[f"kernel_{n}"][..., :displayed]).max()),
        "maxima": {
            label: arrays[f"maps_{n}_{i}"].max(axis=(0, 1)).tolist() for i, label in enumerate(labels)
        },
    }


def _describe(
    kernels: Sequence[NDArray[np.float32]],
    declared: Sequence[StackedLayer],
    size: tuple[int, ...],
    observed: Sequence[set[tuple[int, ...]]],
    rng: np.random.Generator,
) -> list[ConvLayer]:
    layers = []
    for kernel, layer, shapes in zip(kernels, declared, observed, strict=True):
        sides = [output_size(side, layer.filter_size, layer.padding, layer.stride) for side in size]
        expected = [*sides, layer.filters]
        # One odd shape among the images must show, so the first one that differs is the one reported.
        shape = next((list(s) for s in sorted(shapes) if list(s) != expected), expected)
        layers.append(
            ConvLayer(
                filters=layer.filters,
                kernel_shape=list(kernel.shape),
                input_shape=[*size, kernel.shape[2]],
                expected_shape=expected,
                observed_shape=shape,
                matches=shapes == {tuple(expected)},
                stride=layer.stride,
                padding=layer.padding,
                init_check=check_initialisation(kernel, rng=rng),
            )
        )
        size = tuple(expected[:2])
    return layers
