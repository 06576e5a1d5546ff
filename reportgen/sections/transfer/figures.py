"""The figures of the section, in the order of the document."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.figures.data import FigureData, NamedArrays
from reportgen.figures.figure import Figure
from reportgen.figures.montage import Tile, count_columns, full_width_side, montage
from reportgen.figures.plots import confusion_plot, history_plot
from reportgen.sections.transfer.description import (
    describe_confusion,
    describe_history,
    describe_misclassified,
)
from reportgen.sections.transfer.result import Transfer
from reportgen.typefaces.chain import Typefaces


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


def _errors(section: Transfer, arrays: NamedArrays, faces: Typefaces) -> Iterator[Figure]:
    if "misclassified" not in arrays:
        return
    pixels = arrays["misclassified"]
    wrong = section.misclassified[: len(pixels)]
    columns = max(4, count_columns(len(wrong)))
    tiles = [
        Tile(image, item.true, f"taken for {item.predicted}")
        for image, item in zip(pixels, wrong, strict=True)
    ]
    yield Figure(
        "misclassified",
        montage(tiles, columns=columns, tile_side=full_width_side(columns), mime="image/jpeg", faces=faces),
        describe_misclassified(wrong),
    )
