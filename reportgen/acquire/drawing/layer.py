"""A transparent layer of colour, and the coverage of its pixels by polygons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from reportgen.acquire.drawing.colour import Colour
from reportgen.acquire.drawing.outline import Points, bounds
from reportgen.acquire.drawing.sketch import Size

Pixels = NDArray[np.float32]
"""Colours (H, W, 3) from 0 to 255, or shares (H, W) from 0 to 1."""

SUPERSAMPLING = 4


@dataclass(frozen=True)
class Window:
    """A half-open box of pixels that lies inside the picture and is not empty."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns of the window, to index an array (H, W, …)."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def size(self) -> Size:
        """Width and height."""
        return self.right - self.left, self.bottom - self.top


class Layer:
    """Colours multiplied by their opacity ``colour`` (H, W, 3) and the ``opacity`` (H, W), 0 to 1."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.colour: Pixels = np.zeros((size[1], size[0], 3), np.float32)
        self.opacity: Pixels = np.zeros((size[1], size[0]), np.float32)

    def paint(self, window: Window, cover: Pixels, colour: Pixels | Colour) -> None:
        """Lay one colour, or one a pixel (h, w, 3), over the window, as opaque as ``cover`` (h, w)."""
        rows, cols = window.slices
        paint = np.asarray(colour, np.float32)
        self.colour[rows, cols] += (paint - self.colour[rows, cols]) * cover[..., None]
        self.opacity[rows, cols] += (1 - self.opacity[rows, cols]) * cover

    def over(self, backdrop: Pixels) -> Pixels:
        """The backdrop (H, W, 3) with this layer over it."""
        return backdrop * (1 - self.opacity[..., None]) + self.colour

    def extent(self) -> Window | None:
        """The box of the pixels that anything was painted on, or None if there are none."""
        return extent(self.opacity)


def extent(opacity: Pixels) -> Window | None:
    """The box of the pixels that are not wholly transparent, or None if all are."""
    rows, cols = np.flatnonzero(opacity.any(axis=1)), np.flatnonzero(opacity.any(axis=0))
    if rows.size == 0:
        return None
    return Window(int(cols[0]), int(rows[0]), int(cols[-1]) + 1, int(rows[-1]) + 1)


def window_around(outlines: Sequence[Points], margin: float, size: Size) -> Window | None:
    """The whole pixels around the outlines and a margin, clipped to the picture; None if outside of it."""
    left, top, right, bottom = bounds(outlines)
    x0, y0 = max(0, int(left - margin) - 1), max(0, int(top - margin) - 1)
    x1, y1 = min(size[0], int(right + margin) + 2), min(size[1], int(bottom + margin) + 2)
    return Window(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def coverage(outlines: Sequence[Points], window: Window, stroke: float = 0.0) -> Pixels:
    """The share (h, w) of each pixel that the union of the outlines covers, a stroke (in pixels) wider."""
    width, height = window.size
    canvas = Image.new("L", (width * SUPERSAMPLING, height * SUPERSAMPLING))
    draw = ImageDraw.Draw(canvas)
    corner = (window.left, window.top)
    line = round(2 * stroke * SUPERSAMPLING)
    for outline in outlines:
        fine = np.rint((outline - corner) * SUPERSAMPLING).astype(np.int64).ravel().tolist()
        draw.polygon(fine, fill=255)
        if line:
            draw.line(fine + fine[:4], fill=255, width=line, joint="curve")
    return share_of(canvas.reduce(SUPERSAMPLING))


def blurred(cover: Pixels, radius: float) -> Pixels:
    """A coverage (h, w), blurred with a radius in pixels."""
    if radius < 0.3:
        return cover
    image = Image.fromarray(np.rint(cover * 255).astype(np.uint8))
    return share_of(image.filter(ImageFilter.GaussianBlur(radius)))


def share_of(image: Image.Image) -> Pixels:
    """A grey image as shares (H, W) from 0 to 1."""
    return np.asarray(image, np.float32) / np.float32(255)
