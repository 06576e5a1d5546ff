"""The images of two reports matched by content, and what their networks take them for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reportgen.diff.values import ABSENT, Entry, Tolerance, compare_values
from reportgen.outline.kind import list_sections
from reportgen.outline.section import Classification
from reportgen.pointer import lookup


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
    """The flips among ``compared`` test images, as many as both reports have in common; ``network``: whose
    predictions they are.
    """

    flips: tuple[Flip, ...]
    compared: int
    network: str = ""


@dataclass(frozen=True)
class Classifier:
    """A section's ``name`` in the results, and where these say what its network takes images for."""

    name: str
    declared: Classification

    @property
    def misclassified(self) -> str:
        """The pointer to the list of misclassified test images, "" if there is none."""
        return f"/{self.name}{self.declared.misclassified}" if self.declared.misclassified else ""

    def confusion(self, results: Mapping[str, Any]) -> dict[str, list[list[int]]]:
        """The confusion matrices by split, as far as a report has them."""
        found: Any = lookup(results, f"/{self.name}{self.declared.confusion}") or {}
        return {self.declared.split: found} if found and self.declared.split else found


def find_classifiers(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Classifier]:
    """Those that a report has, in the order of the new one; those of the old one alone come last."""
    declared = {each.name: each.classification for each in list_sections()}
    found = ((name, declared.get(name)) for name in dict.fromkeys([*new, *old]))
    return [Classifier(name, said) for name, said in found if said is not None]


def compare_predictions(
    old: Mapping[str, Any], new: Mapping[str, Any], images: ImageLists, of: Classifier | None
) -> Predictions:
    """Compare what two ``results.json`` say of the test images that both have."""
    if of is None or not (of.name in old and of.name in new):
        return Predictions((), 0, of.declared.network if of else "")
    before, after = (
        _guesses(lookup(results, of.misclassified), listed)
        for results, listed in zip((old, new), images, strict=True)
    )
    common = [content for content in before if content in after]
    pairs = (Flip(before[content], after[content]) for content in common)
    flips = tuple(pair for pair in pairs if pair.old.predicted != pair.new.predicted)
    return Predictions(flips, len(common), of.declared.network)


def _guesses(misclassified: list[dict[str, Any]], images: list[Image]) -> dict[str, Guess]:
    wrong = {entry["file"]: entry["predicted"] for entry in misclassified}
    guesses: dict[str, Guess] = {}
    for image in images:
        if image.split == "test":
            # A test image that is not listed as misclassified was recognised.
            # Copies of an image have one prediction, so the first is as good as another.
            guesses.setdefault(image.sha256, Guess(image, wrong.get(image.file, image.label)))
    return guesses


def compare_misclassified(
    old: Any, new: Any, images: ImageLists, seen: set[str], tolerance: Tolerance, *, pointer: str
) -> Iterator[Entry]:
    """The differences in the lists of misclassified images at ``pointer``, None if missing, by content.

    Omitted is what has been reported already: the file's name, images in ``seen`` that are in one list only,
    and images in ``seen`` whose prediction changed.
    """
    before, after = _by_content(old, images[0]), _by_content(new, images[1])
    for content in [*before, *(content for content in after if content not in before)]:
        index_old, entry_old = before.get(content, (0, None))
        index_new, entry_new = after.get(content, (index_old, None))
        reported = content in seen and (
            entry_old is None or entry_new is None or entry_old["predicted"] != entry_new["predicted"]
        )
        if not reported:
            where = f"{pointer}/{index_new}"
            a, b = (ABSENT if entry is None else entry for entry in (entry_old, entry_new))
            yield from compare_values(a, b, tolerance, where, frozenset([f"{where}/file"]))


def _by_content(misclassified: Any, images: list[Image]) -> dict[str, tuple[int, dict[str, Any]]]:
    content = {image.file: image.sha256 for image in images}
    entries: dict[str, tuple[int, dict[str, Any]]] = {}
    for index, entry in enumerate(misclassified or []):
        # An unknown file, or one of the same content as another, goes by its name, which no digest equals.
        key = content.get(entry["file"], "")
        entries[f"file {entry['file']}" if not key or key in entries else key] = (index, entry)
    return entries


def reported_contents(images: Images, predictions: Predictions) -> set[str]:
    """The digests of all images of which the comparison of images and predictions says something."""
    single = [image.sha256 for image in (*images.left, *images.entered)]
    paired = [image.sha256 for pair in (*images.moved, *images.altered) for image in (pair.old, pair.new)]
    return {*single, *paired, *(flip.new.image.sha256 for flip in predictions.flips)}


@dataclass(frozen=True)
class Image:
    """One image of ``results.json``, ``file`` relative to the data folder."""

    file: str
    split: str
    label: str
    sha256: str


ImageLists = tuple[list[Image], list[Image]]
"""The images of the old and of the new report."""


@dataclass(frozen=True)
class ImagePair:
    """An image before and after."""

    old: Image
    new: Image


@dataclass(frozen=True)
class Images:
    """``moved``: the same content under another file, split or label. ``altered``: the same file with
    other content.
    """

    left: tuple[Image, ...]
    entered: tuple[Image, ...]
    moved: tuple[ImagePair, ...]
    altered: tuple[ImagePair, ...]
    unchanged: int

    @property
    def changed(self) -> bool:
        """Whether any image is not what and where it was."""
        return bool(self.left or self.entered or self.moved or self.altered)


def read_images(results: Mapping[str, Any]) -> list[Image]:
    """The images that a ``results.json`` lists."""
    return [
        Image(entry["file"], entry["split"], entry["label"], entry["sha256"])
        for entry in results["dataset"]["images"]
    ]


def compare_images(old: list[Image], new: list[Image]) -> Images:
    """Match by content first, so that a renamed image is no other image, and then by file."""
    before, after = set(old), set(new)
    same = before & after
    # Sorted, since a set may have another order in each process, and copies would be paired in another way.
    rest_old, rest_new = (sorted(images - same, key=lambda i: i.file) for images in (before, after))
    # An image that stayed where it was is not the partner of a renamed copy of itself.
    at_home = _pairs(rest_old, rest_new, lambda image: (image.file, image.sha256))
    rest_old, rest_new = _rest(rest_old, rest_new, at_home)
    renamed = _pairs(rest_old, rest_new, lambda image: image.sha256)
    rest_old, rest_new = _rest(rest_old, rest_new, renamed)
    altered = _pairs(rest_old, rest_new, lambda image: image.file)
    rest_old, rest_new = _rest(rest_old, rest_new, altered)
    return Images(tuple(rest_old), tuple(rest_new), tuple(at_home + renamed), tuple(altered), len(same))


def _pairs(old: list[Image], new: list[Image], key: Callable[[Image], object]) -> list[ImagePair]:
    waiting: dict[object, deque[Image]] = {}
    for image in new:
        # In order, so that of several copies the first goes with the first.
        waiting.setdefault(key(image), deque()).append(image)
    return [ImagePair(image, waiting[key(image)].popleft()) for image in old if waiting.get(key(image))]


def _rest(old: list[Image], new: list[Image], pairs: list[ImagePair]) -> tuple[list[Image], list[Image]]:
    gone, come = {pair.old for pair in pairs}, {pair.new for pair in pairs}
    return [image for image in old if image not in gone], [image for image in new if image not in come]
