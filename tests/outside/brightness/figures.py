"""The figure of the section."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reportgen.figures.figure import Figure, FigureData
from reportgen.figures.montage import Tile, montage


def draw(data: FigureData) -> Iterator[Figure]:
    """Each image beside the brightness of its rows."""
    tiles = []
    for i, (label, image) in enumerate(zip(data.numbers.mean, data.images, strict=True)):
        rows = np.round(np.repeat(data.arrays[f"rows_{i}"][:, None, None], 224, axis=1)).astype(np.uint8)
        tiles += [Tile(image, label), Tile(np.repeat(rows, 3, axis=2), "mean of each row")]
    words = ", ".join(f"{label} {value:.2f}" for label, value in data.numbers.mean.items())
    yield Figure(
        "brightness_rows",
        montage(tiles, columns=2, tile_side=300, faces=data.faces),
        f"Each example image, and the mean brightness of its rows. Over all rows: {words}.",
    )
