"""The settings that the section's results tell of."""

from __future__ import annotations

from typing import Any

from reportgen.grading.verify.choices import judge_setting
from reportgen.grading.verify.row import Rows
from reportgen.sections.convolution.result import Convolution
from reportgen.settings import Settings


def read_choices(numbers: Convolution, _attached: Settings | None) -> dict[str, Any]:
    """The settings as a table of ``report.toml`` has them."""
    return {"show": {"colour": numbers.colour}}


def compare_choices(numbers: Convolution, attached: Settings) -> Rows:
    """Whether the attached settings say the same."""
    yield judge_setting("show.colour", numbers.colour, attached.show.colour)
