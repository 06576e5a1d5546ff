"""Which number, class or image a picture is named by, on data of which no two are alike.

The report that all tests share recognises every image, so that there a matrix of another split would look the
same; and what is lettered into a picture is not read back from its pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from read_back import Drawing, Page
from small_results import document
from test_read_back import Finished, read_confusion

from reportgen.figures.figure import FigureData
from reportgen.figures.montage import Tile
from reportgen.results import Box
from reportgen.sections.neurons import figures as neuron_figures
from reportgen.sections.neurons.result import Neurons
from reportgen.sections.transfer import figures as transfer_figures
from reportgen.sections.transfer.result import Transfer


@dataclass
class Drawn(Page):
    """The plots of a section in the place of a page."""

    plots: dict[str, bytes]

    def drawing(self, name: str) -> Drawing:
        return Drawing(self.plots[name])


def draw_transfer(arrays: dict[str, Any]) -> dict[str, Any]:
    numbers = Transfer.model_validate(document()["transfer"])
    return {each.name: each for each in transfer_figures.draw(FigureData(numbers, arrays))}


def test_the_matrix_is_that_of_the_test_images() -> None:
    """Red with the validation matrix, and with true and predicted classes exchanged."""
    results = document()
    matrices = results["transfer"]["confusion"]
    assert matrices["test"] != matrices["val"]
    assert matrices["test"] != np.transpose(matrices["test"]).tolist()
    page = Drawn({name: each.picture.data for name, each in draw_transfer({}).items()})
    read_confusion(Finished(page, results, Path()), "confusion")


def test_a_misclassified_image_bears_its_class_and_then_what_it_was_taken_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found: list[Tile] = []
    real: Any = vars(transfer_figures)["lettered_figure"]

    def record(name: str, alt: str, tiles: Any, **more: Any) -> Any:
        found.extend(tiles)
        return real(name, alt, tiles, **more)

    monkeypatch.setattr(transfer_figures, "lettered_figure", record)
    draw_transfer({"misclassified": np.zeros((1, 224, 224, 3), np.uint8)})
    (mistake,) = document()["transfer"]["misclassified"]
    assert mistake["true"] != mistake["predicted"]
    assert [(tile.label, tile.sublabel) for tile in found] == [
        (mistake["true"], f"as {mistake['predicted']}")
    ]


def test_each_frame_bears_the_rank_of_its_neuron(monkeypatch: pytest.MonkeyPatch) -> None:
    """Red if the frames are numbered from the last, or are those of other neurons."""
    section = document()["neurons"]
    framed: list[list[tuple[Box, str]]] = []
    real: Any = vars(neuron_figures)["with_boxes"]

    def record(image: Any, boxes: Any, scale: int) -> Any:
        framed.append(list(boxes))
        return real(image, boxes, scale)

    monkeypatch.setattr(neuron_figures, "with_boxes", record)
    for top in section["top"].values():
        first = top[0]
        second = {"rows": [100, 150], "cols": [20, 60]}
        assert first["patch"]["rows"] != second["rows"]
        top[1:] = [{**first, "position": [1, 2, 3], "patch": {**first["patch"], **second}}]
    numbers = Neurons.model_validate(section)
    arrays = {f"image_{i}": np.zeros((224, 224, 3), np.uint8) for i in range(len(numbers.files))}
    list(neuron_figures.draw(FigureData(numbers, arrays)))
    assert len(framed) == len(numbers.files)
    for boxes, label in zip(framed, numbers.files, strict=True):
        reported = [(box.rows, box.cols, name) for box, name in boxes if name]
        patches = [neuron.patch for neuron in numbers.top[label]]
        assert reported == [(patch.rows, patch.cols, str(k)) for k, patch in enumerate(patches, 1)]
        assert patches[0].rows != patches[1].rows
