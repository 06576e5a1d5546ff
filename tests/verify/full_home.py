"""An honest report in which nearly every pointer of the contract has a value."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from forging import Home, print_never, small_network
from PIL import Image
from sharing import MakeOnce
from stand_in import LABELS, draw_image, print_nothing

from reportgen.engine import pipeline
from reportgen.settings import load_settings

_COUNTS = {"train": 6, "val": 3, "test": 3}
_SIZE = (60, 48)
_BORDER = 1
"""Pixels of the files: four of the 224 that the network sees, as wide as frames are looked for."""

_SETTINGS = """
weights = "embedded"
group = "One"
date = 2026-01-31
layers = ["block5_conv4", "block1_conv1"]

[[authors]]
name = "Zoë"
roll_number = "7"

[show]
colour = true
filters = 2
neurons = 2

[guided_backprop]
neurons = ["zero", "top:1"]

[commentary]
transfer = "These words are mine."
"""


def full_home(make_once: MakeOnce) -> Home:
    """Two authors' settings and data that leave nothing out: a second layer, filters in colour, boxes of all
    animals and heads, outlines of all animals, dark frames around one class, an image twice, and one whose
    twin is of the other class.
    """

    def fill(folder: Path) -> None:
        home = folder / "home"
        _draw_images(home / "data")
        _annotate(home / "data")
        (home / "report.toml").write_text(_SETTINGS, encoding="utf-8")
        with small_network(print_never), pytest.MonkeyPatch.context() as patch:
            patch.setattr("reportgen.engine.stages.pdf.print_pdf", print_nothing)
            built = pipeline.build(load_settings(folder=home), home / "data")
        assert built.problem is None
        # It only says that it is a PDF.
        (home / "build/report.pdf").unlink()

    return Home(make_once("full", fill) / "home", make_once)


def _draw_images(data: Path) -> None:
    seed = 100
    for split, label, number in _places():
        seed += 1
        file = data / f"{split}/{label}/{number}.png"
        draw_image(file, seed, _SIZE)
        if label == "dog":
            _frame(file)
    shutil.copy(data / "train/dog/1.png", data / "test/dog/2.png")
    # Of the other class and hardly another image: the network takes it for a dog.
    with Image.open(data / "train/dog/0.png") as twin:
        pixels = twin.copy()
    pixels.putpixel((30, 24), (255, 255, 255))
    pixels.save(data / "test/cat/2.png")


def _places() -> Iterator[tuple[str, str, int]]:
    for split, count in _COUNTS.items():
        for label in LABELS:
            for number in range(count):
                yield split, label, number


def _frame(file: Path) -> None:
    with Image.open(file) as image:
        width, height = image.size
        inner = image.crop((_BORDER, _BORDER, width - _BORDER, height - _BORDER))
    framed = Image.new("RGB", (width, height))
    # Darker, too: a class that even a small network tells from the other one.
    framed.paste(inner.point(lambda level: level // 2), (_BORDER, _BORDER))
    framed.save(file)


def _annotate(data: Path) -> None:
    names = [*LABELS, "head"]
    boxes = {"head": [20, 10, 12, 10], "cat": [15, 8, 30, 30], "dog": [15, 8, 30, 30]}
    images: list[dict[str, Any]] = []
    marks: list[dict[str, Any]] = []
    for number, (split, label, each) in enumerate(_places()):
        images.append(
            {
                "id": number,
                "file_name": f"{split}/{label}/{each}.png",
                "width": _SIZE[0],
                "height": _SIZE[1],
            }
        )
        marks += [
            {"id": len(marks) + n, "image_id": number, "category_id": names.index(name), "bbox": boxes[name]}
            for n, name in enumerate((label, "head"))
        ]
        # From the middle of each side of the box to that of the next.
        marks[-2]["segmentation"] = [[30, 8, 45, 23, 30, 38, 15, 23]]
    categories = [{"id": number, "name": name} for number, name in enumerate(names)]
    content = {"images": images, "categories": categories, "annotations": marks}
    (data / "annotations.json").write_text(json.dumps(content), encoding="utf-8")
