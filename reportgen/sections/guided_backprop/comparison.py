"""How ``verify`` compares the section's numbers, and which settings they report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reportgen.analysis.usual import divide_by_usual
from reportgen.engine.stages.activations import read_activations
from reportgen.sections.guided_backprop.result import GuidedBackprop, GuidedRow
from reportgen.sections.guided_backprop.settings import NeuronChoice
from reportgen.settings import Settings
from reportgen.verify.choices import (
    NeuronComparison,
    compare_labels,
    compare_lengths,
    describe_disagreement,
    judge_setting,
)
from reportgen.verify.tolerances import Finding, Findings, Pair, Tolerances, judge

if TYPE_CHECKING:
    from numpy.typing import NDArray


def read_choices(numbers: GuidedBackprop, attached: Settings | None) -> dict[str, Any]:
    """The settings as a table of ``report.toml`` has them.

    Rules that find no neuron leave no row, so that ``attached`` may list more than the results have.
    """
    neurons = _merged(_choices(numbers), _listed(attached))
    return {"guided_backprop": {"neurons": neurons, "shared_scale": numbers.shared_scale}}


def compare_choices(numbers: GuidedBackprop, attached: Settings) -> Findings:
    """Whether the attached settings say the same."""
    name = "guided_backprop.shared_scale"
    yield judge_setting(name, numbers.shared_scale, attached.value(name))
    listed = _listed(attached)
    for label, choices in _choices(numbers).items():
        reported = [item if isinstance(item, str) else list(item) for item in choices]
        agrees = _is_part(choices, listed)
        pointer = f"report.toml: guided_backprop.neurons ({label})"
        yield judge("settings", pointer, agrees, reported, list(listed), describe_disagreement(agrees))


def _choices(numbers: GuidedBackprop) -> dict[str, list[NeuronChoice]]:
    return {label: [_choice(row) for row in rows] for label, rows in numbers.rows.items()}


def _choice(row: GuidedRow) -> NeuronChoice:
    return row.position if row.choice == "position" else row.choice


def _listed(attached: Settings | None) -> Sequence[NeuronChoice]:
    return attached.value("guided_backprop.neurons") if attached else ()


def _is_part(choices: Sequence[NeuronChoice], listed: Sequence[NeuronChoice]) -> bool:
    """Whether ``choices`` are what is left of ``listed`` if some are left out: rules that find no neuron."""
    # An iterator: each search goes on behind what was found, so that the order counts, and how often.
    rest = iter(listed)
    return all(choice in rest for choice in choices)


def _merged(
    choices: Mapping[str, Sequence[NeuronChoice]], listed: Sequence[NeuronChoice]
) -> list[NeuronChoice]:
    """The rules that lead to the tables of all classes; an image without such a neuron leaves its row out."""
    if listed and all(_is_part(each, listed) for each in choices.values()):
        return list(listed)
    # Without the settings: the table that lost fewest rows, and what only others have.
    longest = max(choices.values(), key=len, default=())
    more = [choice for each in choices.values() for choice in each if choice not in longest]
    return [*longest, *dict.fromkeys(more)]


def compare(pair: Pair) -> Findings:
    """Rows for the tables of neurons."""
    layers = read_activations(pair.stages["activations"], pair.recomputed["files"])
    return compare_rows(pair.submitted, pair.recomputed, layers, pair.tolerances, pair.arrays.get("usual"))


def find_comparable(pair: Pair) -> dict[str, list[bool]]:
    """For each array, which of its elements along the first axis belong to the same neuron in both."""
    same = same_neurons(pair.submitted, pair.recomputed).values()
    return {f"gradients_{i}": rows for i, rows in enumerate(same)}


def compare_rows(
    submitted: Mapping[str, Any],
    recomputed: Mapping[str, Any],
    layers: Mapping[str, NDArray[Any]],
    tolerances: Tolerances,
    usual: NDArray[Any] | None = None,
) -> Findings:
    """Rows for the neurons of the guided-backpropagation tables, row by row; ``usual`` (channels,) are the
    recomputed mean outputs by which unusual ones are ranked.
    """
    neurons = NeuronComparison(tolerances)
    for label, expected in recomputed["rows"].items():
        reported = submitted["rows"].get(label, [])
        steps = ("guided_backprop", "rows", label)
        yield from compare_lengths(steps, reported, expected)
        for i, (row, wanted) in enumerate(zip(reported, expected, strict=False)):
            here = (*steps, i)
            yield neurons.compare_plainly((*here, "choice"), row["choice"], wanted["choice"])
            yield _compare_position(neurons, here, row, wanted, layers[label], usual)
            yield neurons.compare_value(here, "value", row, wanted, layers[label])
            # Of another neuron of equal output the gradient is another one, too.
            same = row["position"] == wanted["position"]
            for name in ("gradient_max_abs", "blank", "relu_total", "relu_guided", "scale_limit"):
                yield from neurons.compare_if(same, (*here, name), row[name], wanted[name])
            yield from neurons.compare_if(
                same, (*here, "energy_share"), row["energy_share"], wanted["energy_share"]
            )
    yield from compare_labels(("guided_backprop", "rows"), submitted["rows"], recomputed["rows"])


def _compare_position(
    neurons: NeuronComparison,
    here: Sequence[str | int],
    row: Mapping[str, Any],
    wanted: Mapping[str, Any],
    layer: NDArray[Any],
    usual: NDArray[Any] | None,
) -> Finding:
    """Of unusual neurons another one is as good if it exceeds its channel's usual output as much."""
    # By the ratio and not by the output: that is what the rule ranks by.
    if usual is None or not wanted["choice"].startswith("unusual:"):
        return neurons.compare_position(here, row, wanted, layer)
    ratios = divide_by_usual(layer, usual)
    return neurons.compare_position(
        here, row, {**wanted, "value": float(ratios[tuple(wanted["position"])])}, ratios
    )


def same_neurons(submitted: Mapping[str, Any], recomputed: Mapping[str, Any]) -> dict[str, list[bool]]:
    """For each class, which rows of its guided-backpropagation table show the recomputed neuron."""
    return {
        label: [
            a["position"] == b["position"]
            for a, b in zip(submitted["rows"].get(label, []), rows, strict=False)
        ]
        for label, rows in recomputed["rows"].items()
    }
