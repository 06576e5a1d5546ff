"""From a folder to a manifest: every file is read once, hashed and decoded to be sure."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from reportgen.dataset.annotations import Annotations, read_annotations
from reportgen.dataset.colour import UndecodableError
from reportgen.dataset.decode import SIDE, decode_bytes, read_bytes
from reportgen.dataset.layout import LAYOUT_HELP, Survey, survey_folder
from reportgen.dataset.manifest import Manifest
from reportgen.dataset.names import capped, shown
from reportgen.errors import DataError
from reportgen.progress import Progress, Silent
from reportgen.results import SPLITS, Duplicate, ImageFile

SMALLEST_SIDE = 32
MAX_PROBLEMS, MAX_WARNINGS = 20, 10
_THREADS = 2
_ASPECT_TOLERANCE = 0.02


@dataclass(frozen=True)
class _Reading:
    """What is kept of a file once it has been read: its hash and size in pixels, or what is wrong."""

    sha256: str = ""
    width: int = 0
    height: int = 0
    fault: str | None = None


def scan(
    root: Path,
    seed: int,
    progress: Progress = Silent(),  # noqa: B008 - it holds no state
) -> Manifest:
    """Check the whole data folder ``root`` and list its images.

    ``root`` holds ``<split>/<class>/*``, or ``<class>/*``, which is then split with ``seed`` by
    :func:`reportgen.split.split_names`. All files of a class folder are read and must be images, used or
    not; no pixels are kept.
    Raises ``DataError`` with one line for each thing that is wrong, paths relative to ``root``.
    """
    survey = survey_folder(root, seed)
    readings = dict(zip(survey.files, _read_all(root, survey.files, progress), strict=True))
    problems = [*survey.problems]
    problems += [f"{shown(file)}: {reading.fault}" for file, reading in readings.items() if reading.fault]
    annotations, faults = _annotations(survey)
    problems += faults
    if problems:
        raise DataError(
            capped(problems, MAX_PROBLEMS),
            f"Put this right in the data folder {shown(str(root))}. {LAYOUT_HELP}",
        )
    images = _list_images(survey, readings)
    duplicates = _find_duplicates(images)
    return Manifest(
        root=root,
        classes=tuple(sorted(survey.parts["train"])),
        images=images,
        layout=survey.layout,
        drawn_by_program=annotations is not None and annotations.drawn_by_program,
        annotations=annotations,
        duplicates=duplicates,
        warnings=(
            *survey.warnings,
            *_warn_of_leakage(duplicates),
            *_warn_of_copies(images),
            *_warn_of_small_images(images, readings),
            *(_warn_of_annotations(images, readings, annotations) if annotations else ()),
        ),
    )


def _read_all(root: Path, files: Sequence[str], progress: Progress) -> Iterator[_Reading]:
    pool = ThreadPoolExecutor(max_workers=_THREADS)
    try:
        with progress.stage("Reading the images", total=len(files)) as advance:
            for reading in pool.map(lambda file: _read(root / file), files):
                advance(1)
                yield reading
    finally:
        pool.shutdown(cancel_futures=True)  # or an interrupt would wait for all the files


def _read(path: Path) -> _Reading:
    try:
        data = read_bytes(path)
        image = decode_bytes(data)
    except UndecodableError as error:
        return _Reading(fault=str(error))
    return _Reading(hashlib.sha256(data).hexdigest(), image.width, image.height)


def _annotations(survey: Survey) -> tuple[Annotations | None, Sequence[str]]:
    if survey.annotations is None:
        return None, ()
    try:
        return read_annotations(survey.annotations), ()
    except DataError as error:
        return None, error.problems


def _list_images(survey: Survey, readings: Mapping[str, _Reading]) -> tuple[ImageFile, ...]:
    return tuple(
        ImageFile(file=file, split=split, label=label, sha256=readings[file].sha256)
        for split in SPLITS
        for label, files in sorted(survey.parts[split].items())
        for file in sorted(files)
    )


def _groups(images: Sequence[ImageFile]) -> list[list[ImageFile]]:
    """The images of equal content, where there are several, in the order of the first of each."""
    by_content: dict[str, list[ImageFile]] = defaultdict(list)
    for image in images:
        by_content[image.sha256].append(image)
    return [group for group in by_content.values() if len(group) > 1]


def _crosses_splits(group: Sequence[ImageFile]) -> bool:
    return len({image.split for image in group}) > 1


def _find_duplicates(images: Sequence[ImageFile]) -> tuple[Duplicate, ...]:
    return tuple(
        Duplicate(sha256=group[0].sha256, files=[image.file for image in group])
        for group in _groups(images)
        if _crosses_splits(group)
    )


def _warn_of_leakage(duplicates: Sequence[Duplicate]) -> list[str]:
    lines = [
        f"Leakage: the same image is in more than one split: {', '.join(map(shown, duplicate.files))}"
        for duplicate in duplicates
    ]
    return capped(lines, MAX_WARNINGS, "more images that are in more than one split")


def _warn_of_copies(images: Sequence[ImageFile]) -> list[str]:
    groups = [group for group in _groups(images) if not _crosses_splits(group)]
    if not groups:
        return []
    count = sum(len(group) - 1 for group in groups)
    example = " and ".join(shown(image.file) for image in groups[0][:2])
    return [f"{count} of the images are exact copies of another one in the same split, such as {example}"]


def _warn_of_small_images(images: Sequence[ImageFile], readings: Mapping[str, _Reading]) -> list[str]:
    lines = []
    for image in images:
        width, height = readings[image.file].width, readings[image.file].height
        if min(width, height) < SMALLEST_SIDE:
            lines.append(f"{shown(image.file)} is {width}×{height} pixels, enlarged to {SIDE}×{SIDE}")
    return capped(lines, MAX_WARNINGS, f"more images under {SMALLEST_SIDE} pixels on a side")


def _warn_of_annotations(
    images: Sequence[ImageFile], readings: Mapping[str, _Reading], annotations: Annotations
) -> list[str]:
    """Say so if the boxes belong to other files, or to images of another shape (turned, for example)."""
    sizes = {image.file: annotations.sizes[image.file] for image in images if image.file in annotations.sizes}
    if not sizes:
        return ["annotations.json names none of the images, so no box is used"]
    lines = []
    for file, (width, height) in sizes.items():
        found = readings[file]
        if not 1 - _ASPECT_TOLERANCE < width * found.height / (height * found.width) < 1 + _ASPECT_TOLERANCE:
            lines.append(
                f"annotations.json: {shown(file)} is {width}×{height} pixels there but "
                f"{found.width}×{found.height} when opened, so its boxes may be wrong"
            )
    return capped(lines, MAX_WARNINGS, "more images of another shape than annotated")
