"""What the section claims."""

from __future__ import annotations

from collections.abc import Iterator

from brightness.result import Brightness
from reportgen.outline.section import Claim


def decide(numbers: Brightness) -> Iterator[Claim]:
    """The class that is named is the brightest."""
    brightest = max(numbers.mean.values())
    yield Claim(
        "brightest_named",
        "The brightest image is the one named.",
        numbers.mean[numbers.brightest] == brightest,
    )
