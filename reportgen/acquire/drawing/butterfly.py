"""A butterfly seen from above, wings spread, head up, about 100 units wide, centred at (0, 0)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from reportgen.acquire.drawing.outline import (
    INK,
    WHITE,
    Colour,
    Mark,
    Pair,
    Part,
    Points,
    Sketch,
    darker,
    ellipse,
    limb,
    mixed,
    pick,
    rotated,
    smooth,
    varied,
)

_ROOT: Pair = (2.0, -5.0)
_FORE_SHAPES: tuple[tuple[Pair, ...], ...] = (
    ((2, -8), (16, -25), (33, -37), (46, -39), (49, -33), (45, -21), (40, -9), (28, -1), (12, 1), (2, -1)),
    ((2, -8), (14, -28), (30, -42), (44, -42), (45, -34), (39, -22), (38, -8), (27, 2), (12, 3), (2, -1)),
    ((2, -7), (18, -20), (36, -29), (50, -27), (51, -20), (45, -11), (41, -2), (28, 4), (12, 3), (2, -1)),
)
_HIND_SHAPES: tuple[tuple[Pair, ...], ...] = (
    ((2, -3), (14, -3), (30, -2), (39, 6), (40, 17), (34, 28), (24, 34), (13, 30), (6, 18)),
    ((2, -3), (14, -2), (29, 0), (37, 9), (35, 20), (29, 27), (27, 38), (22, 44), (20, 32), (9, 25), (5, 14)),
    ((2, -3), (14, -2), (29, 1), (36, 8), (37, 18), (30, 25), (21, 27), (11, 24), (5, 15)),
)
_DYES: tuple[tuple[Colour, Colour], ...] = (
    ((232, 116, 28), (248, 178, 60)),
    ((44, 108, 214), (96, 190, 240)),
    ((244, 206, 52), (250, 232, 130)),
    ((196, 52, 44), (240, 128, 66)),
    ((126, 72, 176), (206, 140, 220)),
    ((56, 156, 112), (156, 216, 140)),
    ((238, 234, 218), (250, 246, 236)),
)
_BORDERS: tuple[Colour, ...] = ((30, 22, 22), (48, 32, 26), (24, 26, 48))


@dataclass(frozen=True)
class _Wing:
    """The right wing of a pair: its outline, and what all four wings of a butterfly share."""

    outline: Points
    border: Colour
    dye: Colour
    glow: Colour
    depth: float

    @property
    def centre(self) -> Pair:
        """The middle of the wing."""
        x, y = self.outline.mean(axis=0)
        return float(x), float(y)

    def shrunk(self, share: float) -> Points:
        """The outline drawn in towards a point between root and middle, to this share of its size."""
        x, y = self.centre
        about = np.array([0.75 * x + 0.25 * _ROOT[0], 0.75 * y + 0.25 * _ROOT[1]])
        drawn_in: Points = (self.outline - about) * share + about
        return drawn_in


def sketch_butterfly(rng: np.random.Generator) -> Sketch:
    """A butterfly whose wings, colours, spots, spread and tilt differ from one to the next."""
    dye, glow = pick(_DYES, rng)
    dye, glow, border = varied(dye, 14, rng), varied(glow, 12, rng), varied(pick(_BORDERS, rng), 6, rng)
    depth = float(rng.uniform(0.76, 0.88))
    fore = _Wing(_shaped(pick(_FORE_SHAPES, rng), rng), border, dye, glow, depth)
    hind_dye = mixed(dye, glow, float(rng.uniform(0, 0.7)))
    hind = _Wing(_shaped(pick(_HIND_SHAPES, rng), rng), border, hind_dye, glow, depth)
    sweep = float(rng.uniform(-10, 8))
    spread = (float(rng.uniform(0.7, 1.0)), 1.0)
    # One side is foreshortened, as if the butterfly were tilted: either of them as often.
    spread = spread if rng.integers(2) else (spread[1], spread[0])
    patterns = _pattern(hind, rng, eyed=bool(rng.random() < 0.6)), _pattern(fore, rng, eyed=False)
    wings = [
        _spread(wing, marks, (side * wide, 1.0), turn)
        # The hind wings first, for the fore wings lie over them.
        for wing, marks, turn in ((hind, patterns[0], -0.6 * sweep), (fore, patterns[1], sweep))
        for side, wide in zip((-1, 1), spread, strict=True)
    ]
    coat = varied(mixed(border, dye, 0.2), 6, rng)
    return Sketch((*wings, *_trunk(coat)), _head(coat, rng), grounded=False)


def _shaped(corners: tuple[Pair, ...], rng: np.random.Generator) -> Points:
    """The outline of a wing, each butterfly's a little different; the wing is scalloped by a touch."""
    shape = np.array(corners, dtype=np.float64)
    # Not the ends, where the wing joins the body.
    shape[1:-1] += rng.uniform(-1.3, 1.3, (len(shape) - 2, 2))
    return smooth(shape * float(rng.uniform(0.93, 1.05)))


def _pattern(wing: _Wing, rng: np.random.Generator, eyed: bool) -> tuple[Mark, ...]:
    """The coloured field inside the dark border, veins across it, pale spots along the margin."""
    field = wing.shrunk(wing.depth)
    inner = wing.shrunk(wing.depth * 0.6)
    shade = Mark((ellipse(_ROOT, (13, 13)),), darker(wing.dye, 0.6), 0.55, 4.0)
    marks = [Mark((field,), wing.dye, 1.0, 0.5), Mark((inner,), wing.glow, 0.8, 3.5), shade]
    marks.append(Mark(_veins(wing), wing.border, 0.85, 0.1))
    marks.extend(_margin(wing, mixed(wing.glow, WHITE, 0.75), rng))
    if eyed:
        marks.extend(_eyespot(wing, rng))
    return tuple(marks)


def _margin(wing: _Wing, colour: Colour, rng: np.random.Generator) -> list[Mark]:
    """A row of spots in the border, where the wing is farthest from its root; some have a second row."""
    size = float(rng.uniform(0.9, 1.35))
    rows = (0.5 * (1 + wing.depth),) if rng.integers(2) else (0.54 + 0.46 * wing.depth, 0.95 * wing.depth)
    marks: list[Mark] = []
    for row, share in enumerate(rows):
        edge = wing.shrunk(share)[_outer(wing)]
        # The second row begins two points further on, between the spots of the first.
        centres = [(float(x), float(y)) for x, y in edge[2 + 2 * row :: 5]]
        spots = tuple(ellipse(centre, (size, size), corners=16) for centre in centres)
        marks.append(Mark(spots, colour, 0.95, 0.1))
    return marks


def _outer(wing: _Wing) -> slice:
    """The stretch of the outline that is not near the root."""
    far = np.flatnonzero(_distance(wing.outline) > 0.62 * _distance(wing.outline).max())
    return slice(int(far[0]), int(far[-1]) + 1)


def _distance(points: Points) -> Points:
    across = points - _ROOT
    distance: Points = np.sqrt(across[:, 0] ** 2 + across[:, 1] ** 2)
    return distance


def _veins(wing: _Wing) -> tuple[Points, ...]:
    """Veins that fan out from the root to the margin, each bent a little."""
    margin = wing.outline[_outer(wing)]
    ends = margin[:: max(1, len(margin) // 6)][1:]
    cx, cy = wing.centre
    veins = []
    for x, y in ends:
        middle = (0.35 * _ROOT[0] + 0.35 * float(x) + 0.3 * cx, 0.35 * _ROOT[1] + 0.35 * float(y) + 0.3 * cy)
        veins.append(limb([_ROOT, middle, (float(x), float(y))], [0.75, 0.42, 0.4]))
    return tuple(veins)


def _eyespot(wing: _Wing, rng: np.random.Generator) -> tuple[Mark, ...]:
    x, y = wing.centre
    away = math.hypot(x - _ROOT[0], y - _ROOT[1])
    reach = 5.5 / away
    centre = (x + reach * (x - _ROOT[0]), y + reach * (y - _ROOT[1]))
    size = float(rng.uniform(3.2, 4.6))
    rings = ((1.0, wing.border), (0.74, mixed(wing.glow, WHITE, 0.35)), (0.48, wing.border))
    marks = [Mark((ellipse(centre, (size * s, size * s), corners=24),), colour) for s, colour in rings]
    glint = (centre[0] - 0.15 * size, centre[1] - 0.15 * size)
    light = ellipse(glint, (0.16 * size, 0.16 * size), corners=12)
    return (*marks, Mark((light,), WHITE))


def _spread(wing: _Wing, marks: tuple[Mark, ...], stretch: Pair, turn: float) -> Part:
    """The wing as a part on its side of the body, foreshortened and swept forward by ``turn`` degrees."""

    def moved(outline: Points) -> Points:
        return rotated(outline, turn, _ROOT) * stretch

    moved_marks = tuple(
        Mark(tuple(moved(outline) for outline in mark.outlines), mark.colour, mark.opacity, mark.blur)
        for mark in marks
    )
    return Part((moved(wing.outline),), wing.border, darker(wing.border, 0.5), 0.5, moved_marks, 0.22, 0.05)


def _trunk(coat: Colour) -> tuple[Part, ...]:
    edge = darker(coat, 0.6)
    tail = [(0.0, 2.0), (0.0, 10.0), (0.0, 20.0), (0.0, 26.0)]
    rings = tuple(limb([(-3, y), (0, y + 0.7), (3, y)], [0.35, 0.35, 0.35]) for y in (6, 10, 14, 18, 22))
    pale = mixed(coat, WHITE, 0.45)
    banded = (Mark(rings, pale, 0.6),)
    abdomen = Part((limb(tail, [2.6, 2.9, 2.2, 1.0]),), mixed(coat, WHITE, 0.12), edge, 0.4, banded)
    fluff = Mark((ellipse((0, -5), (1.8, 4)),), pale, 0.6, 1.2)
    thorax = Part((ellipse((0, -4), (3.7, 7.2)),), mixed(coat, WHITE, 0.15), edge, 0.4, (fluff,), 0.5, 0.2)
    return abdomen, thorax


def _head(coat: Colour, rng: np.random.Generator) -> tuple[Part, ...]:
    reach, bend = float(rng.uniform(9, 15)), float(rng.uniform(15, 21))
    feelers: list[Points] = []
    for side in (-1, 1):
        tip = (side * reach, -13.5 - bend)
        middle = (side * 0.4 * reach, -14 - 0.55 * bend)
        feelers.append(limb([(side * 1.2, -14), middle, tip], [0.6, 0.5, 0.5]))
        feelers.append(ellipse(tip, (1.3, 1.7), side * 30, corners=20))
    dark = darker(coat, 0.5)
    eyes = tuple(ellipse((side * 2.5, -13.4), (1.3, 1.6), corners=20) for side in (-1, 1))
    lights = tuple(ellipse((side * 2.4, -14.0), (0.45, 0.45), corners=12) for side in (-1, 1))
    skull = ellipse((0, -12.8), (3.0, 3.1))
    return (
        Part(tuple(feelers), dark, dark, 0.25, relief=0.0),
        Part((skull,), mixed(coat, WHITE, 0.2), darker(coat, 0.6), 0.4),
        Part(eyes, INK, INK, 0.1, (Mark(lights, WHITE, 0.9),), 0.2),
    )
