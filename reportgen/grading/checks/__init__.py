"""The checks that a rubric may name: what arithmetic over pointers cannot say."""

from __future__ import annotations

from collections.abc import Mapping

from reportgen.grading.checks import dataset, document
from reportgen.grading.checks.named import NamedCheck as NamedCheck
from reportgen.outline.kind import list_sections

_BEFORE = {
    "splits_disjoint": NamedCheck(dataset.whole, dataset.judge_disjoint),
    "counts_true": NamedCheck(dataset.splits, dataset.judge_counts),
}
_AFTER = {
    "figures_captioned": NamedCheck(dataset.whole, document.judge_figures),
    "tables_captioned": NamedCheck(dataset.whole, document.judge_tables),
    "weights_named": NamedCheck(dataset.whole, document.judge_weights),
}


def find_checks() -> Mapping[str, NamedCheck]:
    """What every report can be asked, and what the sections bring that are installed here, by name."""
    brought: dict[str, NamedCheck] = {}
    for section in list_sections():
        if (module := section.load("checks")) is not None:
            brought |= module.CHECKS
    return {**_BEFORE, **brought, **_AFTER}
