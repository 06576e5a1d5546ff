"""The section's figures, and in words what each of them shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.figures.figure import (
    EmbeddedData,
    Figure,
    FigureData,
    NamedArrays,
    embed_numbers,
    embed_photographs,
    listed,
    say_number,
)
from reportgen.figures.montage import Tile, full_width_side, lettered_figure
from reportgen.figures.plots import confusion_plot, history_plot
from reportgen.results import Matrix
from reportgen.sections.transfer.result import Misclassified, Transfer
from reportgen.typefaces.face import Typefaces

Values = NDArray[Any]


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
    taken = listed([f"{counts[j]} predicted as {classes[j]}" for j in wrong])
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
    """Describe the displayed test images that the network got wrong."""
    items = [f"{item.file}, of the class {item.true}, was predicted as {item.predicted}" for item in wrong]
    return f"Misclassified test images: {'; '.join(items)}."


def draw(data: FigureData) -> Iterator[Figure]:
    """Draw the figures of the section."""
    section: Transfer = data.numbers
    arrays, faces = data.arrays, data.faces
    matrix, classes = section.confusion["test"], section.classes
    yield Figure("confusion", confusion_plot(matrix, classes, faces), describe_confusion(matrix, classes))
    history = section.history
    plot = history_plot(
        history.loss, history.val_loss, history.accuracy, history.val_accuracy, section.training.best_epoch
    )
    yield Figure("history", plot, describe_history(section))
    yield from _errors(section, arrays, faces)


_COLUMNS = 8
"""Images in a row: those that are read closely are with their neighbours, in the section of the errors."""


def _errors(section: Transfer, arrays: NamedArrays, faces: Typefaces) -> Iterator[Figure]:
    if "misclassified" not in arrays:
        return
    pixels = arrays["misclassified"]
    wrong = section.misclassified[: len(pixels)]
    tiles = [
        Tile(image, item.true, f"as {item.predicted}") for image, item in zip(pixels, wrong, strict=True)
    ]
    yield lettered_figure(
        "misclassified",
        describe_misclassified(wrong),
        tiles,
        columns=_COLUMNS,
        tile_side=full_width_side(_COLUMNS),
        faces=faces,
    )


_ACROSS = 10
"""Small pictures in a row of the sheet; the script divides its width by that."""

_TRAINED = 0.01
"""What ``verify`` lets a probability differ by on another machine."""


# As matplotlib writes a rectangle. Should it ever write another path, no grid is found and no cell opens.
_SQUARE = re.compile(r'd="M ([\d.]+) ([\d.]+)\s+L ([\d.]+) \2\s+L \3 ([\d.]+)\s+L \1 \4\s+z')

_VIEW = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')

_OFF = 0.1
"""Points by which the sides of two cells may differ, from the rounding of coordinates."""


def locate_grid(svg: str, classes: int) -> NDArray[np.float64] | None:
    """Find the cells of a drawn confusion matrix: left, top, right and bottom of all of them as parts of the
    drawing's width and height; None if it does not begin with that many equal squares.
    """
    view, count = _VIEW.search(svg), classes * classes
    # Cells are drawn before anything else, row by row.
    squares = np.array(_SQUARE.findall(svg)[:count], float)
    if view is None or len(squares) < count:
        return None
    left, top, right, bottom = squares.T
    if np.ptp(right - left) > _OFF or np.ptp(bottom - top) > _OFF:
        return None
    edges = np.array([left.min(), top.min(), right.max(), bottom.max()])
    shares: NDArray[np.float64] = edges / np.array([float(view[1]), float(view[2])] * 2)
    return shares


def embed(data: FigureData, figures: Mapping[str, Figure]) -> dict[str, list[EmbeddedData]]:
    """What is behind the cells of the confusion matrix: small pictures of the test images on one sheet, which
    takes half the bytes of as many files, and the network's probabilities (images, classes).
    """
    small = data.arrays["thumbnails"]
    blank = np.full((-len(small) % _ACROSS, *small.shape[1:]), 255, np.uint8)
    rows = np.concatenate([small, blank]).reshape(-1, _ACROSS, *small.shape[1:])
    # From (rows, pictures, height, width) to (rows, height, pictures, width): pixel rows go across all
    # pictures.
    sheet = rows.swapaxes(1, 2).reshape(-1, _ACROSS * small.shape[2], 3)
    probabilities = data.arrays["probabilities_test"]
    grid = locate_grid(figures["confusion"].picture.data.decode(), len(data.numbers.classes))
    loads = [
        embed_photographs("thumbnails", sheet),
        embed_numbers("probabilities", probabilities, _TRAINED),
    ]
    # Without the grid the page has no cells to open, rather than those beside what was pointed at.
    return {"confusion": loads if grid is None else [*loads, embed_numbers("grid", grid, _TRAINED)]}
