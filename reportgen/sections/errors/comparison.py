"""How ``verify`` compares what the network predicts, and the training images that are told as nearest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reportgen.contract.lookup import join_pointer
from reportgen.outline.section import MARGIN
from reportgen.sections.errors.likeness import compare_features
from reportgen.store.packing import unpack_arrays
from reportgen.verify.tolerances import Findings, Pair, judge

if TYPE_CHECKING:
    pass

_SAME = 1e-3
"""Cosines that differ less may change places."""

_TIE = "the recomputed probabilities of the two classes are nearly equal"
_OTHER = "the recomputed network is not that sure of it"
_UNKNOWN = "there is no such image"
_MISSING = "the recomputed network gets it wrong, too"


def compare(pair: Pair) -> Findings:
    """Rows for the mistakes with their nearest images, and for the images of highest and lowest certainty."""
    test = [image for image in pair.dataset["images"] if image["split"] == "test"]
    known = _Known(pair, {image["file"]: n for n, image in enumerate(test)}, [i["label"] for i in test])
    yield from _compare_listed(known, pair)
    for name in ("surest", "least_sure"):
        told, wanted = pair.submitted[name], pair.recomputed[name]
        here = ("errors", name)
        yield judge("numbers", join_pointer(here), len(told) == len(wanted), len(told), len(wanted))
        for n, (one, other) in enumerate(zip(told, wanted, strict=False)):
            yield from known.compare_judged((*here, n), one)
            likely = known.find_probability(one["file"])
            agrees = likely is not None and abs(likely - other["probability"]) <= MARGIN
            reason = "" if agrees else _OTHER
            yield judge(
                "numbers", join_pointer([*here, n, "file"]), agrees, one["file"], other["file"], reason
            )


def _compare_listed(known: _Known, pair: Pair) -> Findings:
    """An image may be listed, or not, if the recomputed probabilities of two classes are nearly equal."""
    told = {each["file"]: (n, each) for n, each in enumerate(pair.submitted["mistakes"])}
    wanted = {each["file"]: each for each in pair.recomputed["mistakes"]}
    for n, each in told.values():
        yield from known.compare_judged(("errors", "mistakes", n), each)
        yield from known.compare_nearest(("errors", "mistakes", n, "nearest"), each)
    for file in wanted.keys() - told.keys():
        agrees = known.is_close(file, wanted[file]["true"])
        pointer = join_pointer(["errors", "mistakes", len(told)])
        yield judge("numbers", pointer, agrees, None, file, _TIE if agrees else _MISSING)


@dataclass(frozen=True)
class _Known:
    """What was recomputed of the test images: their ``places`` by file, and their ``labels``."""

    pair: Pair
    places: Mapping[str, int]
    labels: Sequence[str]

    def find_probability(self, file: str) -> float | None:
        """How sure the recomputed network is of its class; None for a file that is no test image."""
        n = self.places.get(file)
        return None if n is None else float(self.pair.arrays["probabilities"][n].max())

    def is_close(self, file: str, label: str) -> bool:
        """Whether a class's recomputed probability is about as high as that of the predicted class."""
        row = self.pair.arrays["probabilities"][self.places[file]]
        index = list(self.pair.dataset["classes"]).index(label)
        return float(row.max() - row[index]) <= MARGIN

    def compare_judged(self, here: Sequence[str | int], told: Mapping[str, Any]) -> Iterator[Any]:
        """Rows for the class, the predicted class and its probability."""
        n = self.places.get(told["file"])
        if n is None:
            yield judge("numbers", join_pointer([*here, "file"]), False, told["file"], None, _UNKNOWN)
            return
        row, classes = self.pair.arrays["probabilities"][n], list(self.pair.dataset["classes"])
        yield judge(
            "numbers", join_pointer([*here, "true"]), told["true"] == self.labels[n], told["true"],
            self.labels[n],
        )  # fmt: skip
        best = classes[int(row.argmax())]
        agrees = told["predicted"] in classes and self.is_close(told["file"], told["predicted"])
        reason = "" if told["predicted"] == best or not agrees else _TIE
        yield judge("numbers", join_pointer([*here, "predicted"]), agrees, told["predicted"], best, reason)
        likely = float(row.max())
        close = abs(told["probability"] - likely) <= MARGIN
        yield judge("numbers", join_pointer([*here, "probability"]), close, told["probability"], likely)

    def compare_nearest(self, here: Sequence[str | int], told: Mapping[str, Any]) -> Iterator[Any]:
        """Rows for the nearest training images: each may be any that is about as near."""
        images = self.pair.dataset["images"]
        features = unpack_arrays(self.pair.stages["features"]["features.npz"])["features"]
        own = next((n for n, image in enumerate(images) if image["file"] == told["file"]), None)
        train = [n for n, image in enumerate(images) if image["split"] == "train"]
        if own is None:
            return
        cosines = compare_features(features[[own]], features[train])[0]
        ranked, by_file = (
            sorted(cosines, reverse=True),
            dict(zip((images[n]["file"] for n in train), zip(train, cosines, strict=True), strict=True)),
        )
        yield judge(
            "numbers", join_pointer(here), len(told["nearest"]) == min(3, len(train)), len(told["nearest"]),
            min(3, len(train)),
        )  # fmt: skip
        for k, (each, expected) in enumerate(zip(told["nearest"], ranked, strict=False)):
            found = by_file.get(each["file"])
            agrees = (
                found is not None
                and abs(float(found[1]) - float(expected)) <= _SAME
                and abs(each["similarity"] - float(found[1])) <= _SAME
                and each["label"] == images[found[0]]["label"]
            )
            yield judge(
                "numbers", join_pointer([*here, k]), agrees, each["similarity"], float(expected),
                "" if agrees else "another training image is nearer, or its cosine is another one",
            )  # fmt: skip


def find_comparable(pair: Pair) -> dict[str, list[bool]]:
    """Whether each picture is of the same image in both: others may be shown where two are as near."""
    told, wanted = (
        [file for m in each["mistakes"] for file in (m["file"], *(one["file"] for one in m["nearest"]))]
        for each in (pair.submitted, pair.recomputed)
    )
    count = len(pair.arrays["shown"]) if "shown" in pair.arrays else 0
    return {"shown": [n < len(told) and told[n] == file for n, file in enumerate(wanted[:count])]}
