"""How ``verify`` compares the section's numbers, and which settings they report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reportgen.analysis.neurons import receptive_field
from reportgen.pointer import join_pointer
from reportgen.results import FieldGeometry
from reportgen.sections.neurons.result import Neurons
from reportgen.settings import Settings
from reportgen.verify.choices import NeuronComparison, compare_labels, compare_lengths, judge_setting
from reportgen.verify.tolerances import Finding, Findings, Pair, Tolerances

if TYPE_CHECKING:
    from numpy.typing import NDArray


def read_choices(numbers: Neurons, _attached: Settings | None) -> dict[str, Any]:
    """The settings as a table of ``report.toml`` has them."""
    return {"show": {"neurons": max((len(top) for top in numbers.top.values()), default=0)}}


def compare_choices(numbers: Neurons, attached: Settings) -> Findings:
    """Whether the attached settings say the same."""
    yield judge_setting(
        "show.neurons", max((len(top) for top in numbers.top.values()), default=0), attached.show.neurons
    )


def compare(pair: Pair) -> Findings:
    """Rows for the most excited neurons."""
    layers = {label: pair.arrays[f"activations_{i}"] for i, label in enumerate(pair.recomputed["files"])}
    return compare_top(pair.submitted, pair.recomputed, layers, pair.tolerances)


def compare_top(
    submitted: Mapping[str, Any],
    recomputed: Mapping[str, Any],
    layers: Mapping[str, NDArray[Any]],
    tolerances: Tolerances,
) -> Findings:
    """Rows for the most excited neurons of every class; ``layers`` are the recomputed outputs by class."""
    neurons = NeuronComparison(tolerances)
    for table in ("top", "top_distinct"):
        # Over the recomputed classes: compare_labels() below reports those that a submission lacks or adds.
        for label, expected in recomputed[table].items():
            reported = submitted[table].get(label, [])
            steps = ("neurons", table, label)
            yield from compare_lengths(steps, reported, expected)
            yield from _repeated(steps, reported, channels=table == "top_distinct")
            known = {tuple(neuron["position"]): neuron for neuron in expected}
            # Not strict: another length has been reported above.
            for i, (neuron, wanted) in enumerate(zip(reported, expected, strict=False)):
                here = (*steps, i)
                yield neurons.compare_position(here, neuron, wanted, layers[label])
                yield neurons.compare_value(here, "value", neuron, wanted, layers[label])
                if any(i >= size for i, size in zip(neuron["position"], layers[label].shape, strict=False)):
                    continue  # reported above: outside the layer nothing is seen
                # Of the position that was handed in, which may be that of another neuron of equal output.
                yield from _compare_field(neurons, (*here, "receptive_field"), neuron, recomputed["geometry"])
                yield from _compare_if_known(neurons, (*here, "patch"), neuron, known)
                # Documents before 1.2 lack it, and with it what follows from it.
                if "network_geometry" in submitted:
                    seen = recomputed["network_geometry"]
                    yield from _compare_field(neurons, (*here, "field"), neuron, seen)
                    yield from _compare_if_known(neurons, (*here, "support"), neuron, known)
        yield from compare_labels(("neurons", table), submitted[table], recomputed[table])


def _repeated(steps: Sequence[str | int], reported: list[Any], *, channels: bool) -> Findings:
    """Swapping neurons of equal output must not bring one in twice."""
    seen: set[tuple[int, ...]] = set()
    for i, neuron in enumerate(reported):
        key = tuple(neuron["position"][2:] if channels else neuron["position"])
        if key in seen:
            pointer = join_pointer([*steps, i, "position"])
            yield Finding(
                "numbers", pointer, "differs", neuron["position"], None, "it is in this list already"
            )
        seen.add(key)


def _compare_field(
    neurons: NeuronComparison,
    here: Sequence[str | int],
    neuron: Mapping[str, Any],
    geometry: Mapping[str, Any],
) -> Findings:
    row, column, _ = neuron["position"]
    field = receptive_field(FieldGeometry.model_validate(geometry), row, column).model_dump(mode="json")
    yield neurons.compare_plainly(here, neuron.get(str(here[-1])), field)


def _compare_if_known(
    neurons: NeuronComparison, here: Sequence[str | int], neuron: Mapping[str, Any], known: Mapping[Any, Any]
) -> Findings:
    """The same value of a neuron that was recomputed, too."""
    found, name = known.get(tuple(neuron["position"])), str(here[-1])
    yield from neurons.compare_if(found is not None, here, neuron.get(name), found and found[name])
