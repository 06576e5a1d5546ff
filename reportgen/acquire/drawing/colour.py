"""RGB colours, 0 to 255, and how they are mixed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Colour = tuple[float, float, float]
Choice = TypeVar("Choice")

WHITE: Colour = (255, 255, 255)
INK: Colour = (34, 26, 24)


def mixed(first: Colour, second: Colour, share: float) -> Colour:
    """The first colour with this share, 0 to 1, of the second in it."""
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return red, green, blue


def darker(colour: Colour, share: float) -> Colour:
    """The colour with this share of brown-black in it: the tone of an outline."""
    return mixed(colour, INK, share)


def varied(colour: Colour, spread: float, rng: np.random.Generator) -> Colour:
    """The colour, made lighter or darker and slightly shifted in hue, by at most about ``spread``."""
    shift = rng.uniform(-spread, spread)
    red, green, blue = (min(255.0, max(0.0, c + shift + rng.uniform(-spread, spread) / 3)) for c in colour)
    return red, green, blue


def pick(choices: Sequence[Choice], rng: np.random.Generator) -> Choice:
    """One of the choices, each as likely as the other."""
    return choices[int(rng.integers(len(choices)))]
