"""Boxes of annotations.json from the outlines that come with Caltech-101."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from reportgen.dataset.contents import UndecodableError, read_bytes
from reportgen.dataset.decode import decode_bytes
from reportgen.dataset.folder import plain_reason
from reportgen.dataset.layout import Survey, survey_folder
from reportgen.dataset.names import capped
from reportgen.errors import DataError, UserError
from reportgen.progress import Progress, Silent
from reportgen.store.files import read_file
from reportgen.store.output import check_output, write_output
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
_NUMBER = re.compile(r"(\d{4})$")
_MOST_FAULTS = 20


@dataclass(frozen=True)
class Outline:
    """An object's outline, and the box around it, in pixels from the image's upper left corner.

    ``box``: left, top, right and bottom edge; ``points`` (N, 2): x and y.
    """

    box: tuple[float, float, float, float]
    points: NDArray[np.float64]

    def clipped(self, width: int, height: int) -> Outline | None:
        """Without what lies beyond an image of this size; None if nothing is left."""
        limits = np.array([width, height], float)
        left, top, right, bottom = np.clip(self.box, 0, [*limits, *limits]).tolist()
        if left >= right or top >= bottom:
            return None
        return Outline((left, top, right, bottom), np.clip(self.points, 0, limits))


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
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        found = loadmat(io.BytesIO(data), variable_names=["box_coord", "obj_contour"])
    # What SciPy raises depends on where the file is damaged; it runs no code of it.
    except (MatReadError, ValueError, TypeError, KeyError, IndexError, OSError, NotImplementedError) as error:
        raise ValueError(f"it is no MATLAB file that can be read ({printable(str(error))[:80]})") from None
    try:
        top, bottom, left, right = np.asarray(found["box_coord"], float).ravel().tolist()
        x, y = np.asarray(found["obj_contour"], float)
    except (KeyError, TypeError, ValueError):
        raise ValueError("it lacks the box (box_coord) or the outline (obj_contour) of an object") from None
    points = np.stack([x + left - 1, y + top - 1], axis=1)
    if not (np.isfinite(points).all() and left < right and top < bottom):
        raise ValueError(f"its box is not one: rows {top:g} to {bottom:g}, columns {left:g} to {right:g}")
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
    splits a folder that has no splits. An ``annotations.json`` that something else wrote is an error.
    ``tolerant``: an outline that cannot be used is told of, and its image has no box.
    Raises ``UserError`` if a class has no folder of outlines, and ``DataError`` naming every file that is
    damaged or whose outline lies outside its image.
    """
    survey = survey_folder(data, seed)
    if survey.problems:
        raise DataError(survey.problems, "Correct the folder of images first; nothing was written.")
    target = survey.root / ANNOTATIONS
    check_output(target, _is_own)
    folders = _find_folders(sorted({label for part in survey.parts.values() for label in part}), outlines)
    found: list[tuple[str, str, tuple[int, int], Outline]] = []
    faults: list[str] = []
    without = 0
    items = list(_list_images(survey))
    with progress.stage("Reading outlines", total=len(items)) as advance:
        for file, label in items:
            path = _outline_of(file, folders[label])
            advance(1)
            if path is None:
                without += 1
                continue
            try:
                size, outline = _read(survey.paths[file], path)
            except (ValueError, OSError, UndecodableError) as error:
                faults.append(f"{path}: {plain_reason(error)}")
                continue
            found.append((file, label, size, outline))
    told = capped(faults, _MOST_FAULTS, "more outlines that cannot be used")
    if faults and not tolerant:
        raise DataError(told, "Take these files away, or get them again; nothing was written.")
    for line in told:
        progress.say(line)
    without += len(faults)
    if not found:
        raise UserError(
            f"{outlines}: has no outline of any image in {survey.root}.",
            "Outlines are called as the images are: annotation_0012.mat for image_0012.jpg.",
        )
    write_output(target, _describe(found, sorted(folders)), _is_own)
    return Annotated(len(found), without)


def _list_images(survey: Survey) -> Iterator[tuple[str, str]]:
    for part in survey.parts.values():
        for label, files in part.items():
            for file in files:
                yield file, label


def _find_folders(labels: Sequence[str], outlines: Path) -> dict[str, Path]:
    try:
        known = {path.name.casefold(): path for path in sorted(outlines.iterdir()) if path.is_dir()}
    except OSError as error:
        raise UserError(
            f"{outlines}: cannot be read: {plain_reason(error)}.",
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
    for each in (name, f"{name}s", name.removesuffix("s"), OUTLINE_FOLDERS.get(name, "").casefold()):
        if each in known:
            return known[each]
    return None


def _outline_of(file: str, folder: Path) -> Path | None:
    number = _NUMBER.search(PurePosixPath(file).stem)
    path = folder / f"annotation_{number[1]}.mat" if number else None
    return path if path and path.is_file() else None


def _read(image: Path, path: Path) -> tuple[tuple[int, int], Outline]:
    outline = read_outline(read_file(path))
    opened = decode_bytes(read_bytes(image))
    clipped = outline.clipped(opened.width, opened.height)
    if clipped is None:
        raise ValueError(f"its box is outside {image.name}, which has {opened.width}×{opened.height} pixels")
    return (opened.width, opened.height), clipped


def _describe(found: Sequence[tuple[str, str, tuple[int, int], Outline]], labels: Sequence[str]) -> bytes:
    """The COCO document; sorted, so that the same images and outlines give the same bytes."""
    images, marks = [], []
    for number, (file, label, (width, height), outline) in enumerate(
        sorted(found, key=lambda row: row[0]), 1
    ):
        images.append({"id": number, "file_name": file, "width": width, "height": height})
        left, top, right, bottom = outline.box
        marks.append(
            {
                "id": number,
                "image_id": number,
                "category_id": labels.index(label) + 1,
                "bbox": [left, top, right - left, bottom - top],
                "segmentation": [np.round(outline.points, 2).ravel().tolist()],
                "area": round(_area(outline.points), 2),
                "iscrowd": 0,
            }
        )
    document = {
        "info": {"description": "Outlines of Caltech-101", "contributor": _WRITER},
        "images": images,
        "annotations": marks,
        "categories": [{"id": number, "name": label} for number, label in enumerate(labels, 1)],
    }
    return (json.dumps(document, indent=1) + "\n").encode("utf-8")


def _area(points: NDArray[np.float64]) -> float:
    """The area inside a polygon (the shoelace formula), in pixels."""
    x, y = points.T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def _is_own(stream: BinaryIO) -> bool:
    try:
        document = json.load(stream)
    except (ValueError, RecursionError):
        return False
    info = document.get("info") if isinstance(document, dict) else None
    return isinstance(info, dict) and info.get("contributor") == _WRITER
