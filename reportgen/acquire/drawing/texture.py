"""Random textures: clouds, fur, grain."""

from __future__ import annotations

import numpy as np
from PIL import Image

from reportgen.acquire.drawing.colour import Colour
from reportgen.acquire.drawing.layer import Pixels
from reportgen.acquire.drawing.sketch import Size


def noise(size: Size, cell: tuple[float, float], rng: np.random.Generator) -> Pixels:
    """Smooth noise (H, W) between -1 and 1 with lumps of ``cell`` pixels' width and height."""
    coarse = max(2, round(size[0] / cell[0])), max(2, round(size[1] / cell[1]))
    lumps = rng.integers(0, 256, (coarse[1], coarse[0]), dtype=np.uint8)
    image = Image.fromarray(lumps).resize(size, Image.Resampling.BICUBIC)
    return np.asarray(image, np.float32) / np.float32(127.5) - 1


def turbulence(size: Size, cell: tuple[float, float], rng: np.random.Generator, octaves: int = 4) -> Pixels:
    """Noise (H, W) between -1 and 1 with lumps of every scale, from ``cell`` down by halves."""
    total = np.zeros((size[1], size[0]), np.float32)
    for octave in range(octaves):
        part = 0.5**octave
        total += np.float32(part) * noise(size, (max(1, cell[0] * part), max(1, cell[1] * part)), rng)
    return total / np.float32(2 - 0.5 ** (octaves - 1))


def gradient(size: Size, top: Colour, bottom: Colour) -> Pixels:
    """Colours (H, W, 3) that change evenly from top to bottom."""
    down = np.linspace(0, 1, size[1])[:, None]
    column = (np.asarray(top) * (1 - down) + np.asarray(bottom) * down).astype(np.float32)
    return np.repeat(column[:, None, :], size[0], axis=1)


def tinted(pixels: Pixels, share: Pixels, colour: Colour) -> Pixels:
    """The colours (H, W, 3) with this share (H, W) of another colour in them."""
    return pixels + (np.asarray(colour, np.float32) - pixels) * share[..., None]
