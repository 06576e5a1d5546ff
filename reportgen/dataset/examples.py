"""The example image of each class, which the report shows and explains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from reportgen.dataset.names import composed, escaped
from reportgen.errors import SettingsError
from reportgen.results import ImageFile
from reportgen.split import Split
from reportgen.text import find_nearest

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


def choose_examples(listing: Listing, chosen: Mapping[str, str]) -> dict[str, ImageFile]:
    """The example image of each class, in the order of the classes.

    ``chosen[class]`` is a path relative to the data folder, or a bare file name if only one image of the
    class has it. The default is the first test image of the class.
    Raises ``SettingsError`` for an unknown class or file, with the nearest names, and an ambiguous one.
    """
    chosen = {composed(label): composed(file) for label, file in chosen.items()}
    for label in chosen:
        if label not in listing.classes:
            raise SettingsError(
                f"{_KEY}: there is no class '{escaped(label)}'{_nearest(label, listing.classes)}",
                f"The classes are {', '.join(listing.classes)}.",
            )
    return {
        label: _find(listing, label, chosen[label]) if label in chosen else _first_test(listing, label)
        for label in listing.classes
    }


def _first_test(listing: Listing, label: str) -> ImageFile:
    return next(image for image in listing.of("test") if image.label == label)


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
    candidates = images if "/" in wanted else map(_name, images)
    raise SettingsError(
        f"{value}: class '{label}' has no such image{_nearest(wanted, candidates)}",
        f"Write a path from the data folder, such as {escaped(next(iter(images)))}.",
    )


def _name(file: str) -> str:
    return file.rsplit("/", 1)[-1]


def _nearest(name: str, candidates: Iterable[str]) -> str:
    near = find_nearest(name, sorted(set(candidates)))
    return f" (did you mean {escaped(near)}?)" if near else ""
