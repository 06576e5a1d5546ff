"""The section's figures, and in words what each of them shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reportgen.figures.colour import Rgb, diverging
from reportgen.figures.figure import Figure, FigureData
from reportgen.figures.montage import Tile, block_means, full_width_side, lettered_figure
from reportgen.sections.methods.result import ExplainedImage, Methods

COLUMNS = 6

SHORT: Final = {
    "gradient": "gradient",
    "gradient_x_input": "grad. × input",
    "deconvnet": "deconvnet",
    "guided": "guided",
    "integrated_gradients": "integrated",
    "smoothgrad": "SmoothGrad",
    "grad_cam": "Grad-CAM",
    "guided_grad_cam": "guided CAM",
    "occlusion": "occlusion",
}
"""The names of the methods, short enough to fit under a tile."""


_SIDE = 112
"""Pixels along a side of a map: with a pixel for each value, maps of 24 mm would show no more and take a
tenth of the page's bytes.
"""


def draw(data: FigureData) -> Iterator[Figure]:
    """Draw the figures of the section: for each class its image, and the map of each method."""
    section: Methods = data.numbers
    for i, ((label, image), pixels) in enumerate(zip(section.classes.items(), data.images, strict=True)):
        tiles = make_tiles(pixels, data.arrays[f"maps_{i}"], section.shown)
        columns = min(COLUMNS, len(tiles))
        yield lettered_figure(
            f"methods_{i}",
            _describe(label, image),
            tiles,
            columns=columns,
            # As in a full row, so that maps are no larger where fewer methods are shown.
            tile_side=full_width_side(COLUMNS),
        )


def make_tiles(pixels: Rgb, maps: NDArray[Any], methods: Sequence[str]) -> list[Tile]:
    """The image, then each map (H, W) in units of its limit, a pixel for 2 × 2 values."""
    # Clipped before, or one large value would colour its whole block.
    halved = (block_means(np.clip(own, -1, 1), _SIDE) for own in maps)
    return [
        Tile(pixels, "image"),
        *(
            Tile(diverging(own, 1), SHORT[name], look="values")
            for name, own in zip(methods, halved, strict=True)
        ),
    ]


def _describe(label: str, image: ExplainedImage) -> str:
    peaks = [
        f"{SHORT[own.method]}: "
        + (f"largest at row {own.peak[0]}, column {own.peak[1]}" if own.peak else "zero everywhere")
        for own in image.maps
    ]
    explained = image.explained or image.predicted
    return (
        f"The image of {label}, and {len(image.maps)} maps of what its score for {explained} comes from. "
        f"{'; '.join(peaks)}."
    )
