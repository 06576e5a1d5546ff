"""The settings that the section's results record: both layers, key by key."""

from __future__ import annotations

from typing import Any

from reportgen.sections.conv_stack.result import ConvStack
from reportgen.verify.choices import judge_setting
from reportgen.verify.tolerances import Findings


def read_choices(numbers: ConvStack, _attached: Any) -> dict[str, Any]:
    """The layers as report.toml has them."""
    return {
        # A list for each key over both layers, as report.toml has them; the results list the layers.
        "conv_stack": {
            "filters": [layer.filters for layer in numbers.layers],
            "filter_size": [layer.kernel_shape[0] for layer in numbers.layers],
            "stride": [layer.stride for layer in numbers.layers],
            "padding": [layer.padding for layer in numbers.layers],
        }
    }


def compare_choices(numbers: ConvStack, attached: Any) -> Findings:
    """Rows for the layers: what the results report, and what the attached settings have."""
    wanted = attached.conv_stack
    for name, value in read_choices(numbers, attached)["conv_stack"].items():
        yield judge_setting(f"conv_stack.{name}", value, getattr(wanted, name))
