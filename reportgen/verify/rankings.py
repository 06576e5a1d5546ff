"""Comparison of neurons that were ranked by their output.

Another neuron at a rank is accepted if its recomputed output is within the tolerance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reportgen.contract.lookup import join_pointer
from reportgen.verify.finding import Finding, Findings, judge
from reportgen.verify.tolerances import Tolerances, within

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SWAPPED = "another neuron than the recomputed one, with an output that is equal within the tolerance"
_OTHER = "its recomputed output is {} and not {}"
_UNKNOWN = "the recomputation chose another neuron here, and has no gradient of this one"
_MISSING = "one of the two has fewer neurons"


@dataclass(frozen=True)
class NeuronComparison:
    """Compares what two documents say of one neuron, by the tolerances of the report."""

    tolerances: Tolerances

    def compare_position(
        self,
        here: Sequence[str | int],
        submitted: Mapping[str, Any],
        wanted: Mapping[str, Any],
        layer: NDArray[Any],
    ) -> Finding:
        pointer = join_pointer([*here, "position"])
        if submitted["position"] == wanted["position"]:
            return Finding("numbers", pointer, "confirmed", submitted["position"], wanted["position"])
        position = tuple(submitted["position"])
        if any(index >= size for index, size in zip(position, layer.shape, strict=True)):
            return Finding(
                "numbers",
                pointer,
                "differs",
                submitted["position"],
                wanted["position"],
                "it lies outside the layer",
            )
        output = float(layer[position])
        rule = self.tolerances.find(join_pointer([*here, "value"]), output)
        chosen = wanted.get("choice") != "position"
        agrees = chosen and within(rule, output, wanted["value"], float(layer.max()))
        reason = _SWAPPED if agrees else _OTHER.format(f"{output:.6g}", f"{wanted['value']:.6g}")
        return judge("numbers", pointer, agrees, submitted["position"], wanted["position"], reason)

    def compare_value(
        self,
        here: Sequence[str | int],
        name: str,
        submitted: Mapping[str, Any],
        wanted: Mapping[str, Any],
        layer: NDArray[Any],
    ) -> Finding:
        pointer = join_pointer([*here, name])
        agrees = self.tolerances.agree(pointer, submitted[name], wanted[name], float(layer.max()))
        return judge(
            "numbers",
            pointer,
            agrees,
            submitted[name],
            wanted[name],
            "" if agrees else self.tolerances.explain(pointer, wanted[name]),
        )

    def compare_if(self, same: bool, here: Sequence[str | int], submitted: Any, wanted: Any) -> Findings:
        """Rows for all numbers below ``here`` if both are about the same neuron."""
        if not same:
            yield Finding("numbers", join_pointer(here), "not recomputable", submitted, None, _UNKNOWN)
            return
        for steps, old, new in _pairs(tuple(here), submitted, wanted):
            yield self.compare_plainly(steps, old, new)

    def compare_plainly(self, steps: Sequence[str | int], submitted: Any, wanted: Any) -> Finding:
        pointer = join_pointer(steps)
        agrees = self.tolerances.agree(pointer, submitted, wanted)
        return judge(
            "numbers",
            pointer,
            agrees,
            submitted,
            wanted,
            "" if agrees else self.tolerances.explain(pointer, wanted),
        )


def compare_lengths(steps: Sequence[str | int], submitted: list[Any], expected: list[Any]) -> Findings:
    if len(submitted) != len(expected):
        yield Finding("numbers", join_pointer(steps), "differs", len(submitted), len(expected), _MISSING)


def compare_labels(
    steps: Sequence[str], submitted: Mapping[str, Any], expected: Mapping[str, Any]
) -> Findings:
    for label in submitted:
        if label not in expected:
            yield Finding(
                "numbers", join_pointer([*steps, label]), "differs", reason="there is no such class"
            )


def _pairs(
    steps: tuple[str | int, ...], old: Any, new: Any
) -> Iterator[tuple[tuple[str | int, ...], Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        for key in new:
            yield from _pairs((*steps, key), old[key], new[key])
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for i, (a, b) in enumerate(zip(old, new, strict=True)):
            yield from _pairs((*steps, i), a, b)
    else:
        yield steps, old, new
