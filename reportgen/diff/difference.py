"""The complete difference between two reports."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reportgen.diff.images import (
    Classifier,
    Images,
    Predictions,
    compare_images,
    compare_misclassified,
    compare_predictions,
    find_classifiers,
    read_images,
    reported_contents,
)
from reportgen.diff.values import Entry, Tolerance, compare_values
from reportgen.errors import UserError
from reportgen.pointer import lookup, split_pointer
from reportgen.submission import Submission

# Without the number, which changes with every figure before it.
_NUMBER_OR_ENDING = re.compile(r"^fig-[A-Z]?[0-9]+-|\.[^.]+$")


@dataclass(frozen=True)
class Picture:
    """A figure's file name and content."""

    file: str
    data: bytes


@dataclass(frozen=True)
class FigurePair:
    """A figure that differs, by its name without number and ending; None where a report does not have it."""

    name: str
    old: Picture | None
    new: Picture | None


@dataclass(frozen=True)
class Figures:
    """``compared`` is False if one of the reports came without figures; then nothing is known of them."""

    changed: tuple[FigurePair, ...]
    unchanged: int
    compared: bool


def compare_figures(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Figures:
    """Compare figures by name and bytes; a figure that only got another number is unchanged."""
    # A PDF has no figures that could be read back; without any on one side, all would seem to be new.
    if not old or not new:
        return Figures((), 0, compared=False)
    before, after = _named(old), _named(new)
    names = [*before, *(name for name in after if name not in before)]
    pairs = [FigurePair(name, before.get(name), after.get(name)) for name in names]
    changed = tuple(pair for pair in pairs if not (pair.old and pair.new and pair.old.data == pair.new.data))
    return Figures(changed, len(pairs) - len(changed), compared=True)


def _named(figures: Mapping[str, bytes]) -> dict[str, Picture]:
    named: dict[str, Picture] = {}
    for file, data in figures.items():
        name = _NUMBER_OR_ENDING.sub("", file)
        # A second file that differs in number or ending only keeps its whole name, so that none is lost.
        named[file if name in named else name] = Picture(file, data)
    return named


SPLITS = ("test", "val", "train")
"""In the order of their interest."""

# Compared by content instead: by index, one image added would change every entry behind it.
_IMAGES = "/dataset/images"

_CAUSES = ("/provenance/versions", "/provenance/weights", "/schema_version")


@dataclass(frozen=True)
class Count:
    """The number of correctly classified images out of ``total``; the accuracy is None without images."""

    correct: int
    total: int

    @property
    def share(self) -> float | None:
        """The accuracy, 0 to 1."""
        return self.correct / self.total if self.total else None


@dataclass(frozen=True)
class Accuracy:
    """The accuracy on one split; None where a report does not have the split. ``network``: whose it is, ""
    where the reports have one network only.
    """

    split: str
    old: Count | None
    new: Count | None
    network: str = ""

    @property
    def title(self) -> str:
        """Whose accuracy it is, or that it is one, before the split."""
        return f"{self.network}," if self.network else "Accuracy"

    @property
    def points(self) -> float | None:
        """New minus old accuracy in percentage points, None if one is unknown."""
        if not self.old or not self.new or self.old.share is None or self.new.share is None:
            return None
        return 100 * (self.new.share - self.old.share)


@dataclass(frozen=True)
class CheckFlip:
    """A claim of the report that held and fails now, or the other way round."""

    name: str
    claim: str
    holds: bool


@dataclass(frozen=True)
class Difference:
    """The differences between the reports ``old_name`` (A) and ``new_name`` (B).

    ``causes`` are versions and weights, which explain the rest; ``entries`` every other value.
    """

    old_name: str
    new_name: str
    tolerance: Tolerance
    accuracies: tuple[Accuracy, ...]
    checks: tuple[CheckFlip, ...]
    causes: tuple[Entry, ...]
    entries: tuple[Entry, ...]
    images: Images
    predictions: Predictions
    figures: Figures

    @property
    def changed(self) -> bool:
        """Whether anything differs by more than the tolerance."""
        return bool(
            # Claims that turned are among the entries, as all values of the results.
            self.causes
            or self.entries
            or self.images.changed
            or self.predictions.flips
            or self.figures.changed
        )

    @property
    def predictions_title(self) -> str:
        """Whose predictions are compared, where a report has several networks."""
        several = any(each.network for each in self.accuracies)
        return f"{self.predictions.network}, predictions" if several else "Predictions"

    def sections(self) -> dict[str, list[Entry]]:
        """The entries by section of ``results.json``; summaries of arrays come last in each."""
        grouped: dict[str, tuple[list[Entry], list[Entry]]] = {}
        for entry in self.entries:
            name, *below = split_pointer(entry.pointer)
            values, arrays = grouped.setdefault(name, ([], []))
            (arrays if below[:1] == ["arrays"] else values).append(entry)
        return {name: [*values, *arrays] for name, (values, arrays) in grouped.items()}


def compare(old: Submission, new: Submission, *, rtol: float = 0.0, atol: float = 0.0) -> Difference:
    """Compare two reports; numbers a, b are equal if |a − b| ≤ ``atol`` + ``rtol`` · max(|a|, |b|).

    Without a tolerance any difference counts. Raises ``UserError`` for a negative or infinite tolerance.
    """
    for name, value in (("rtol", rtol), ("atol", atol)):
        # Put so that a NaN is refused.
        if not 0 <= value < math.inf:
            raise UserError(f"{name} is {value}.", "A tolerance is a number of 0 or more, such as 1e-6.")
    tolerance = Tolerance(rtol, atol)
    lists = read_images(old.results), read_images(new.results)
    images = compare_images(*lists)
    classifiers = find_classifiers(old.results, new.results)
    # Of several, the first; what the others list is compared like any value.
    listing = next((each for each in classifiers if each.misclassified), None)
    predictions = compare_predictions(old.results, new.results, lists, listing)
    pointer = listing.misclassified if listing else ""
    # An empty pointer is the whole document.
    skipped = frozenset({_IMAGES, pointer} if pointer else {_IMAGES})
    entries = list(compare_values(old.results, new.results, tolerance, skip=skipped))
    if listing:
        before, after = (lookup(each.results, pointer) for each in (old, new))
        reported = reported_contents(images, predictions)
        entries += compare_misclassified(before, after, lists, reported, tolerance, pointer=pointer)
    return Difference(
        old.name,
        new.name,
        tolerance,
        _accuracies(old.results, new.results, classifiers),
        _checks(old.results, new.results),
        tuple(entry for entry in entries if entry.pointer.startswith(_CAUSES)),
        tuple(entry for entry in entries if not entry.pointer.startswith(_CAUSES)),
        images,
        predictions,
        compare_figures(old.figures, new.figures),
    )


def _accuracies(
    old: Mapping[str, Any], new: Mapping[str, Any], classifiers: list[Classifier]
) -> tuple[Accuracy, ...]:
    """Those of each network, which is named if there are several."""
    pairs = [(each.declared, each.confusion(old), each.confusion(new)) for each in classifiers]
    pairs = [each for each in pairs if each[1] or each[2]]
    return tuple(
        Accuracy(
            split,
            _count(before.get(split)),
            _count(after.get(split)),
            declared.network if declared.named or len(pairs) > 1 else "",
        )
        for declared, before, after in pairs
        for split in SPLITS
        if split in before or split in after
    )


def _count(confusion: list[list[int]] | None) -> Count | None:
    if confusion is None:
        return None
    # From the matrix and not from a stored rate: only counts tell whether 100 % is exact.
    return Count(sum(row[i] for i, row in enumerate(confusion)), sum(map(sum, confusion)))


def _checks(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[CheckFlip, ...]:
    before = {check["name"]: check.get("passed") for check in old["checks"]}
    return tuple(
        CheckFlip(check["name"], str(check.get("claim", "")), check.get("passed") is True)
        for check in new["checks"]
        # By identity, for 1, which a stranger may have written, equals True.
        if check["name"] in before and before[check["name"]] is not check.get("passed")
    )
