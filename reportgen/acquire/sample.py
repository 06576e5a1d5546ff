"""The sample data set: drawn butterflies, kangaroos and leopards with boxes of animals and heads."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reportgen.acquire.drawing.butterfly import sketch_butterfly
from reportgen.acquire.drawing.kangaroo import sketch_kangaroo
from reportgen.acquire.drawing.layer import (
    Brush,
    Layer,
    Pixels,
    Window,
    blurred,
    coverage,
    extent,
    turbulence,
    window_around,
)
from reportgen.acquire.drawing.leopard import sketch_leopard
from reportgen.acquire.drawing.outline import Placement, Sketch, ellipse, place_sketch
from reportgen.acquire.drawing.scenery import Scene, paint_scene
from reportgen.errors import UserError
from reportgen.progress import Progress, Silent
from reportgen.store.files import hash_of, read_file
from reportgen.store.output import filled_folder


@dataclass(frozen=True)
class Picture:
    """Colours (H, W, 3) as bytes, and the boxes of everything painted of the animal and of its head."""

    pixels: NDArray[np.uint8]
    animal: Window
    head: Window


def draw_picture(sketch_animal: Callable[[np.random.Generator], Sketch], rng: np.random.Generator) -> Picture:
    """An animal somewhere in a scene, each side of the picture 200 to 400 pixels long."""
    # All draws come from one generator: in another order the same seed gives other pictures.
    width = int(rng.integers(250, 401))
    height = int(rng.integers(200, min(400, round(1.2 * width)) + 1))
    scene = paint_scene((width, height), rng)
    sketch = sketch_animal(rng)
    placement = place_sketch(sketch, (width, height), float(rng.uniform(0.28, 0.7)), scene.horizon, rng)
    return paint_picture(sketch, placement, scene, rng)


def paint_picture(sketch: Sketch, placement: Placement, scene: Scene, rng: np.random.Generator) -> Picture:
    """Paint the animal over the scene, and over its own shadow if it stands on the ground; then set light and
    grain.

    Light and grain scale the colours: what is black stays black. The animal and its head must be inside
    the picture, at least in part.
    """
    height, width = scene.pixels.shape[:2]
    brush = Brush(scene.towards_light, turbulence((width, height), (5, 3), rng, octaves=2))
    body, head = Layer((width, height)), Layer((width, height))
    brush.paint(sketch.body, placement, body)
    brush.paint(sketch.head, placement, head)
    # From what was painted and not from the outlines: the boxes are then exact to the pixel.
    animal, face = extent(np.maximum(body.opacity, head.opacity)), head.extent()
    if animal is None or face is None:
        raise ValueError(f"the animal is outside of the picture of {width}×{height} pixels: {placement}")
    ground = _shadowed(scene, body, animal) if sketch.grounded else scene.pixels
    pixels = _lit(head.over(body.over(ground)), scene, rng)
    return Picture(np.rint(np.clip(pixels, 0, 255)).astype(np.uint8), animal, face)


def _shadowed(scene: Scene, body: Layer, animal: Window) -> Pixels:
    """The background with a soft shadow under the feet, away from the light."""
    high = animal.bottom - animal.top
    feet = replace(animal, top=animal.bottom - max(1, round(0.16 * high)))
    # Where the body reaches so low: a tail that is held up throws no shadow there.
    columns = np.flatnonzero(body.opacity[feet.slices].any(axis=0)) + animal.left
    if columns.size == 0:
        return scene.pixels
    middle, half = float(columns[0] + columns[-1]) / 2, max(4.0, float(columns[-1] - columns[0]) / 2)
    softness = 0.02 * high + 1.5
    centre = (middle - 0.12 * half * scene.towards_light[0], animal.bottom - 0.025 * high)
    shadow = ellipse(centre, (1.12 * half, 0.05 * high + 0.05 * half))
    height, width = scene.pixels.shape[:2]
    window = window_around([shadow], 3 * softness, (width, height))
    if window is None:
        return scene.pixels
    pixels = scene.pixels.copy()
    dark = 0.55 * blurred(coverage([shadow], window), softness)
    # Multiplied, so that the ground shows through; the copy leaves the scene as it is.
    pixels[window.slices] *= 1 - dark[..., None]
    return pixels


def _lit(pixels: Pixels, scene: Scene, rng: np.random.Generator) -> Pixels:
    """The whole picture warmer or cooler, brighter towards the light, with the grain of a camera."""
    height, width = pixels.shape[:2]
    warmth, strength = float(rng.uniform(-0.06, 0.06)), float(rng.uniform(0.92, 1.08))
    tint = np.array([1 + warmth, 1.0, 1 - warmth], np.float32) * np.float32(strength)
    down, right = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None, :]
    x, y = scene.towards_light
    slope = 1 + float(rng.uniform(0.02, 0.1)) * (right * x + down * y)
    grain = 1 + 0.02 * rng.uniform(-1, 1, (height, width))
    # float32 from here on: the colours of a picture in double precision would take twice the memory.
    return pixels * tint * (slope * grain).astype(np.float32)[..., None]


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
            # By indices, as a generator's seed is made of numbers: the order of splits and classes is part of
            # the seed.
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
    with filled_folder(folder, "sample images", partial(_recognise, folder, progress=progress)) as drawn:
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
