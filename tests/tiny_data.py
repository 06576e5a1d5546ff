"""A data set that is quick to report on, with class names that try to break what prints them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SCRIPT = "<script>alert(1)<script>"
QUOTES = 'o\'neill "the" cat & dog'
ZEBRA = "зебра"
CLASSES = (SCRIPT, QUOTES, ZEBRA)
"""In the order of the report: sorted by code point."""

COUNTS = {"train": 4, "val": 2, "test": 2}
_COLOURS = {SCRIPT: (200, 60, 40), QUOTES: (50, 160, 70), ZEBRA: (40, 80, 200)}


def draw_tiny_data(folder: Path) -> Path:
    """Draw 3 classes × 4/2/2 JPEGs, 96 × 80 pixels: discs, bars and stripes on noise. No two are equal."""
    rng = np.random.default_rng(8)
    for split, count in COUNTS.items():
        for label in CLASSES:
            (folder / split / label).mkdir(parents=True)
            for number in range(count):
                file = folder / split / label / f"{split} {number}.jpg"
                _draw(label, rng).save(file, quality=85)
    return folder


def _draw(label: str, rng: np.random.Generator) -> Image.Image:
    image = Image.fromarray(rng.integers(120, 220, (80, 96, 3), dtype=np.uint8))
    draw = ImageDraw.Draw(image)
    x, y = (int(value) for value in rng.integers(4, 30, 2))
    if label == SCRIPT:
        draw.ellipse((x, y, x + 44, y + 44), fill=_COLOURS[label])
    elif label == QUOTES:
        draw.rectangle((x, y, x + 60, y + 14), fill=_COLOURS[label])
    else:
        for step in range(0, 90, 18):
            draw.line((x + step, 0, step, 80), fill=_COLOURS[label], width=6)
    return image
