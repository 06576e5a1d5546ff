"""Outlines of Caltech-101 become boxes, whatever folders and files are called; bad ones are named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from outline_files import outline
from PIL import Image
from scipy.io import savemat

from reportgen.acquire.outlines import OUTLINE_FOLDERS, Annotated, annotate, read_outline
from reportgen.dataset.annotations import read_annotations
from reportgen.errors import DataError, UserError
from reportgen.store.output import TakenError

WIDE, HIGH = 200, 100
# Rows 11 to 60 and columns 21 to 120 of 100 × 200, with a triangle in it.
BOX = (11, 60, 21, 120)
TRIANGLE = [(0.0, 0.0), (100.0, 0.0), (0.0, 50.0)]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for split, count in (("train", 3), ("val", 1), ("test", 1)):
        for label in ("leopard", "Faces_easy"):
            folder = tmp_path / "data" / split / label
            folder.mkdir(parents=True)
            for number in range(count):
                name = f"image_{10 * len(split) + number:04}.jpg"
                Image.new("RGB", (WIDE, HIGH), (9, len(split), number)).save(folder / name)
    for name in ("Leopards", "Faces_3", "ant"):
        (tmp_path / "Annotations" / name).mkdir(parents=True)
    for path in (tmp_path / "data").glob("*/*/*.jpg"):
        other = {"leopard": "Leopards", "Faces_easy": "Faces_3"}[path.parent.name]
        name = path.name.replace("image", "annotation").replace("jpg", "mat")
        (tmp_path / "Annotations" / other / name).write_bytes(outline(BOX, TRIANGLE))
    return tmp_path


def run(home: Path, **more: Any) -> Annotated:
    return annotate(home / "data", home / "Annotations", 671, **more)


def test_the_box_is_counted_from_one_and_the_outline_from_the_box() -> None:
    found = read_outline(outline(BOX, TRIANGLE))
    assert found.box == (20.0, 10.0, 120.0, 60.0)
    assert found.points.tolist() == [[20.0, 10.0], [120.0, 10.0], [20.0, 60.0]]


def test_every_image_has_its_box(home: Path) -> None:
    assert run(home) == Annotated(10, 0)
    file = home / "data/annotations.json"
    found = read_annotations(file)
    # 10 to 60 of 100 rows and 20 to 120 of 200 columns, on 224 pixels: 22.4, 134.4, 22.4 and 134.4.
    for image in (home / "data").glob("*/*/*.jpg"):
        box, _ = found.boxes(image.relative_to(home / "data").as_posix(), image.parent.name)
        assert box is not None
        assert (box.rows, box.cols) == ((22, 134), (22, 134))
    mark = json.loads(file.read_text(encoding="utf-8"))["annotations"][0]
    assert mark["segmentation"] == [[20, 10, 120, 10, 20, 60]]
    # Half of 100 × 50.
    assert mark["area"] == 2500


def test_the_same_outlines_give_the_same_bytes(home: Path) -> None:
    run(home)
    first = (home / "data/annotations.json").read_bytes()
    assert run(home) == Annotated(10, 0)
    assert (home / "data/annotations.json").read_bytes() == first


def test_images_without_an_outline_are_counted(home: Path) -> None:
    next((home / "Annotations/Leopards").iterdir()).unlink()
    Image.new("RGB", (WIDE, HIGH)).save(home / "data/train/leopard/mine.jpg")
    assert run(home) == Annotated(9, 2)


def test_boxes_of_ones_own_stay(home: Path) -> None:
    own = home / "data/annotations.json"
    own.write_text('{"info": {"contributor": "me"}, "images": []}', encoding="utf-8")
    with pytest.raises(TakenError, match=r"annotations\.json"):
        run(home)
    assert "me" in own.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is no MATLAB file"),
        (outline(BOX, TRIANGLE)[:150], "it is no MATLAB file"),
        (b"\x00" * 400, "it is no MATLAB file"),
        (outline((60, 11, 21, 120), TRIANGLE), "its box is not one: rows 60 to 11, columns 21 to 120"),
        (outline((11, 60, 300, 400), TRIANGLE), "is outside image_00"),
    ],
    ids=["empty", "cut off", "zeros", "upside down", "outside"],
)
def test_a_bad_outline_is_named_and_nothing_written(home: Path, content: bytes, said: str) -> None:
    bad = sorted((home / "Annotations/Leopards").iterdir())[0]
    bad.write_bytes(content)
    with pytest.raises(DataError) as caught:
        run(home)
    assert f"{bad}: " in caught.value.problem
    assert said in caught.value.problem
    assert not (home / "data/annotations.json").exists()
    assert run(home, tolerant=True) == Annotated(9, 1)


def test_a_file_with_something_else_in_it_is_named(home: Path) -> None:
    bad = sorted((home / "Annotations/Leopards").iterdir())[0]
    savemat(bad, {"other": [1, 2]})
    with pytest.raises(DataError, match="lacks the box"):
        run(home)


def test_what_sticks_out_is_cut_off(home: Path) -> None:
    for path in (home / "Annotations/Leopards").iterdir():
        path.write_bytes(outline((51, 150, 101, 300), [(0, 0), (200, 0), (0, 100)]))
    run(home)
    box, _ = read_annotations(home / "data/annotations.json").boxes("test/leopard/image_0040.jpg", "leopard")
    assert box is not None
    assert (box.rows, box.cols) == ((112, 224), (112, 224))


def test_a_class_without_a_folder_is_named_with_those_there_are(home: Path) -> None:
    (home / "Annotations/Leopards").rename(home / "Annotations/cats")
    with pytest.raises(UserError, match="has no folder for leopard") as caught:
        run(home)
    assert "It has: Faces_3, ant, cats" in caught.value.remedy
    with pytest.raises(UserError, match="cannot be read"):
        annotate(home / "data", home / "nowhere", 671)


def test_folders_of_other_images_are_no_outlines(home: Path) -> None:
    for path in (home / "Annotations").glob("*/*.mat"):
        path.rename(path.with_name("annotation_0999.mat"))
    with pytest.raises(UserError, match="has no outline of any image"):
        run(home)


def test_four_classes_have_outlines_under_another_name() -> None:
    assert sorted(OUTLINE_FOLDERS.values()) == ["Airplanes_Side_2", "Faces_2", "Faces_3", "Motorbikes_16"]
