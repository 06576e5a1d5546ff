"""Which images entered, left, moved or changed; an image is its content, not its name."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Image:
    """One image of ``results.json``, ``file`` relative to the data folder."""

    file: str
    split: str
    label: str
    sha256: str


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
        waiting.setdefault(key(image), deque()).append(image)
    return [ImagePair(image, waiting[key(image)].popleft()) for image in old if waiting.get(key(image))]


def _rest(old: list[Image], new: list[Image], pairs: list[ImagePair]) -> tuple[list[Image], list[Image]]:
    gone, come = {pair.old for pair in pairs}, {pair.new for pair in pairs}
    return [image for image in old if image not in gone], [image for image in new if image not in come]
