"""The complete difference between two reports."""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reportgen.diff.values import ABSENT, Entry, Tolerance, compare_values
from reportgen.errors import UserError
from reportgen.submission import Submission

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
            # A test image that is not listed as misclassified was recognised.
            # Copies of an image have one prediction, so the first is as good as another.
            guesses.setdefault(image.sha256, Guess(image, wrong.get(image.file, image.label)))
    return guesses


def compare_misclassified(
    old: Mapping[str, Any], new: Mapping[str, Any], images: ImageLists, seen: set[str], tolerance: Tolerance
) -> Iterator[Entry]:
    """The differences in the list of misclassified images, matched by content.

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
            pointer = f"{_MISCLASSIFIED}/{index_new}"
            a, b = (ABSENT if entry is None else entry for entry in (entry_old, entry_new))
            yield from compare_values(a, b, tolerance, pointer, frozenset([f"{pointer}/file"]))


def _by_content(results: Mapping[str, Any], images: list[Image]) -> dict[str, tuple[int, dict[str, Any]]]:
    content = {image.file: image.sha256 for image in images}
    entries: dict[str, tuple[int, dict[str, Any]]] = {}
    for index, entry in enumerate(results.get("transfer", {}).get("misclassified", [])):
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
_ELSEWHERE = frozenset({"/dataset/images", "/transfer/misclassified"})

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
            self.causes
            or self.entries
            or self.images.changed
            or self.predictions.flips
            or self.figures.changed
        )

    @property
    def predictions_title(self) -> str:
        """Whose predictions are compared, where a report has several networks."""
        return "Transfer, predictions" if any(each.network for each in self.accuracies) else "Predictions"

    def sections(self) -> dict[str, list[Entry]]:
        """The entries by section of ``results.json``; summaries of arrays come last in each."""
        grouped: dict[str, list[Entry]] = {}
        # Stable, so that the order is otherwise that of the document.
        for entry in sorted(self.entries, key=lambda entry: entry.pointer.split("/")[2:3] == ["arrays"]):
            grouped.setdefault(entry.pointer.split("/")[1], []).append(entry)
        return {name: grouped[name] for name in dict.fromkeys(e.pointer.split("/")[1] for e in self.entries)}


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
    predictions = compare_predictions(old.results, new.results, lists)
    reported = reported_contents(images, predictions)
    entries = [
        *compare_values(old.results, new.results, tolerance, skip=_ELSEWHERE),
        *compare_misclassified(old.results, new.results, lists, reported, tolerance),
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
    """Those of VGG19 with a new output layer, after that of the best of the author's own networks."""
    own = [results.get("architectures", {}).get("test", {}).get("confusion") for results in (old, new)]
    best = [Accuracy("test", _count(own[0]), _count(own[1]), "Best network")] if any(own) else []
    before, after = (results.get("transfer", {}).get("confusion", {}) for results in (old, new))
    known = [split for split in SPLITS if split in before or split in after]
    network = "Transfer" if best else ""
    transfer = [
        Accuracy(split, _count(before.get(split)), _count(after.get(split)), network) for split in known
    ]
    return (*best, *transfer)


def _count(confusion: list[list[int]] | None) -> Count | None:
    if confusion is None:
        return None
    return Count(sum(row[i] for i, row in enumerate(confusion)), sum(map(sum, confusion)))


def _checks(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[CheckFlip, ...]:
    before = {check["name"]: check.get("passed") for check in old["checks"]}
    return tuple(
        CheckFlip(check["name"], str(check.get("claim", "")), check.get("passed") is True)
        for check in new["checks"]
        # By identity, for 1, which a stranger may have written, equals True.
        if check["name"] in before and before[check["name"]] is not check.get("passed")
    )
