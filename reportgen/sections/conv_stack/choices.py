"""The settings that the section's results tell of."""

from __future__ import annotations

from typing import Any

from reportgen.grading.verify.choices import judge_setting
from reportgen.grading.verify.row import Rows
from reportgen.sections.conv_stack.result import ConvStack
from reportgen.settings import Settings


def read_choices(numbers: ConvStack, _attached: Settings | None) -> dict[str, Any]:
    """The settings as a table of ``report.toml`` has them."""
    return {"show": {"filters": numbers.shown}}


def compare_choices(numbers: ConvStack, attached: Settings) -> Rows:
    """Whether the attached settings say the same."""
    yield judge_setting("show.filters", numbers.shown, attached.show.filters)
