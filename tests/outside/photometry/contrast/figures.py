"""The figure of the section."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.figures.figure import Figure, FigureData
from reportgen.figures.montage import Tile, montage


def draw(data: FigureData) -> Iterator[Figure]:
    """The example images side by side."""
    labels = list(data.numbers.deviation)
    tiles = [Tile(image, label) for label, image in zip(labels, data.images, strict=True)]
    words = ", ".join(f"{label} {value:.2f}" for label, value in data.numbers.deviation.items())
    yield Figure(
        "contrast_tiles",
        montage(tiles, columns=len(tiles), tile_side=200, faces=data.faces),
        f"The example images. Their contrast: {words}.",
    )
