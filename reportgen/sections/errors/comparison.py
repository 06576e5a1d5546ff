"""How ``verify`` compares what the network predicts, and the training images that are listed as nearest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reportgen.outline.section import MARGIN
from reportgen.pointer import join_pointer
from reportgen.sections.errors.likeness import compare_features
from reportgen.sections.errors.result import NEIGHBOURS, Errors
from reportgen.store.packing import unpack_arrays
from reportgen.verify.tolerances import Findings, Pair, judge

Steps = tuple[str | int, ...]

_SAME = 1e-3
"""Images whose cosines differ less may be in either order."""

_TIE = "the recomputed probabilities of the two classes are nearly equal"
_OTHER = "the recomputed network is not as sure of it"
_UNKNOWN = "there is no such test image"
_MISSING = "the recomputed network gets it wrong, too"
_TWICE = "it names an image twice"
_ORDER = "the images are not in the order of the data"
_NO_MISTAKE = "it is no mistake: the class is the predicted one"
_COUNT = "so many different images are listed for each mistake"
_OTHERS = "the section on transfer learning lists other images, or other classes of them"
_NEARER = "another training image is nearer, or its class or cosine is another one"


def compare(pair: Pair) -> Findings:
    """Rows for the mistakes with their nearest images, and for the images of highest and lowest certainty."""
    known = _Known(pair)
    mistakes = pair.submitted["mistakes"]
    yield from known.compare_order("/errors/mistakes", [each["file"] for each in mistakes])
    # Each entry: of two on one image both are in the report.
    for n, each in enumerate(mistakes):
        here: Steps = ("errors", "mistakes", n)
        yield from known.compare_judged(here, each)
        if each["true"] == each["predicted"]:
            pointer = join_pointer([*here, "predicted"])
            yield judge("numbers", pointer, False, each["predicted"], None, _NO_MISTAKE)
        yield from known.compare_nearest((*here, "nearest"), each)
    yield from _compare_left_out(known, [each["file"] for each in mistakes])
    for name in ("surest", "least_sure"):
        one, other = pair.submitted[name], pair.recomputed[name]
        yield judge("numbers", f"/errors/{name}", len(one) == len(other), len(one), len(other))
        # Or the surest one could be named three times: it is sure enough for each rank.
        if _has_twice(files := [each["file"] for each in one]):
            yield judge("numbers", f"/errors/{name}", False, files, None, _TWICE)
        for n, (mine, wanted) in enumerate(zip(one, other, strict=False)):
            here = ("errors", name, n)
            yield from known.compare_judged(here, mine)
            # Where several are about as sure, any of them may be named.
            likely = known.find_probability(mine["file"])
            agrees = abs(likely - wanted["probability"]) <= MARGIN
            pointer = join_pointer([*here, "file"])
            reason = "" if agrees else _OTHER
            yield judge("numbers", pointer, agrees, mine["file"], wanted["file"], reason)


def judge_beside(numbers: Errors, others: Mapping[str, Any]) -> Findings:
    """A row if the section on transfer learning of the same report lists other mistakes."""
    if (transfer := others.get("transfer")) is None:
        return
    # In whatever order: that of the data is looked at by itself.
    submitted, due = (
        sorted((each.file, each.true, each.predicted) for each in listed)
        for listed in (numbers.mistakes, transfer.misclassified)
    )
    agrees = submitted == due
    yield judge("numbers", "/errors/mistakes", agrees, len(submitted), len(due), "" if agrees else _OTHERS)


def _has_twice(files: Sequence[str]) -> bool:
    return len(set(files)) < len(files)


def find_comparable(pair: Pair) -> dict[str, list[bool]]:
    """Whether each picture is of the same image in both: others may be shown where two are as near."""
    submitted, wanted = (
        [file for m in each["mistakes"] for file in (m["file"], *(one["file"] for one in m["nearest"]))]
        for each in (pair.submitted, pair.recomputed)
    )
    count = len(pair.arrays["shown"]) if "shown" in pair.arrays else 0
    return {"shown": [n < len(submitted) and submitted[n] == file for n, file in enumerate(wanted[:count])]}


def _compare_left_out(known: _Known, submitted: Sequence[str]) -> Findings:
    """A mistake need not be listed if the recomputed probability of its class is nearly the highest."""
    for wanted in known.pair.recomputed["mistakes"]:
        if wanted["file"] not in submitted:
            agrees = known.is_close(wanted["file"], wanted["true"])
            pointer = f"/errors/mistakes/{len(submitted)}"
            yield judge("numbers", pointer, agrees, None, wanted["file"], _TIE if agrees else _MISSING)


class _Known:
    """What was recomputed of the test images."""

    def __init__(self, pair: Pair) -> None:
        self.pair, self._images = pair, pair.dataset["images"]
        self._classes = list(pair.dataset["classes"])
        test = [image for image in self._images if image["split"] == "test"]
        self._rows = {
            image["file"]: row for image, row in zip(test, pair.arrays["probabilities"], strict=True)
        }
        self._labels = {image["file"]: image["label"] for image in test}
        self._features = unpack_arrays(pair.stages["features"]["features.npz"])["features"]

    def find_probability(self, file: str) -> float:
        """How sure the recomputed network is of its class; below zero for a file that is no test image."""
        return float(self._rows[file].max()) if file in self._rows else -1.0

    def is_close(self, file: str, label: str) -> bool:
        """Whether a class's recomputed probability is about as high as that of the predicted class."""
        row = self._rows[file]
        return label in self._classes and float(row.max() - row[self._classes.index(label)]) <= MARGIN

    def compare_order(self, pointer: str, submitted: Sequence[str]) -> Findings:
        """A row if images are named twice, or in another order than that of the data."""
        # Those that are no test images are reported one by one.
        indices = [list(self._rows).index(file) for file in submitted if file in self._rows]
        if _has_twice(submitted):
            yield judge("numbers", pointer, False, list(submitted), None, _TWICE)
        elif indices != sorted(indices):
            yield judge("numbers", pointer, False, list(submitted), None, _ORDER)

    def compare_judged(self, here: Steps, submitted: Mapping[str, Any]) -> Findings:
        """Rows for the class, the predicted class and its probability."""
        file = submitted["file"]
        if file not in self._rows:
            yield judge("numbers", join_pointer([*here, "file"]), False, file, None, _UNKNOWN)
            return
        row = self._rows[file]
        best = self._classes[int(row.argmax())]
        close = self.is_close(file, submitted["predicted"])
        likely = float(row.max())
        for name, agrees, wanted in (
            ("true", submitted["true"] == self._labels[file], self._labels[file]),
            ("predicted", close, best),
            ("probability", abs(submitted["probability"] - likely) <= MARGIN, likely),
        ):
            tied = name == "predicted" and agrees and submitted[name] != best
            pointer = join_pointer([*here, name])
            yield judge("numbers", pointer, agrees, submitted[name], wanted, _TIE if tied else "")

    def compare_nearest(self, here: Steps, submitted: Mapping[str, Any]) -> Findings:
        """Rows for the nearest training images: each may be any that is about as near."""
        own = [n for n, image in enumerate(self._images) if image["file"] == submitted["file"]]
        train = [n for n, image in enumerate(self._images) if image["split"] == "train"]
        if not own:
            return
        cosines = compare_features(self._features[own[:1]], self._features[train])[0]
        found = {
            self._images[n]["file"]: (self._images[n]["label"], float(cosine))
            for n, cosine in zip(train, cosines, strict=True)
        }
        ranked: Sequence[float] = sorted((cosine for _, cosine in found.values()), reverse=True)
        files = [each["file"] for each in submitted["nearest"]]
        # Or the nearest one could be named three times: each of them would be near enough.
        due = min(NEIGHBOURS, len(ranked))
        agrees = len(files) == due and not _has_twice(files)
        yield judge("numbers", join_pointer(here), agrees, files, due, "" if agrees else _COUNT)
        for k, (each, wanted) in enumerate(zip(submitted["nearest"], ranked, strict=False)):
            # No class and no cosine: a file that is no training image agrees with nothing.
            label, cosine = found.get(each["file"], ("", -2.0))
            # The file's own cosine, and that at its rank: it must be true, and near enough to be in this
            # place.
            agrees = (
                label == each["label"]
                and abs(cosine - wanted) <= _SAME
                and abs(each["similarity"] - cosine) <= _SAME
            )
            pointer = join_pointer([*here, k])
            yield judge("numbers", pointer, agrees, each["similarity"], wanted, "" if agrees else _NEARER)
