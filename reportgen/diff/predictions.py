"""Which test images are now taken for another class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reportgen.diff.images import Image, Images
from reportgen.diff.values import ABSENT, Entry, Tolerance, compare_values

ImageLists = tuple[list[Image], list[Image]]
"""The images of the old and of the new report."""

_MISCLASSIFIED = "/transfer/misclassified"


@dataclass(frozen=True)
class Guess:
    """A test image and the class the network took it for."""

    image: Image
    predicted: str

    @property
    def right(self) -> bool:
        """Whether that is its label."""
        return self.predicted == self.image.label


@dataclass(frozen=True)
class Flip:
    """A test image of both reports, matched by its content, that was predicted differently."""

    old: Guess
    new: Guess


@dataclass(frozen=True)
class Predictions:
    """The flips among ``compared`` test images, as many as both reports have in common."""

    flips: tuple[Flip, ...]
    compared: int


def compare_predictions(old: Mapping[str, Any], new: Mapping[str, Any], images: ImageLists) -> Predictions:
    """Compare what two ``results.json`` say of the test images that both have."""
    before, after = _guesses(old, images[0]), _guesses(new, images[1])
    common = [content for content in before if content in after]
    pairs = (Flip(before[content], after[content]) for content in common)
    return Predictions(tuple(pair for pair in pairs if pair.old.predicted != pair.new.predicted), len(common))


def _guesses(results: Mapping[str, Any], images: list[Image]) -> dict[str, Guess]:
    if "transfer" not in results:
        return {}
    wrong = {entry["file"]: entry["predicted"] for entry in results["transfer"]["misclassified"]}
    guesses: dict[str, Guess] = {}
    for image in images:
        if image.split == "test":
            guesses.setdefault(image.sha256, Guess(image, wrong.get(image.file, image.label)))
    return guesses


def compare_misclassified(
    old: Mapping[str, Any], new: Mapping[str, Any], images: ImageLists, seen: set[str], tolerance: Tolerance
) -> Iterator[Entry]:
    """What differs in the list of misclassified images, matched by content.

    Left out is what was told already: the file's name, images in ``seen`` that are in one list only, and
    images in ``seen`` whose prediction changed.
    """
    before, after = _by_content(old, images[0]), _by_content(new, images[1])
    for content in [*before, *(content for content in after if content not in before)]:
        place_old, entry_old = before.get(content, (0, None))
        place_new, entry_new = after.get(content, (place_old, None))
        told = content in seen and (
            entry_old is None or entry_new is None or entry_old["predicted"] != entry_new["predicted"]
        )
        if not told:
            pointer = f"{_MISCLASSIFIED}/{place_new}"
            a, b = (ABSENT if entry is None else entry for entry in (entry_old, entry_new))
            yield from compare_values(a, b, tolerance, pointer, frozenset([f"{pointer}/file"]))


def _by_content(results: Mapping[str, Any], images: list[Image]) -> dict[str, tuple[int, dict[str, Any]]]:
    content = {image.file: image.sha256 for image in images}
    entries: dict[str, tuple[int, dict[str, Any]]] = {}
    for place, entry in enumerate(results.get("transfer", {}).get("misclassified", [])):
        # An unknown file, or one of the same content as another, goes by its name, which no digest equals.
        key = content.get(entry["file"], "")
        entries[f"file {entry['file']}" if not key or key in entries else key] = (place, entry)
    return entries


def told_contents(images: Images, predictions: Predictions) -> set[str]:
    """The digests of all images of which the comparison of images and predictions says something."""
    single = [image.sha256 for image in (*images.left, *images.entered)]
    paired = [image.sha256 for pair in (*images.moved, *images.altered) for image in (pair.old, pair.new)]
    return {*single, *paired, *(flip.new.image.sha256 for flip in predictions.flips)}
