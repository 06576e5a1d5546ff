"""How ``verify`` compares the section's numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reportgen.engine.stages.activations import read_activations
from reportgen.pointer import join_pointer
from reportgen.sections.occlusion.result import worth_of
from reportgen.verify.choices import NeuronComparison, compare_labels, compare_lengths
from reportgen.verify.tolerances import Finding, Findings, Pair, Tolerances, judge

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TIE = "another box that was tried, of nearly the same worth"
_NEVER_TRIED = "no such box of the patch's size was tried"
_NOT_BLURRED = "the recomputation found another box of nearly the same worth, and blurred around that one"


def compare(pair: Pair) -> Findings:
    """Rows for the occluded neurons."""
    layers = read_activations(pair.stages["activations"], pair.recomputed["files"])
    grids = {label: pair.arrays[f"grid_{i}"] for i, label in enumerate(pair.recomputed["neurons"])}
    return compare_neurons(pair.submitted, pair.recomputed, layers, grids, pair.tolerances)


def find_comparable(pair: Pair) -> dict[str, list[bool]]:
    """For each array, which of its rows are about boxes of the same neuron and size in both."""
    comparable = {}
    for i, (label, expected) in enumerate(pair.recomputed["neurons"].items()):
        submitted = pair.submitted["neurons"].get(label, [])
        same = [_is_same(a, b) for a, b in zip(submitted, expected, strict=False)]
        for name in ("random", "grid"):
            numbers = pair.arrays[f"{name}_{i}"][:, 0].astype(int)
            # The first column has the number of the neuron that a box belongs to.
            comparable[f"{name}_{i}"] = [bool(number < len(same) and same[number]) for number in numbers]
    return comparable


def _is_same(submitted: Mapping[str, Any], recomputed: Mapping[str, Any]) -> bool:
    """Whether both are about the same neuron and the same patch, so that all boxes are the same."""
    return bool(
        submitted["position"] == recomputed["position"]
        and submitted["patch"]["box"] == recomputed["patch"]["box"]
    )


def compare_neurons(
    submitted: Mapping[str, Any],
    recomputed: Mapping[str, Any],
    layers: Mapping[str, NDArray[Any]],
    grids: Mapping[str, NDArray[Any]],
    tolerances: Tolerances,
) -> Findings:
    """Rows for the neurons; by class, ``layers`` are the recomputed outputs of their layer, and ``grids`` the
    boxes that were tried (boxes, 5): the neuron's number, first row and column, output without and with it.
    """
    neurons = NeuronComparison(tolerances)
    for label, expected in recomputed["neurons"].items():
        neurons_submitted, path = submitted["neurons"].get(label, []), ("occlusion", "neurons", label)
        yield from compare_lengths(path, neurons_submitted, expected)
        for i, (neuron, wanted) in enumerate(zip(neurons_submitted, expected, strict=False)):
            here, same = (*path, i), _is_same(neuron, wanted)
            yield neurons.compare_position(here, neuron, wanted, layers[label])
            yield neurons.compare_value(here, "value", neuron, wanted, layers[label])
            yield from neurons.compare_if(
                neuron["position"] == wanted["position"], (*here, "blank"), neuron["blank"], wanted["blank"]
            )
            # Another box is within the tolerance or wrong, and no reason to compare nothing.
            if neuron["position"] == wanted["position"] and not same:
                boxes = neuron["patch"]["box"], wanted["patch"]["box"]
                yield from neurons.compare_if(True, (*here, "patch", "box"), *boxes)
            # Documents before 1.2 lack the last.
            optional = ("harming_more",) if neuron.get("harming_more") is not None else ()
            for name in ("patch", "tried", "random_removed", "harming", *optional):
                yield from neurons.compare_if(same, (*here, name), neuron[name], wanted[name])
            # Of two boxes of nearly equal worth, either may be the best one.
            if same and neuron["best"]["box"] != wanted["best"]["box"] and _is_worth(neuron, wanted):
                tried = grids[label][grids[label][:, 0] == i]
                yield from _compare_other(neurons, (*here, "best"), neuron["best"], wanted["patch"], tried)
            else:
                yield from neurons.compare_if(same, (*here, "best"), neuron["best"], wanted["best"])
    yield from compare_labels(("occlusion", "neurons"), submitted["neurons"], recomputed["neurons"])


def _compare_other(
    neurons: NeuronComparison,
    here: tuple[str | int, ...],
    submitted: Mapping[str, Any],
    patch: Mapping[str, Any],
    tried: NDArray[Any],
) -> Findings:
    """Rows for a best box that is another one than the recomputed: one of those that were tried."""
    if submitted["box"] == patch["box"]:
        yield from neurons.compare_if(True, here, submitted, patch)
        return
    found = {
        (row, column): {"removed": removed, "kept": kept}
        for row, column, removed, kept in tried[:, 1:].tolist()
    }
    rows, columns = submitted["box"]["rows"], submitted["box"]["cols"]
    sizes = [
        [each["rows"][1] - each["rows"][0], each["cols"][1] - each["cols"][0]]
        for each in (submitted["box"], patch["box"])
    ]
    # A box of another size was never tried, wherever it begins.
    outputs = found.get((rows[0], columns[0])) if sizes[0] == sizes[1] else None
    pointer = join_pointer([*here, "box"])
    yield judge(
        "numbers", pointer, outputs is not None, submitted["box"], None, _TIE if outputs else _NEVER_TRIED
    )
    if outputs is None:
        return
    for name in ("kept", "removed"):
        yield neurons.compare_plainly((*here, name), submitted[name], outputs[name])
    # Only of the best box and the patch is it known what a blurred image gives.
    for name in ("kept_in_blur", "removed_in_blur"):
        pointer = join_pointer([*here, name])
        yield Finding("numbers", pointer, "not recomputable", submitted.get(name), None, _NOT_BLURRED)


def _is_worth(submitted: Mapping[str, Any], recomputed: Mapping[str, Any]) -> bool:
    found, wanted = (
        worth_of(each["value"], each["best"]["kept"], each["best"]["removed"])
        for each in (submitted, recomputed)
    )
    # As much as outputs may differ by the section's tolerances.
    return bool(abs(found - wanted) <= 1e-3 * recomputed["value"])
