"""Bounding boxes drawn on an image, and crops of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

import numpy as np
from PIL import Image, ImageDraw

from reportgen.figures.colour import Rgb
from reportgen.figures.lettering import Lettering
from reportgen.results import Box

_DARK = "#111111"
# Badges are drawn so many times larger and averaged: Pillow's round shapes have steps at their edges.
_SMOOTHING = 4

_LINE, _HALO = 4 / 3, 1 / 3
_BADGE = 10.25
"""Widths of a dark line and of the white ones beside it, and the size of a number, in image pixels."""

_Rectangle = tuple[int, int, int, int]
"""Left, top, right, bottom, the last two exclusive, in pixels of the enlarged image."""

_Point = tuple[float, float]


def crop(image: Rgb, box: Box) -> Rgb:
    """Cut a box out of an image (H, W, 3), as a copy. Raises ``ValueError`` if it is not inside."""
    left, top, right, bottom = _rectangle(image, box, 1)
    return image[top:bottom, left:right].copy()


def with_boxes(image: Rgb, boxes: Sequence[tuple[Box, str]], scale: int) -> Rgb:
    """Enlarge an image, uint8 (H, W, 3), ``scale`` times and frame boxes in it.

    A box with a label has a solid frame and the label in a badge on one of its corners; a box with the
    empty label has a dashed frame. Frames lie inside their boxes, edge on edge. Each is a dark line
    between white ones, so that it shows on any photograph and in grey print. ``scale`` 3 suits an
    image of 224 pixels printed 62 mm wide: badges then have 8 pt, dark lines 0.37 mm. Raises
    ``ValueError`` if a box is empty or leaves the image.
    """
    height, width = image.shape[:2]
    # Enlarged before drawing, so that frames have the fineness of print and not of the image.
    enlarged = Image.fromarray(image).resize((width * scale, height * scale), Image.Resampling.LANCZOS)
    canvas = ImageDraw.Draw(enlarged)
    frames = [(_rectangle(image, box, scale), label) for box, label in boxes]
    for rectangle, label in frames:
        _draw_frame(canvas, rectangle, scale, dashed=not label)
    _place_badges(enlarged, [frame for frame in frames if frame[1]], scale)
    return np.array(enlarged)


def _rectangle(image: Rgb, box: Box, scale: int) -> _Rectangle:
    (top, bottom), (left, right) = box.rows, box.cols
    height, width = image.shape[:2]
    if not (0 <= top < bottom <= height and 0 <= left < right <= width):
        raise ValueError(f"no box of a {height} × {width} image: rows {box.rows}, columns {box.cols}")
    return left * scale, top * scale, right * scale, bottom * scale


def _draw_frame(canvas: ImageDraw.ImageDraw, rectangle: _Rectangle, scale: int, *, dashed: bool) -> None:
    left, top, right, bottom = rectangle
    halo, line = max(1, round(_HALO * scale)), round(_LINE * scale)
    # In a box that is hardly larger than its frame dashes would run into each other.
    has_room = min(right - left, bottom - top) > 2 * (2 * halo + line)
    _draw_ring(canvas, rectangle, 0, 2 * halo + line, "white")
    if dashed and has_room:
        _draw_dashes(canvas, rectangle, halo, line)
    else:
        _draw_ring(canvas, rectangle, halo, line, _DARK)


def _draw_ring(
    canvas: ImageDraw.ImageDraw, rectangle: _Rectangle, inset: int, width: int, colour: str
) -> None:
    left, top, right, bottom = rectangle
    room = min(right - left, bottom - top) - 2 * inset
    if room > 0:
        ring = (left + inset, top + inset, right - inset - 1, bottom - inset - 1)
        # Pillow draws a line that is wider than the rectangle beyond its edges.
        canvas.rectangle(ring, outline=colour, width=min(width, (room + 1) // 2))


def _draw_dashes(canvas: ImageDraw.ImageDraw, rectangle: _Rectangle, inset: int, width: int) -> None:
    left, top, right, bottom = (
        edge + sign * inset for edge, sign in zip(rectangle, (1, 1, -1, -1), strict=True)
    )
    for start, stop in _dashes(left, right, width):
        for y in (top, bottom - width):
            canvas.rectangle((start, y, stop - 1, y + width - 1), fill=_DARK)
    for start, stop in _dashes(top, bottom, width):
        for x in (left, right - width):
            canvas.rectangle((x, start, x + width - 1, stop - 1), fill=_DARK)


def _dashes(start: int, stop: int, width: int) -> list[tuple[int, int]]:
    """Space dashes evenly, with one at either end so that the corners are drawn."""
    dash = min(4 * width, stop - start)
    # Dashes of four line widths and gaps of about three.
    gaps = round((stop - start - dash) / (7 * width))
    step = (stop - start - dash) / gaps if gaps else 0
    return [(start + round(i * step), start + round(i * step) + dash) for i in range(gaps + 1)]


def _place_badges(image: Image.Image, frames: Sequence[tuple[_Rectangle, str]], scale: int) -> None:
    """Give every frame its badge, on the first of its corners and edges where it hides no other badge."""
    lettering = Lettering(round(_BADGE * scale * _SMOOTHING), bold=True)
    placed: list[_Point] = []
    for rectangle, label in frames:
        badge = _draw_badge(label, lettering)
        spots = [_clamped(spot, badge.size, image.size) for spot in _spots(rectangle)]
        # Spots at this distance from all others are equally good, so that the first of them is taken.
        clear = 1.1 * badge.width
        spot = max(spots, key=lambda spot: min([clear, *(math.dist(spot, other) for other in placed)]))
        placed.append(spot)
        corner = (round(spot[0] - badge.width / 2), round(spot[1] - badge.height / 2))
        image.paste(badge, corner, badge)


def _spots(rectangle: _Rectangle) -> list[_Point]:
    left, top, right, bottom = rectangle
    across, down = (left + right) / 2, (top + bottom) / 2
    # Corners first, since of equally good spots the first is taken.
    corners = list(product((left, right), (top, bottom)))
    return [*corners, (across, top), (across, bottom), (left, down), (right, down)]


def _clamped(spot: _Point, size: tuple[int, int], bounds: tuple[int, int]) -> _Point:
    x, y = (
        min(max(centre, extent / 2), bound - extent / 2)
        for centre, extent, bound in zip(spot, size, bounds, strict=True)
    )
    return x, y


def _draw_badge(label: str, lettering: Lettering) -> Image.Image:
    """Draw a label in a round white badge with a dark rim; transparent around it (RGBA)."""
    height = round(1.25 * lettering.size)
    width = max(height, round(lettering.length(label) + 0.7 * lettering.size))
    badge = Image.new("RGBA", (width, height), (255, 255, 255, 0))
    canvas = ImageDraw.Draw(badge)
    box = (0, 0, width - 1, height - 1)
    canvas.rounded_rectangle(box, height / 2, fill="white", outline=_DARK, width=round(0.07 * lettering.size))
    # STIX's digits are 0.68 em high: so their middle is that of the badge.
    at = (width / 2, height / 2 + 0.34 * lettering.size)
    lettering.draw(canvas, at, label, _DARK, "centre")
    return badge.resize((width // _SMOOTHING, height // _SMOOTHING), Image.Resampling.BOX)
