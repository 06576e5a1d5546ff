"""The settings that the section's results tell of."""

from __future__ import annotations

from typing import Any

from reportgen.sections.neurons.result import Neurons
from reportgen.settings import Settings
from reportgen.verify.choices import judge_setting
from reportgen.verify.finding import Findings


def read_choices(numbers: Neurons, _attached: Settings | None) -> dict[str, Any]:
    """The settings as a table of ``report.toml`` has them."""
    return {"show": {"neurons": max((len(top) for top in numbers.top.values()), default=0)}}


def compare_choices(numbers: Neurons, attached: Settings) -> Findings:
    """Whether the attached settings say the same."""
    yield judge_setting(
        "show.neurons", max((len(top) for top in numbers.top.values()), default=0), attached.show.neurons
    )
