"""The section's figures, and in words what each of them shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.attribution import enlarge
from reportgen.dataset.decode import grey
from reportgen.figures.colour import Rgb, sequential
from reportgen.figures.figure import Figure, FigureData, listed, say_number
from reportgen.figures.montage import ScaleBar, Tile, full_width_side, montage
from reportgen.sections.grad_cam.result import ExplainedImage, GradCam
from reportgen.text import share_text

_MOST = 6
"""The image and five maps in a row."""

_SHOWING_THROUGH = 0.35
"""The part of an overlay that is the grey image."""


def draw(data: FigureData) -> Iterator[Figure]:
    """Draw for each example image the maps of all classes over it, on one scale."""
    section: GradCam = data.numbers
    for i, ((label, image), pixels) in enumerate(zip(section.classes.items(), data.images, strict=True)):
        maps = data.arrays["maps"][i]
        tiles = [Tile(pixels, label, "the image")]
        for (name, own), values in zip(image.maps.items(), maps, strict=True):
            tiles.append(Tile(overlay(pixels, values, image.limit), name, share_text(own.probability, 3)))
        columns = min(_MOST, len(tiles))
        yield Figure(
            f"grad_cam_{i}",
            montage(
                tiles,
                columns=columns,
                tile_side=full_width_side(max(columns, 5)),
                # The scale of the maps' colours; where the image shows through, a tile has others.
                bar=ScaleBar(0, image.limit, "Grad-CAM", "sequential"),
                mime="image/jpeg",
                faces=data.faces,
            ),
            _describe(label, image),
        )


def overlay(pixels: Rgb, values: NDArray[Any], limit: float) -> Rgb:
    """A map (N, N), enlarged and coloured from 0 to ``limit``, with the grey image showing through."""
    colours = sequential(enlarge(values.astype(np.float32), pixels.shape[0]), 0, limit).astype(np.float32)
    light = 255 * grey(pixels)[..., np.newaxis]
    mixed: Rgb = np.rint(_SHOWING_THROUGH * light + (1 - _SHOWING_THROUGH) * colours).astype(np.uint8)
    return mixed


def _describe(label: str, image: ExplainedImage) -> str:
    maps = [
        f"for {name}, "
        + (
            f"largest in row {own.peak[0]}, column {own.peak[1]} with {say_number(own.highest)}"
            if own.peak
            else "zero everywhere"
        )
        for name, own in image.maps.items()
    ]
    return f"The image of {label}, which is taken for {image.predicted}, and its maps: {listed(maps)}."
