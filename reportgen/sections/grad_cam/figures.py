"""The section's figures, and in words what each of them shows."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.figures.colour import sequential
from reportgen.figures.figure import Figure, FigureData, listed, say_number
from reportgen.figures.montage import ScaleBar, Tile, full_width_side, lettered_figure
from reportgen.sections.grad_cam.result import ExplainedImage, GradCam
from reportgen.text import share_text

_MOST = 6
"""The image and five maps in a row."""

_FEWEST = 5
"""Fewer are no larger than if there were so many."""


def draw(data: FigureData) -> Iterator[Figure]:
    """Draw for each example image the maps of all classes beside it, on one scale: a square for each cell."""
    section: GradCam = data.numbers
    for i, ((label, image), pixels) in enumerate(zip(section.classes.items(), data.images, strict=True)):
        # A map laid over its image would have colours that are no longer those of its scale.
        tiles = [Tile(pixels, "image")]
        for (name, own), values in zip(image.maps.items(), data.arrays["maps"][i], strict=True):
            coloured = sequential(values, 0, image.limit)
            # Three decimals: with two, every probability below 0.01 was printed as 0.01.
            tiles.append(Tile(coloured, name, share_text(own.probability, 3), look="squares"))
        columns = min(_MOST, len(tiles))
        yield lettered_figure(
            f"grad_cam_{i}",
            _describe(label, image),
            tiles,
            columns=columns,
            tile_side=full_width_side(max(columns, _FEWEST)),
            bar=ScaleBar(0, image.limit, "Grad-CAM", "sequential"),
            faces=data.faces,
        )


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
    return f"The image of {label}, which is predicted as {image.predicted}, and its maps: {listed(maps)}."
