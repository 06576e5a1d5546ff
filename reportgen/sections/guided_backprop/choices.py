"""The settings that the section's results tell of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reportgen.sections.guided_backprop.result import GuidedBackprop, GuidedRow
from reportgen.settings import NeuronChoice, Settings
from reportgen.verify.choices import describe_disagreement, judge_setting
from reportgen.verify.finding import Findings, judge


def read_choices(numbers: GuidedBackprop, attached: Settings | None) -> dict[str, Any]:
    """The settings as a table of ``report.toml`` has them.

    Rules that find no neuron leave no row, so that ``attached`` may list more than the results tell of.
    """
    neurons = _merged(_choices(numbers), _listed(attached))
    return {"guided_backprop": {"neurons": neurons, "shared_scale": numbers.shared_scale}}


def compare_choices(numbers: GuidedBackprop, attached: Settings) -> Findings:
    """Whether the attached settings say the same."""
    own = attached.guided_backprop
    yield judge_setting("guided_backprop.shared_scale", numbers.shared_scale, own.shared_scale)
    listed = _listed(attached)
    for label, choices in _choices(numbers).items():
        told = [item if isinstance(item, str) else list(item) for item in choices]
        agrees = _is_part(choices, listed)
        pointer = f"report.toml: guided_backprop.neurons ({label})"
        yield judge("settings", pointer, agrees, told, list(listed), describe_disagreement(agrees))


def _choices(numbers: GuidedBackprop) -> dict[str, list[NeuronChoice]]:
    return {label: [_choice(row) for row in rows] for label, rows in numbers.rows.items()}


def _choice(row: GuidedRow) -> NeuronChoice:
    return row.position if row.choice == "position" else row.choice


def _listed(attached: Settings | None) -> Sequence[NeuronChoice]:
    return attached.guided_backprop.neurons if attached else ()


def _is_part(choices: Sequence[NeuronChoice], listed: Sequence[NeuronChoice]) -> bool:
    """Whether ``choices`` are what is left of ``listed`` if some are left out: rules that find no neuron."""
    rest = iter(listed)
    return all(choice in rest for choice in choices)


def _merged(
    choices: Mapping[str, Sequence[NeuronChoice]], listed: Sequence[NeuronChoice]
) -> list[NeuronChoice]:
    """The rules that lead to the tables of all classes; an image without such a neuron leaves its row out."""
    if listed and all(_is_part(each, listed) for each in choices.values()):
        return list(listed)
    longest = max(choices.values(), key=len, default=())
    more = [choice for each in choices.values() for choice in each if choice not in longest]
    return [*longest, *dict.fromkeys(more)]
