"""The checks that a rubric may name: what arithmetic over pointers cannot say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reportgen.grading.checks import dataset, document
from reportgen.grading.report import Report
from reportgen.outline.kind import ReportKind, list_sections


@dataclass(frozen=True)
class NamedCheck:
    """``cases`` gives what the check goes through in a report, ``judge`` looks at one of them."""

    cases: Callable[[Report], list[str]]
    judge: Callable[[Report, str], None]

    @property
    def meaning(self) -> str:
        """What passes, in a sentence."""
        return " ".join((self.judge.__doc__ or "").split())


_BEFORE = {
    "splits_disjoint": NamedCheck(dataset.whole, dataset.judge_disjoint),
    "counts_true": NamedCheck(dataset.splits, dataset.judge_counts),
}
_AFTER = {
    "figures_captioned": NamedCheck(dataset.whole, document.judge_figures),
    "tables_captioned": NamedCheck(dataset.whole, document.judge_tables),
    "weights_named": NamedCheck(dataset.whole, document.judge_weights),
}


def find_checks(kind: ReportKind | None = None) -> Mapping[str, NamedCheck]:
    """What every report can be asked, and what the sections bring that are installed here or in ``kind``, by
    name.
    """
    brought: dict[str, NamedCheck] = {}
    for section in dict.fromkeys([*list_sections(), *(kind.sections if kind else ())]):
        if (module := section.load("checks")) is not None:
            brought |= module.CHECKS
    return {**_BEFORE, **brought, **_AFTER}
