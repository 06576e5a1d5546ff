"""Painting the parts of a sketch on a layer, with light and shade."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from reportgen.acquire.drawing.layer import Layer, Pixels, Window, blurred, coverage, window_around
from reportgen.acquire.drawing.outline import Pair
from reportgen.acquire.drawing.sketch import Mark, Part, Placement


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
        reach = max(1.0, 0.2 * _thickness(fill))
        pad = round(2 * reach) + 1
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
