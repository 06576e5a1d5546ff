"""Chosen neurons: another one in a place is as good if its recomputed output lies within the tolerance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reportgen.analysis.receptive_field import receptive_field
from reportgen.contract.lookup import join_pointer
from reportgen.grading.verify.numbers import explain
from reportgen.grading.verify.row import Row, Rows, judge
from reportgen.grading.verify.tolerances import agree, find_rule, within
from reportgen.results import FieldGeometry

if TYPE_CHECKING:
    from numpy.typing import NDArray

Position = tuple[int, int, int]
_SWAPPED = "another neuron than the recomputed one, with an output that is equal within the tolerance"
_OTHER = "its recomputed output is {} and not {}"
_UNKNOWN = "the recomputation chose another neuron here, and has no gradient of this one"
_MISSING = "one of the two has fewer neurons"


def compare_top(
    submitted: Mapping[str, Any], recomputed: Mapping[str, Any], layers: Mapping[str, NDArray[Any]]
) -> Rows:
    """Rows for the most excited neurons of every class; ``layers`` are the recomputed outputs by class."""
    for table in ("top", "top_distinct"):
        for label, expected in recomputed[table].items():
            told = submitted[table].get(label, [])
            place = ("neurons", table, label)
            yield from _compare_lengths(place, told, expected)
            yield from _repeated(place, told, channels=table == "top_distinct")
            known = {tuple(neuron["position"]): neuron for neuron in expected}
            for i, (neuron, wanted) in enumerate(zip(told, expected, strict=False)):
                here = (*place, i)
                yield _compare_position(here, neuron, wanted, layers[label])
                yield _compare_value(here, "value", neuron, wanted, layers[label])
                yield from _compare_field(here, neuron, recomputed["geometry"])
                yield from _compare_patch(here, neuron, known)
        yield from _strangers(("neurons", table), submitted[table], recomputed[table])


def compare_rows(
    submitted: Mapping[str, Any], recomputed: Mapping[str, Any], layers: Mapping[str, NDArray[Any]]
) -> Rows:
    """Rows for the neurons of the guided-backpropagation tables, and what was found out about them."""
    for label, expected in recomputed["rows"].items():
        told = submitted["rows"].get(label, [])
        place = ("guided_backprop", "rows", label)
        yield from _compare_lengths(place, told, expected)
        for i, (row, wanted) in enumerate(zip(told, expected, strict=False)):
            here = (*place, i)
            yield _compare_plainly((*here, "choice"), row["choice"], wanted["choice"])
            yield _compare_position(here, row, wanted, layers[label])
            yield _compare_value(here, "value", row, wanted, layers[label])
            same = row["position"] == wanted["position"]
            for name in ("gradient_max_abs", "blank", "relu_total", "relu_guided", "scale_limit"):
                yield from _compare_if(same, (*here, name), row[name], wanted[name])
            yield from _compare_if(same, (*here, "energy_share"), row["energy_share"], wanted["energy_share"])
    yield from _strangers(("guided_backprop", "rows"), submitted["rows"], recomputed["rows"])


def same_neurons(submitted: Mapping[str, Any], recomputed: Mapping[str, Any]) -> dict[str, list[bool]]:
    """For each class, which rows of its guided-backpropagation table show the recomputed neuron."""
    return {
        label: [
            a["position"] == b["position"]
            for a, b in zip(submitted["rows"].get(label, []), rows, strict=False)
        ]
        for label, rows in recomputed["rows"].items()
    }


def _compare_lengths(place: Sequence[str | int], told: list[Any], expected: list[Any]) -> Rows:
    if len(told) != len(expected):
        yield Row("numbers", join_pointer(place), "differs", len(told), len(expected), _MISSING)


def _strangers(place: Sequence[str], told: Mapping[str, Any], expected: Mapping[str, Any]) -> Rows:
    for label in told:
        if label not in expected:
            yield Row("numbers", join_pointer([*place, label]), "differs", reason="there is no such class")


def _repeated(place: Sequence[str | int], told: list[Any], *, channels: bool) -> Rows:
    """Swapping neurons of equal output must not bring one in twice."""
    seen: set[tuple[int, ...]] = set()
    for i, neuron in enumerate(told):
        key = tuple(neuron["position"][2:] if channels else neuron["position"])
        if key in seen:
            pointer = join_pointer([*place, i, "position"])
            yield Row(
                "numbers", pointer, "differs", neuron["position"], None, "it stands in this list already"
            )
        seen.add(key)


def _compare_position(
    here: Sequence[str | int], told: Mapping[str, Any], wanted: Mapping[str, Any], layer: NDArray[Any]
) -> Row:
    pointer = join_pointer([*here, "position"])
    if told["position"] == wanted["position"]:
        return Row("numbers", pointer, "confirmed", told["position"], wanted["position"])
    position = tuple(told["position"])
    if any(index >= size for index, size in zip(position, layer.shape, strict=True)):
        return Row(
            "numbers", pointer, "differs", told["position"], wanted["position"], "it lies outside the layer"
        )
    output = float(layer[position])
    rule = find_rule(join_pointer([*here, "value"]), output)
    chosen = wanted.get("choice") != "position"
    agrees = chosen and within(rule, output, wanted["value"], float(layer.max()))
    reason = _SWAPPED if agrees else _OTHER.format(f"{output:.6g}", f"{wanted['value']:.6g}")
    return judge("numbers", pointer, agrees, told["position"], wanted["position"], reason)


def _compare_value(
    here: Sequence[str | int],
    name: str,
    told: Mapping[str, Any],
    wanted: Mapping[str, Any],
    layer: NDArray[Any],
) -> Row:
    pointer = join_pointer([*here, name])
    agrees = agree(pointer, told[name], wanted[name], float(layer.max()))
    return judge(
        "numbers", pointer, agrees, told[name], wanted[name], "" if agrees else explain(pointer, wanted[name])
    )


def _compare_field(here: Sequence[str | int], neuron: Mapping[str, Any], geometry: Mapping[str, Any]) -> Rows:
    row, column, _ = neuron["position"]
    field = receptive_field(FieldGeometry.model_validate(geometry), row, column).model_dump(mode="json")
    yield _compare_plainly((*here, "receptive_field"), neuron["receptive_field"], field)


def _compare_patch(here: Sequence[str | int], neuron: Mapping[str, Any], known: Mapping[Any, Any]) -> Rows:
    found = known.get(tuple(neuron["position"]))
    yield from _compare_if(found is not None, (*here, "patch"), neuron["patch"], found and found["patch"])


def _compare_if(same: bool, here: Sequence[str | int], told: Any, wanted: Any) -> Rows:
    """Rows for all numbers below a place if both speak of the same neuron."""
    if not same:
        yield Row("numbers", join_pointer(here), "not recomputable", told, None, _UNKNOWN)
        return
    for steps, old, new in _pairs(tuple(here), told, wanted):
        yield _compare_plainly(steps, old, new)


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


def _compare_plainly(steps: Sequence[str | int], told: Any, wanted: Any) -> Row:
    pointer = join_pointer(steps)
    agrees = agree(pointer, told, wanted)
    return judge("numbers", pointer, agrees, told, wanted, "" if agrees else explain(pointer, wanted))
