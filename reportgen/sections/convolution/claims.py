"""What the section claims of its numbers."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.outline.section import Claim
from reportgen.results.initialisation import KAIMING_CLAIM
from reportgen.sections.convolution.result import Convolution


def decide(numbers: Convolution) -> Iterator[Claim]:
    """Decide each claim by the numbers."""
    yield Claim(
        "convolution_shape",
        "The feature map of every image has the size that the formula gives.",
        numbers.matches,
    )
    yield Claim("initialisation", KAIMING_CLAIM, numbers.init_check.plausible)
