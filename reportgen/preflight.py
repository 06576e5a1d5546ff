"""What can be known to be wrong before anything is computed, found by looking and told in one list."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reportgen.errors import PreflightError, Problem
from reportgen.plan import Plan

EXPLAINED_SHAPE = (14, 14, 512)
"""Rows, columns and channels of the layer of VGG19 whose neurons are explained."""

Check = Callable[[Plan], Iterable[Problem]]
"""Looks at one thing of a plan; what it imports, it imports when it is called, and never TensorFlow."""


def find_problems(plan: Plan) -> list[Problem]:
    """Everything that is wrong with a plan, each once, in the order of :data:`CHECKS`."""
    return list(dict.fromkeys(problem for check in CHECKS for problem in check(plan)))


def refuse_problems(plan: Plan) -> None:
    """Raise ``PreflightError`` with all problems of a plan if there are any."""
    problems = find_problems(plan)
    if problems:
        raise PreflightError(problems)


def check_positions(plan: Plan) -> Iterable[Problem]:
    """The neurons that the settings name by their position lie inside the layer that is explained."""
    for choice in plan.settings.guided_backprop.neurons:
        if not isinstance(choice, str) and any(
            index >= size for index, size in zip(choice, EXPLAINED_SHAPE, strict=True)
        ):
            yield Problem(
                f"guided_backprop.neurons: {list(choice)} lies outside the layer's "
                f"{'×'.join(map(str, EXPLAINED_SHAPE))} neurons.",
                "Name a row, a column and a channel inside the layer; they count from 0.",
            )


CHECKS: tuple[Check, ...] = (check_positions,)
"""Every check, in the order in which its problems are told."""
