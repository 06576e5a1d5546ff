"""How ``verify`` compares the section's numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reportgen.pointer import join_pointer
from reportgen.verify.choices import NeuronComparison, compare_class, compare_labels
from reportgen.verify.tolerances import Findings, Pair, judge

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NEARLY = 0.97
"""A cell whose recomputed value is at least this share of the largest one may be the peak elsewhere."""


def compare(pair: Pair) -> Findings:
    """Rows for every image's maps; the predicted class and a peak may be others that are nearly as good."""
    values, labels = NeuronComparison(pair.tolerances), list(pair.recomputed["classes"])
    for i, (label, wanted) in enumerate(pair.recomputed["classes"].items()):
        found, here = pair.submitted["classes"].get(label), ("grad_cam", "classes", label)
        if found is None:
            yield values.compare_plainly(here, None, wanted["file"])
            continue
        for name in ("file", "limit", "correlation"):
            yield values.compare_plainly((*here, name), found[name], wanted[name])
        yield compare_class(pair, (*here, "predicted"), found["predicted"], wanted)
        for k, name in enumerate(labels):
            path, own = (*here, "maps", name), found["maps"].get(name)
            if own is None:
                yield values.compare_plainly(path, None, wanted["maps"][name])
            else:
                yield from _compare_map(values, path, own, wanted["maps"][name], pair.arrays["maps"][i][k])
        yield from compare_labels((*here, "maps"), found["maps"], wanted["maps"])
    yield from compare_labels(("grad_cam", "classes"), pair.submitted["classes"], pair.recomputed["classes"])


def _compare_map(
    values: NeuronComparison,
    path: tuple[str, ...],
    found: Mapping[str, Any],
    wanted: Mapping[str, Any],
    recomputed: NDArray[Any],
) -> Findings:
    for name in ("score", "probability", "highest"):
        yield values.compare_plainly((*path, name), found[name], wanted[name])
    peak, expected = found["peak"], wanted["peak"]
    pointer = join_pointer([*path, "peak"])
    # A map without a peak is zero everywhere: no tie of cells explains that.
    if peak == expected or peak is None or expected is None:
        yield judge("numbers", pointer, peak == expected, peak, expected)
        return
    if any(index >= size for index, size in zip(peak, recomputed.shape, strict=True)):
        yield judge("numbers", pointer, False, peak, expected, "it lies outside the map")
        return
    height, highest = (float(recomputed[tuple(cell)]) for cell in (peak, expected))
    reason = f"the recomputed map has {height:.4g} there, and {highest:.4g} at its peak"
    yield judge("numbers", pointer, height >= _NEARLY * highest, peak, expected, reason)
