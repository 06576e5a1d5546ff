"""A leopard in profile, walking right, its face towards the viewer; its paws are at y = 65."""

from __future__ import annotations

from collections.abc import Sequence
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
    scatter,
    smooth,
    stripe,
    turned,
    varied,
)

_COATS: tuple[Colour, ...] = (
    (222, 168, 92),
    (208, 150, 78),
    (230, 184, 116),
    (196, 146, 90),
    (214, 160, 104),
)
_CREAM: Colour = (246, 234, 210)
_SPOT: Colour = (46, 32, 26)
_NECK: Pair = (80, 21)
_SKULL: Pair = (88, 14)


@dataclass(frozen=True)
class _Pose:
    """Swings of the legs in degrees (near and far, fore and hind), the curl of the tail, the head's turn."""

    swings: tuple[float, float, float, float]
    curl: float
    droop: float
    turn: float
    tilt: float

    def face(self, points: Points) -> Points:
        """The head lowered by ``droop`` about the neck and tilted about its own middle."""
        return rotated(rotated(points, self.tilt, _SKULL), self.droop, _NECK)


def sketch_leopard(rng: np.random.Generator) -> Sketch:
    """A leopard whose coat, rosettes, stride, tail and head differ from one to the next."""
    stride = float(pick((rng.uniform(-3, 3), rng.uniform(9, 19), rng.uniform(-19, -9)), rng))
    sway = float(rng.uniform(0.7, 1.0))
    droop = float(rng.uniform(-8, 24))
    pose = _Pose(
        # Crosswise, as in a walk: the near foreleg goes with the far hindleg.
        swings=(stride, -sway * stride - 4, -sway * stride, stride + 5),
        curl=float(rng.uniform(-12, 26)),
        droop=droop,
        turn=float(rng.uniform(0, 3)),
        # Against the neck: however low the head is, the eyes stay nearly level.
        tilt=float(rng.uniform(-9, 9)) - 0.8 * droop,
    )
    coat = varied(pick(_COATS, rng), 10, rng)
    far = darker(coat, 0.3)
    body = (
        _tail(pose, coat, rng),
        _foreleg(pose.swings[1], far, (5, -1.5), rng),
        _hindleg(pose.swings[3], far, (6, -1.5), rng),
        _trunk(coat, rng),
        _hindleg(pose.swings[2], coat, (0, 0), rng),
        _foreleg(pose.swings[0], coat, (0, 0), rng),
    )
    return Sketch(body, _head(pose, coat, rng), grounded=True)


def _trunk(coat: Colour, rng: np.random.Generator) -> Part:
    spine = [(17.0, 31.0), (28.0, 28.5), (42.0, 29.5), (56.0, 30.0), (68.0, 28.5), (77.0, 23.0), (84.0, 18.0)]
    radii = [11.0, 12.2, 12.0, 12.6, 12.6, 10.0, 8.5]
    belly = Mark((stripe(spine, radii, 0.5, 1.4),), _CREAM, 0.75, 2.4)
    back = Mark((stripe(spine, radii, -1.4, -0.55),), darker(coat, 0.45), 0.4, 2.6)
    return Part(
        (limb(spine, radii),),
        coat,
        darker(coat, 0.62),
        marks=(back, belly, *_rosettes(spine, radii, coat, rng)),
        relief=0.5,
        grain=0.1,
    )


def _rosettes(
    spine: Sequence[Pair], radii: Sequence[float], coat: Colour, rng: np.random.Generator
) -> tuple[Mark, Mark]:
    """Broken dark rings with a browner middle, flattened towards the back and the belly."""
    middles: list[Points] = []
    rings: list[Points] = []
    for centre, height in scatter(spine, radii, 6.4, rng):
        if height > 0.72:
            rings.append(_blot(centre, float(rng.uniform(0.9, 1.4)), rng))
            continue
        size = float(rng.uniform(2.0, 2.6))
        # As a circle on a cylinder looks from the side; at its edge it would be a line.
        flat = max(0.55, (1 - height * height) ** 0.5)
        middles.append(ellipse(centre, (size, size * flat), corners=16))
        rings.extend(_ring(centre, size, flat, rng))
    return Mark(tuple(middles), darker(coat, 0.38), 0.75, 0.5), Mark(tuple(rings), _SPOT, 0.94, 0.12)


def _ring(centre: Pair, size: float, flat: float, rng: np.random.Generator) -> list[Points]:
    """The dark blots, three to five, around a rosette; there are gaps between them."""
    count = int(rng.integers(3, 6))
    start = float(rng.uniform(0, 360))
    arcs: list[Points] = []
    for blot in range(count):
        angle = start + 360 * blot / count
        reach = 360 / count * float(rng.uniform(0.2, 0.3))
        arc = turned([(centre[0] + size, centre[1])], angle - reach, centre)
        arc += turned([(centre[0] + size * 1.08, centre[1])], angle, centre)
        arc += turned([(centre[0] + size, centre[1])], angle + reach, centre)
        first, second, third = rng.uniform((0.45, 0.75, 0.45), (0.75, 1.0, 0.75))
        thick = [float(first), float(second), float(third)]
        outline = limb(arc, thick)
        arcs.append((outline - centre) * (1.0, flat) + centre)
    return arcs


def _blot(centre: Pair, size: float, rng: np.random.Generator) -> Points:
    wide, high = size * float(rng.uniform(0.8, 1.25)), size * float(rng.uniform(0.7, 1.0))
    return ellipse(centre, (wide, high), float(rng.uniform(0, 180)), corners=14)


def _spots(
    spine: Sequence[Pair], radii: Sequence[float], spacing: float, size: float, rng: np.random.Generator
) -> Mark:
    """Solid spots along a limb, smaller where it is thinner."""
    centres = [centre for centre, _ in scatter(spine, radii, spacing, rng)]
    widest, thinnest = size, 0.6 * size
    sizes = np.linspace(widest, thinnest, len(centres))
    blots = tuple(_blot(centre, float(s), rng) for centre, s in zip(centres, sizes, strict=True))
    return Mark(blots, _SPOT, 0.92, 0.12)


def _hindleg(swing: float, coat: Colour, shift: Pair, rng: np.random.Generator) -> Part:
    dx, dy = shift
    hip: Pair = (18 + dx, 32 + dy)
    bones = [hip, (21 + dx, 42 + dy), (15.5 + dx, 52 + dy), (17 + dx, 61 + dy)]
    spine = turned(bones, swing, hip)
    radii = [10.5, 7.2, 3.7, 3.0]
    return _leg(spine, radii, coat, rng)


def _foreleg(swing: float, coat: Colour, shift: Pair, rng: np.random.Generator) -> Part:
    dx, dy = shift
    shoulder: Pair = (70 + dx, 31 + dy)
    bones = [shoulder, (68.5 + dx, 43 + dy), (70 + dx, 53 + dy), (70.5 + dx, 61 + dy)]
    spine = turned(bones, swing, shoulder)
    radii = [9.0, 5.8, 3.9, 3.2]
    return _leg(spine, radii, coat, rng)


def _leg(spine: list[Pair], radii: list[float], coat: Colour, rng: np.random.Generator) -> Part:
    ankle = spine[-1]
    paw = limb([ankle, (ankle[0] + 3.4, ankle[1] + 1.2)], [3.0, 2.7])
    toes = tuple(
        limb([(ankle[0] + x, ankle[1] + 1.8), (ankle[0] + x + 0.2, ankle[1] + 3.6)], [0.22, 0.22])
        for x in (2.6, 4.4)
    )
    pale = Mark((ellipse((ankle[0] + 2, ankle[1] + 1.6), (5.5, 4)),), mixed(coat, _CREAM, 0.7), 0.7, 1.4)
    edge = darker(coat, 0.42)
    spots = _spots(spine, [0.85 * radius for radius in radii], 4.4, 1.75, rng)
    marks = (pale, spots, Mark(toes, darker(coat, 0.7), 0.8))
    return Part((limb(spine, radii), paw), coat, edge, 0.25, marks, 0.4, 0.1)


def _tail(pose: _Pose, coat: Colour, rng: np.random.Generator) -> Part:
    lift = pose.curl
    spine: list[Pair] = [
        (14, 28),
        (5, 32 + 0.05 * lift),
        (-3, 42 - 0.2 * lift),
        (-12, 48 - 0.55 * lift),
        (-20, 45 - lift),
        (-24, 38 - 1.2 * lift),
    ]
    radii = [4.0, 3.1, 2.8, 2.7, 2.7, 2.1]
    x, y = spine[-1]
    tip = Mark((ellipse((x, y), (5, 6.5)),), _SPOT, 0.9, 0.8)
    pale = Mark((stripe(spine, radii, 0.4, 1.4),), _CREAM, 0.6, 0.8)
    spots = _spots(spine, [0.8 * radius for radius in radii], 3.4, 1.35, rng)
    return Part((limb(spine, radii),), coat, darker(coat, 0.6), 0.6, (pale, spots, tip), 0.4, 0.1)


def _head(pose: _Pose, coat: Colour, rng: np.random.Generator) -> tuple[Part, ...]:
    x, y = _SKULL
    edge = darker(coat, 0.62)
    ears = tuple(_ear(pose, (x + side * 7.2 + 0.3 * pose.turn, y - 7.6), coat) for side in (-1, 1))
    skull = pose.face(ellipse((x, y), (10.2, 9.6)))
    jowls = pose.face(ellipse((x + 0.6 * pose.turn, y + 5), (8.0, 6.4)))
    return (*ears, Part((skull, jowls), coat, edge, 0.6, _face(pose, coat, rng), 0.42, 0.08))


def _ear(pose: _Pose, centre: Pair, coat: Colour) -> Part:
    outer = pose.face(ellipse(centre, (3.7, 3.9)))
    inner = pose.face(ellipse((centre[0], centre[1] + 0.9), (2.2, 2.4)))
    marks = (Mark((inner,), mixed(_CREAM, (214, 150, 130), 0.45), 0.9, 0.4),)
    return Part((outer,), darker(coat, 0.45), darker(coat, 0.8), 0.5, marks, 0.3)


def _face(pose: _Pose, coat: Colour, rng: np.random.Generator) -> tuple[Mark, ...]:
    """Eyes, nose, mouth, whisker spots and forehead; the middle of the face moves with the head's turn."""
    x, y = _SKULL[0] + pose.turn, _SKULL[1]

    def oval(dx: float, dy: float, wide: float, high: float, tilt: float = 0.0) -> Points:
        return pose.face(ellipse((x + dx, y + dy), (wide, high), tilt, corners=24))

    def line(*points: Pair) -> Points:
        return pose.face(limb([(x + dx, y + dy) for dx, dy in points], [0.32] * len(points)))

    iris = mixed((236, 190, 70), (150, 176, 96), float(rng.uniform(0, 1)))
    sides = (-1, 1)
    whiskers = ((3.2, 5.2), (4.6, 5.8), (3.6, 6.9))
    dots = tuple(oval(side * dx, dy, 0.34, 0.34) for side in sides for dx, dy in whiskers)
    nose = pose.face(smooth([(x - 2.0, y + 2.9), (x, y + 2.5), (x + 2.0, y + 2.9), (x, y + 5.0)]))
    mouth = (
        line((0, 4.6), (0, 6.6)),
        line((0, 6.6), (-1.7, 7.9), (-3.6, 7.4)),
        line((0, 6.6), (1.7, 7.9), (3.6, 7.4)),
    )
    return (
        Mark(tuple(oval(s * 2.5, 6.2, 3.7, 3.0) for s in sides), _CREAM, 0.92, 0.5),
        Mark((oval(0, 9.6, 3.2, 2.0),), _CREAM, 0.9, 0.5),
        Mark((oval(0, 0.6, 1.7, 3.6),), darker(coat, 0.2), 0.6, 0.9),
        Mark(tuple(oval(s * 4.0, -3.2, 2.0, 0.9, -s * 12) for s in sides), _CREAM, 0.7, 0.4),
        Mark(_freckles(pose, rng), _SPOT, 0.9, 0.1),
        Mark(tuple(oval(s * 4.0, -0.6, 2.5, 1.9, s * 14) for s in sides), INK, 0.95, 0.1),
        Mark(tuple(oval(s * 4.0, -0.6, 1.7, 1.4) for s in sides), iris),
        Mark(tuple(oval(s * 4.0, -0.6, 0.75, 1.0) for s in sides), INK),
        Mark(tuple(oval(s * 4.0 + 0.5, -1.1, 0.4, 0.4) for s in sides), WHITE),
        Mark(tuple(line((s * 2.5, 0.6), (s * 2.2, 2.4), (s * 2.9, 4.2)) for s in sides), _SPOT, 0.7, 0.1),
        Mark((nose,), mixed(INK, (170, 96, 88), 0.4)),
        Mark((*mouth, *dots), INK, 0.85),
    )


def _freckles(pose: _Pose, rng: np.random.Generator) -> tuple[Points, ...]:
    """The small spots of forehead and cheeks, in rows as even as nature has them."""
    x, y = _SKULL
    rows = ((-6.8, 3.6, 4), (-4.8, 5.6, 5), (1.6, 8.6, 2), (3.8, 8.2, 2))
    spots: list[Points] = []
    for down, reach, count in rows:
        for across in np.linspace(-reach, reach, count):
            centre = (
                x + 0.6 * pose.turn + float(across + rng.uniform(-0.4, 0.4)),
                y + down + float(rng.uniform(-0.4, 0.4)),
            )
            spots.append(pose.face(_blot(centre, float(rng.uniform(0.6, 0.95)), rng)))
    return tuple(spots)
