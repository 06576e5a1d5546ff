"""What a check goes through, and whether the images are what the report says."""

from __future__ import annotations

from collections import Counter

from reportgen.grading.report import Report, require
from reportgen.results import SPLITS


def whole(_report: Report) -> list[str]:
    """The report, once."""
    return ["report"]


def classes(report: Report) -> list[str]:
    """Each class."""
    return list(report.results.dataset.classes)


def splits(_report: Report) -> list[str]:
    """Training, validation and test."""
    return list(SPLITS)


def judge_disjoint(report: Report, _case: str) -> None:
    """No image, by content, stands in more than one split."""
    where: dict[str, set[str]] = {}
    for image in report.results.dataset.images:
        where.setdefault(image.sha256, set()).add(image.split)
    shared = [image for image in report.results.dataset.images if len(where[image.sha256]) > 1]
    require(
        not shared,
        f"{len(shared)} images stand in more than one split, as {shared[0].file}" if shared else "",
    )


def judge_counts(report: Report, split: str) -> None:
    """The counts of a split are those of the list of images, with at least one image a class."""
    dataset = report.results.dataset
    listed = Counter(image.label for image in dataset.images if image.split == split)
    counts = dataset.counts[split]  # type: ignore[index]
    for label in dataset.classes:
        pointer = f"/dataset/counts/{split}/{label}"
        require(
            counts.get(label) == listed[label],
            f"{pointer} is {counts.get(label)}, {listed[label]} are listed",
        )
        require(listed[label] > 0, f"{pointer}: there is no image")
