"""Sketches: coloured shapes in their own units, and their placement in a picture."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from reportgen.acquire.drawing.colour import Colour
from reportgen.acquire.drawing.outline import Pair, Points, bounds, rotated

Size = tuple[int, int]
"""Width and height in pixels."""


@dataclass(frozen=True)
class Mark:
    """A pattern on a part, seen only inside it: spots, veins, a pale belly. ``blur`` is in sketch units."""

    outlines: tuple[Points, ...]
    colour: Colour
    opacity: float = 1.0
    blur: float = 0.0


@dataclass(frozen=True)
class Part:
    """One silhouette, the union of its outlines, with a darker rim around it.

    ``rim`` is the width of the rim in sketch units, ``relief`` how strongly light and shade model the
    part (0: flat), ``grain`` how strongly its fur or bark shows (0: smooth).
    """

    outlines: tuple[Points, ...]
    colour: Colour
    edge: Colour
    rim: float = 0.7
    marks: tuple[Mark, ...] = ()
    relief: float = 0.5
    grain: float = 0.0


@dataclass(frozen=True)
class Sketch:
    """An animal, about 100 units long. ``head`` is painted over ``body``; ``stands``: on the ground."""

    body: tuple[Part, ...]
    head: tuple[Part, ...]
    stands: bool


@dataclass(frozen=True)
class Placement:
    """Turned by ``angle`` degrees, mirrored if ``flip``, enlarged by ``scale`` and moved by ``offset``."""

    scale: float
    offset: Pair = (0.0, 0.0)
    angle: float = 0.0
    flip: bool = False

    def apply(self, outline: Points) -> Points:
        """From sketch units (N, 2) to pixels (N, 2)."""
        turned = rotated(outline, self.angle, (0.0, 0.0))
        mirror = np.array([-1.0 if self.flip else 1.0, 1.0])
        placed: Points = turned * mirror * self.scale + self.offset
        return placed


def outlines_of(parts: Iterable[Part]) -> list[Points]:
    """Every outline of the parts, without their marks."""
    return [outline for part in parts for outline in part.outlines]


def place(sketch: Sketch, size: Size, share: float, horizon: float, rng: np.random.Generator) -> Placement:
    """Put the animal into a picture, so that its box takes that share of the area, as far as it fits.

    It is mirrored as often as not. One that stands leans by a few degrees and has its feet well below the
    horizon (in pixels from the top); one that does not is turned by up to 40 degrees.
    """
    angle = float(rng.uniform(-4, 4) if sketch.stands else rng.uniform(-40, 40))
    upright = Placement(1.0, angle=angle, flip=bool(rng.integers(2)))
    left, top, right, bottom = bounds(
        upright.apply(outline) for outline in outlines_of((*sketch.body, *sketch.head))
    )
    wide, high = right - left, bottom - top
    width, height = size
    scale = min(math.sqrt(share * width * height / (wide * high)), 0.94 * width / wide, 0.94 * height / high)
    x = rng.uniform(0.02, 0.98) * (width - scale * wide)
    lowest, highest = height - scale * high, min(horizon + 0.12 * height, 0.97 * height) - scale * high
    y = rng.uniform(max(0.0, highest), 0.97 * lowest) if sketch.stands else rng.uniform(0.1, 0.9) * lowest
    offset = (float(x - scale * left), float(y - scale * top))
    return Placement(scale, offset, upright.angle, upright.flip)
