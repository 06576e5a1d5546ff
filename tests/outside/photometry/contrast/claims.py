"""What the section claims."""

from __future__ import annotations

from collections.abc import Iterator

from photometry.contrast.result import Contrast
from reportgen.outline.section import Claim


def decide(numbers: Contrast) -> Iterator[Claim]:
    """No example image is of one colour."""
    yield Claim("no_blank_image", "No example image is blank.", min(numbers.deviation.values()) > 0)
