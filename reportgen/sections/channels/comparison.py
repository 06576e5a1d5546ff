"""How ``verify`` compares the section's numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.engine.stages.activations import read_activations
from reportgen.pointer import join_pointer
from reportgen.verify.choices import (
    NeuronComparison,
    Pattern,
    compare_class,
    compare_labels,
    compare_lengths,
    is_tied,
)
from reportgen.verify.tolerances import Findings, Pair, judge

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TIE = "its recomputed output is nearly that of the other image"
_LESS = "it is no training image of this class and this output, or excites the channel less than others"
_LOUDER = "the channel is clearly more excited elsewhere, and its loudest neuron is what is listed"

_NEARLY = 1e-4
"""Outputs that differ by less, as a part of the largest one of the layer, may change places."""

_BY = {"loud": "value", "decisive": "contribution", "unusual": "ratio"}
"""The number that each list is ordered by."""


def compare(pair: Pair) -> Findings:
    """Rows for the leading channels of every class."""
    neurons = NeuronComparison(pair.tolerances)
    outputs = read_activations(pair.stages["activations"], pair.dataset["classes"])
    for i, (label, wanted) in enumerate(pair.recomputed["classes"].items()):
        found, here = pair.submitted["classes"].get(label), ("channels", "classes", label)
        if found is None:
            yield neurons.compare_plainly(here, None, wanted["file"])
            continue
        yield neurons.compare_plainly((*here, "file"), found["file"], wanted["file"])
        yield compare_class(pair, (*here, "predicted"), found["predicted"], wanted)
        # To another class's score the channels add other amounts; the row before says that classes differ.
        same = found["predicted"] == wanted["predicted"]
        for name in ("score", "bias", "on_animal"):
            yield from neurons.compare_if(same, (*here, name), found[name], wanted[name])
        measures = _measures(outputs[label], pair.arrays["contributions"][i], pair.arrays.get("usual"), pair)
        for name, by in _BY.items():
            yield from _compare_list(neurons, (*here, name), found[name], wanted[name], measures, by)
    yield from compare_labels(("channels", "classes"), pair.submitted["classes"], pair.recomputed["classes"])
    # Older documents lack it.
    if pair.submitted.get("strength"):
        # Of nearly equal contributions either may be among the strongest, and with their number the p-value
        # is another one.
        counts = [_count_strong(each["classes"]) for each in (pair.submitted, pair.recomputed)]
        values = (each["strength"]["p_value"] for each in (pair.submitted, pair.recomputed))
        yield from neurons.compare_if(counts[0] == counts[1], ("channels", "strength", "p_value"), *values)
    # Documents before 1.2 lack it.
    if pair.submitted.get("over_data"):
        yield from _compare_over_data(neurons, pair)


def find_excused(pair: Pair) -> list[Pattern]:
    """What follows from the class of an image that may be predicted as another one, too."""
    found: list[Pattern] = []
    for label, wanted in pair.recomputed["classes"].items():
        classes = pair.submitted["classes"].get(label, wanted)["predicted"], wanted["predicted"]
        if classes[0] != classes[1] and is_tied(pair, wanted["file"], *classes):
            here = ("channels", "classes", label)
            # To the score of another class the same channels add other amounts.
            added = ("contribution", "contribution_rank", "strength_rank")
            found += [(*here, by, None, name) for by in ("loud", "unusual") for name in added]
            found += [(*here, "decisive"), ("channels", "arrays", "contributions")]
            found.append(("channels", "strength", "p_value"))
    return found


def _count_strong(classes: Mapping[str, Any]) -> int:
    """How many entries of the lists of loud channels are among the strongest of their image."""
    return sum(
        # Of a rank that is missing, as in older documents, nothing is counted.
        (each.get("strength_rank") or 0) in range(1, len(image["loud"]) + 1) and each["contribution"] != 0
        for image in classes.values()
        for each in image["loud"]
    )


def find_comparable(pair: Pair) -> dict[str, list[bool]]:
    """For each array, which of its rows are about the same images of the same channel in both."""
    submitted, wanted = pair.submitted.get("over_data"), pair.recomputed["over_data"]["channels"]
    return (
        {"patches": [_is_same(*each) for each in zip(submitted["channels"], wanted, strict=False)]}
        if submitted
        else {}
    )


def _is_same(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether both lists are of the same channel, and name the same neurons of the same images."""
    lists = [[(each["file"], each["position"]) for each in one["images"]] for one in (found, wanted)]
    return bool(found["channel"] == wanted["channel"] and lists[0] == lists[1])


def _compare_over_data(neurons: NeuronComparison, pair: Pair) -> Iterator[Any]:
    """Rows for the images that excite the channels most: each may be any that excites it about as much."""
    submitted, expected = pair.submitted["over_data"]["channels"], pair.recomputed["over_data"]["channels"]
    here, largest = ("channels", "over_data", "channels"), pair.arrays["largest"]
    # As the computation has them: the images of the split, each content once.
    contents: dict[str, Mapping[str, Any]] = {}
    for image in pair.dataset["images"]:
        if image["split"] == pair.recomputed["over_data"]["split"]:
            contents.setdefault(image["sha256"], image)
    yield from compare_lengths(here, submitted, expected)
    for k, (found, wanted) in enumerate(zip(submitted, expected, strict=False)):
        path, files = (*here, str(k)), [[one["file"] for one in each["images"]] for each in (found, wanted)]
        if found["channel"] != wanted["channel"]:
            yield neurons.compare_plainly((*path, "channel"), found["channel"], wanted["channel"])
        elif files[0] == files[1]:
            yield from neurons.compare_if(True, path, found, wanted)
        else:
            outputs = zip(contents.values(), largest[:, wanted["channel"]].tolist(), strict=True)
            known = {image["file"]: (image["label"], output) for image, output in outputs}
            yield from _compare_ranking(neurons, path, found, wanted, known)


def _compare_ranking(
    neurons: NeuronComparison,
    path: tuple[str, ...],
    found: Mapping[str, Any],
    wanted: Mapping[str, Any],
    known: Mapping[str, tuple[str, float]],
) -> Iterator[Any]:
    """Rows for other images than were recomputed; ``known``: class and output of each image by file."""
    submitted = found["images"]
    yield from compare_lengths((*path, "images"), submitted, wanted["images"])
    # Or the image that excites the channel most could be listed again and again: it is near enough at each
    # rank.
    twice = len({one["file"] for one in submitted}) < len(submitted)
    for n, (one, other) in enumerate(zip(submitted, wanted["images"], strict=False)):
        # A file that is no image of the split has no output, and NaN is near nothing.
        label, output = known.get(one["file"], ("", float("nan")))
        # What the report says of its image and what was recomputed of it: neither may be far from the wanted
        # one.
        near = np.allclose([one["value"], output], other["value"], rtol=1e-3)
        agrees = bool(near and label == one["label"] and not twice)
        pointer = join_pointer([*path, "images", str(n), "file"])
        yield judge("numbers", pointer, agrees, one["file"], other["file"], _TIE if agrees else _LESS)
    # What follows from the images that are listed.
    counted = Counter(one["label"] for one in submitted)
    yield neurons.compare_plainly((*path, "most"), found["most"], max(counted.values(), default=0))
    yield neurons.compare_plainly((*path, "active"), found["active"], wanted["active"])
    same = found["most"] == wanted["most"]
    yield from neurons.compare_if(same, (*path, "p_value"), found["p_value"], wanted["p_value"])


def _measures(
    output: NDArray[np.float32], contributions: NDArray[Any], usual: NDArray[Any] | None, pair: Pair
) -> dict[str, NDArray[Any]]:
    """The layer (rows, columns, channels) by each of the numbers that the lists are ordered by."""
    floor = pair.recomputed["floor"] or 0.0
    # Without usual outputs there is no list by ratio, and so nothing that this is used for.
    expected = np.ones(output.shape[-1]) if usual is None else np.maximum(usual, floor)
    ratio = np.divide(output, expected, out=np.zeros_like(output), where=expected > 0)
    return {
        "value": output,
        "contribution": np.broadcast_to(contributions, output.shape),
        "ratio": ratio,
    }


def _is_loudest(position: Sequence[int], outputs: NDArray[Any]) -> bool:
    """Whether no neuron of its channel has a clearly larger output."""
    row, column, channel = position
    slack = _NEARLY * float(outputs.max())
    return bool(outputs[row, column, channel] >= outputs[..., channel].max() - slack)


def _compare_list(
    neurons: NeuronComparison,
    here: tuple[str, ...],
    found: list[Mapping[str, Any]],
    wanted: list[Mapping[str, Any]],
    measures: Mapping[str, NDArray[Any]],
    by: str,
) -> Iterator[Any]:
    layer, outputs = measures[by], measures["value"]
    yield from compare_lengths(here, found, wanted)
    known = {tuple(each["position"]): each for each in wanted}
    for k, (channel, expected) in enumerate(zip(found, wanted, strict=False)):
        path = (*here, str(k))
        # Under the name that compare_position() looks for, the number that this list is ordered by.
        row = neurons.compare_position(
            path, {**channel, "value": channel[by]}, {**expected, "value": expected[by]}, layer
        )
        # What a channel adds to the score is the same for all of its neurons; only one is its loudest.
        if row.status == "confirmed" and not _is_loudest(channel["position"], outputs):
            row = replace(row, status="differs", reason=_LOUDER)
        yield row
        mine = known.get(tuple(channel["position"]))
        for name in ("value", "value_rank", "contribution", "contribution_rank", "ratio", "patch"):
            yield from neurons.compare_if(mine is not None, (*path, name), channel[name], mine and mine[name])
        # Older documents lack it.
        if "strength_rank" in channel:
            strength = mine and mine["strength_rank"]
            yield from neurons.compare_if(
                mine is not None, (*path, "strength_rank"), channel["strength_rank"], strength
            )
