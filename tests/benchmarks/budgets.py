"""What the sections beyond the assignment's own cost in a build from nothing, beside their budgets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from comparison import BEYOND, OCCLUSION, PANEL, Comparison
from table import verdict

FORWARD = "VGG19 forward"
"""The part of the floor in which budgets are counted: a bare forward pass of each image."""


@dataclass(frozen=True)
class Budget:
    """What stages may take together, as a share of the forward passes of 266 photographs."""

    name: str
    stages: tuple[str, ...]
    share: float

    def missing(self, comparison: Comparison) -> list[str]:
        """Stages that the build did not have: one that has another name now would cost nothing."""
        return [stage for stage in self.stages if stage not in comparison.cold_run.stages]

    def seconds(self, comparison: Comparison) -> float:
        """What they took."""
        return sum(comparison.cold_run.stages[stage] for stage in self.stages)


# They were set as 15, 10 and 45 s on a machine on which the forward passes took 49 s.
BUDGETS = (
    Budget("occlusion", OCCLUSION, 15 / 49),
    Budget("the honesty panel", PANEL, 10 / 49),
    Budget("all sections beyond the assignment's own", BEYOND, 45 / 49),
)


def describe_budgets(comparison: Comparison) -> Iterator[str]:
    """A line on each budget; none where the forward passes were not measured."""
    forward = comparison.floor_parts.get(FORWARD)
    if not forward:
        return
    for budget in BUDGETS:
        if missing := budget.missing(comparison):
            yield f"! {comparison.name}, {budget.name}: not measured, no stage is called {', '.join(missing)}"
            continue
        seconds = budget.seconds(comparison)
        share = seconds / forward
        yield (
            f"{comparison.name}, {budget.name}: {seconds:.1f} s, {share:.2f} of {comparison.images} forward "
            f"passes; goal ≤ {budget.share:.2f}: {verdict(share <= budget.share)}"
        )
