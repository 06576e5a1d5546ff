"""The explained layer's outputs are read from the section that has them, whichever it is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from reportgen.grading.checks import find_outputs
from reportgen.grading.report import NotAvailable
from reportgen.outline.kind import find_kind

OUTPUTS = {"cat": np.arange(8.0).reshape(2, 2, 2), "dog": np.ones((2, 2, 2))}


def make_report(*modules: Any) -> Any:
    """A report whose sections have these modules ``checks``."""
    sections = [SimpleNamespace(load={"checks": module}.get) for module in modules]
    return SimpleNamespace(results=SimpleNamespace(report_kind=SimpleNamespace(sections=sections)))


def test_a_section_is_found_by_what_its_checks_have() -> None:
    owner = SimpleNamespace(read_outputs=lambda _report, label: OUTPUTS[label])
    report = make_report(None, SimpleNamespace(CHECKS={}), owner)
    for label, outputs in OUTPUTS.items():
        assert find_outputs(report, label) is outputs


def test_without_one_nothing_is_held_against_a_report() -> None:
    with pytest.raises(NotAvailable, match="in no section of the report"):
        find_outputs(make_report(None, SimpleNamespace(CHECKS={})), "cat")


def test_of_the_assignment_the_section_on_neurons_has_them_alone() -> None:
    modules = [section.load("checks") for section in find_kind()]
    # Whoever imported a function of that name would be asked for what it asks for, without end.
    owners = [module.__name__ for module in modules if module and hasattr(module, "read_outputs")]
    assert owners == ["reportgen.sections.neurons.checks"]


def test_a_report_without_it_is_not_checkable_and_no_endless_question() -> None:
    kind = find_kind(sections=("guided_backprop",))
    report: Any = SimpleNamespace(results=SimpleNamespace(report_kind=kind))
    with pytest.raises(NotAvailable):
        kind.section("guided_backprop").require("checks", "judge_outputs")(report, "cat")
