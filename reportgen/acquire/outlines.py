"""Boxes of annotations.json from the outlines that come with Caltech-101."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from reportgen.acquire.matfile import read_matrices
from reportgen.dataset.contents import UndecodableError, read_bytes
from reportgen.dataset.decode import decode_bytes
from reportgen.dataset.layout import survey_folder
from reportgen.dataset.names import capped
from reportgen.errors import DataError, UserError
from reportgen.progress import Progress, Silent
from reportgen.store.files import cannot_be_read, read_file, reason_of
from reportgen.store.output import TakenError, check_output, write_output
from reportgen.text import printable

ANNOTATIONS: Final = "annotations.json"

OUTLINE_FOLDERS: Final = {
    "airplanes": "Airplanes_Side_2",
    "faces": "Faces_2",
    "faces_easy": "Faces_3",
    "motorbikes": "Motorbikes_16",
}
"""The folders of outlines that are not called as the class is."""

_WRITER = "reportgen annotate"
_NUMBER = re.compile(r"image_(\d{4})", re.ASCII)
_MOST_FAULTS = 20

_SLACK = 10.0
"""Pixels by which a box may stick out; one that does so by more was drawn on an image of another size."""


@dataclass(frozen=True)
class Outline:
    """An object's outline, and the box around it, in pixels from the image's upper left corner.

    ``box``: left, top, right and bottom edge; ``points`` (N, 2): x and y.
    """

    box: tuple[float, float, float, float]
    points: NDArray[np.float64]

    def clipped(self, width: int, height: int) -> Outline:
        """Without the few pixels that may lie beyond an image of this size. Raises ``ValueError`` if they are
        more.
        """
        limits = np.array([width, height], float)
        left, top, right, bottom = np.clip(self.box, 0, [*limits, *limits]).tolist()
        beyond = np.abs(np.subtract((left, top, right, bottom), self.box)).max()
        if beyond > _SLACK or left >= right or top >= bottom:
            raise ValueError(f"its box is not inside the image, which has {width}×{height} pixels")
        return Outline((left, top, right, bottom), np.clip(self.points, 0, limits))


@dataclass(frozen=True)
class _Found:
    file: str
    label: str
    size: tuple[int, int]
    outline: Outline


@dataclass(frozen=True)
class Annotated:
    """How many images have a box now, and how many have none."""

    images: int
    without: int


def read_outline(data: bytes) -> Outline:
    """Read a MATLAB file of Caltech-101's ``Annotations``.

    ``box_coord`` is [top, bottom, left, right], counted from 1; ``obj_contour`` (2, N) has x and y from the
    box's upper left corner (``show_annotation.m``, which comes with the data set). Raises ``ValueError``
    that says what is wrong.
    """
    found = read_matrices(data, ("box_coord", "obj_contour"))
    try:
        top, bottom, left, right = found["box_coord"].ravel().tolist()
        x, y = found["obj_contour"]
    except (KeyError, ValueError):
        raise ValueError("it lacks the box (box_coord) or the outline (obj_contour) of an object") from None
    if not (left <= right and top <= bottom):
        raise ValueError(f"its box is not one: rows {top:g} to {bottom:g}, columns {left:g} to {right:g}")
    # MATLAB counts the middles of pixels from 1; the middle of the first is half a pixel from the edge.
    points = np.stack([x + left - 0.5, y + top - 0.5], axis=1)
    if not np.isfinite([*points.ravel(), top, bottom, left, right]).all():
        raise ValueError("its outline or its box has a number that is none")
    # From pixels counted from 1, both ends included, to edges from 0: only the first edges move.
    return Outline((left - 1, top - 1, right, bottom), points)


def annotate(
    data: Path,
    outlines: Path,
    seed: int,
    progress: Progress = Silent(),  # noqa: B008 - it holds no state
    *,
    tolerant: bool = False,
) -> Annotated:
    """Write ``annotations.json`` (COCO) beside the images of ``data``: a box and the outline of each object.

    ``outlines`` has a folder for each class, with ``annotation_NNNN.mat`` for ``image_NNNN.jpg``. ``seed``
    splits a folder that has no splits. An ``annotations.json`` that something else wrote, or that was changed
    since, is an error.
    ``tolerant``: an outline that cannot be used is reported, and its image has no box.
    Raises ``UserError`` if a class has no folder of outlines, and ``DataError`` naming every file that is
    damaged or whose outline lies outside its image.
    """
    survey = survey_folder(data, seed)
    if survey.problems:
        raise DataError(survey.problems, "Correct the folder of images first; nothing was written.")
    target = survey.root / ANNOTATIONS
    try:
        check_output(target, _is_own)
    except TakenError as error:
        raise TakenError(error.problem, "Move it away if it is not wanted; nothing was changed.") from None
    items = [(file, PurePosixPath(file).parent.name) for file in sorted(survey.files)]
    folders = _find_folders(sorted({label for _, label in items}), outlines)
    found: list[_Found] = []
    faults: list[str] = []
    with progress.stage("Reading outlines", total=len(items)) as advance:
        for file, label in items:
            advance(1)
            path = _outline_of(file, folders[label])
            if path is None:
                continue
            try:
                found.append(_read(file, label, survey.paths[file], path))
            except ValueError as error:
                name = f"{path.parent.name}/{path.name}"
                faults.append(f"{file} has no box: {name}: {error}" if tolerant else f"{path}: {error}")
            except UndecodableError as error:
                faults.append(f"{file} has no box: {error}" if tolerant else f"{survey.paths[file]}: {error}")
    lines = capped(faults, _MOST_FAULTS, "more files that cannot be used")
    if faults and not tolerant:
        raise DataError(lines, "Take these files away, or get them again; nothing was written.")
    for line in lines:
        progress.say(line)
    if not found:
        raise UserError(
            f"{outlines}: has no outline of any image in {survey.root}.",
            "Outlines are called as the images are: annotation_0012.mat for image_0012.jpg.",
        )
    write_output(target, _describe(found, sorted(folders)), _is_own)
    return Annotated(len(found), len(items) - len(found))


def _find_folders(labels: Sequence[str], outlines: Path) -> dict[str, Path]:
    try:
        known = {path.name.casefold(): path for path in sorted(outlines.iterdir()) if path.is_dir()}
    except OSError as error:
        raise UserError(
            cannot_be_read(outlines, error),
            "Name the folder that Caltech-101's Annotations.tar unpacks to.",
        ) from None
    folders = {label: _find_folder(label, known) for label in labels}
    missing = [label for label, folder in folders.items() if folder is None]
    if missing:
        raise UserError(
            f"{outlines}: has no folder for {', '.join(map(printable, missing))}.",
            f"It has: {', '.join(printable(path.name) for path in known.values()) or 'no folders'}. "
            "Call a folder as the class is called.",
        )
    return {label: folder for label, folder in folders.items() if folder is not None}


def _find_folder(label: str, known: Mapping[str, Path]) -> Path | None:
    """As the class is called, in any case, or in the other number: leopard has the outlines of Leopards."""
    name = label.casefold()
    # The class's own name first, so that it never gets the outlines of another one.
    for each in (name, f"{name}s", name.removesuffix("s")):
        for called in (each, OUTLINE_FOLDERS.get(each, "").casefold()):
            if called in known:
                return known[called]
    return None


def _outline_of(file: str, folder: Path) -> Path | None:
    number = _NUMBER.fullmatch(PurePosixPath(file).stem)
    path = folder / f"annotation_{number[1]}.mat" if number else None
    return path if path and path.is_file() else None


def _read(file: str, label: str, image: Path, path: Path) -> _Found:
    """Raises ``ValueError`` if the outline cannot be used, and ``UndecodableError`` if the image cannot."""
    opened = decode_bytes(read_bytes(image))
    try:
        outline = read_outline(read_file(path))
    except OSError as error:
        raise ValueError(reason_of(error)) from None
    size = opened.width, opened.height
    return _Found(file, label, size, outline.clipped(*size))


def _describe(found: Sequence[_Found], labels: Sequence[str]) -> bytes:
    """The COCO document; the same images and outlines give the same bytes."""
    images, marks = [], []
    for number, row in enumerate(found, 1):
        (width, height), outline = row.size, row.outline
        images.append({"id": number, "file_name": row.file, "width": width, "height": height})
        left, top, right, bottom = outline.box
        # A hundredth of a pixel is more than a hand draws.
        points = np.round(outline.points, 2)
        marks.append(
            {
                "id": number,
                "image_id": number,
                "category_id": labels.index(row.label) + 1,
                "bbox": [left, top, right - left, bottom - top],
                # Fewer than three points are no polygon.
                "segmentation": [points.ravel().tolist()] if len(points) > 2 else [],
                "area": round(_area(outline.points), 2),
                "iscrowd": 0,
            }
        )
    content = {
        "images": images,
        "annotations": marks,
        "categories": [{"id": number, "name": label} for number, label in enumerate(labels, 1)],
    }
    info = {"description": "Outlines of Caltech-101", "contributor": _WRITER, "sha256": _digest(content)}
    return (json.dumps({"info": info, **content}, indent=1) + "\n").encode("utf-8")


def _digest(content: Mapping[str, Any]) -> str:
    """Of all but ``info``: whether somebody has changed a box or added one."""
    # Sorted, for whoever saved the file again may have put its parts in another order.
    text = json.dumps({name: content[name] for name in sorted(content) if name != "info"})
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _area(points: NDArray[np.float64]) -> float:
    """The area inside a polygon (the shoelace formula), in pixels."""
    x, y = points.T
    # The sign only says in which direction the outline was drawn.
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def _is_own(stream: BinaryIO) -> bool:
    try:
        document = json.load(stream)
    except (ValueError, RecursionError):
        return False
    info = document.get("info") if isinstance(document, dict) else None
    if not isinstance(info, dict) or info.get("contributor") != _WRITER:
        return False
    return bool(info.get("sha256") == _digest(document))
