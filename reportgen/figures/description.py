"""What each figure shows, in sentences for readers who cannot see it, with numbers from the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.receptive_field import effective_field
from reportgen.figures.lettering import number_text
from reportgen.results import Box, ConvLayer, GuidedRow, Matrix, Misclassified, Neuron, Transfer

_ORDINALS = ("first", "second", "third", "fourth", "fifth")
_CHANNELS = ("red", "green", "blue")

_DARK, _FAINT = 1 / 20, 1 / 200
"""The share of the scale that looks like zero, and the share of brighter values that is overlooked."""

Values = NDArray[Any]


def listed(names: Sequence[str]) -> str:
    """Join names to "a, b and c"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def say_number(value: float) -> str:
    """Say a number with three significant digits in a way that a screen reader speaks."""
    text = number_text(float(value)).replace("\N{MINUS SIGN}", "minus ")
    mantissa, _, exponent = text.partition("×10")
    if not exponent:
        return text
    power = exponent.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")).replace("⁻", "minus ")
    return f"{mantissa} times ten to the power of {power}"


def describe_images(classes: Sequence[str], shape: Sequence[int], *, colour: bool) -> str:
    """Describe the example images."""
    kind = "colour" if colour else "grey"
    return f"The {kind} images of {listed(classes)}, each of {shape[0]} by {shape[1]} pixels."


def describe_filter(kernel: Values) -> str:
    """Describe one filter, (F, F) or (F, F, 3): every weight of a small one, the extremes of a large one."""
    rows, columns = kernel.shape[:2]
    size = f"A filter of {rows} by {columns} weights"
    if rows > len(_ORDINALS):
        low, high = say_number(kernel.min()), say_number(kernel.max())
        return f"{size}, the smallest {low}, the largest {high}."
    if kernel.ndim == 2:
        return f"{size}. {_describe_rows(kernel).capitalize()}."
    slices = " ".join(
        f"In the slice for {name}, {_describe_rows(kernel[..., n])}." for n, name in enumerate(_CHANNELS)
    )
    return f"{size} for each of red, green and blue. {slices}"


def _describe_rows(weights: Values) -> str:
    return "; ".join(
        f"the {_ORDINALS[n]} row holds {listed([say_number(weight) for weight in row])}"
        for n, row in enumerate(weights)
    )


def describe_responses(maps: Mapping[str, Values]) -> str:
    """Describe the signed feature maps of one filter, by class."""
    ranges = [
        f"for {label}, from {say_number(values.min())} to {say_number(values.max())}, "
        f"on average {say_number(values.mean())}"
        for label, values in maps.items()
    ]
    height, width = next(iter(maps.values())).shape
    return f"The feature maps, each of {height} by {width} values: {'; '.join(ranges)}."


def describe_filters(n: int, layer: ConvLayer, kernels: Values) -> str:
    """Describe the shown filters of layer ``n``, (F, F, C, shown)."""
    limit = np.abs(kernels).max()
    weights = kernels.reshape(-1, kernels.shape[3])
    highest, lowest = int(weights.max(axis=0).argmax()), int(weights.min(axis=0).argmin())
    sides = layer.kernel_shape[: 2 if kernels.shape[2] == 1 else 3]
    return (
        f"The first {kernels.shape[3]} of the {layer.filters} filters of layer {n}, each of "
        f"{' by '.join(map(str, sides))} weights, as coloured squares on one scale from "
        f"{say_number(-limit)} to {say_number(limit)}. The largest weight, {say_number(weights.max())}, "
        f"is in filter {highest + 1}, the smallest, {say_number(weights.min())}, in filter {lowest + 1}; "
        f"{int((weights < 0).sum())} of the {weights.size} weights are negative."
    )


def describe_maps(n: int, layer: ConvLayer, label: str, maps: Values) -> str:
    """Describe the shown feature maps of layer ``n`` after ReLU, (H, W, shown)."""
    height, width, shown = maps.shape
    start = (
        f"The first {shown} of the {layer.filters} feature maps of layer {n} for {label}, "
        f"each of {height} by {width} values."
    )
    means = maps.mean(axis=(0, 1))
    silent, faint = silent_maps(maps), faint_maps(maps)
    if len(silent) == shown:
        return f"{start} All are silent: zero everywhere."
    row, column, best = np.unravel_index(int(maps.argmax()), maps.shape)
    words = [
        f"{start} The largest value, {say_number(maps.max())}, is in map {best + 1}, at row {row} and "
        f"column {column}; the largest mean, {say_number(means.max())}, is that of map {means.argmax() + 1}.",
        f"{_name_maps(silent)} silent: zero everywhere." if silent else "No map is silent.",
    ]
    if faint:
        words.append(f"{_name_maps(faint)} faint: hardly a value is above a twentieth of the scale.")
    return " ".join(words)


def silent_maps(maps: Values) -> list[int]:
    """The maps (H, W, N) that are zero everywhere, counted from 0."""
    return [k for k in range(maps.shape[2]) if not maps[..., k].any()]


def faint_maps(maps: Values) -> list[int]:
    """The maps (H, W, N), counted from 0, that are dark on the scale of all but not silent.

    No more than one value in 200 is above a twentieth of the largest of all maps.
    """
    shares = (maps > _DARK * maps.max()).mean(axis=(0, 1))
    return [k for k, share in enumerate(shares) if share <= _FAINT and maps[..., k].any()]


def _name_maps(indices: Sequence[int]) -> str:
    numbers = listed([str(k + 1) for k in indices])
    return f"Map {numbers} is" if len(indices) == 1 else f"{len(indices)} maps ({numbers}) are"


def describe_confusion(matrix: Matrix, classes: Sequence[str]) -> str:
    """Describe a confusion matrix: what became of the images of each class."""
    rows = [_describe_row(i, matrix[i], classes) for i in range(len(classes))]
    return f"The confusion matrix of the {sum(map(sum, matrix))} test images. {' '.join(rows)}"


def _describe_row(i: int, counts: Sequence[int], classes: Sequence[str]) -> str:
    total, wrong = sum(counts), [j for j, count in enumerate(counts) if count and j != i]
    if not total:
        return f"There is no image of {classes[i]}."
    if not wrong:
        return f"Of the class {classes[i]}, all {total} are recognised."
    taken = listed([f"{counts[j]} taken for {classes[j]}" for j in wrong])
    return f"Of the class {classes[i]}, {counts[i]} of {total} are recognised, {taken}."


def describe_history(section: Transfer) -> str:
    """Describe how loss and accuracy went, with their first and last values and those of the epoch kept."""
    history, kept = section.history, section.training.best_epoch
    curves = {
        "training loss": history.loss,
        "validation loss": history.val_loss,
        "training accuracy": history.accuracy,
        "validation accuracy": history.val_accuracy,
    }
    ways = [f"the {name} goes from {say_number(c[0])} to {say_number(c[-1])}" for name, c in curves.items()]
    return (
        f"Two plots of the training, over {section.training.epochs_run} epochs. Between the first epoch "
        f"and the last, {listed(ways)}. The weights kept are those of epoch {kept}, with a training loss of "
        f"{say_number(history.loss[kept - 1])} and a validation loss of "
        f"{say_number(history.val_loss[kept - 1])}."
    )


def describe_misclassified(wrong: Sequence[Misclassified]) -> str:
    """Describe the shown test images that the network got wrong."""
    items = [f"{item.file}, of the class {item.true}, was taken for {item.predicted}" for item in wrong]
    return f"Test images that were taken for another class: {'; '.join(items)}."


def describe_neuron_input(label: str, top: Sequence[Neuron]) -> str:
    """Describe an input image with the frames of its most excited neurons."""
    patches = [neuron.patch for neuron in top]
    around = Box(
        rows=(min(patch.rows[0] for patch in patches), max(patch.rows[1] for patch in patches)),
        cols=(min(patch.cols[0] for patch in patches), max(patch.cols[1] for patch in patches)),
    )
    return (
        f"The input image of {label}. Numbered frames mark the patches of the {len(top)} most excited "
        f"neurons, which lie within {_say_box(around)}. A dashed frame, {_say_box(top[0].receptive_field)}, "
        "is the receptive field of the first."
    )


def describe_patches(label: str, top: Sequence[Neuron]) -> str:
    """Describe the patches of the most excited neurons."""
    items = [
        f"patch {k}, {_say_box(neuron.patch)}, with an output of {say_number(neuron.value)}"
        for k, neuron in enumerate(top, 1)
    ]
    return f"The parts of the image of {label} to which its most excited neurons respond: {'; '.join(items)}."


def describe_gradient(label: str, row: GuidedRow, gradient: Values) -> str:
    """Describe a guided gradient (H, W, 3): how large it is, and where."""
    i, j, channel = row.position
    start = f"The guided gradient of the neuron at row {i}, column {j}, channel {channel} for {label}"
    if row.blank:
        return f"{start}, blank: it is zero everywhere."
    height, width = gradient.shape[:2]
    field = effective_field(gradient, Box(rows=(0, height), cols=(0, width)))
    peak = np.unravel_index(int(np.abs(gradient).max(axis=2).argmax()), (height, width))
    # Rounded down, since all of it would have to be all of it.
    share = int(100 * (field.energy_share or 0))
    return (
        f"{start}. Its largest absolute value, {say_number(row.gradient_max_abs)}, is at row {peak[0]} and "
        f"column {peak[1]} of the image; {share} percent of its energy lies within {_say_box(field)}."
    )


def _say_box(box: Box) -> str:
    return f"rows {box.rows[0]} to {box.rows[1]} and columns {box.cols[0]} to {box.cols[1]}"
