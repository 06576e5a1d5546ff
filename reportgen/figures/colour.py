"""Colour maps, each with a stated range and readable without colour."""

from __future__ import annotations

from typing import Any, Literal

import matplotlib
import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating[Any]] | NDArray[np.integer[Any]]
Rgb = NDArray[np.uint8]

_SIDE = 127
"""Steps on either side of zero in the diverging table: 255 colours, the middle one is zero's."""


def grey_to_rgb(values: Values, low: float, high: float) -> Rgb:
    """Show ``low`` as black and ``high`` as white, linearly, clipped beyond. (H, W) becomes (H, W, 3)."""
    levels = _steps(values, low, high, 255)
    return np.repeat(levels[..., np.newaxis], 3, axis=-1)


def sequential(values: Values, low: float, high: float) -> Rgb:
    """Colour values that have one direction, such as feature maps after a ReLU. (H, W) becomes (H, W, 3).

    The map is cividis: perceptually uniform, made for colour-blind readers, and its lightness rises
    steadily from ``low`` (dark blue) to ``high`` (yellow), so that grey print keeps the order. Values
    beyond are clipped; where ``low`` equals ``high`` everything has the colour of ``low``.
    Raises ``ValueError`` on values or bounds that are not finite, and on ``high`` below ``low``.
    """
    # Integers are taken as indices into the table, floats as shares of it.
    # explore.js, which draws maps in the page, has nine of these colours, and nine of the diverging ones.
    table: Rgb = matplotlib.colormaps["cividis"](np.arange(256), bytes=True)[:, :3]
    return np.take(table, _steps(values, low, high, 255), axis=0)


def diverging(values: Values, limit: float) -> Rgb:
    """Colour signed values from −``limit`` (blue) over 0 (near white) to ``limit`` (red).

    (H, W) becomes (H, W, 3). The colours are those of RdBu, respaced so that lightness falls linearly
    with the magnitude and equally on both sides. In grey print darkness is the magnitude, zero is
    paper-white, and the sign is lost: where it matters, print the number as well (``filters`` does). Values
    beyond are clipped; a limit of 0 shows everything as zero. Raises ``ValueError`` on values or a limit
    that are not finite, and on a negative limit.
    """
    steps = _steps(values, -limit, limit, 2 * _SIDE, flat=_SIDE)
    return np.take(_diverging_table(), steps, axis=0)


def signed_rgb(gradient: Values, limit: float) -> Rgb:
    """Show a gradient with respect to an RGB image as an image, channel by channel.

    (H, W, 3) stays so: zero is mid-grey 128, ±``limit`` are 255 and 0, clipped beyond. A limit of 0
    shows everything as zero. Raises ``ValueError`` as ``diverging`` does.
    """
    # 0 gets 128, too: NumPy rounds 127.5 to the even neighbour.
    return _steps(gradient, -limit, limit, 255, flat=128)


def ink_on(colour: tuple[float, float, float]) -> Literal["black", "white"]:
    """Say which ink has the higher contrast (WCAG 2.1) on a background of sRGB values from 0 to 1."""
    background = float(_luminance(np.asarray(colour)))
    # WCAG adds 0.05 to both luminances, for the light that a screen reflects; black has 0 and white 1.
    return "black" if (background + 0.05) / 0.05 > 1.05 / (background + 0.05) else "white"


def _steps(values: Values, low: float, high: float, last: int, flat: int = 0) -> Rgb:
    """Scale ``low`` … ``high`` to 0 … ``last``; a range of no width becomes ``flat``."""
    if not (np.isfinite(low) and np.isfinite(high) and low <= high):
        raise ValueError(f"{low} … {high} is no range to colour")
    # As bytes they would be colours like any other.
    if not np.isfinite(values).all():
        raise ValueError("values to be coloured are not finite")
    if low == high:
        return np.full(values.shape, flat, np.uint8)
    share = (np.clip(values, low, high) - low) / (high - low)
    steps: Rgb = np.rint(share * last).astype(np.uint8)
    return steps


def _diverging_table() -> Rgb:
    """Pick 255 of RdBu's colours, with lightness equally spaced from either end to the middle."""
    # An odd number, so that the middle of the map is one of its colours.
    fine = matplotlib.colormaps["RdBu_r"].resampled(2001)(np.arange(2001))[:, :3]
    # CIE's lightness goes with the cube root of luminance.
    lightness = np.cbrt(_luminance(fine))
    # Both from the end to the middle, which they share.
    blue, red = lightness[:1001], lightness[:999:-1]
    # From the lighter of the two ends, since both sides have to reach it.
    wanted = np.linspace(max(blue[0], red[0]), min(blue[-1], red[-1]), _SIDE + 1)
    left = np.interp(wanted, blue, np.arange(1001))
    right = 2000 - np.interp(wanted, red, np.arange(1001))
    # Without the middle, which the left half ends with.
    chosen = np.concatenate([left, right[-2::-1]])
    table: Rgb = np.rint(fine[np.rint(chosen).astype(int)] * 255).astype(np.uint8)
    return table


def _luminance(colours: NDArray[np.float64]) -> NDArray[np.float64]:
    """Relative luminance of sRGB values from 0 to 1 (IEC 61966-2-1)."""
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    weighted: NDArray[np.float64] = linear @ np.array([0.2126, 0.7152, 0.0722])
    return weighted
