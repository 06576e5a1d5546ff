"""How ``verify`` compares the section's numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import TYPE_CHECKING, Any

from reportgen.pointer import join_pointer
from reportgen.verify.choices import (
    NeuronComparison,
    Pattern,
    compare_class,
    compare_labels,
    compare_lengths,
    is_tied,
)
from reportgen.verify.tolerances import Finding, Findings, Pair, judge

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NEARLY = 0.97
"""A pixel whose recomputed value is at least this share of the peak's may be the peak elsewhere."""


def compare(pair: Pair) -> Findings:
    """Rows for every class's maps."""
    values = NeuronComparison(pair.tolerances)
    for i, (label, wanted) in enumerate(pair.recomputed["classes"].items()):
        found, here = pair.submitted["classes"].get(label), ("methods", "classes", label)
        if found is None:
            yield values.compare_plainly(here, None, wanted["file"])
            continue
        for name in ("file", "animal", "centre_on_animal"):
            yield values.compare_plainly((*here, name), found[name], wanted[name])
        yield compare_class(pair, (*here, "predicted"), found["predicted"], wanted)
        explained = _explained(found)
        # The settings may name a class instead: that is no matter of probabilities.
        if _explains_prediction(found, wanted):
            yield compare_class(pair, (*here, "explained"), explained, wanted)
        else:
            yield values.compare_plainly((*here, "explained"), explained, wanted["explained"])
        # Of another class the maps are others; the row before says that classes differ.
        same = explained == wanted["explained"]
        for name in ("score", "baseline"):
            yield from values.compare_if(same, (*here, name), found[name], wanted[name])
        yield from compare_lengths((*here, "maps"), found["maps"], wanted["maps"])
        for k, (own, expected) in enumerate(zip(found["maps"], wanted["maps"], strict=False)):
            path = (*here, "maps", str(k))
            yield from _compare_map(values, path, own, expected, same, pair.arrays[f"maps_{i}"][k])
        # Documents of older versions lack it.
        if "second" in found:
            others = pair.recomputed["classes"].keys() - {wanted["explained"]}
            yield from _compare_second(values, here, (found, wanted), same, others)
    yield from compare_labels(("methods", "classes"), pair.submitted["classes"], pair.recomputed["classes"])


def _explained(image: Mapping[str, Any]) -> str:
    # Documents before have the predicted class only, and explain that.
    return str(image.get("explained") or image["predicted"])


def _explains_prediction(*images: Mapping[str, Any]) -> bool:
    return all(_explained(image) == image["predicted"] for image in images)


def find_excused(pair: Pair) -> list[Pattern]:
    """What follows from the class of an image that may be predicted as another one, too: its maps, and what
    is measured of the maps of all images.
    """
    found: list[Pattern] = []
    for i, (label, wanted) in enumerate(pair.recomputed["classes"].items()):
        image = pair.submitted["classes"].get(label, wanted)
        classes = image["predicted"], wanted["predicted"]
        other = classes[0] != classes[1] and _explains_prediction(image, wanted)
        if other and is_tied(pair, wanted["file"], *classes):
            measured = ("agreement", "located")
            found += [("methods", name) for name in measured]
            found += [("methods", "arrays", name) for name in (f"maps_{i}", "located", "outlined")]
    return found


def _compare_second(
    values: NeuronComparison,
    here: tuple[str, ...],
    images: tuple[Mapping[str, Any], Mapping[str, Any]],
    same: bool,
    others: Set[str],
) -> Iterator[Finding]:
    """The second class, and how its maps are correlated with the first's. ``others``: which it may be."""
    found, wanted = images
    # Trained once more, two unlikely classes may change places; that there is none, or one that the data have
    # not, is no matter of rounding.
    classes = found["second"], wanted["second"]
    same = same and (classes[0] == classes[1] or not set(classes) <= others)
    yield from values.compare_if(same, (*here, "second"), *classes)
    for k, (own, expected) in enumerate(zip(found["maps"], wanted["maps"], strict=False)):
        path = (*here, "maps", str(k), "other_class")
        yield from values.compare_if(same, path, own.get("other_class"), expected["other_class"])


def _compare_map(
    values: NeuronComparison,
    path: tuple[str, ...],
    found: Mapping[str, Any],
    wanted: Mapping[str, Any],
    same: bool,
    recomputed: NDArray[Any],
) -> Iterator[Finding]:
    yield values.compare_plainly((*path, "method"), found["method"], wanted["method"])
    for name in ("limit", "incompleteness", "on_animal"):
        yield from values.compare_if(same, (*path, name), found[name], wanted[name])
    peak, expected = found["peak"], wanted["peak"]
    # A map without a peak is zero everywhere: no tie of pixels explains that.
    if peak == expected or peak is None or expected is None or not same:
        for name in ("peak", "peak_on_animal"):
            yield from values.compare_if(same, (*path, name), found[name], wanted[name])
        return
    height, highest = (abs(float(recomputed[tuple(pixel)])) for pixel in (peak, expected))
    reason = f"the recomputed map has {height:.4g} there, and {highest:.4g} at its peak"
    pointer = join_pointer([*path, "peak"])
    yield judge("numbers", pointer, height >= _NEARLY * highest, peak, expected, reason)
    # Whether another peak lies on the animal was not computed.
    yield from values.compare_if(False, (*path, "peak_on_animal"), found["peak_on_animal"], None)
