"""The sample data set: drawn butterflies, kangaroos and leopards with boxes of animals and heads."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

import numpy as np
from PIL import Image

from reportgen.acquire.drawing.butterfly import sketch_butterfly
from reportgen.acquire.drawing.kangaroo import sketch_kangaroo
from reportgen.acquire.drawing.layer import Window
from reportgen.acquire.drawing.leopard import sketch_leopard
from reportgen.acquire.drawing.outline import Sketch
from reportgen.acquire.drawing.picture import Picture, draw_picture
from reportgen.errors import UserError
from reportgen.progress import Progress, Silent
from reportgen.store.files import hash_of, read_file
from reportgen.store.output import filling

_SPLITS: Mapping[str, int] = MappingProxyType({"train": 20, "val": 8, "test": 8})
_ANIMALS: Mapping[str, Callable[[np.random.Generator], Sketch]] = MappingProxyType(
    {"butterfly": sketch_butterfly, "kangaroo": sketch_kangaroo, "leopard": sketch_leopard}
)
_CATEGORIES = MappingProxyType({name: number for number, name in enumerate((*_ANIMALS, "head"), start=1)})
_QUALITY = 92
_ANNOTATIONS = "annotations.json"
_STATED_SEED = re.compile(r"drawn by reportgen with the seed (\d{1,10})$")


@dataclass(frozen=True)
class _Item:
    """One image to draw: the ``number``th, from 1, of a class in a split."""

    split: str
    label: str
    number: int

    @property
    def file(self) -> str:
        """The file's name relative to the data folder."""
        return f"{self.split}/{self.label}/image_{self.number:04d}.jpg"

    def generator(self, seed: int) -> np.random.Generator:
        """The image's own random numbers, the same in whatever order the images are drawn."""
        return np.random.default_rng(
            [seed, list(_SPLITS).index(self.split), list(_ANIMALS).index(self.label), self.number]
        )


def draw_sample(folder: Path, seed: int = 671, progress: Progress | None = None) -> None:
    """Draw ``folder/<split>/<class>/image_0001.jpg`` … and ``folder/annotations.json`` (COCO).

    Three classes; 20, 8 and 8 images of each in train, val and test; each side of an image is 200 to 400
    pixels long. ``seed``, not negative, decides every pixel. The folder is there when all is drawn, or not
    at all. Sample images that are already there are drawn again; other files stay. Raises ``UserError``
    if the folder holds something else, or images that were changed, or cannot be written.
    """
    if seed < 0:
        raise UserError(f"The seed of the sample data is {seed}.", "Give a seed of 0 or more.")
    progress = progress or Silent()
    with filling(folder, "sample images", partial(_recognise, folder, progress=progress)) as drawn:
        _draw(drawn, seed, progress)


def _recognise(folder: Path, scratch: Path, progress: Progress) -> dict[str, str]:
    """Files and SHA-256 of sample images from before there were records, found by drawing them again.

    Empty if ``folder`` holds no sample images.
    """
    try:
        content = json.loads(read_file(folder / _ANNOTATIONS))
        description = content["info"]["description"] if content["info"]["drawn_by_program"] else ""
    # A file of that name may be anybody's; then the folder is not ours.
    except (OSError, ValueError, LookupError, TypeError):
        return {}
    stated = _STATED_SEED.search(str(description))
    if stated is None:
        return {}
    _draw(scratch, int(stated[1]), progress)
    return {
        path.relative_to(scratch).as_posix(): hash_of(path) for path in scratch.rglob("*") if path.is_file()
    }


def _draw(folder: Path, seed: int, progress: Progress) -> None:
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    items = list(_items())
    with progress.stage("Drawing the sample data", total=len(items)) as advance:
        for number, item in enumerate(items, start=1):
            picture = draw_picture(_ANIMALS[item.label], item.generator(seed))
            _save(picture, folder / item.file)
            height, width = picture.pixels.shape[:2]
            images.append({"id": number, "file_name": item.file, "width": width, "height": height})
            for category, box in ((item.label, picture.animal), ("head", picture.head)):
                annotations.append(_annotation(len(annotations) + 1, number, category, box))
            advance(1)
    coco = {
        "info": {
            "description": f"Sample data drawn by reportgen with the seed {seed}",
            "version": "1.0",
            "drawn_by_program": True,
        },
        "images": images,
        "annotations": annotations,
        "categories": [{"id": number, "name": name} for name, number in _CATEGORIES.items()],
    }
    text = json.dumps(coco, indent=1) + "\n"
    # With one kind of line end, so that a seed gives the same bytes everywhere.
    (folder / _ANNOTATIONS).write_text(text, encoding="utf-8", newline="\n")


def _items() -> Iterator[_Item]:
    for split, count in _SPLITS.items():
        for label in _ANIMALS:
            for number in range(1, count + 1):
                yield _Item(split, label, number)


def _save(picture: Picture, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture.pixels).save(file, quality=_QUALITY)


def _annotation(number: int, image: int, category: str, box: Window) -> dict[str, object]:
    width, height = box.size
    return {
        "id": number,
        "image_id": image,
        "category_id": _CATEGORIES[category],
        "bbox": [box.left, box.top, width, height],
        "area": width * height,
        "iscrowd": 0,
    }
