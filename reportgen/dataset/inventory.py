"""What a data folder holds, by name and content, before any image is opened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from reportgen.dataset.contents import UndecodableError, hash_bytes, read_bytes
from reportgen.dataset.layout import Survey, survey_folder
from reportgen.dataset.names import composed, escaped
from reportgen.errors import SettingsError
from reportgen.results import ImageFile
from reportgen.split import SPLITS, Split
from reportgen.text import did_you_mean

_THREADS = 2

_ANNOTATIONS = "annotations.json"


@dataclass(frozen=True)
class Inventory:
    """The files of a data folder. ``contents``: SHA-256 by file, relative to ``root``, of the images and the
    annotations; ``faults``: why the others cannot be read. ``strict``: it is a stranger's.
    """

    survey: Survey
    contents: Mapping[str, str]
    faults: Mapping[str, str]
    strict: bool = False

    @property
    def root(self) -> Path:
        """The folder that contains the splits or the classes."""
        return self.survey.root

    def path(self, file: str) -> Path:
        """Where an image is on the disk, whose name need not be composed there."""
        return self.survey.paths[file]

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, sorted."""
        # Each class is in every split, or else that is among the problems.
        return tuple(sorted(self.survey.parts.get("train", {})))

    @cached_property
    def images(self) -> tuple[ImageFile, ...]:
        """The readable images in use, sorted by split (train, val, test), class and file."""
        return tuple(
            ImageFile(file=file, split=split, label=label, sha256=self.contents[file])
            for split in SPLITS
            for label, files in sorted(self.survey.parts.get(split, {}).items())
            for file in sorted(files)
            if file in self.contents
        )

    def of(self, split: Split) -> tuple[ImageFile, ...]:
        """The images of one split, in order."""
        return tuple(image for image in self.images if image.split == split)

    @property
    def annotations_sha256(self) -> str | None:
        """The hash of the annotations, if there are any."""
        return self.contents.get(_ANNOTATIONS)

    @property
    def complete(self) -> bool:
        """Whether nothing is wrong so far: every class has an image in every split, and all can be read."""
        return not self.survey.problems and not self.faults


def take_inventory(root: Path, seed: int, *, strict: bool = False) -> Inventory:
    """List the files under ``root`` and hash them; ``seed`` splits a folder that has no splits.

    ``strict``, for folders of strangers: links lead nowhere out of it, and only usual formats will be opened.
    Raises ``DataError`` if ``root`` is no folder that can be listed, or holds several data sets.
    """
    survey = survey_folder(root, seed, strict=strict)
    paths = {file: survey.paths[file] for file in survey.files}
    if survey.annotations:
        paths[_ANNOTATIONS] = survey.annotations
    contents: dict[str, str] = {}
    faults: dict[str, str] = {}
    with ThreadPoolExecutor(_THREADS) as pool:
        # Contents and no times: hashing 40 MB takes 32 ms, and times say little (docs/decisions/0004).
        for file, (sha256, fault) in zip(paths, pool.map(_hash, paths.values()), strict=True):
            if fault:
                faults[file] = fault
            else:
                contents[file] = sha256
    return Inventory(survey, contents, faults, strict)


def _hash(path: Path) -> tuple[str, str]:
    """The file's hash, or why it has none."""
    try:
        return hash_bytes(read_bytes(path)), ""
    except UndecodableError as error:
        return "", str(error)


_KEY = "example_images"


class Listing(Protocol):
    """Images with their classes: an inventory or a listing."""

    @property
    def classes(self) -> tuple[str, ...]: ...

    @property
    def images(self) -> tuple[ImageFile, ...]: ...

    def of(self, split: Split) -> tuple[ImageFile, ...]:
        """The images of one split."""
        ...


def choose_examples(listing: Listing, chosen: Mapping[str, str], usual: Split) -> dict[str, ImageFile]:
    """The example image of each class, in the order of the classes.

    ``chosen[class]`` is a path relative to the data folder, or a bare file name if only one image of the
    class has it. The default is the first image of the class in the split ``usual``.
    Raises ``SettingsError`` for an unknown class or file, with the nearest names, and an ambiguous one.
    """
    # Settings may be typed on a system that composes letters otherwise than the disk does.
    chosen = {composed(label): composed(file) for label, file in chosen.items()}
    for label in chosen:
        if label not in listing.classes:
            raise SettingsError(
                f"{_KEY}: there is no class '{escaped(label)}'{_nearest(label, listing.classes)}",
                f"The classes are {', '.join(listing.classes)}.",
            )
    return {
        label: _find(listing, label, chosen[label]) if label in chosen else _first(listing, usual, label)
        for label in listing.classes
    }


def _first(listing: Listing, split: Split, label: str) -> ImageFile:
    return next(image for image in listing.of(split) if image.label == label)


def _find(listing: Listing, label: str, wanted: str) -> ImageFile:
    images = {image.file: image for image in listing.images if image.label == label}
    if wanted in images:
        return images[wanted]
    same_name = [file for file in images if _name(file) == wanted]
    if len(same_name) == 1:
        return images[same_name[0]]
    value = f"{_KEY}.{label} = '{escaped(wanted)}'"
    if same_name:
        raise SettingsError(
            f"{value}: several images have this name: {', '.join(map(escaped, same_name))}",
            "Write the path of one, from the data folder.",
        )
    # What is proposed is of the kind that was typed.
    candidates = images if "/" in wanted else map(_name, images)
    raise SettingsError(
        f"{value}: class '{label}' has no such image{_nearest(wanted, candidates)}",
        f"Write a path from the data folder, such as {escaped(next(iter(images)))}.",
    )


def _name(file: str) -> str:
    return file.rsplit("/", 1)[-1]


def _nearest(name: str, candidates: Iterable[str]) -> str:
    hint = did_you_mean(name, sorted(set(candidates)))
    return f" ({escaped(hint)})" if hint else ""
