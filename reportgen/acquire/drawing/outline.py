"""Colours, outlines, and animals sketched with them: shapes without pixels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Colour = tuple[float, float, float]

Choice = TypeVar("Choice")

WHITE: Colour = (255, 255, 255)

INK: Colour = (34, 26, 24)


def mixed(first: Colour, second: Colour, share: float) -> Colour:
    """The first colour with this share, 0 to 1, of the second in it."""
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return red, green, blue


def darker(colour: Colour, share: float) -> Colour:
    """The colour with this share of brown-black in it: the tone of an outline."""
    return mixed(colour, INK, share)


def varied(colour: Colour, spread: float, rng: np.random.Generator) -> Colour:
    """The colour, made lighter or darker and slightly shifted in hue, by at most about ``spread``."""
    shift = rng.uniform(-spread, spread)
    red, green, blue = (min(255.0, max(0.0, c + shift + rng.uniform(-spread, spread) / 3)) for c in colour)
    return red, green, blue


def pick(choices: Sequence[Choice], rng: np.random.Generator) -> Choice:
    """One of the choices, each as likely as the other."""
    return choices[int(rng.integers(len(choices)))]


Points = NDArray[np.float64]

Pair = tuple[float, float]

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""

_STEPS = 8


def direction(angle: float) -> Pair:
    """Cosine and sine of an angle in degrees.

    Rounded, because the last bit of a cosine differs from one C library to the next, and the same seed
    has to give the same pixels on all of them.
    """
    radians = math.radians(angle)
    return round(math.cos(radians), 9), round(math.sin(radians), 9)


def ellipse(centre: Pair, radii: Pair, tilt: float = 0.0, corners: int = 40) -> Points:
    """An ellipse, tilted by ``tilt`` degrees."""
    turns = np.array([direction(360 * corner / corners) for corner in range(corners)])
    return rotated(turns * radii + centre, tilt, centre)


def smooth(corners: Sequence[Pair] | Points, closed: bool = True) -> Points:
    """A Catmull-Rom curve through the corners (N, D): closed (8 N, D), else open (8 (N - 1) + 1, D)."""
    p = np.asarray(corners, dtype=np.float64)
    if closed:
        before, start, stop, after = np.roll(p, 1, 0), p, np.roll(p, -1, 0), np.roll(p, -2, 0)
    else:
        # The ends twice: the curve then begins and ends in them.
        padded = np.concatenate([p[:1], p, p[-1:]])
        before, start, stop, after = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = (np.arange(_STEPS) / _STEPS)[None, :, None]
    before, start, stop, after = (q[:, None, :] for q in (before, start, stop, after))
    slope = stop - before
    bend = 2 * before - 5 * start + 4 * stop - after
    twist = 3 * start - before - 3 * stop + after
    # The uniform Catmull-Rom spline, by Horner's rule.
    curve = start + 0.5 * t * (slope + t * (bend + t * twist))
    curve = curve.reshape(-1, p.shape[1])
    return curve if closed else np.concatenate([curve, p[-1:]])


def limb(spine: Sequence[Pair], radii: Sequence[float]) -> Points:
    """A rounded limb: a smooth spine, as thick on either side of each of its points as ``radii`` says."""
    centre, radius, normal = _along(spine, radii)
    left, right = centre + normal * radius, centre - normal * radius
    head = _cap(centre[-1], float(radius[-1, 0]), normal[-1])
    foot = _cap(centre[0], float(radius[0, 0]), -normal[0])
    return np.concatenate([left, head, right[::-1], foot])


def stripe(spine: Sequence[Pair], radii: Sequence[float], lower: float, upper: float) -> Points:
    """The part of a limb between two heights across it, -1 (its left side) to 1 (its right side)."""
    centre, radius, normal = _along(spine, radii)
    return np.concatenate([centre - normal * radius * lower, (centre - normal * radius * upper)[::-1]])


def scatter(
    spine: Sequence[Pair], radii: Sequence[float], spacing: float, rng: np.random.Generator
) -> list[tuple[Pair, float]]:
    """Points spread evenly over a limb, slightly at random, each with its height across it, -1 to 1."""
    centre, radius, normal = _along(spine, radii)
    steps = np.diff(centre, axis=0, prepend=centre[:1])
    # Not np.hypot: the C library computes that, each a little otherwise in the last bit; a root is exact
    # everywhere.
    travelled = np.cumsum(np.sqrt(steps[:, 0] ** 2 + steps[:, 1] ** 2))
    points: list[tuple[Pair, float]] = []
    for column in range(round(float(travelled[-1]) / spacing) + 1):
        here = int(np.searchsorted(travelled, column * spacing).clip(0, len(centre) - 1))
        rows = max(1, round(2 * float(radius[here, 0]) / spacing))
        for row in range(rows):
            # Every other column is shifted by half a row: points in a rectangular grid would look printed.
            height = (2 * row + 1 + (0.5 if column % 2 else -0.5)) / rows - 1
            across = float(np.clip(height + rng.uniform(-0.25, 0.25) / rows, -0.95, 0.95))
            x, y = centre[here] - normal[here] * radius[here] * across + rng.uniform(-0.15, 0.15, 2) * spacing
            points.append(((float(x), float(y)), across))
    return points


def leaf(root: Pair, tip: Pair, width: float, fullest: float = 0.5) -> Points:
    """A pointed leaf, at its fullest at that share of its length: an ear, a petal, a blade of grass."""
    along = np.subtract(tip, root)
    across = np.array([-along[1], along[0]]) * (width / (2 * math.sqrt(along[0] ** 2 + along[1] ** 2)))
    middle = root + along * fullest
    side = root + along * (fullest + (1 - fullest) * 0.55)
    near = root + along * fullest * 0.3
    corners = [root, near + 0.7 * across, middle + across, side + 0.75 * across, tip]
    corners += [side - 0.75 * across, middle - across, near - 0.7 * across]
    return smooth(np.array(corners))


def rotated(points: Points, angle: float, about: Pair) -> Points:
    """The points turned by ``angle`` degrees (clockwise on the screen) about a point."""
    cosine, sine = direction(angle)
    x, y = points[:, 0] - about[0], points[:, 1] - about[1]
    return np.stack([about[0] + cosine * x - sine * y, about[1] + sine * x + cosine * y], axis=1)


def turned(pairs: Iterable[Pair], angle: float, about: Pair) -> list[Pair]:
    """The same as :func:`rotated` for a few points given as pairs."""
    return [(float(x), float(y)) for x, y in rotated(np.array(list(pairs)), angle, about)]


def bounds(outlines: Iterable[Points]) -> Box:
    """The smallest box around all the outlines."""
    points = np.concatenate(list(outlines))
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def _along(spine: Sequence[Pair], radii: Sequence[float]) -> tuple[Points, Points, Points]:
    """Centres (N, 2), radii (N, 1) and unit normals (N, 2) along a smooth limb."""
    curve = smooth(np.column_stack([np.asarray(spine, dtype=np.float64), radii]), closed=False)
    # The spline may swing below zero between two small radii.
    centre, radius = curve[:, :2], np.maximum(curve[:, 2:], 0.0)
    ends = np.concatenate([centre[:1], centre, centre[-1:]])
    tangent = ends[2:] - ends[:-2]
    length = np.sqrt(tangent[:, :1] ** 2 + tangent[:, 1:] ** 2)
    # Two points of a spine may be the same.
    normal = np.column_stack([tangent[:, 1], -tangent[:, 0]]) / np.maximum(length, 1e-9)
    return centre, radius, normal


def _cap(centre: Points, radius: float, normal: Points) -> Points:
    """The half circle that closes a limb, from its normal side to the other."""
    ahead = np.array([-normal[1], normal[0]])
    # Without 0 and 180 degrees, which are points of the limb's two sides.
    turns = [direction(angle) for angle in range(20, 180, 20)]
    return np.array([centre + radius * (cosine * normal + sine * ahead) for cosine, sine in turns])


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
    """An animal, about 100 units long. ``head`` is painted over ``body``; ``grounded``: it stands on the
    ground.
    """

    body: tuple[Part, ...]
    head: tuple[Part, ...]
    grounded: bool


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


def place_sketch(
    sketch: Sketch, size: Size, share: float, horizon: float, rng: np.random.Generator
) -> Placement:
    """Put the animal into a picture, so that its box takes that share of the area, as far as it fits.

    It is mirrored as often as not. One on the ground leans by a few degrees and has its feet well below the
    horizon (in pixels from the top); one that does not is turned by up to 40 degrees.
    """
    angle = float(rng.uniform(-4, 4) if sketch.grounded else rng.uniform(-40, 40))
    upright = Placement(1.0, angle=angle, flip=bool(rng.integers(2)))
    left, top, right, bottom = bounds(
        upright.apply(outline) for outline in outlines_of((*sketch.body, *sketch.head))
    )
    wide, high = right - left, bottom - top
    width, height = size
    # A long animal in a narrow picture does not fit at its share of the area.
    scale = min(math.sqrt(share * width * height / (wide * high)), 0.94 * width / wide, 0.94 * height / high)
    x = rng.uniform(0.02, 0.98) * (width - scale * wide)
    lowest, highest = height - scale * high, min(horizon + 0.12 * height, 0.97 * height) - scale * high
    y = rng.uniform(max(0.0, highest), 0.97 * lowest) if sketch.grounded else rng.uniform(0.1, 0.9) * lowest
    offset = (float(x - scale * left), float(y - scale * top))
    return Placement(scale, offset, upright.angle, upright.flip)
