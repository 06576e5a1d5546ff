"""What the section claims of its numbers."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.outline.section import Claim
from reportgen.sections.transfer.result import Transfer


def decide(numbers: Transfer) -> Iterator[Claim]:
    """Decide each claim by the numbers."""
    yield Claim(
        "frozen_base",
        "Training left every weight of the base unchanged.",
        numbers.frozen_sha256.before == numbers.frozen_sha256.after,
    )
