"""One picture: an animal in a scene, and the boxes of the animal and of its head."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reportgen.acquire.drawing.layer import (
    Brush,
    Layer,
    Pixels,
    Window,
    blurred,
    coverage,
    extent,
    turbulence,
    window_around,
)
from reportgen.acquire.drawing.outline import Placement, Sketch, ellipse, place
from reportgen.acquire.drawing.scenery import Scene, paint_scene


@dataclass(frozen=True)
class Picture:
    """Colours (H, W, 3) as bytes, and the boxes of everything painted of the animal and of its head."""

    pixels: NDArray[np.uint8]
    animal: Window
    head: Window


def draw_picture(sketch_animal: Callable[[np.random.Generator], Sketch], rng: np.random.Generator) -> Picture:
    """An animal somewhere in a scene, each side of the picture 200 to 400 pixels long."""
    # All draws come from one generator: in another order the same seed gives other pictures.
    width = int(rng.integers(250, 401))
    height = int(rng.integers(200, min(400, round(1.2 * width)) + 1))
    scene = paint_scene((width, height), rng)
    sketch = sketch_animal(rng)
    placement = place(sketch, (width, height), float(rng.uniform(0.28, 0.7)), scene.horizon, rng)
    return paint_picture(sketch, placement, scene, rng)


def paint_picture(sketch: Sketch, placement: Placement, scene: Scene, rng: np.random.Generator) -> Picture:
    """Paint the animal over the scene, and over its own shadow if it stands; then set light and grain.

    Light and grain scale the colours: what is black stays black. The animal and its head must be inside
    the picture, at least in part.
    """
    height, width = scene.pixels.shape[:2]
    brush = Brush(scene.towards_light, turbulence((width, height), (5, 3), rng, octaves=2))
    body, head = Layer((width, height)), Layer((width, height))
    brush.paint(sketch.body, placement, body)
    brush.paint(sketch.head, placement, head)
    # From what was painted and not from the outlines: the boxes are then exact to the pixel.
    animal, face = extent(np.maximum(body.opacity, head.opacity)), head.extent()
    if animal is None or face is None:
        raise ValueError(f"the animal is outside of the picture of {width}×{height} pixels: {placement}")
    ground = _shadowed(scene, body, animal) if sketch.stands else scene.pixels
    pixels = _lit(head.over(body.over(ground)), scene, rng)
    return Picture(np.rint(np.clip(pixels, 0, 255)).astype(np.uint8), animal, face)


def _shadowed(scene: Scene, body: Layer, animal: Window) -> Pixels:
    """The background with a soft shadow under the feet, away from the light."""
    high = animal.bottom - animal.top
    feet = replace(animal, top=animal.bottom - max(1, round(0.16 * high)))
    columns = np.flatnonzero(body.opacity[feet.slices].any(axis=0)) + animal.left
    if columns.size == 0:
        return scene.pixels
    middle, half = float(columns[0] + columns[-1]) / 2, max(4.0, float(columns[-1] - columns[0]) / 2)
    softness = 0.02 * high + 1.5
    centre = (middle - 0.12 * half * scene.towards_light[0], animal.bottom - 0.025 * high)
    shadow = ellipse(centre, (1.12 * half, 0.05 * high + 0.05 * half))
    height, width = scene.pixels.shape[:2]
    window = window_around([shadow], 3 * softness, (width, height))
    if window is None:
        return scene.pixels
    pixels = scene.pixels.copy()
    dark = 0.55 * blurred(coverage([shadow], window), softness)
    pixels[window.slices] *= 1 - dark[..., None]
    return pixels


def _lit(pixels: Pixels, scene: Scene, rng: np.random.Generator) -> Pixels:
    """The whole picture warmer or cooler, brighter towards the light, with the grain of a camera."""
    height, width = pixels.shape[:2]
    warmth, strength = float(rng.uniform(-0.06, 0.06)), float(rng.uniform(0.92, 1.08))
    tint = np.array([1 + warmth, 1.0, 1 - warmth], np.float32) * np.float32(strength)
    down, right = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None, :]
    x, y = scene.towards_light
    slope = 1 + float(rng.uniform(0.02, 0.1)) * (right * x + down * y)
    grain = 1 + 0.02 * rng.uniform(-1, 1, (height, width))
    return pixels * tint * (slope * grain).astype(np.float32)[..., None]
