"""What the section claims of its numbers."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.analysis.initialisation import judge_initialisation
from reportgen.outline.section import Claim
from reportgen.sections.conv_stack.result import ConvStack


def decide(numbers: ConvStack) -> Iterator[Claim]:
    """Decide each claim by the numbers."""
    yield Claim(
        "conv_stack_shapes",
        "Both layers of the stack have the output sizes that the formula gives.",
        numbers.matches,
    )
    yield judge_initialisation([layer.init_check for layer in numbers.layers])
