"""Grass, flowers, trees, stones and hills as coloured shapes, in pixels of the picture."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageDraw

from reportgen.acquire.drawing.colour import WHITE, Colour, darker, mixed, pick, varied
from reportgen.acquire.drawing.layer import Pixels
from reportgen.acquire.drawing.outline import Pair, Points, direction, ellipse, leaf, limb, smooth, stripe
from reportgen.acquire.drawing.sketch import Size

Shape = tuple[Points, Colour]

_FINE = 2
_PETALS: tuple[Colour, ...] = (
    (240, 236, 230),
    (232, 90, 96),
    (240, 200, 70),
    (180, 120, 210),
    (236, 150, 190),
    (120, 150, 232),
)


def paint_shapes(pixels: Pixels, shapes: Iterable[Shape]) -> Pixels:
    """The picture (H, W, 3) with the shapes painted on it, each over those before it."""
    height, width = pixels.shape[:2]
    image = Image.fromarray(np.rint(np.clip(pixels, 0, 255)).astype(np.uint8))
    image = image.resize((width * _FINE, height * _FINE), Image.Resampling.BILINEAR)
    draw = ImageDraw.Draw(image)
    for outline, (red, green, blue) in shapes:
        fine = np.rint(outline * _FINE).astype(np.int64).ravel().tolist()
        draw.polygon(fine, fill=(round(red), round(green), round(blue)))
    return np.asarray(image.reduce(_FINE), np.float32)


def hills(size: Size, horizon: float, soil: Colour, rng: np.random.Generator) -> list[Shape]:
    """One or two ranges of hills on the horizon, the farther one paler."""
    width, height = size
    shapes: list[Shape] = []
    for distance in range(int(rng.integers(1, 3)), 0, -1):
        tops = horizon - 0.05 * height * distance * rng.uniform(0.2, 1.6, 7)
        ridge = smooth(np.column_stack([np.linspace(-0.1, 1.1, 7) * width, tops]), closed=False)
        foot = np.array([(1.1 * width, horizon + 2), (-0.1 * width, horizon + 2)])
        far = mixed(mixed(soil, (116, 140, 160), 0.35), WHITE, 0.06 + 0.16 * distance)
        shapes.append((np.concatenate([ridge, foot]), far))
    return shapes


def blades(size: Size, horizon: float, colour: Colour, count: int, rng: np.random.Generator) -> list[Shape]:
    """Blades of grass in tufts, longer the nearer they are."""
    width, height = size
    shapes: list[Shape] = []
    depths = np.sort(rng.uniform(0, 1, count // 3))
    for depth in depths:
        x, y = float(rng.uniform(0, width)), horizon + 4 + float(depth) * (height - horizon)
        pale, dark = mixed(colour, WHITE, 0.15), darker(colour, 0.4)
        tone = varied(mixed(pale, dark, float(rng.uniform(0.1, 0.9))), 8, rng)
        for _ in range(3):
            length = height * (0.02 + 0.075 * float(depth)) * float(rng.uniform(0.6, 1.3))
            tip = (x + length * float(rng.uniform(-0.6, 0.6)), y - length)
            shapes.append((leaf((x + float(rng.uniform(-3, 3)), y), tip, 1.0 + 0.13 * length, 0.35), tone))
    return shapes


def flowers(size: Size, horizon: float, rng: np.random.Generator) -> list[Shape]:
    """Flowers of two colours all over the ground, larger the nearer they are."""
    width, height = size
    colours = pick(_PETALS, rng), pick(_PETALS, rng)
    shapes: list[Shape] = []
    for depth in np.sort(rng.uniform(0.02, 1, 34)):
        centre = (float(rng.uniform(0, width)), horizon + float(depth) * (height - horizon))
        radius = height * (0.007 + 0.022 * float(depth))
        stalk = limb([(centre[0], centre[1] + 3 * radius), centre], [0.8, 0.6])
        shapes.append((stalk, (70, 110, 54)))
        shapes.extend(_flower(centre, radius, varied(pick(colours, rng), 14, rng), rng))
    return shapes


def _flower(centre: Pair, radius: float, colour: Colour, rng: np.random.Generator) -> list[Shape]:
    petals = int(rng.integers(5, 8))
    start = float(rng.uniform(0, 360))
    shapes: list[Shape] = []
    for petal in range(petals):
        x, y = direction(start + 360 * petal / petals)
        tip = (centre[0] + radius * x, centre[1] + 0.75 * radius * y)
        tone = darker(colour, 0.15) if petal % 2 else colour
        shapes.append((leaf(centre, tip, 0.75 * radius, 0.65), tone))
    shapes.append((ellipse(centre, (0.3 * radius, 0.25 * radius), corners=12), (232, 184, 60)))
    return shapes


def acacia(size: Size, horizon: float, rng: np.random.Generator) -> list[Shape]:
    """Up to three flat-topped trees far away."""
    shapes: list[Shape] = []
    dark = varied((84, 92, 58), 10, rng)
    for _ in range(int(rng.integers(0, 4))):
        x, tall = float(rng.uniform(0, size[0])), float(rng.uniform(0.1, 0.26)) * size[1]
        top = horizon + 2 - tall
        trunk = limb([(x, horizon + 3), (x + 0.05 * tall, top)], [0.05 * tall, 0.025 * tall])
        shapes.append((trunk, (92, 74, 58)))
        for _ in range(5):
            centre = (x + float(rng.uniform(-0.5, 0.5)) * tall, top + float(rng.uniform(-0.06, 0.1)) * tall)
            shapes.append((ellipse(centre, (0.42 * tall, 0.11 * tall), corners=20), varied(dark, 8, rng)))
    return shapes


def trees(size: Size, horizon: float, rng: np.random.Generator) -> list[Shape]:
    """Trunks that reach out of the picture, the nearer ones thicker and darker."""
    width, height = size
    shapes: list[Shape] = []
    for depth in np.sort(rng.uniform(0, 1, int(rng.integers(5, 9)))):
        near = float(depth)
        x, foot = float(rng.uniform(0, width)), horizon + 4 + near * 0.12 * height
        thick = width * (0.012 + 0.03 * near)
        bark = varied(mixed((140, 128, 104), (74, 60, 48), near), 8, rng)
        lean = float(rng.uniform(-0.06, 0.06)) * width
        trunk = [(x, foot), (x + 0.4 * lean, 0.5 * foot), (x + lean, -10.0)]
        shapes.append((stripe(trunk, [1.5 * thick, 0.85 * thick, 0.75 * thick], -1, 1), bark))
        light = [(px - 0.35 * thick, py) for px, py in trunk]
        shapes.append(
            (stripe(light, [0.4 * thick, 0.25 * thick, 0.2 * thick], -1, 1), mixed(bark, WHITE, 0.12))
        )
    return shapes


def stones(size: Size, horizon: float, soil: Colour, rng: np.random.Generator) -> list[Shape]:
    """Boulders and pebbles, each with a lit top and a shaded foot."""
    width, height = size
    shapes: list[Shape] = []
    for depth in np.sort(rng.uniform(0, 1, int(rng.integers(9, 16)))):
        near = float(depth)
        centre = np.array([float(rng.uniform(0, width)), horizon + near * (height - horizon)])
        radius = height * float(rng.uniform(0.015, 0.05)) * (1 + near)
        grey = varied(mixed(soil, (136, 134, 132), 0.6), 14, rng)
        turns = np.array([direction(45 * corner) for corner in range(8)])
        shape = turns * (1.35, 0.8) * rng.uniform(0.8, 1.15, (8, 1)) * radius
        shape[:, 1] = np.minimum(shape[:, 1], 0.42 * radius)
        shapes.append((smooth(shape * (1.08, 1.0) + centre + (0, 0.18 * radius)), darker(soil, 0.45)))
        shapes.append((smooth(shape + centre), darker(grey, 0.22)))
        shapes.append((smooth(shape * (0.86, 0.66) + centre - (0, 0.2 * radius)), mixed(grey, WHITE, 0.16)))
    return shapes
