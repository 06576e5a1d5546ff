"""A build after a change, beside the least it would take, and what is checked of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from comparison import QUIET
from measurement import Run, median_run, parts_of

VGG19 = "VGG19"
STAND_IN = "stand-in"
"""The networks: the real one, and two small layers in its place."""

NOTEBOOK = "the notebook"
"""What a user would do instead: everything again."""


@dataclass(frozen=True)
class Goal:
    """At most so many seconds, or so many times the floor."""

    limit: float
    of_floor: bool = False

    def __str__(self) -> str:
        return f"≤ {self.limit:g} {'×' if self.of_floor else 's'}"


@dataclass(frozen=True)
class Check:
    """A claim on what a build did, and whether it holds; ``seen`` is what was found, for people to read."""

    claim: str
    holds: bool
    seen: str = ""


@dataclass(frozen=True)
class Rebuild:
    """All runs of one kind of build; every number is the median over them.

    ``floor`` has the runs of each part of the floor, of which only the stages count; it is empty where it was
    not measured.
    """

    name: str
    network: str
    images: int
    runs: Sequence[Run]
    floor: Sequence[Sequence[Run]]
    goal: Goal | None = None
    checks: Sequence[Check] = ()

    @property
    def run(self) -> Run:
        """The median run."""
        return median_run(self.runs)

    @property
    def seconds(self) -> float:
        """Wall time from outside."""
        return self.run.around

    @property
    def floor_parts(self) -> dict[str, float]:
        """Seconds of each part of the floor by its title."""
        return parts_of(self.floor)

    @property
    def floor_seconds(self) -> float | None:
        """The least time that this change would take; None if not measured."""
        return sum(self.floor_parts.values()) if self.floor else None

    @property
    def ratio(self) -> float | None:
        """Seconds over floor; None without a floor."""
        return self.seconds / self.floor_seconds if self.floor_seconds else None

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None without one, or without the floor that it needs."""
        if self.goal is None:
            return None
        value = self.ratio if self.goal.of_floor else self.seconds
        return value <= self.goal.limit if value is not None else None

    @property
    def others(self) -> float:
        """The largest share of the processors that others used in any run of rebuild or floor."""
        return max(run.others for runs in (self.runs, *self.floor) for run in runs)

    @property
    def disturbed(self) -> bool:
        """Whether others used so much that times and ratio are not to be relied on."""
        return self.others > QUIET

    def saving(self, notebook: Run | None) -> float | None:
        """How many times as long the notebook takes; None without one, or where it has another network."""
        return notebook.around / self.seconds if notebook and self.network == VGG19 else None


def merge(rounds: Sequence[Sequence[Rebuild]]) -> list[Rebuild]:
    """Several rounds of the same rebuilds as one, with the runs of all; a check holds if it always does."""
    return [
        replace(
            same[0],
            runs=[run for each in same for run in each.runs],
            floor=[
                [run for runs in part for run in runs] for part in zip(*(r.floor for r in same), strict=True)
            ],
            checks=[_always(check) for check in zip(*(each.checks for each in same), strict=True)],
        )
        for same in zip(*rounds, strict=True)
    ]


def _always(checks: Sequence[Check]) -> Check:
    return next((check for check in checks if not check.holds), checks[0])


HEAVY = frozenset({"tensorflow", "keras", "numpy", "matplotlib", "sklearn", "weasyprint"})


def check_imports(imported: Iterable[str], unwanted: Iterable[str] = HEAVY) -> Check:
    """That reportgen is among the imported packages and none of the unwanted ones is."""
    names = set(imported)
    found = sorted(names & set(unwanted))
    holds = not found and "reportgen" in names
    return Check(f"imports none of {', '.join(sorted(unwanted))}", holds, ", ".join(found))


def check_passes(passes: Mapping[str, int], wanted: Mapping[str, int]) -> Check:
    """That the network was run for exactly what was wanted."""
    return Check(
        f"passes through the network: {_counts(wanted)}", dict(passes) == dict(wanted), _counts(passes)
    )


def check_equal(what: str, seen: Any, wanted: Any) -> Check:
    """That something is as wanted."""
    return Check(f"{what}: {wanted}", seen == wanted, str(seen))


def _counts(passes: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(passes.items())) or "none"
