"""Every figure of the report, section by section, drawn from results and arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.figures.colour import Rgb, grey_to_rgb, sequential, signed_rgb
from reportgen.figures.description import (
    describe_confusion,
    describe_filter,
    describe_filters,
    describe_gradient,
    describe_history,
    describe_images,
    describe_maps,
    describe_misclassified,
    describe_neuron_input,
    describe_patches,
    describe_responses,
    faint_maps,
    silent_maps,
)
from reportgen.figures.figure import Figure
from reportgen.figures.filters import filter_heatmap, filter_tiles
from reportgen.figures.lettering import number_text
from reportgen.figures.montage import Tile, full_width_side, montage
from reportgen.figures.overlay import crop, with_boxes
from reportgen.figures.picture import raster_picture_of
from reportgen.figures.plots import confusion_plot, history_plot
from reportgen.figures.scale_bar import ScaleBar
from reportgen.results import (
    ConvLayer,
    Convolution,
    ConvStack,
    GuidedBackprop,
    Neuron,
    Neurons,
    Transfer,
)
from reportgen.typefaces.chain import OWN, Typefaces

_NEURON_SCALE, _GUIDED_SCALE = 3, 2
"""Enlargements of an input of 224 pixels, for prints 62 mm and 44 mm wide."""

_SLICE_SIDE = 200
"""Pixels of a filter of one slice, whose few squares need no more."""

NamedArrays = Mapping[str, NDArray[Any]]


def draw_section(
    section: str,
    numbers: Any,
    arrays: NamedArrays,
    images: Sequence[Rgb],
    faces: Typefaces = OWN,
) -> list[Figure]:
    """Draw the figures of a section in the order of the document.

    ``numbers`` and ``arrays`` are the section's; ``images`` are the example images (224, 224, 3) in the
    order of the classes, which only guided backpropagation needs; ``faces`` set the names of the classes.
    """
    if section == "guided_backprop":
        return list(_guided(numbers, arrays, images))
    return list(_DRAWERS[section](numbers, arrays, faces))


def _columns(count: int) -> int:
    """Up to four images stand in one row; more are spread over rows of nearly equal length."""
    longest = max(4, math.isqrt(count - 1) + 1)
    rows = -(-count // longest)
    return -(-count // rows)


def _channel_columns(count: int) -> int:
    """Filters and feature maps stand in rows of five, many of them in rows of eight."""
    return min(count, 5 if count <= 15 else 8)


def _as_pixels(image: NDArray[Any]) -> Rgb:
    return grey_to_rgb(image, 0, 1) if image.ndim == 2 else np.round(image * 255).astype(np.uint8)


def _convolution(section: Convolution, arrays: NamedArrays, faces: Typefaces) -> Iterator[Figure]:
    classes = list(section.classes)
    columns = _columns(len(classes))
    side = full_width_side(max(columns, 3))
    images = [Tile(_as_pixels(arrays[f"image_{i}"]), label) for i, label in enumerate(classes)]
    yield Figure(
        "images",
        montage(images, columns=columns, tile_side=side, mime="image/jpeg", faces=faces),
        describe_images(classes, section.input_shape, colour=section.colour),
    )
    yield Figure("filter", filter_heatmap(arrays["filter"]), describe_filter(arrays["filter"]))
    yield _responses({label: arrays[f"map_{i}"] for i, label in enumerate(classes)}, columns, side, faces)


def _responses(maps: NamedArrays, columns: int, side: int, faces: Typefaces) -> Figure:
    limit = float(max(np.abs(values).max() for values in maps.values()))
    tiles = [
        Tile(
            # Grey, since a red and a blue of equal darkness cannot be told apart without colour.
            grey_to_rgb(values, -limit, limit),
            label,
            f"{number_text(float(values.min()))} to {number_text(float(values.max()))}",
        )
        for label, values in maps.items()
    ]
    bar = ScaleBar(-limit, limit, "feature-map value", "grey")
    return Figure(
        "maps",
        montage(tiles, columns=columns, tile_side=side, bar=bar, mime="image/jpeg", faces=faces),
        describe_responses(maps),
    )


def _conv_stack(section: ConvStack, arrays: NamedArrays, _: Typefaces) -> Iterator[Figure]:
    for n, layer in enumerate(section.layers, 1):
        yield _filters(n, layer, arrays[f"kernel_{n}"][..., : section.shown])
        for i, label in enumerate(section.files):
            yield _maps(n, i, label, layer, arrays[f"maps_{n}_{i}"])


def _filters(n: int, layer: ConvLayer, kernels: NDArray[Any]) -> Figure:
    columns = _channel_columns(kernels.shape[3])
    side = full_width_side(max(columns, 5))
    if kernels.shape[2] == 1:
        side = min(side, _SLICE_SIDE)
    tiles, limit = filter_tiles(kernels, side)
    return Figure(
        f"filters_{n}",
        montage(
            [Tile(pixels, f"filter {k}") for k, pixels in enumerate(tiles, 1)],
            columns=columns,
            tile_side=max(tiles[0].shape[:2]),
            smooth=False,
            bar=ScaleBar(-limit, limit, "filter weight", "diverging"),
        ),
        describe_filters(n, layer, kernels),
    )


def _maps(n: int, i: int, label: str, layer: ConvLayer, maps: NDArray[Any]) -> Figure:
    high = float(maps.max())
    columns = _channel_columns(maps.shape[2])
    remarks = dict.fromkeys(silent_maps(maps), ", silent") | dict.fromkeys(faint_maps(maps), ", faint")
    tiles = [
        Tile(sequential(maps[..., k], 0, high), f"map {k + 1}{remarks.get(k, '')}", quiet=k in remarks)
        for k in range(maps.shape[2])
    ]
    return Figure(
        f"maps_{n}_{i}",
        montage(
            tiles,
            columns=columns,
            tile_side=full_width_side(max(columns, 5)),
            bar=ScaleBar(0, high, "feature-map value after ReLU", "sequential"),
            mime="image/jpeg",
        ),
        describe_maps(n, layer, label, maps),
    )


def _transfer(section: Transfer, arrays: NamedArrays, faces: Typefaces) -> Iterator[Figure]:
    matrix, classes = section.confusion["test"], section.classes
    yield Figure("confusion", confusion_plot(matrix, classes, faces), describe_confusion(matrix, classes))
    history = section.history
    plot = history_plot(
        history.loss, history.val_loss, history.accuracy, history.val_accuracy, section.training.best_epoch
    )
    yield Figure("history", plot, describe_history(section))
    yield from _errors(section, arrays, faces)


def _errors(section: Transfer, arrays: NamedArrays, faces: Typefaces) -> Iterator[Figure]:
    if "misclassified" not in arrays:
        return
    pixels = arrays["misclassified"]
    wrong = section.misclassified[: len(pixels)]
    columns = max(4, _columns(len(wrong)))
    tiles = [
        Tile(image, item.true, f"taken for {item.predicted}")
        for image, item in zip(pixels, wrong, strict=True)
    ]
    yield Figure(
        "misclassified",
        montage(tiles, columns=columns, tile_side=full_width_side(columns), mime="image/jpeg", faces=faces),
        describe_misclassified(wrong),
    )


def _neurons(section: Neurons, arrays: NamedArrays, _: Typefaces) -> Iterator[Figure]:
    for i, label in enumerate(section.files):
        image, top = arrays[f"image_{i}"], section.top[label]
        patches = [(neuron.patch, str(k)) for k, neuron in enumerate(top, 1)]
        yield Figure(
            f"neuron_input_{i}",
            raster_picture_of(
                with_boxes(image, [(top[0].receptive_field, ""), *patches], _NEURON_SCALE), "image/jpeg"
            ),
            describe_neuron_input(label, top),
        )
        yield _patches(i, label, top, image)


def _patches(i: int, label: str, top: Sequence[Neuron], image: Rgb) -> Figure:
    columns = min(5, len(top))
    tiles = [
        Tile(crop(image, neuron.patch), f"{k}: {neuron.position}", f"output {neuron.value:.1f}")
        for k, neuron in enumerate(top, 1)
    ]
    side = full_width_side(max(columns, 5))
    return Figure(
        f"patches_{i}",
        montage(tiles, columns=columns, tile_side=side, mime="image/jpeg"),
        describe_patches(label, top),
    )


def _guided(section: GuidedBackprop, arrays: NamedArrays, images: Sequence[Rgb]) -> Iterator[Figure]:
    for i, (label, image) in enumerate(zip(section.files, images, strict=True)):
        yield Figure(
            f"guided_input_{i}",
            raster_picture_of(with_boxes(image, [], _GUIDED_SCALE), "image/jpeg"),
            f"The input image of {label}, from the file {section.files[label]}.",
        )
        for k, row in enumerate(section.rows[label]):
            gradient = arrays[f"gradients_{i}"][k]
            yield Figure(
                f"gradient_{i}_{k}",
                raster_picture_of(signed_rgb(gradient, row.scale_limit), "image/png"),
                describe_gradient(label, row, gradient),
            )


_DRAWERS: Mapping[str, Callable[[Any, NamedArrays, Typefaces], Iterator[Figure]]] = {
    "convolution": _convolution,
    "conv_stack": _conv_stack,
    "transfer": _transfer,
    "neurons": _neurons,
}
