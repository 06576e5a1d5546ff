"""How far a number may be from the recomputed one, and why."""

from __future__ import annotations

from dataclasses import dataclass

DRAWN = "drawn and counted in double precision"
DECODED = "decoders of JPEG may differ by one level in 255"
FLOAT32 = "sums of float32 products, in another order"
TRAINED = "rounding grows over hundreds of steps of training"
GATES = "where a ReLU's input is nearly zero, rounding opens or shuts it"
EDGE = "a box may end a pixel or two further where the gradient's energy is spread thinly"

MARGIN = 0.02
"""Of two classes whose probabilities are no further apart than this, either may be the predicted one."""


@dataclass(frozen=True)
class Tolerance:
    """Numbers a, b count as equal if |a − b| ≤ ``atol`` + ``rtol`` · max(|a|, |b|)."""

    rtol: float = 0.0
    atol: float = 0.0

    def equal(self, a: float, b: float) -> bool:
        """Whether two numbers are so close that their difference is not reported."""
        return a == b or abs(a - b) <= self.atol + self.rtol * max(abs(a), abs(b))


@dataclass(frozen=True)
class Rule:
    """The tolerance below the pointers that fit ``pattern``, whose steps are shell patterns.

    In a section's list the pattern begins below the section. ``of_scale``: the relative part is taken of the
    largest number of the array or of the layer, and not of the number itself, which may be zero by
    cancellation.
    """

    pattern: str
    tolerance: Tolerance
    reason: str
    of_scale: bool = False
