"""From a folder to a manifest: every file is decoded once to make sure that it can be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from reportgen.dataset.annotations import Annotations, Manifest, read_annotations
from reportgen.dataset.contents import UndecodableError, read_bytes
from reportgen.dataset.decode import SIDE, decode_bytes
from reportgen.dataset.inventory import Inventory, take_inventory
from reportgen.dataset.layout import LAYOUT_HELP
from reportgen.dataset.names import capped, escaped
from reportgen.errors import DataError
from reportgen.progress import Progress, Silent
from reportgen.results import Duplicate, ImageFile

# Enlarged more than seven times, to 224.
SMALLEST_SIDE = 32
MAX_PROBLEMS, MAX_WARNINGS = 20, 10
_THREADS = 2
# Sides of 50 pixels are rounded by up to 1 % each, so the aspect of a smaller copy may be off by 2 %.
_ASPECT_TOLERANCE = 0.02


# Kept, since to decode 266 photographs takes 0.4 s of processor time, nearly as long as all of a build with
# nothing to do.
class ImageFacts(NamedTuple):
    """Cached facts about an image: its own width and height, upright, and how its profile was applied."""

    width: int
    height: int
    managed: bool
    profile_fault: str


FactsByHash = dict[str, ImageFacts]
"""SHA-256 of an image -> what it looked like, for contents known to be images."""


def scan(
    root: Path,
    seed: int,
    progress: Progress = Silent(),  # noqa: B008 - it holds no state
) -> Manifest:
    """Check the whole data folder ``root`` and list its images, see :func:`check_images`.

    ``root`` holds ``<split>/<class>/*``, or ``<class>/*``, which is then split with ``seed`` by
    :func:`reportgen.split.split_names`.
    """
    return check_images(take_inventory(root, seed), {}, progress)


def check_images(inventory: Inventory, looks: FactsByHash, progress: Progress) -> Manifest:
    """Decode every file of a class folder, used or not, and say what is wrong or odd; no pixels are kept.

    Contents that ``looks`` already has are not decoded again; the others are added to it.
    Raises ``DataError`` with one line for each problem, paths relative to the root.
    """
    survey = inventory.survey
    faults = {**inventory.faults, **_look(inventory, looks, progress)}
    annotations, malformed = _annotations(inventory)
    # In the order of the listing, not in that of the two threads.
    listed = [f"{escaped(file)}: {faults[file]}" for file in survey.files if file in faults]
    if problems := [*survey.problems, *listed, *malformed]:
        raise DataError(
            capped(problems, MAX_PROBLEMS),
            f"Put this right in the data folder {escaped(str(inventory.root))}. {LAYOUT_HELP}",
        )
    images = inventory.images
    # By now every image in use has been looked at: one that could not be is among the problems.
    known = {image.sha256: looks[image.sha256] for image in images}
    duplicates = _find_duplicates(images)
    return Manifest(
        root=inventory.root,
        paths=survey.paths,
        classes=inventory.classes,
        images=images,
        layout=survey.layout,
        validation_taken=survey.validation_taken,
        colour_managed=sum(known[image.sha256].managed for image in images),
        drawn_by_program=annotations is not None and annotations.drawn_by_program,
        annotations=annotations,
        duplicates=duplicates,
        warnings=(
            *survey.warnings,
            *_warn_of_leakage(duplicates),
            *_warn_of_copies(images),
            *_warn_of_small_images(images, known),
            *_warn_of_profiles(images, known),
            *(_warn_of_annotations(images, known, annotations) if annotations else ()),
        ),
    )


def _look(inventory: Inventory, looks: FactsByHash, progress: Progress) -> dict[str, str]:
    """Add what all images look like to ``looks``; returns why the others are none."""
    files = [file for file in inventory.survey.files if inventory.contents.get(file, "") not in looks]
    # The others could not be read, and are reported already.
    files = [file for file in files if file in inventory.contents]
    faults = {}
    # Threads are enough: Pillow releases the GIL while it decodes and resizes.
    pool = ThreadPoolExecutor(max_workers=_THREADS)
    try:
        with progress.stage("Reading the images", total=len(files)) as advance:
            for file, look in zip(files, pool.map(lambda file: _open(inventory, file), files), strict=True):
                advance(1)
                if isinstance(look, str):
                    faults[file] = look
                else:
                    looks[inventory.contents[file]] = look
    finally:
        pool.shutdown(cancel_futures=True)  # or an interrupt would wait for all the files
    return faults


def _open(inventory: Inventory, file: str) -> ImageFacts | str:
    """The facts about an image, or its error."""
    try:
        data = read_bytes(inventory.path(file), inventory.contents[file])
        image = decode_bytes(data, strict=inventory.strict)
    except UndecodableError as error:
        return str(error)
    return ImageFacts(image.width, image.height, image.managed, image.profile_fault)


def _annotations(inventory: Inventory) -> tuple[Annotations | None, Sequence[str]]:
    if inventory.survey.annotations is None:
        return None, ()
    try:
        return read_annotations(inventory.survey.annotations), ()
    # Reported together with what is wrong with the images.
    except DataError as error:
        return None, error.problems


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
        f"Leakage: the same image is in more than one split: {', '.join(map(escaped, duplicate.files))}"
        for duplicate in duplicates
    ]
    return capped(lines, MAX_WARNINGS, "more images that are in more than one split")


def _warn_of_copies(images: Sequence[ImageFile]) -> list[str]:
    groups = [group for group in _groups(images) if not _crosses_splits(group)]
    if not groups:
        return []
    count = sum(len(group) - 1 for group in groups)
    example = " and ".join(escaped(image.file) for image in groups[0][:2])
    return [f"{count} of the images are exact copies of another one in the same split, such as {example}"]


def _warn_of_small_images(images: Sequence[ImageFile], looks: FactsByHash) -> list[str]:
    lines = []
    for image in images:
        width, height, *_ = looks[image.sha256]
        if min(width, height) < SMALLEST_SIDE:
            lines.append(f"{escaped(image.file)} is {width}×{height} pixels, enlarged to {SIDE}×{SIDE}")
    return capped(lines, MAX_WARNINGS, f"more images under {SMALLEST_SIDE} pixels on a side")


def _warn_of_profiles(images: Sequence[ImageFile], looks: FactsByHash) -> list[str]:
    lines = [
        f"{escaped(image.file)}: its colour profile {fault}, so it was taken as sRGB"
        for image in images
        if (fault := looks[image.sha256].profile_fault)
    ]
    return capped(lines, MAX_WARNINGS, "more images with a colour profile that cannot be used")


def _warn_of_annotations(
    images: Sequence[ImageFile], looks: FactsByHash, annotations: Annotations
) -> list[str]:
    """Say so if the boxes belong to other files, or to images of another shape (turned, for example)."""
    annotated = {image: annotations.sizes[image.file] for image in images if image.file in annotations.sizes}
    if not annotated:
        return ["annotations.json names none of the images, so no box is used"]
    lines = []
    for image, (width, height) in annotated.items():
        found_width, found_height, *_ = looks[image.sha256]
        # By shape and not by size: boxes are scaled, so they fit an image that was only made smaller.
        if not 1 - _ASPECT_TOLERANCE < width * found_height / (height * found_width) < 1 + _ASPECT_TOLERANCE:
            lines.append(
                f"annotations.json: {escaped(image.file)} is {width}×{height} pixels there but "
                f"{found_width}×{found_height} when opened, so its boxes may be wrong"
            )
    return capped(lines, MAX_WARNINGS, "more images of another shape than annotated")
