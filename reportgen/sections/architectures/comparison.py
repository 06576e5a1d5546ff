"""The settings that the section's results record: its networks, layer by layer."""

from __future__ import annotations

from typing import Any

from reportgen.analysis.architecture import Layer
from reportgen.sections.architectures.result import Architectures
from reportgen.verify.choices import judge_setting
from reportgen.verify.tolerances import Findings


def read_choices(numbers: Architectures, _attached: Any) -> dict[str, Any]:
    """The networks as report.toml has them; the softmax at the end is added by the program."""
    return {"architectures": [_read(network) for network in numbers.networks]}


def compare_choices(numbers: Architectures, attached: Any) -> Findings:
    """Rows for the networks: what the results report, and what the attached settings have."""
    attached_tables = [each.table for each in getattr(attached, "architectures", ())]
    yield judge_setting("architectures", read_choices(numbers, attached)["architectures"], attached_tables)


def _read(network: Any) -> dict[str, Any]:
    keys = list(Layer.model_fields)
    # The softmax is not in the settings.
    layers = [layer.model_dump(include=set(keys), exclude_none=True) for layer in network.layers[:-1]]
    return {
        "name": network.name,
        # With the keys in the order of report.toml, and without those that say nothing.
        "layers": [{key: each[key] for key in keys if key in each} for each in layers],
    }
