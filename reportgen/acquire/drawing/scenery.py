"""Grass, trees, rocks and light: what surrounds an animal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from reportgen.acquire.drawing.layer import Pixels, gradient, noise, tinted, turbulence
from reportgen.acquire.drawing.outline import (
    WHITE,
    Colour,
    Pair,
    Points,
    Size,
    darker,
    direction,
    ellipse,
    leaf,
    limb,
    mixed,
    pick,
    smooth,
    stripe,
    varied,
)

Shape = tuple[Points, Colour]

# Shapes are painted so many times larger and averaged, for Pillow's polygons have steps at their edges.
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
        # Bluish and paler with the distance, as air makes it.
        far = mixed(mixed(soil, (116, 140, 160), 0.35), WHITE, 0.06 + 0.16 * distance)
        shapes.append((np.concatenate([ridge, foot]), far))
    return shapes


def blades(size: Size, horizon: float, colour: Colour, count: int, rng: np.random.Generator) -> list[Shape]:
    """Blades of grass in tufts, longer the nearer they are."""
    width, height = size
    shapes: list[Shape] = []
    # From far to near: what is nearer is painted over what is behind it.
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
        # Flat below, as it lies on the ground.
        shape[:, 1] = np.minimum(shape[:, 1], 0.42 * radius)
        shapes.append((smooth(shape * (1.08, 1.0) + centre + (0, 0.18 * radius)), darker(soil, 0.45)))
        shapes.append((smooth(shape + centre), darker(grey, 0.22)))
        shapes.append((smooth(shape * (0.86, 0.66) + centre - (0, 0.2 * radius)), mixed(grey, WHITE, 0.16)))
    return shapes


_BLUE: tuple[Colour, ...] = ((104, 160, 220), (134, 182, 224), (88, 140, 206), (160, 196, 222))

_DUSK: tuple[Colour, ...] = ((240, 170, 96), (226, 140, 96), (246, 196, 120), (196, 150, 160))

_GREEN: tuple[Colour, ...] = ((112, 152, 66), (134, 164, 84), (92, 136, 70), (150, 168, 92))

_STRAW: tuple[Colour, ...] = ((206, 178, 108), (190, 160, 96), (216, 190, 132), (176, 152, 98))

_EARTH: tuple[Colour, ...] = ((168, 138, 106), (150, 132, 114), (184, 150, 112), (140, 126, 108))

_PLAIN: tuple[Colour, ...] = (
    (150, 178, 196),
    (196, 184, 166),
    (170, 186, 158),
    (188, 170, 190),
    (214, 196, 160),
    (150, 154, 166),
)


@dataclass(frozen=True)
class Scene:
    """A background (H, W, 3), 0 to 255, its horizon in pixels from the top, and where its light is."""

    pixels: Pixels
    horizon: float
    towards_light: Pair


def paint_scene(size: Size, rng: np.random.Generator) -> Scene:
    """One of the eight kinds of background; which one does not depend on the animal."""
    horizon = size[1] * float(rng.uniform(0.4, 0.64))
    # From the image's own generator, as all else: were it the class's, the background would give the class
    # away.
    paint = pick(_SCENES, rng)
    pixels = paint(size, horizon, rng)
    side, height = pick((-1.0, 1.0), rng), float(rng.uniform(40, 75))
    right, up = direction(height)
    return Scene(_softened(pixels, float(rng.uniform(0.5, 1.3))), horizon, (side * right, -up))


def _softened(pixels: Pixels, radius: float) -> Pixels:
    """The background, a little out of focus."""
    image = Image.fromarray(np.rint(np.clip(pixels, 0, 255)).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(radius)), np.float32)


def _land(
    size: Size, horizon: float, skies: tuple[Colour, ...], soils: tuple[Colour, ...], rng: np.random.Generator
) -> tuple[Pixels, Colour]:
    """Sky above the horizon, ground below it, and the ground's colour."""
    sky, soil = varied(pick(skies, rng), 12, rng), varied(pick(soils, rng), 12, rng)
    pixels = gradient(size, sky, mixed(sky, WHITE, 0.6))
    rows = round(horizon)
    ground = gradient((size[0], size[1] - rows), mixed(soil, WHITE, 0.22), mixed(soil, (40, 36, 30), 0.2))
    lumps = turbulence((size[0], size[1] - rows), (60, 14), rng)
    pixels[rows:] = ground * (1 + 0.16 * lumps[..., None])
    return pixels, soil


def _clouded(pixels: Pixels, horizon: float, amount: float, rng: np.random.Generator) -> Pixels:
    """The same with clouds above the horizon, fading towards it."""
    height, width = pixels.shape[:2]
    lumps = turbulence((width, height), (120, 55), rng, octaves=5)
    fading = np.clip((horizon - np.arange(height)) / (0.35 * height), 0, 1)[:, None]
    share = np.clip((lumps + amount) * 2.2, 0, 0.92) * fading
    shaded = mixed(WHITE, (150, 160, 180), float(rng.uniform(0, 0.3)))
    return tinted(pixels, share.astype(np.float32), shaded)


def _meadow(size: Size, horizon: float, rng: np.random.Generator) -> Pixels:
    pixels, soil = _land(size, horizon, _BLUE, _GREEN, rng)
    pixels = _clouded(pixels, horizon, 0.0, rng)
    return paint_shapes(pixels, [*hills(size, horizon, soil, rng), *blades(size, horizon, soil, 170, rng)])


def _flowering(size: Size, horizon: float, rng: np.random.Generator) -> Pixels:
    high = 0.7 * horizon
    pixels, soil = _land(size, high, _BLUE, _GREEN, rng)
    grass: list[Shape] = blades(size, high, soil, 150, rng)
    return paint_shapes(pixels, [*hills(size, high, soil, rng), *grass, *flowers(size, high, rng)])


def _cloudy(size: Size, horizon: float, rng: np.random.Generator) -> Pixels:
    low = max(horizon, 0.6 * size[1])
    pixels, soil = _land(size, low, _BLUE, (*_GREEN, *_STRAW), rng)
    return paint_shapes(_clouded(pixels, low, 0.3, rng), hills(size, low, soil, rng))


def _savanna(size: Size, horizon: float, rng: np.random.Generator) -> Pixels:
    pixels, soil = _land(size, horizon, (*_DUSK, *_BLUE), _STRAW, rng)
    pixels = _sunlit(pixels, horizon, rng)
    shapes = [*hills(size, horizon, soil, rng), *acacia(size, horizon, rng)]
    return paint_shapes(pixels, [*shapes, *blades(size, horizon, soil, 110, rng)])


def _sunlit(pixels: Pixels, horizon: float, rng: np.random.Generator) -> Pixels:
    """The same with a low sun and its glow; nothing below the horizon changes."""
    height, width = pixels.shape[:2]
    x, y = rng.uniform(0.1, 0.9) * width, rng.uniform(0.25, 0.85) * horizon
    radius = rng.uniform(0.05, 0.09) * width
    down, right = np.mgrid[:height, :width].astype(np.float32)
    distance = np.sqrt((right - x) ** 2 + (down - y) ** 2) / radius
    above = (down < horizon).astype(np.float32)
    lit = tinted(pixels, np.clip(1.0 / (1 + 0.22 * distance**2), 0, 0.85) * above, (255, 226, 150))
    return tinted(lit, np.clip((1.0 - distance) * radius, 0, 0.95) * above, (255, 248, 214))


def _rocky(size: Size, horizon: float, rng: np.random.Generator) -> Pixels:
    pixels, soil = _land(size, horizon, (*_BLUE, *_DUSK), _EARTH, rng)
    pixels = _clouded(pixels, horizon, 0.05, rng)
    shapes = [*hills(size, horizon, soil, rng), *stones(size, horizon, soil, rng)]
    return paint_shapes(pixels, [*shapes, *blades(size, horizon, pick(_STRAW, rng), 40, rng)])


def _wooded(size: Size, horizon: float, rng: np.random.Generator) -> Pixels:
    pixels, soil = _land(size, horizon, ((150, 178, 140), (176, 192, 150), (128, 160, 130)), _GREEN, rng)
    leaves = turbulence(size, (46, 40), rng, octaves=5)
    above = np.clip((horizon - np.arange(size[1])) / 12, 0, 1)[:, None]
    pixels = tinted(pixels, (np.clip(0.45 + leaves, 0, 0.85) * above).astype(np.float32), (58, 88, 52))
    shapes = [*trees(size, horizon, rng), *blades(size, horizon, soil, 90, rng)]
    return paint_shapes(pixels, shapes)


def _gradual(size: Size, horizon: float, rng: np.random.Generator) -> Pixels:
    """A painted wall above a plain floor, the edge between them lost in light."""
    wall, floor = varied(pick(_PLAIN, rng), 16, rng), varied(pick(_PLAIN, rng), 16, rng)
    pixels = gradient(size, wall, mixed(wall, WHITE, 0.4))
    share = np.clip((np.arange(size[1]) - horizon) / (0.14 * size[1]) + 0.5, 0, 1)
    pixels = tinted(pixels, np.repeat(share[:, None], size[0], 1).astype(np.float32), floor)
    return pixels * (1 + 0.05 * noise(size, (size[0] / 3, size[1] / 3), rng)[..., None])


def _lumpy(size: Size, horizon: float, rng: np.random.Generator) -> Pixels:
    """Soft blots of two colours, as of foliage far out of focus, over a darker ground."""
    first, second = varied(pick(_PLAIN, rng), 20, rng), varied(pick((*_GREEN, *_DUSK), rng), 16, rng)
    lumps = turbulence(size, (70, 60), rng, octaves=3)
    pixels = tinted(gradient(size, first, mixed(first, WHITE, 0.2)), np.clip(0.5 + lumps, 0, 1), second)
    low = np.clip((np.arange(size[1]) - horizon) / (0.2 * size[1]), 0, 1)[:, None]
    shaded: Pixels = pixels * (1 - 0.14 * low[..., None]).astype(np.float32)
    return shaded


_SCENES: tuple[Callable[[Size, float, np.random.Generator], Pixels], ...] = (
    _meadow,
    _flowering,
    _cloudy,
    _savanna,
    _rocky,
    _wooded,
    _gradual,
    _lumpy,
)
