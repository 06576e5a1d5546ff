"""Backgrounds of the animals: sky, ground, plants and rocks, or a plain background."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from reportgen.acquire.drawing.colour import WHITE, Colour, mixed, pick, varied
from reportgen.acquire.drawing.layer import Pixels
from reportgen.acquire.drawing.outline import Pair, direction
from reportgen.acquire.drawing.plants import (
    Shape,
    acacia,
    blades,
    flowers,
    hills,
    paint_shapes,
    stones,
    trees,
)
from reportgen.acquire.drawing.sketch import Size
from reportgen.acquire.drawing.texture import gradient, noise, tinted, turbulence

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
