"""The whole difference between two reports."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reportgen.diff.figures import Figures, compare_figures
from reportgen.diff.images import Images, compare_images, read_images
from reportgen.diff.predictions import (
    Predictions,
    compare_misclassified,
    compare_predictions,
    told_contents,
)
from reportgen.diff.values import Entry, Tolerance, compare_values
from reportgen.errors import UserError
from reportgen.submission import Submission

SPLITS = ("test", "val", "train")
"""In the order of their interest."""

_ELSEWHERE = frozenset({"/dataset/images", "/transfer/misclassified"})
_CAUSES = ("/provenance/versions", "/provenance/weights", "/schema_version")


@dataclass(frozen=True)
class Count:
    """So many of ``total`` images were classified correctly; the accuracy is None without images."""

    correct: int
    total: int

    @property
    def share(self) -> float | None:
        """The accuracy, 0 to 1."""
        return self.correct / self.total if self.total else None


@dataclass(frozen=True)
class Accuracy:
    """The accuracy on one split; None where a report does not have the split."""

    split: str
    old: Count | None
    new: Count | None

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
    """What differs between the reports ``old_name`` (A) and ``new_name`` (B).

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
            self.causes
            or self.entries
            or self.images.changed
            or self.predictions.flips
            or self.figures.changed
        )

    def sections(self) -> dict[str, list[Entry]]:
        """The entries by section of ``results.json``; summaries of arrays come last in each."""
        grouped: dict[str, list[Entry]] = {}
        for entry in sorted(self.entries, key=lambda entry: entry.pointer.split("/")[2:3] == ["arrays"]):
            grouped.setdefault(entry.pointer.split("/")[1], []).append(entry)
        return {name: grouped[name] for name in dict.fromkeys(e.pointer.split("/")[1] for e in self.entries)}


def compare(old: Submission, new: Submission, *, rtol: float = 0.0, atol: float = 0.0) -> Difference:
    """Compare two reports; numbers a, b are equal if |a − b| ≤ ``atol`` + ``rtol`` · max(|a|, |b|).

    Without a tolerance any difference counts. Raises ``UserError`` for a negative or infinite tolerance.
    """
    for name, value in (("rtol", rtol), ("atol", atol)):
        if not 0 <= value < math.inf:
            raise UserError(f"{name} is {value}.", "A tolerance is a number of 0 or more, such as 1e-6.")
    tolerance = Tolerance(rtol, atol)
    lists = read_images(old.results), read_images(new.results)
    images = compare_images(*lists)
    predictions = compare_predictions(old.results, new.results, lists)
    told = told_contents(images, predictions)
    entries = [
        *compare_values(old.results, new.results, tolerance, skip=_ELSEWHERE),
        *compare_misclassified(old.results, new.results, lists, told, tolerance),
    ]
    return Difference(
        old.name,
        new.name,
        tolerance,
        _accuracies(old.results, new.results),
        _checks(old.results, new.results),
        tuple(entry for entry in entries if entry.pointer.startswith(_CAUSES)),
        tuple(entry for entry in entries if not entry.pointer.startswith(_CAUSES)),
        images,
        predictions,
        compare_figures(old.figures, new.figures),
    )


def _accuracies(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Accuracy, ...]:
    before, after = (results.get("transfer", {}).get("confusion", {}) for results in (old, new))
    known = [split for split in SPLITS if split in before or split in after]
    return tuple(Accuracy(split, _count(before.get(split)), _count(after.get(split))) for split in known)


def _count(confusion: list[list[int]] | None) -> Count | None:
    if confusion is None:
        return None
    return Count(sum(row[i] for i, row in enumerate(confusion)), sum(map(sum, confusion)))


def _checks(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[CheckFlip, ...]:
    before = {check["name"]: check.get("passed") for check in old["checks"]}
    return tuple(
        CheckFlip(check["name"], str(check.get("claim", "")), check.get("passed") is True)
        for check in new["checks"]
        if check["name"] in before and before[check["name"]] is not check.get("passed")
    )
