"""Layers of pixels, and what paints them: textures, brushes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from reportgen.acquire.drawing.outline import Colour, Mark, Pair, Part, Placement, Points, Size, bounds

Pixels = NDArray[np.float32]
"""Colours (H, W, 3) from 0 to 255, or shares (H, W) from 0 to 1."""

# Shapes are painted so many times larger and averaged, for Pillow's polygons have steps at their edges.
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
        # Premultiplied colours are laid over each other, smoothed edges among them, without a division.
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
    # int() rounds towards zero: one pixel more on each side holds the smoothed edge.
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
            # Two points beyond the end: one closes the outline, the other gives its first corner a round
            # joint, too.
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


def noise(size: Size, cell: tuple[float, float], rng: np.random.Generator) -> Pixels:
    """Smooth noise (H, W) between -1 and 1 with lumps of ``cell`` pixels' width and height."""
    coarse = max(2, round(size[0] / cell[0])), max(2, round(size[1] / cell[1]))
    # As bytes, which Pillow enlarges in whole numbers: alike on every machine.
    lumps = rng.integers(0, 256, (coarse[1], coarse[0]), dtype=np.uint8)
    image = Image.fromarray(lumps).resize(size, Image.Resampling.BICUBIC)
    return np.asarray(image, np.float32) / np.float32(127.5) - 1


def turbulence(size: Size, cell: tuple[float, float], rng: np.random.Generator, octaves: int = 4) -> Pixels:
    """Noise (H, W) between -1 and 1 with lumps of every scale, from ``cell`` down by halves."""
    total = np.zeros((size[1], size[0]), np.float32)
    for octave in range(octaves):
        part = 0.5**octave
        total += np.float32(part) * noise(size, (max(1, cell[0] * part), max(1, cell[1] * part)), rng)
    # 1 + 1/2 + 1/4 + … of so many octaves.
    return total / np.float32(2 - 0.5 ** (octaves - 1))


def gradient(size: Size, top: Colour, bottom: Colour) -> Pixels:
    """Colours (H, W, 3) that change evenly from top to bottom."""
    down = np.linspace(0, 1, size[1])[:, None]
    column = (np.asarray(top) * (1 - down) + np.asarray(bottom) * down).astype(np.float32)
    return np.repeat(column[:, None, :], size[0], axis=1)


def tinted(pixels: Pixels, share: Pixels, colour: Colour) -> Pixels:
    """The colours (H, W, 3) with this share (H, W) of another colour in them."""
    return pixels + (np.asarray(colour, np.float32) - pixels) * share[..., None]


@dataclass(frozen=True)
class Brush:
    """Where the light comes from (a unit vector towards it) and the fur of the picture (H, W), -1 to 1."""

    towards_light: Pair
    fur: Pixels

    def paint(self, parts: Iterable[Part], placement: Placement, layer: Layer) -> None:
        """Paint the parts, each over those before it."""
        for part in parts:
            self._paint_part(part, placement, layer)

    def _paint_part(self, part: Part, placement: Placement, layer: Layer) -> None:
        outlines = [placement.apply(outline) for outline in part.outlines]
        stroke = part.rim * placement.scale
        window = window_around(outlines, stroke, layer.size)
        if window is None:
            return
        fill = coverage(outlines, window)
        if stroke > 0:
            layer.paint(window, coverage(outlines, window, stroke), part.edge)
        colour: Pixels = np.empty((*fill.shape, 3), np.float32)
        colour[:] = part.colour
        for mark in part.marks:
            colour += (np.asarray(mark.colour, np.float32) - colour) * _mark_cover(mark, placement, window)
        light = 1 + part.relief * self._relief(fill) + part.grain * self.fur[window.slices]
        layer.paint(window, fill, np.clip(colour * light[..., None], 0, 255))

    def _relief(self, fill: Pixels) -> Pixels:
        """How much brighter (h, w) a domed shape is where it faces the light, about -0.6 to 0.6."""
        # By the thickness, so that a thin leg is modelled as round as a thick trunk.
        reach = max(1.0, 0.2 * _thickness(fill))
        pad = round(2 * reach) + 1
        # With room around, for both shifts below read beyond the shape.
        dome = blurred(np.pad(fill, pad), reach)
        right, down = (round(float(reach * part)) for part in self.towards_light)
        rows, cols = fill.shape
        facing = dome[pad + down : pad + down + rows, pad + right : pad + right + cols]
        behind = dome[pad - down : pad - down + rows, pad - right : pad - right + cols]
        return behind - facing


def _thickness(fill: Pixels) -> float:
    """The mean thickness in pixels of a coverage (h, w): its area over its longer side."""
    return int(np.count_nonzero(fill > 0.5)) / int(max(fill.shape))


def _mark_cover(mark: Mark, placement: Placement, window: Window) -> Pixels:
    outlines = [placement.apply(outline) for outline in mark.outlines]
    cover = blurred(coverage(outlines, window), mark.blur * placement.scale)
    return (cover * np.float32(mark.opacity))[..., None]
