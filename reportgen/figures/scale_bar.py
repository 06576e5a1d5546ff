"""The strip under a picture that says which colour stands for which number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw

from reportgen.figures.colour import Rgb, diverging, grey_to_rgb, sequential
from reportgen.figures.lettering import HAIRLINE, INK, LINE_HEIGHT, Lettering, number_text

_STRIP_HEIGHT = 20
_TICK_LENGTH = 6
_LEAST_GAP = 24


@dataclass(frozen=True)
class ScaleBar:
    """A colour scale from ``low`` to ``high`` in data units, with what the numbers are as its caption.

    ``colours`` names the function of ``colour`` that the tiles were coloured with; ``diverging`` needs
    ``low`` = −``high``. The scale of ``signed_rgb`` is ``grey``.
    """

    low: float
    high: float
    caption: str
    colours: Literal["grey", "sequential", "diverging"] = "sequential"

    def __post_init__(self) -> None:
        if self.colours == "diverging" and self.low != -self.high:
            raise ValueError(f"a diverging scale is symmetric, {self.low} … {self.high} is not")

    @property
    def ticks(self) -> tuple[float, ...]:
        """The numbers written below the strip: the ends, and zero where it lies well between them."""
        zero_is_clear = self.low < 0 < self.high and 0.25 < -self.low / (self.high - self.low) < 0.75
        if zero_is_clear:
            return self.low, 0.0, self.high
        return (self.low, self.high) if self.low < self.high else (self.low,)

    def height(self, width: int, lettering: Lettering) -> int:
        """How many pixels ``draw`` takes, downwards."""
        lines = 1 if self._is_one_line(width, lettering) else 2
        return _STRIP_HEIGHT + _TICK_LENGTH + lines * LINE_HEIGHT

    def strip(self, width: int) -> Rgb:
        """Colour a line of ``width`` pixels, (1, width, 3), from ``low`` to ``high``."""
        values = np.linspace(self.low, self.high, width)[np.newaxis]
        match self.colours:
            case "grey":
                return grey_to_rgb(values, self.low, self.high)
            case "sequential":
                return sequential(values, self.low, self.high)
            case "diverging":
                return diverging(values, self.high)

    def draw(self, sheet: Image.Image, at: tuple[int, int], width: int, lettering: Lettering) -> None:
        """Draw strip, ticks, numbers and caption into ``sheet``, upper left corner ``at`` (x, y).

        The caption stands between the two numbers, or in a line of its own where there are more.
        """
        left, top = at
        canvas = ImageDraw.Draw(sheet)
        foot = top + _STRIP_HEIGHT
        canvas.rectangle((left, top, left + width - 1, foot - 1), outline=HAIRLINE)
        strip = Image.fromarray(self.strip(width - 2))
        sheet.paste(strip.resize((width - 2, _STRIP_HEIGHT - 2)), (left + 1, top + 1))
        baseline = foot + _TICK_LENGTH + 0.75 * LINE_HEIGHT
        for tick in self.ticks:
            x = left + (width - 1) * (tick - self.low) / (self.high - self.low or 1)
            align = "left" if tick == self.low else "right" if tick == self.high else "centre"
            canvas.line((x, foot, x, foot + _TICK_LENGTH - 1), fill=INK)
            lettering.draw(canvas, (x, baseline), number_text(tick), INK, align)
        if not self._is_one_line(width, lettering):
            baseline += LINE_HEIGHT
        caption = lettering.shorten(self.caption, width)
        lettering.draw(canvas, (left + width / 2, baseline), caption, INK, "centre")

    def _is_one_line(self, width: int, lettering: Lettering) -> bool:
        beside = 2 * (max(lettering.length(number_text(tick)) for tick in self.ticks) + _LEAST_GAP)
        return len(self.ticks) == 2 and lettering.length(lettering.legible(self.caption)) + beside <= width
