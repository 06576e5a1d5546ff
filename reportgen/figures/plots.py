"""The plots of the retrained network: its confusion matrix, and how its training went."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reportgen.figures.colour import ink_on
from reportgen.figures.picture import Picture
from reportgen.figures.vector import MM, house_style, svg_picture

_LABEL_LENGTH = 18
_TRAIN, _VALIDATION, _QUIET = "#1f4e79", "#c05a00", "#8a8a8a"


def confusion_plot(matrix: Sequence[Sequence[int]], labels: Sequence[str]) -> Picture:
    """A confusion matrix: rows are true classes, columns predicted ones, numbers count images.

    The shade is the share of the true class, from white (none) to dark blue (all); zeros are set quietly.
    """
    with house_style():
        return svg_picture(confusion_figure(matrix, labels))


def confusion_figure(matrix: Sequence[Sequence[int]], labels: Sequence[str]) -> Figure:
    """The matplotlib figure behind :func:`confusion_plot`: cell (i, j) at x = j, y = i, y downwards."""
    counts = np.asarray(matrix)
    side = min(max(70.0, 17.0 * len(labels)), 120.0)
    figure = Figure(figsize=(side * MM, side * MM))
    axes = figure.add_axes((0, 0, 1, 1))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    colours = matplotlib.colormaps["Blues"](0.85 * shares)
    colours[counts == 0] = 1
    axes.imshow(colours, interpolation="nearest")
    for (row, column), count in np.ndenumerate(counts):
        ink = ink_on(tuple(float(c) for c in colours[row, column, :3])) if count else _QUIET  # type: ignore[arg-type]
        weight = "bold" if row == column else "normal"
        axes.text(
            column, row, str(count), ha="center", va="center", color=ink, fontsize=11, fontweight=weight
        )
    names = [_shortened(label) for label in labels]
    crowded = max(map(len, names)) * len(names) > 36
    axes.set_xticks(
        range(len(names)), names, rotation=40 if crowded else 0, ha="right" if crowded else "center"
    )
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("predicted class", labelpad=5)
    axes.set_ylabel("true class", labelpad=5)
    axes.set_xticks(np.arange(len(names) - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(len(names) - 1) + 0.5, minor=True)
    axes.grid(which="minor", color="#b8b8b8", linewidth=0.5)
    axes.tick_params(which="both", length=0)
    return figure


def _shortened(label: str) -> str:
    # A dollar sign would start a formula.
    text = label if len(label) <= _LABEL_LENGTH else label[: _LABEL_LENGTH - 1] + "…"
    return text.replace("$", r"\$")


def history_plot(
    loss: Sequence[float],
    val_loss: Sequence[float],
    accuracy: Sequence[float],
    val_accuracy: Sequence[float],
    best_epoch: int,
) -> Picture:
    """Loss and accuracy after each epoch (the first is 1), training solid, validation dashed.

    A vertical line marks the epoch whose weights were kept.
    """
    with house_style():
        return svg_picture(history_figure((loss, val_loss), (accuracy, val_accuracy), best_epoch))


def history_figure(
    losses: tuple[Sequence[float], Sequence[float]],
    accuracies: tuple[Sequence[float], Sequence[float]],
    best_epoch: int,
) -> Figure:
    """The matplotlib figure behind :func:`history_plot`: the axes of the loss, then those of the accuracy."""
    figure = Figure(figsize=(150 * MM, 52 * MM))
    left, right = figure.subplots(1, 2, gridspec_kw={"wspace": 0.24})
    _draw_curves(left, losses, best_epoch, "cross-entropy loss")
    _draw_curves(right, accuracies, best_epoch, "accuracy")
    left.set_ylim(bottom=0)
    left.legend(frameon=False, loc="upper right", handlelength=2.6)
    right.set_ylim(top=1.005)
    return figure


def _draw_curves(
    axes: Axes, curves: tuple[Sequence[float], Sequence[float]], best_epoch: int, title: str
) -> None:
    epochs = range(1, len(curves[0]) + 1)
    axes.axvline(best_epoch, color=_QUIET, linewidth=0.8, linestyle=(0, (1, 1.5)))
    axes.plot(epochs, curves[0], color=_TRAIN, linewidth=1.1, label="training")
    axes.plot(
        epochs, curves[1], color=_VALIDATION, linewidth=1.1, linestyle=(0, (4, 1.6)), label="validation"
    )
    axes.set_xlabel("epoch")
    axes.set_title(title, loc="left", pad=4)
    axes.set_xlim(1, max(len(curves[0]), 2))
    axes.grid(color="#e3e3e3", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
