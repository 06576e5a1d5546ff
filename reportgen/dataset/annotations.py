"""Bounding boxes and outlines of the animals and their heads, from a COCO file."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, PositiveInt, Tag, ValidationError

from reportgen.dataset.decode import SIDE
from reportgen.dataset.masks import Mask, fill_polygons, fill_runs, unpack_runs
from reportgen.dataset.names import composed
from reportgen.errors import DataError
from reportgen.results import Box, Duplicate, ImageFile
from reportgen.split import SPLITS, Split
from reportgen.store.files import read_file, unreadable_since

_HEAD = "head"

_SLACK = 1.0
"""Pixels by which a box may stick out of its image: other programs round."""


Polygons = list[list[float]]
"""COCO's outline: the parts of one object, each with x and y in turn."""

_CORNERS = 3


class _Entry(BaseModel):
    # Strict: a string instead of a number is a mistake to report, not to guess at. JSON readers take NaN and
    # Infinity for numbers.
    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False)


class _Runs(_Entry):
    """COCO's run lengths, where an outline is no polygon: plain, or packed in a string."""

    counts: list[int] | str

    def unpacked(self) -> list[int]:
        """Raises ``ValueError`` where they are no run lengths."""
        return unpack_runs(self.counts) if isinstance(self.counts, str) else self.counts


def _kind_of_outline(value: object) -> str:
    return "runs" if isinstance(value, dict | _Runs) else "polygons"


# Told apart before they are read, or one mistake would be reported twice, once for each kind.
_Outline = Annotated[
    Annotated[Polygons, Tag("polygons")] | Annotated[_Runs, Tag("runs")], Discriminator(_kind_of_outline)
]


@dataclass(frozen=True)
class Annotations:
    """The boxes of ``annotations.json``, scaled to the decoded image. ``sha256`` is that of the file.

    ``by_category[file, category]`` and ``heads[file]`` hold one box each, the one with the largest area
    (the first of them in the file, where several are equal). ``sizes[file]``: width and height as
    annotated. ``outlines[file, category]`` belongs to the box there, in pixels as annotated.
    """

    sha256: str
    drawn_by_program: bool
    by_category: Mapping[tuple[str, str], Box]
    heads: Mapping[str, Box]
    sizes: Mapping[str, tuple[int, int]]
    outlines: Mapping[tuple[str, str], Polygons | _Runs] = field(default_factory=dict)

    def mask(self, file: str, label: str) -> Mask | None:
        """What of the 224 × 224 image lies inside the outline of the animal whose box :meth:`boxes` gives.

        None where there is no outline, or one that no pixel's middle lies in.
        """
        outline = self.outlines.get((file, label))
        if outline is None:
            return None
        if isinstance(outline, _Runs):
            mask = fill_runs(outline.unpacked(), *self.sizes[file])
        else:
            mask = fill_polygons(outline, *self.sizes[file])
        return mask if mask.any() else None

    def boxes(self, file: str, label: str) -> tuple[Box | None, Box | None]:
        """The box of the animal (the category named like the class ``label``) and that of its head.

        ``file`` is relative to the data folder. Edges are rounded to the nearest pixel of the 224 × 224
        image; a box is clipped to it and at least one pixel wide and high. None where there is no box.
        """
        return self.by_category.get((file, label)), self.heads.get(file)


class _Info(_Entry):
    drawn_by_program: bool = False


# The files of the folder are named in composed form, and these have to match.
_Name = Annotated[str, AfterValidator(composed)]


class _Image(_Entry):
    id: int
    file_name: _Name
    width: PositiveInt
    height: PositiveInt


class _Category(_Entry):
    id: int
    name: _Name


class _Mark(_Entry):
    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    segmentation: _Outline | None = None

    @property
    def area(self) -> float:
        return self.bbox[2] * self.bbox[3]


class _Coco(_Entry):
    info: _Info = _Info()
    images: list[_Image]
    categories: list[_Category]
    annotations: list[_Mark]


def read_annotations(path: Path) -> Annotations:
    """Read a COCO file; its ``bbox`` is [x, y, width, height] in pixels of the image as it was annotated.

    ``info.drawn_by_program`` says that the images are no photographs. A category named ``head``, in
    capitals or not, is the head.
    Raises ``DataError`` naming every entry that is malformed or whose box is not inside its image.
    """
    try:
        data = read_file(path)
    except OSError as error:
        raise _malformed(path, [unreadable_since(error)]) from None
    try:
        # Straight from the bytes: only there does a strict tuple take JSON's list.
        coco = _Coco.model_validate_json(data)
    except ValidationError as error:
        raise _malformed(
            path, [_describe(problem["loc"], problem["msg"]) for problem in error.errors()]
        ) from None
    if faults := _faults(coco):
        raise _malformed(path, faults)
    return _collect(coco, hashlib.sha256(data).hexdigest())


def _collect(coco: _Coco, sha256: str) -> Annotations:
    images = {image.id: image for image in coco.images}
    names = {category.id: category.name for category in coco.categories}
    by_category: dict[tuple[str, str], Box] = {}
    heads: dict[str, Box] = {}
    outlines: dict[tuple[str, str], Polygons | _Runs] = {}
    # A stable sort, so that of equal areas the first in the file stays first.
    for mark in sorted(coco.annotations, key=lambda mark: -mark.area):
        image, name = images[mark.image_id], names[mark.category_id]
        box = _scale(mark, image)
        key = image.file_name, name
        # Of the mark whose box is taken only: another animal's outline would lie elsewhere.
        if key not in by_category and mark.segmentation:
            outlines[key] = mark.segmentation
        by_category.setdefault(key, box)
        if name.casefold() == _HEAD:
            heads.setdefault(image.file_name, box)
    sizes = {image.file_name: (image.width, image.height) for image in coco.images}
    return Annotations(sha256, coco.info.drawn_by_program, by_category, heads, sizes, outlines)


def _scale(mark: _Mark, image: _Image) -> Box:
    x, y, width, height = mark.bbox
    return Box(rows=_interval(y, height, image.height), cols=_interval(x, width, image.width))


def _interval(start: float, length: float, size: int) -> tuple[int, int]:
    # Not round(), which takes halves to the even number.
    first, stop = (math.floor(edge * SIDE / size + 0.5) for edge in (start, start + length))
    first = min(max(first, 0), SIDE - 1)
    # At least one pixel: a thin box of a large image would vanish when it is reduced.
    return first, min(max(stop, first + 1), SIDE)


def _faults(coco: _Coco) -> list[str]:
    """Errors that the types cannot express: ids that are used twice or lead nowhere, boxes without or beyond
    area.
    """
    images = {image.id: image for image in coco.images}
    categories = {category.id for category in coco.categories}
    faults = [
        *_repeated("images", [image.id for image in coco.images]),
        *_repeated("categories", [category.id for category in coco.categories]),
    ]
    for i, mark in enumerate(coco.annotations):
        entry = f"annotations[{i}]"
        if mark.category_id not in categories:
            faults.append(f"{entry}: category_id {mark.category_id} is not among the categories")
        if mark.image_id not in images:
            faults.append(f"{entry}: image_id {mark.image_id} is not among the images")
        elif not _fits(mark, images[mark.image_id]):
            image = images[mark.image_id]
            faults.append(
                f"{entry}: the box {list(mark.bbox)} is not inside {image.file_name}, "
                f"which has {image.width}×{image.height} pixels"
            )
        elif fault := _find_outline_fault(mark.segmentation, images[mark.image_id]):
            faults.append(f"{entry}.segmentation: {fault}")
    return faults


def _find_outline_fault(outline: Polygons | _Runs | None, image: _Image) -> str:
    """What is wrong with an outline, or nothing; a mark without one has an empty list or none."""
    if isinstance(outline, _Runs):
        try:
            counts = outline.unpacked()
        except ValueError as error:
            return str(error)
        if min(counts, default=0) < 0 or sum(counts) != image.width * image.height:
            return f"its runs do not add up to the {image.width}×{image.height} pixels of {image.file_name}"
        return ""
    for polygon in outline or []:
        if len(polygon) % 2 or len(polygon) < 2 * _CORNERS:
            return f"a polygon has x and y of at least {_CORNERS} points; this one has {len(polygon)} numbers"
        for values, size in ((polygon[::2], image.width), (polygon[1::2], image.height)):
            if min(values) < -_SLACK or max(values) > size + _SLACK:
                return (
                    f"a point is not inside {image.file_name}, which has {image.width}×{image.height} pixels"
                )
    return ""


def _repeated(entries: str, ids: Sequence[int]) -> list[str]:
    # Backwards, so that of equal ids the first one stays.
    first = {value: i for i, value in reversed(list(enumerate(ids)))}
    return [f"{entries}[{i}]: id {value} is used before" for i, value in enumerate(ids) if first[value] != i]


def _fits(mark: _Mark, image: _Image) -> bool:
    x, y, width, height = mark.bbox
    return (
        min(width, height) > 0
        and min(x, y) >= -_SLACK
        and x + width <= image.width + _SLACK
        and y + height <= image.height + _SLACK
    )


def _describe(location: tuple[int | str, ...], message: str) -> str:
    entry = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return f"{entry.removeprefix('.')}: {message}" if entry else message


def _malformed(path: Path, faults: Sequence[str]) -> DataError:
    return DataError(
        [f"{path.name}: {fault}" for fault in faults],
        f"Correct {path}, or take it away: a report can do without boxes.",
    )


@dataclass(frozen=True)
class Manifest:
    """All images in use, sorted by split (train, val, test), class and file; ``classes`` are sorted too.

    Names are sorted by code point. Every class has at least one image in every split. ``colour_managed``
    counts the images whose colour profile was applied.
    """

    root: Path
    paths: Mapping[str, Path]
    classes: tuple[str, ...]
    images: tuple[ImageFile, ...]
    layout: Literal["split", "unsplit"]
    validation_taken: bool
    colour_managed: int
    drawn_by_program: bool
    annotations: Annotations | None
    duplicates: tuple[Duplicate, ...]
    warnings: tuple[str, ...]

    def path(self, image: ImageFile) -> Path:
        """Where the image's file is."""
        return self.paths[image.file]

    def of(self, split: Split) -> tuple[ImageFile, ...]:
        """The images of one split, in order."""
        return tuple(image for image in self.images if image.split == split)

    def counts(self) -> dict[Split, dict[str, int]]:
        """The number of images of each class in each split."""
        counts: dict[Split, dict[str, int]] = {split: dict.fromkeys(self.classes, 0) for split in SPLITS}
        for image in self.images:
            counts[image.split][image.label] += 1
        return counts

    @property
    def fingerprint(self) -> str:
        """SHA-256 over split, class, content and file of all images, and the content of the annotations."""
        # With split and class, which decide what is learnt from it, and with the file, which the report
        # names.
        listed = [(image.split, image.label, image.sha256, image.file) for image in self.images]
        annotated = self.annotations.sha256 if self.annotations else None
        # JSON escapes all other characters, so that no name is without an encoding.
        return hashlib.sha256(json.dumps([listed, annotated]).encode("ascii")).hexdigest()
