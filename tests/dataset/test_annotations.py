"""Boxes scaled by hand, and one clear error for everything that may be wrong with the file."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from reportgen.dataset.annotations import Annotations, read_annotations
from reportgen.errors import DataError
from reportgen.results import Box

FILE = "train/cat/1.png"


def coco(*boxes: tuple[str, list[Any]], size: tuple[int, int] = (448, 112)) -> dict[str, Any]:
    """One image, 448 wide and 112 high, so that x is halved and y doubled in 224 × 224."""
    names = ["cat", "Head", "tail"]
    return {
        "images": [{"id": 7, "file_name": FILE, "width": size[0], "height": size[1], "license": 1}],
        "categories": [{"id": i + 1, "name": name} for i, name in enumerate(names)],
        "annotations": [
            {"id": i, "image_id": 7, "category_id": names.index(name) + 1, "bbox": box, "iscrowd": 0}
            for i, (name, box) in enumerate(boxes)
        ],
    }


def read(folder: Path, content: Any) -> Annotations:
    path = folder / "annotations.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_annotations(path)


def problems(folder: Path, content: Any) -> tuple[str, ...]:
    with pytest.raises(DataError) as caught:
        read(folder, content)
    assert str(folder / "annotations.json") in caught.value.remedy
    return caught.value.problems


def box(rows: tuple[int, int], cols: tuple[int, int]) -> Box:
    return Box(rows=rows, cols=cols)


def test_boxes_are_scaled_to_the_decoded_image(tmp_path: Path) -> None:
    found = read(tmp_path, coco(("cat", [100, 10, 40, 60]), ("Head", [110, 20, 20, 5])))
    assert found.boxes(FILE, "cat") == (box((20, 140), (50, 70)), box((40, 50), (55, 65)))


def test_no_box_is_none(tmp_path: Path) -> None:
    found = read(tmp_path, coco(("cat", [100, 10, 40, 60]), ("tail", [110, 20, 20, 5])))
    assert found.boxes(FILE, "cat") == (box((20, 140), (50, 70)), None)
    assert found.boxes(FILE, "dog") == (None, None)
    assert found.boxes("train/cat/2.png", "cat") == (None, None)


@pytest.mark.parametrize(
    ("bbox", "rows", "cols"),
    [
        ([0, 0, 448, 112], (0, 224), (0, 224)),
        ([-1, -0.5, 450, 113], (0, 224), (0, 224)),  # other programs round: clipped
        ([100.8, 10.2, 40.8, 60.2], (20, 141), (50, 71)),  # 50.4 → 50, 70.8 → 71; 20.4 → 20, 140.8 → 141
        ([100, 10, 0.1, 0.1], (20, 21), (50, 51)),  # at least one pixel
        ([447.9, 111.9, 0.1, 0.1], (223, 224), (223, 224)),  # also at the edge
    ],
)
def test_edges_are_rounded_clipped_and_a_pixel_apart(
    tmp_path: Path, bbox: list[float], rows: tuple[int, int], cols: tuple[int, int]
) -> None:
    assert read(tmp_path, coco(("cat", bbox))).boxes(FILE, "cat")[0] == box(rows, cols)


def test_largest_of_several_boxes_is_taken(tmp_path: Path) -> None:
    small, large, other = [0, 0, 20, 20], [100, 10, 40, 60], [200, 10, 60, 40]
    expected = box((20, 140), (50, 70))
    for boxes in ([small, large], [large, small], [large, other]):
        found = read(tmp_path, coco(*((name, b) for b in boxes for name in ("cat", "Head"))))
        assert found.boxes(FILE, "cat") == (expected, expected)


def test_file_says_whether_a_program_drew_the_images(tmp_path: Path) -> None:
    assert not read(tmp_path, coco()).drawn_by_program
    assert not read(tmp_path, coco() | {"info": {"year": 2024}}).drawn_by_program
    assert read(tmp_path, coco() | {"info": {"drawn_by_program": True}}).drawn_by_program


def test_hash_is_that_of_the_file(tmp_path: Path) -> None:
    found = read(tmp_path, coco())
    assert found.sha256 == hashlib.sha256((tmp_path / "annotations.json").read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("bbox", "entry"),
    [
        ([1, 2, 3], "annotations[0].bbox[3]"),
        ([1, 2, "3", 4], "annotations[0].bbox[2]"),
        ([1, 2, True, 4], "annotations[0].bbox[2]"),
        ([1, 2, None, 4], "annotations[0].bbox[2]"),
        ([1, 2, float("nan"), 4], "annotations[0].bbox[2]"),
        ([float("inf"), 2, 3, 4], "annotations[0].bbox[0]"),
        ({"x": 1}, "annotations[0].bbox"),
    ],
)
def test_malformed_box_is_named(tmp_path: Path, bbox: Any, entry: str) -> None:
    (line,) = problems(tmp_path, coco(("cat", bbox)))
    assert line.startswith(f"annotations.json: {entry}: ")


@pytest.mark.parametrize(
    "bbox",
    [
        [430, 10, 20, 10],
        [10, 100, 10, 14],
        [-2, 0, 10, 10],
        [0, -2, 10, 10],
        [500, 10, 5, 5],
        [10, 10, 0, 5],
        [10, 10, 5, -5],
    ],
)
def test_box_that_is_not_inside_the_image_is_named(tmp_path: Path, bbox: list[float]) -> None:
    (line,) = problems(tmp_path, coco(("cat", [0, 0, 9, 9]), ("cat", bbox)))
    assert line.startswith("annotations.json: annotations[1]: the box [")
    assert line.endswith(f"is not inside {FILE}, which has 448×112 pixels")


def test_every_malformed_entry_is_named(tmp_path: Path) -> None:
    content = coco(("cat", [0, 0, 9, 9]))
    del content["images"][0]["width"]
    content["categories"][1]["name"] = 5
    content["annotations"][0]["image_id"] = "7"
    content["info"] = {"drawn_by_program": "yes"}
    lines = problems(tmp_path, content)
    assert [line.split(": ")[1] for line in lines] == [
        "info.drawn_by_program",
        "images[0].width",
        "categories[1].name",
        "annotations[0].image_id",
    ]


@pytest.mark.parametrize("size", [(0, 5), (5, -1)])
def test_image_without_pixels_is_named(tmp_path: Path, size: tuple[int, int]) -> None:
    (line,) = problems(tmp_path, coco(size=size))
    assert line.startswith("annotations.json: images[0].")


def test_ids_must_be_unique_and_lead_somewhere(tmp_path: Path) -> None:
    content = coco(("cat", [0, 0, 9, 9]), ("cat", [0, 0, 9, 9]))
    content["images"].append(content["images"][0])
    content["categories"].append({"id": 2, "name": "dog"})
    content["annotations"][0]["image_id"] = 8
    content["annotations"][1]["category_id"] = 9
    assert problems(tmp_path, content) == (
        "annotations.json: images[1]: id 7 is used before",
        "annotations.json: categories[3]: id 2 is used before",
        "annotations.json: annotations[0]: image_id 8 is not among the images",
        "annotations.json: annotations[1]: category_id 9 is not among the categories",
    )


@pytest.mark.parametrize("text", ["", "{", "[1, 2", "not JSON", "\x00"])
def test_bad_json_is_an_error(tmp_path: Path, text: str) -> None:
    (line,) = problems(tmp_path, text)
    assert line.startswith("annotations.json: Invalid JSON")


@pytest.mark.parametrize("content", [[], 5, None, "text"])
def test_json_of_another_kind_is_an_error(tmp_path: Path, content: Any) -> None:
    (line,) = problems(tmp_path, json.dumps(content))
    assert line.startswith("annotations.json: ")


def test_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "annotations.json").mkdir()
    with pytest.raises(DataError, match=r"annotations\.json: cannot be read: it is a folder, not a file"):
        read_annotations(tmp_path / "annotations.json")
