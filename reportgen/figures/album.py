"""Every figure of the report, section by section, drawn from results and arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.figures.colour import Rgb, diverging, grey_to_rgb, sequential, signed_rgb
from reportgen.figures.figure import Figure
from reportgen.figures.filters import filter_heatmap, filter_tiles
from reportgen.figures.montage import Tile, full_width_side, montage
from reportgen.figures.overlay import crop, with_boxes
from reportgen.figures.picture import raster_picture_of
from reportgen.figures.plots import confusion_plot, history_plot
from reportgen.figures.scale_bar import ScaleBar
from reportgen.results import ConvLayer, Convolution, ConvStack, GuidedBackprop, Neurons, Transfer

NamedArrays = Mapping[str, NDArray[Any]]


def draw_section(section: str, numbers: Any, arrays: NamedArrays, images: Sequence[Rgb]) -> list[Figure]:
    """Draw the figures of a section in the order of the document.

    ``numbers`` and ``arrays`` are the section's; ``images`` are the example images (224, 224, 3) in the
    order of the classes, which only guided backpropagation needs.
    """
    if section == "guided_backprop":
        return list(_guided(numbers, arrays, images))
    return list(_DRAWERS[section](numbers, arrays))


def _columns(count: int) -> int:
    """Up to four images stand in one row; more are spread over rows of nearly equal length."""
    rows = -(-count // 4)
    return -(-count // rows)


def _as_pixels(image: NDArray[Any]) -> Rgb:
    return grey_to_rgb(image, 0, 1) if image.ndim == 2 else np.round(image * 255).astype(np.uint8)


def _convolution(section: Convolution, arrays: NamedArrays) -> Iterator[Figure]:
    classes = list(section.classes)
    columns = _columns(len(classes))
    side = min(full_width_side(columns), 540)
    kind = "colour" if section.colour else "grey"
    images = [Tile(_as_pixels(arrays[f"image_{i}"]), label) for i, label in enumerate(classes)]
    yield Figure(
        "images",
        montage(images, columns=columns, tile_side=side, mime="image/jpeg"),
        f"The {kind} images of the classes {_listed(classes)}, each "
        f"{section.input_shape[0]} by {section.input_shape[1]} pixels.",
    )
    yield Figure("filter", filter_heatmap(arrays["filter"]), _describe_filter(section.filter))
    maps = [arrays[f"map_{i}"] for i in range(len(classes))]
    limit = float(max(np.abs(m).max() for m in maps))
    yield Figure(
        "maps",
        montage(
            [Tile(diverging(m, limit), label) for m, label in zip(maps, classes, strict=True)],
            columns=columns,
            tile_side=side,
            bar=ScaleBar(-limit, limit, "feature-map value", "diverging"),
            mime="image/jpeg",
        ),
        "Feature maps of "
        + "; ".join(
            f"{label}: values {m.min():.2f} to {m.max():.2f}" for label, m in zip(classes, maps, strict=True)
        )
        + ".",
    )


def _describe_filter(rows: Any) -> str:
    values = np.asarray(rows)
    if values.ndim == 3:
        return f"A 3 by 3 by 3 filter with values from {values.min():.3f} to {values.max():.3f}."
    lines = ["; ".join(f"{value:.3f}" for value in row) for row in values]
    return "A 3 by 3 filter. " + " ".join(f"Row {n}: {line}." for n, line in enumerate(lines, 1))


def _conv_stack(section: ConvStack, arrays: NamedArrays) -> Iterator[Figure]:
    for n, layer in enumerate(section.layers, 1):
        yield _filters(n, layer, arrays[f"kernel_{n}"], section.shown)
        for i, label in enumerate(section.files):
            yield _maps(n, i, label, arrays[f"maps_{n}_{i}"])


def _filters(n: int, layer: ConvLayer, kernel: NDArray[Any], shown: int) -> Figure:
    tiles, limit = filter_tiles(kernel[..., :shown])
    columns = min(5, len(tiles))
    side = full_width_side(max(columns, 4)) if n == 2 else 200
    return Figure(
        f"filters_{n}",
        montage(
            [Tile(pixels, f"filter {k}") for k, pixels in enumerate(tiles, 1)],
            columns=columns,
            tile_side=side,
            smooth=False,
            bar=ScaleBar(-limit, limit, "filter weight", "diverging"),
        ),
        f"The first {len(tiles)} of {layer.filters} filters of layer {n}, each "
        f"{' by '.join(map(str, layer.kernel_shape[:3]))}, weights between {-limit:.3f} and {limit:.3f}.",
    )


def _maps(n: int, i: int, label: str, maps: NDArray[Any]) -> Figure:
    high = float(maps.max())
    columns = min(5, maps.shape[2])
    silent = [str(k + 1) for k in range(maps.shape[2]) if not maps[..., k].any()]
    return Figure(
        f"maps_{n}_{i}",
        montage(
            [Tile(sequential(maps[..., k], 0, high), f"map {k + 1}") for k in range(maps.shape[2])],
            columns=columns,
            tile_side=full_width_side(max(columns, 4)),
            bar=ScaleBar(0, high, "feature-map value after ReLU", "sequential"),
            mime="image/jpeg",
        ),
        f"The first {maps.shape[2]} feature maps of layer {n} for the class {label}, each {maps.shape[0]} by "
        f"{maps.shape[1]}, values 0 to {high:.2f}"
        + (f"; silent maps: {', '.join(silent)}." if silent else "."),
    )


def _transfer(section: Transfer, arrays: NamedArrays) -> Iterator[Figure]:
    yield _confusion(section)
    yield _history(section)
    yield from _errors(section, arrays)


def _confusion(section: Transfer) -> Figure:
    matrix, classes = section.confusion["test"], section.classes
    rows = [
        f"{true}: " + ", ".join(f"{count} as {classes[j]}" for j, count in enumerate(matrix[i]) if count)
        for i, true in enumerate(classes)
    ]
    return Figure(
        "confusion",
        confusion_plot(matrix, classes),
        f"Confusion matrix of the test images. {'; '.join(rows)}.",
    )


def _neurons(section: Neurons, arrays: NamedArrays) -> Iterator[Figure]:
    for i, label in enumerate(section.files):
        image, top = arrays[f"image_{i}"], section.top[label]
        exact = top[0].receptive_field
        frames = [(exact, ""), *((neuron.patch, str(k)) for k, neuron in enumerate(top, 1))]
        yield Figure(
            f"neuron_input_{i}",
            raster_picture_of(with_boxes(image, frames, 4), "image/jpeg"),
            f"The input image of {label} with the patches of the {len(top)} most excited neurons as numbered "
            f"frames and the receptive field of the first, rows {exact.rows[0]} to {exact.rows[1]}, columns "
            f"{exact.cols[0]} to {exact.cols[1]}, as a dashed frame.",
        )
        yield _patches(section, i, label, image)


def _patches(section: Neurons, i: int, label: str, image: Rgb) -> Figure:
    top = section.top[label]
    columns = min(5, len(top))
    tiles = [
        Tile(crop(image, neuron.patch), f"{k}: {neuron.position}", f"output {neuron.value:.1f}")
        for k, neuron in enumerate(top, 1)
    ]
    spans = [
        f"{k}, rows {n.patch.rows[0]} to {n.patch.rows[1]} and columns {n.patch.cols[0]} to {n.patch.cols[1]}"
        for k, n in enumerate(top, 1)
    ]
    return Figure(
        f"patches_{i}",
        montage(tiles, columns=columns, tile_side=full_width_side(max(columns, 4)), mime="image/jpeg"),
        f"The image patches that the {len(top)} most excited neurons see of {label}: {'; '.join(spans)}.",
    )


def _guided(section: GuidedBackprop, arrays: NamedArrays, images: Sequence[Rgb]) -> Iterator[Figure]:
    for i, (label, image) in enumerate(zip(section.files, images, strict=True)):
        yield Figure(
            f"guided_input_{i}",
            raster_picture_of(with_boxes(image, [], 3), "image/jpeg"),
            f"The input image of {label}, file {section.files[label]}.",
        )
        for k, row in enumerate(section.rows[label]):
            shown = signed_rgb(arrays[f"gradients_{i}"][k], row.scale_limit)
            extent = "blank: the gradient is zero everywhere"
            if not row.blank:
                extent = f"largest absolute value {row.gradient_max_abs:.3g}"
            yield Figure(
                f"gradient_{i}_{k}",
                raster_picture_of(shown, "image/png"),
                f"Guided gradient of neuron {row.position} for {label}, {extent}.",
            )


def _history(section: Transfer) -> Figure:
    history, training = section.history, section.training
    last = training.best_epoch - 1
    return Figure(
        "history",
        history_plot(
            history.loss, history.val_loss, history.accuracy, history.val_accuracy, training.best_epoch
        ),
        f"Loss and accuracy over {training.epochs_run} epochs. At the epoch kept, {training.best_epoch}, the "
        f"training loss is {history.loss[last]:.3f} and the validation loss {history.val_loss[last]:.3f}.",
    )


def _errors(section: Transfer, arrays: NamedArrays) -> Iterator[Figure]:
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
        montage(tiles, columns=columns, tile_side=full_width_side(columns), mime="image/jpeg"),
        f"{len(wrong)} misclassified test images: "
        + "; ".join(f"{item.file}, {item.true}, taken for {item.predicted}" for item in wrong)
        + ".",
    )


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


_DRAWERS: Mapping[str, Callable[[Any, NamedArrays], Iterator[Figure]]] = {
    "convolution": _convolution,
    "conv_stack": _conv_stack,
    "transfer": _transfer,
    "neurons": _neurons,
}
