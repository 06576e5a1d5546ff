"""The figure of the section."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reportgen.figures.figure import Figure, FigureData
from reportgen.figures.montage import Tile, montage


def draw(data: FigureData) -> Iterator[Figure]:
    """Each image, bright where the evidence for its class is."""
    tiles = []
    for i, (label, image) in enumerate(zip(data.numbers.peak, data.images, strict=True)):
        evidence = np.maximum(data.arrays["maps"][i, i], 0)
        weight = np.kron(evidence / (evidence.max() or 1), np.ones((16, 16)))[..., None]
        tiles += [Tile(image, label), Tile(np.round(image * weight).astype(np.uint8), "evidence")]
    words = ", ".join(f"{label} row {row}, column {col}" for label, (row, col) in data.numbers.peak.items())
    yield Figure(
        "grad_cam",
        montage(tiles, columns=2, tile_side=300, faces=data.faces),
        f"Each example image, and the same lit by the evidence for its class. The peaks: {words}.",
    )
