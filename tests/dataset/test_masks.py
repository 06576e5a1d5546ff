"""Outlines on the grid of the decoded image, beside another rasteriser and masks that pycocotools packed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.path import Path as Curve
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from reportgen.dataset.annotations import Annotations, read_annotations
from reportgen.dataset.masks import fill_polygons, fill_runs, unpack_runs
from reportgen.errors import DataError

SIDE = 224
FILE = "train/cat/1.png"

STAR = [150, 20, 170, 90, 290, 90, 190, 110, 230, 130, 150, 112, 60, 139, 100, 100, 10, 80, 130, 85]
"""Fits 300 × 140 pixels, has corners that point inwards, and no symmetry."""


def by_matplotlib(polygon: list[float], width: int, height: int) -> NDArray[np.bool_]:
    """Whether the middles of the pixels, carried into the image as it was annotated, lie in the polygon."""
    middles = np.arange(SIDE) + 0.5
    points = np.stack(np.meshgrid(middles * width / SIDE, middles * height / SIDE), axis=-1)
    inside = Curve(np.reshape(polygon, (-1, 2))).contains_points(points.reshape(-1, 2))
    found: NDArray[np.bool_] = inside.reshape(SIDE, SIDE)
    return found


@pytest.mark.parametrize("polygon", [STAR, [*np.reshape(STAR, (-1, 2))[::-1].ravel().tolist()]])
def test_a_polygon_is_filled_as_by_matplotlib(polygon: list[float]) -> None:
    wanted = by_matplotlib(polygon, 300, 140)
    assert 4000 < wanted.sum() < 20000
    assert np.array_equal(fill_polygons([polygon], 300, 140), wanted)


def test_a_polygon_goes_where_the_picture_goes() -> None:
    """A picture of the outline, reduced as photographs are, is as bright in each pixel as the mask says."""
    picture = Image.new("L", (3 * 300, 3 * 140))
    ImageDraw.Draw(picture).polygon([3 * value for value in STAR], fill=255)
    small = picture.resize((300, 140), Image.Resampling.BOX).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    bright = np.asarray(small, dtype=float) / 255
    mask = fill_polygons([STAR], 300, 140)
    # At the edges pixels are grey.
    assert (mask != (bright > 0.5)).mean() < 0.01
    assert mask[bright > 0.95].all()
    assert not mask[bright < 0.05].any()


def test_parts_of_an_object_are_one_mask_and_loops_are_holes() -> None:
    one, other = [0, 0, 100, 0, 100, 50, 0, 50], [50, 0, 150, 0, 150, 50, 50, 50]
    both = fill_polygons([one, other], SIDE, SIDE)
    assert both[:50, :150].all()
    assert both.sum() == 50 * 150
    # Twice around the same square leaves what is crossed twice outside.
    assert not fill_polygons([[*one, *one]], SIDE, SIDE).any()


PACKED = [
    ("943000NM5", (5, 7), [9, 4, 3, 4, 3, 4, 1, 1, 6]),
    (":`7j2eHU5Z9Z1", (4, 300), [10, 240, 90, 5, 255, 303, 297]),
]
"""What pycocotools made of two masks, (width, height), and the runs of the masks, counted by hand."""


@pytest.mark.parametrize(("text", "size", "runs"), PACKED)
def test_packed_runs_are_those_that_were_packed(text: str, size: tuple[int, int], runs: list[int]) -> None:
    assert sum(runs) == size[0] * size[1]
    assert unpack_runs(text) == runs


def test_runs_go_down_the_columns() -> None:
    drawn = np.zeros((300, 400), bool)
    drawn[20:80, 40:100] = True
    drawn[200:203, 390:] = True
    flat = drawn.T.ravel()
    changes = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff([0, *changes.tolist(), flat.size]).tolist()
    # The pixel of the larger image that the middle of each pixel falls into.
    wanted = [
        [drawn[int((r + 0.5) * 300 / SIDE), int((c + 0.5) * 400 / SIDE)] for c in range(SIDE)]
        for r in range(SIDE)
    ]
    assert np.array_equal(fill_runs(runs, 400, 300), wanted)


def read(folder: Path, *marks: tuple[Sequence[float], Any]) -> Annotations:
    content = {
        "images": [{"id": 7, "file_name": FILE, "width": 448, "height": 112}],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [
            {"id": n, "image_id": 7, "category_id": 1, "bbox": box, "segmentation": outline}
            for n, (box, outline) in enumerate(marks)
        ],
    }
    path = folder / "annotations.json"
    path.write_text(json.dumps(content))
    return read_annotations(path)


SQUARE = [100, 10, 140, 10, 140, 70, 100, 70]
BOX = [100, 10, 40, 60]


def test_the_mask_is_that_of_the_box_which_counts(tmp_path: Path) -> None:
    small = ([0, 0, 20, 20], [[0, 0, 20, 0, 20, 20]])
    found = read(tmp_path, small, (BOX, [SQUARE])).mask(FILE, "cat")
    assert found is not None
    # x is halved and y doubled in 224 × 224.
    assert found[20:140, 50:70].all()
    assert found.sum() == 120 * 20
    # The large box has no outline of its own, and gets none of another animal.
    assert read(tmp_path, small, (BOX, [])).mask(FILE, "cat") is None
    assert read(tmp_path, small, (BOX, None)).mask(FILE, "cat") is None
    assert read(tmp_path, small).mask(FILE, "dog") is None
    assert read(tmp_path, (BOX, [[0, 0, 0.1, 0, 0, 0.1]])).mask(FILE, "cat") is None


def test_runs_are_read_from_the_file(tmp_path: Path) -> None:
    # 40 columns of 112 pixels are off, and 40 on.
    found = read(tmp_path, (BOX, {"size": [112, 448], "counts": [4480, 4480, 41216]})).mask(FILE, "cat")
    assert found is not None
    assert found[:, 20:40].all()
    assert found.sum() == 20 * SIDE


def test_packed_runs_are_read_from_the_file(tmp_path: Path) -> None:
    # 448 runs of 112: "`3" is 16 and more to follow, and 3 times 32; from the fourth on nothing changes.
    packed = {"size": [112, 448], "counts": "`3" * 3 + "0" * 445}
    found = read(tmp_path, (BOX, packed)).mask(FILE, "cat")
    assert found is not None
    # The middle of each pixel lies on the border of two columns, and counts to the right one, which is on.
    assert found.all()


@pytest.mark.parametrize(
    ("outline", "fault"),
    [
        ([[1, 2, 3, 4]], "segmentation: a polygon has x and y of at least 3 points; this one has 4 numbers"),
        ([SQUARE, [1, 2, 3, 4, 5, 6, 7]], "segmentation: a polygon has x and y of at least 3 points"),
        ([[1, 2, 3, 4, 5, 114]], f"segmentation: a point is not inside {FILE}, which has 448×112 pixels"),
        ([[1, 2, 450, 4, 5, 6]], "segmentation: a point is not inside"),
        ([[-2, 2, 3, 4, 5, 6]], "segmentation: a point is not inside"),
        ([[1, 2, "3", 4, 5, 6]], "segmentation.polygons[0][2]: "),
        ("outline", "segmentation.polygons: "),
        ({"size": [112, 448]}, "segmentation.runs.counts"),
        ({"counts": [1, 2]}, "segmentation: its runs do not add up to the 448×112 pixels"),
        ({"counts": [448 * 112 + 1, -1]}, "segmentation: its runs do not add up"),
        ({"counts": "0 0"}, "segmentation: its runs have the character ' '"),
        ({"counts": "0P"}, "segmentation: its packed runs end in the middle"),
    ],
)
def test_an_outline_that_is_none_is_named(tmp_path: Path, outline: Any, fault: str) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, (BOX, outline))
    assert caught.value.problems[0].startswith(f"annotations.json: annotations[0].{fault}")
