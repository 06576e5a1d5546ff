"""The publications that a report rests on, as its list of references has them."""

from __future__ import annotations

from reportgen.outline.kind import ReportKind
from reportgen.outline.references import CHEN_2016
from reportgen.outline.section import Reference
from reportgen.weights import Weights


def list_references(kind: ReportKind, weights: Weights) -> list[Reference]:
    """What the sections name, each once, by authors and year; and what the weights rest on."""
    named = {reference for section in kind.sections for reference in section.references}
    if kind.uses_weights and weights.source == "embedded":
        named.add(CHEN_2016)
    return sorted(named, key=lambda reference: (reference.authors, reference.year, reference.title))
