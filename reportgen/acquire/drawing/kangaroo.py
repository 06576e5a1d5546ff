"""A kangaroo in profile, facing right, about 100 units high; its feet are at y = 95."""

from __future__ import annotations

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
    leaf,
    limb,
    mixed,
    pick,
    smooth,
    stripe,
    turned,
    varied,
)

_COATS: tuple[Colour, ...] = ((176, 124, 82), (150, 132, 112), (166, 98, 62), (192, 156, 112), (128, 112, 98))
_CREAM: Colour = (236, 219, 190)
_HIP: Pair = (42, 64)
_NECK: Pair = (66, 27)


@dataclass(frozen=True)
class _Pose:
    lean: float
    nod: float
    reach: float
    tail_lift: float
    knee: float

    def torso(self, *points: Pair) -> list[Pair]:
        """Points of the torso, leaning forward about the hip."""
        return turned(points, self.lean, _HIP)

    def skull(self, *points: Pair) -> list[Pair]:
        """Points of the head, nodding about the neck, which leans with the torso."""
        return self.torso(*turned(points, self.nod, _NECK))


def sketch_kangaroo(rng: np.random.Generator) -> Sketch:
    """A kangaroo whose coat, stance, tail, arms and head differ from one to the next; some have a joey."""
    lean = float(pick((rng.uniform(-10, 12), rng.uniform(-6, 8), rng.uniform(14, 30)), rng))
    pose = _Pose(
        lean=lean,
        # Against the lean: the head stays nearly level.
        nod=float(rng.uniform(-14, 14)) - 0.7 * lean,
        reach=float(rng.uniform(-18, 30)),
        tail_lift=float(rng.uniform(-3, 10)),
        knee=float(rng.uniform(-3, 3)),
    )
    coat = varied(pick(_COATS, rng), 14, rng)
    joey = bool(rng.random() < 0.35)
    body = (
        # From the far side to the near one, each over those before it.
        _arm(pose, mixed(darker(coat, 0.28), WHITE, 0.02), (-3, -1)),
        _leg_far(pose, darker(coat, 0.28)),
        _trunk(pose, coat),
        *(_joey(pose, varied(coat, 10, rng)) if joey else ()),
        *_leg_near(pose, coat),
        _arm(pose, coat, (0, 0)),
    )
    return Sketch(body, _head(pose, coat), grounded=True)


def _trunk(pose: _Pose, coat: Colour) -> Part:
    lift = pose.tail_lift
    spine = [(38, 66), *pose.torso((45, 61), (52, 50), (58, 40), (63, 32), (67, 25))]
    radii = [15, 17, 14, 10.5, 7, 5.5]
    tail_spine = [(42, 66), (27, 78), (12, 88 - 0.4 * lift), (-4, 92 - lift), (-20, 90 - 1.6 * lift)]
    tail_radii = [14, 9.5, 6, 4, 1.6]
    belly = Mark((stripe(spine, radii, 0.35, 1.3),), _CREAM, 0.85, 2.0)
    dusk = Mark((stripe(tail_spine, tail_radii, -1.3, -0.1),), darker(coat, 0.4), 0.55, 2.2)
    tip = Mark((ellipse((-20, 90 - 1.6 * lift), (14, 8)),), darker(coat, 0.6), 0.7, 3.0)
    back = Mark((stripe(spine, radii, -1.3, -0.45),), darker(coat, 0.4), 0.4, 3.0)
    return Part(
        # One silhouette, or a rim would run between trunk and tail.
        (limb(spine, radii), limb(tail_spine, tail_radii)),
        coat,
        darker(coat, 0.62),
        marks=(belly, dusk, tip, back),
        relief=0.5,
        grain=0.14,
    )


def _leg_near(pose: _Pose, coat: Colour) -> tuple[Part, Part]:
    edge = darker(coat, 0.45)
    knee: Pair = (58 + pose.knee, 75)
    shank = limb([knee, (50, 82), (41, 89)], [6.5, 4.6, 3.4])
    foot = limb([(38, 90), (46, 92.6), (58, 92.6), (68, 93.6)], [3.0, 3.2, 2.6, 1.5])
    thigh = limb([(40, 63), (48, 67), knee], [14, 13.5, 7])
    claws = tuple(limb([(64 + 2.5 * k, 93.5), (68 + 2 * k, 94.6)], [0.9, 0.5]) for k in range(2))
    paw = Mark(claws, darker(coat, 0.75))
    sole = Mark((ellipse((58, 95.5), (16, 2.2)),), darker(coat, 0.6), 0.6, 0.8)
    lower = Part((shank, foot), mixed(coat, _CREAM, 0.12), edge, 0.6, (sole, paw), 0.4, 0.12)
    glow = Mark((ellipse((44, 60), (9, 7)),), mixed(coat, WHITE, 0.4), 0.4, 4.0)
    upper = Part((thigh,), coat, mixed(coat, edge, 0.7), 0.45, (glow,), 0.55, 0.14)
    return lower, upper


def _leg_far(pose: _Pose, coat: Colour) -> Part:
    knee: Pair = (63 + pose.knee, 75)
    shank = limb([knee, (56, 82), (49, 88)], [6, 4.4, 3.2])
    foot = limb([(47, 88), (56, 90), (66, 90), (75, 91)], [2.8, 3.0, 2.4, 1.4])
    return Part((shank, foot), coat, darker(coat, 0.5), 0.6, relief=0.35, grain=0.1)


def _arm(pose: _Pose, coat: Colour, shift: Pair) -> Part:
    dx, dy = shift
    shoulder: Pair = (61 - dx, 40 + dy)
    arm = turned(
        [shoulder, (64 - dx, 48 + dy), (71 - dx, 54 + dy), (75 - dx, 55.5 + dy)], -pose.reach, shoulder
    )
    spine = pose.torso(*arm)
    (x, y), (u, v) = spine[-1], spine[-2]
    # Straight on from the last bone, so that the claws point where the paw does.
    tip = (x + 0.9 * (x - u), y + 0.9 * (y - v))
    claws = limb([(x, y), tip], [1.6, 0.5])
    paw = Mark((ellipse((x, y), (4.5, 4.5)),), darker(coat, 0.6), 0.75, 0.9)
    outline = limb(spine, [5.2, 3.4, 2.2, 2.1])
    return Part((outline, claws), coat, darker(coat, 0.5), 0.5, (paw,), 0.45, 0.12)


def _joey(pose: _Pose, coat: Colour) -> tuple[Part, ...]:
    (cx, cy), ear, far_ear, nose, eye = pose.torso((67, 54), (65, 45), (69.5, 45.5), (73, 56.5), (69, 53))
    edge = darker(coat, 0.5)
    ears = Part((leaf((cx - 1.5, cy - 3), ear, 3.2), leaf((cx + 1, cy - 3), far_ear, 3.2)), coat, edge, 0.4)
    skull = Part(
        (ellipse((cx, cy), (4.6, 4.2)), limb([(cx, cy), nose], [3.4, 1.7])), coat, edge, 0.4, grain=0.1
    )
    dark = Part((ellipse(eye, (0.9, 1.0)), ellipse(nose, (0.9, 0.8))), INK, INK, 0.0, relief=0.0)
    pouch = [
        (float(x), float(y))
        for x, y in pose.torso((57, 61), (63, 60.5), (68, 56), (67, 63), (61, 68), (56, 66))
    ]
    flap = Part((smooth(pouch),), mixed(coat, _CREAM, 0.6), darker(coat, 0.35), 0.4, relief=0.4, grain=0.12)
    return ears, skull, dark, flap


def _head(pose: _Pose, coat: Colour) -> tuple[Part, ...]:
    edge = darker(coat, 0.62)
    far = _ear(pose, darker(coat, 0.25), ((70, 13), (71, -8)), (0.7, 0.5))
    near = _ear(pose, coat, ((66, 13), (60, -7)), (1.0, 0.62))
    skull = pose.skull((69, 18.5), (76, 20.5), (83, 24.5), (86, 26))
    face = limb(skull, [8.2, 6.6, 4.2, 3.3])
    throat = limb(pose.skull((64, 27), (68, 22)), [5.8, 6.5])
    (cheek, muzzle, nose, eye, light, lid, lip, corner) = pose.skull(
        (76, 27.5), (85, 29), (87.6, 23.6), (75, 16.6), (75.7, 15.7), (74.8, 16.4), (86, 27.6), (78.5, 26.4)
    )
    marks = (
        Mark((ellipse(cheek, (9, 3.2), pose.lean + pose.nod + 22),), _CREAM, 0.75, 1.2),
        Mark((ellipse(muzzle, (4, 3)),), darker(coat, 0.35), 0.6, 1.0),
        Mark((ellipse(nose, (2.3, 2.3)),), INK, 0.95),
        Mark((limb([corner, lip], [0.35, 0.35]),), darker(coat, 0.75), 0.8),
        Mark((ellipse(lid, (2.6, 2.5)),), darker(coat, 0.65), 0.7, 0.4),
        Mark((ellipse(eye, (1.75, 1.75)),), INK),
        Mark((ellipse(light, (0.6, 0.6)),), WHITE),
    )
    return far, Part((throat, face), coat, edge, 0.6, marks, 0.45, 0.12), near


def _ear(pose: _Pose, coat: Colour, ends: tuple[Pair, Pair], widths: tuple[float, float]) -> Part:
    root, tip = pose.skull(*ends)
    outer: Points = leaf(root, tip, 8.5 * widths[0], 0.45)
    middle = (root[0] + 0.12 * (tip[0] - root[0]), root[1] + 0.12 * (tip[1] - root[1]))
    inner = leaf(
        middle, (root[0] + 0.9 * (tip[0] - root[0]), root[1] + 0.9 * (tip[1] - root[1])), 8.5 * widths[1], 0.5
    )
    pink = Mark((inner,), mixed(coat, (226, 172, 156), 0.6), 0.8, 0.4)
    return Part((outer,), coat, darker(coat, 0.6), 0.5, (pink,), 0.3, 0.1)
