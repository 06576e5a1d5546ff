"""As many images as one likes, quickly: noise, so that every file has its own content."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

LABELS = ("cat", "dog", "owl")
SIDE = 68
"""Pixels: uncompressed that is 14 kB, as much as a Caltech photograph's file."""

_TURN = ("train", "val", "train", "test")
"""Half of the images go to train and a quarter each to val and test."""


def draw_many(out: Path, count: int, seed: int = 11, labels: Sequence[str] = LABELS) -> Path:
    """Draw ``count`` images ``out/<split>/<class>/<number>.png``, at least four a class; returns ``out``."""
    rng = np.random.default_rng(seed)
    for split in set(_TURN):
        for label in labels:
            (out / split / label).mkdir(parents=True)
    for number in range(count):
        label = labels[number % len(labels)]
        split = _TURN[number // len(labels) % len(_TURN)]
        pixels = rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
        pixels[..., number % len(labels) % 3] //= 2  # something to tell the classes by
        Image.fromarray(pixels).save(out / split / label / f"{number:05}.png", compress_level=0)
    return out
