"""The images of a data folder, checked: what every later stage works from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from reportgen.dataset.annotations import Annotations
from reportgen.results import Duplicate, ImageFile
from reportgen.split import SPLITS, Split


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
        listed = [(image.split, image.label, image.sha256, image.file) for image in self.images]
        annotated = self.annotations.sha256 if self.annotations else None
        return hashlib.sha256(json.dumps([listed, annotated]).encode("ascii")).hexdigest()
