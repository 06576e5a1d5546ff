"""Every number that a report states by itself, beside the recomputed one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reportgen.contract.lookup import join_pointer, split_pointer
from reportgen.diff.values import is_number
from reportgen.outline.kind import ReportKind
from reportgen.verify.finding import Finding, Findings, Status, judge
from reportgen.verify.tolerances import Tolerances, scale_of

ELSEWHERE = (
    ("dataset", "images"),
    # The machine's own: another one may be honest. With other fonts the pages are not compared.
    ("provenance", "versions"),
    ("provenance", "processor"),
    ("provenance", "fonts"),
    ("provenance", "weights", "sha256"),
)
"""What every report has and what is compared in a way of its own."""

WORDS = (("provenance", "weights", "note"), ("dataset", "warnings"))
"""Sentences of the program, which another version may word in another way."""

DERIVED = (("checks",),)
"""What follows from other numbers of the document, and is compared with what follows."""

OTHER_WORDS = "another version of the program words it so"
"""The reason of a row for a sentence that cannot be compared."""

Steps = tuple[str | int, ...]
_WEIGHTS = ("provenance", "weights")


def compare_numbers(
    submitted: Mapping[str, Any], recomputed: Mapping[str, Any], kind: ReportKind
) -> Findings:
    """Rows for all values of the sections that could be recomputed, in the order of the document.

    What ``ELSEWHERE`` and ``DERIVED`` name is left out, and what the sections compare or derive themselves.
    Another version of the contract may have other keys.
    """
    same = submitted.get("schema_version") == recomputed.get("schema_version")
    comparison = _Comparison(Tolerances.of(kind), same=same)
    left_out = _left_out(kind)
    for section, values in recomputed.items():
        if section == "schema_version":
            continue
        before = dict(_leaves(submitted.get(section), (section,)))
        after = dict(_leaves(values, (section,)))
        for steps in [*before, *(steps for steps in after if steps not in before)]:
            if not any(steps[: len(each)] == each for each in left_out):
                yield comparison.compare(steps, before, after)


def _leaves(value: Any, steps: Steps) -> Iterator[tuple[Steps, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, (*steps, key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _leaves(item, (*steps, index))
    else:
        yield steps, value


def _left_out(kind: ReportKind) -> list[Steps]:
    """What is compared elsewhere; what a section only says is, and no module does, is compared here."""
    left_out: list[Steps] = [*ELSEWHERE, *DERIVED]
    for section in kind.sections:
        module = section.load("comparison")
        compared = section.compared if module is not None else ()
        computed = section.result_type.model_computed_fields
        derived = [
            pointer
            for pointer in section.derived
            if split_pointer(pointer)[0] in computed or hasattr(module, "judge_itself")
        ]
        left_out += [(section.name, *split_pointer(pointer)) for pointer in (*compared, *derived)]
    return left_out


@dataclass(frozen=True)
class _Comparison:
    """``same``: both documents are of the same version of the contract."""

    tolerances: Tolerances
    same: bool

    def compare(self, steps: Steps, before: Mapping[Steps, Any], after: Mapping[Steps, Any]) -> Finding:
        pointer = join_pointer(steps)
        if steps[:2] == _WEIGHTS and not any(each[:2] == _WEIGHTS for each in after):
            reason = "these weights are not here"
            return Finding("numbers", pointer, "not recomputable", before[steps], None, reason)
        if steps not in before or steps not in after:
            reason = "the report lacks it" if steps not in before else "the recomputation has no such value"
            status: Status = "differs" if self.same else "not recomputable"
            return Finding("numbers", pointer, status, before.get(steps), after.get(steps), reason)
        old, new = before[steps], after[steps]
        if not self.same and old != new and any(steps[: len(each)] == each for each in WORDS):
            return Finding("numbers", pointer, "not recomputable", old, new, OTHER_WORDS)
        agrees = self.tolerances.agree(pointer, old, new, _scale(steps, after))
        if steps[1:2] == ("arrays",) and steps[-1] == "norm" and is_number(old):
            agrees = abs(old - new) <= self._norm_tolerance(pointer, steps, after)
        reason = "" if agrees else self.tolerances.explain(pointer, new)
        return judge("numbers", pointer, agrees, old, new, reason)

    def _norm_tolerance(self, pointer: str, steps: Steps, after: Mapping[Steps, Any]) -> float:
        """How far the norm moves if every element moves as far as it may, and not more than all the norm."""
        tolerance = self.tolerances.find(pointer, after[steps]).tolerance
        size = math.prod(value for each, value in after.items() if each[:-1] == (*steps[:3], "shape"))
        return float(tolerance.atol * math.sqrt(size) + max(tolerance.rtol, 1e-9) * abs(after[steps]))


def _scale(steps: Steps, after: Mapping[Steps, Any]) -> float:
    """The scale of the array that a number describes, 0 for all others."""
    if steps[1:2] != ("arrays",) or len(steps) < 4:
        return 0.0
    around = {name: after.get((*steps[:3], name)) for name in ("min", "max")}
    return scale_of(around) if all(map(is_number, around.values())) else 0.0
