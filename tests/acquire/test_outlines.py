"""Outlines of Caltech-101 become boxes, whatever folders and files are called; bad ones are named."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from outline_files import outline
from PIL import Image
from scipy.io import loadmat, savemat
from stage_listener import StageListener

from reportgen.acquire.matfile import read_matrices
from reportgen.acquire.outlines import Annotated, annotate, read_outline
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
    assert found.points.tolist() == [[20.5, 10.5], [120.5, 10.5], [20.5, 60.5]]


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
    assert mark["segmentation"] == [[20.5, 10.5, 120.5, 10.5, 20.5, 60.5]]
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
        (b"", "it does not begin as a MATLAB file"),
        (b"MATLAB 7.3 MAT-file" + b" " * 500, "it does not begin as a MATLAB file"),
        (outline(BOX, TRIANGLE)[:200], "it is cut off"),
        (outline(BOX, TRIANGLE, packed=True)[:-30], "it is cut off"),
        (outline((60, 11, 21, 120), TRIANGLE), "its box is not one: rows 60 to 11, columns 21 to 120"),
        (outline(BOX, [(0.0, 0.0), (float("nan"), 1.0)]), "a number that is none"),
        (outline((11, 60, 300, 400), TRIANGLE), "its box is not inside the image, which has 200×100 pixels"),
        (outline((11, 60, 21, 250), TRIANGLE), "its box is not inside the image, which has 200×100 pixels"),
    ],
    ids=["empty", "another version", "cut off", "packed and cut off", "upside down", "no number", "outside",
         "of a larger image"],
)  # fmt: skip
def test_a_bad_outline_is_named_and_nothing_written(home: Path, content: bytes, said: str) -> None:
    bad = sorted((home / "Annotations/Leopards").iterdir())[0]
    bad.write_bytes(content)
    with pytest.raises(DataError) as caught:
        run(home)
    assert f"{bad}: " in caught.value.problem
    assert said in caught.value.problem
    assert not (home / "data/annotations.json").exists()
    heard = StageListener(lines=[])
    assert run(home, tolerant=True, progress=heard) == Annotated(9, 1)
    assert heard.lines is not None
    assert [line for line in heard.lines if " has no box: Leopards/annotation_" in line and said in line]


def test_a_file_with_something_else_in_it_is_named(home: Path) -> None:
    bad = sorted((home / "Annotations/Leopards").iterdir())[0]
    savemat(bad, {"other": [1, 2]})
    with pytest.raises(DataError, match="lacks the box"):
        run(home)


def test_what_sticks_out_a_little_is_cut_off(home: Path) -> None:
    for path in (home / "Annotations/Leopards").iterdir():
        path.write_bytes(outline((51, 105, 101, 208), [(0, 0), (107, 0), (0, 54)]))
    run(home)
    box, _ = read_annotations(home / "data/annotations.json").boxes("test/leopard/image_0040.jpg", "leopard")
    assert box is not None
    assert (box.rows, box.cols) == ((112, 224), (112, 224))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint16, np.float32, np.float64])
def test_matrices_are_those_that_scipy_wrote(kind: type, packed: bool) -> None:
    matrix: NDArray[Any] = np.arange(6).reshape(2, 3).astype(kind)
    buffer = io.BytesIO()
    savemat(buffer, {"text": "x", "wanted": matrix, "one": kind(7), "cell": np.array([[1], "a"], object)},
            do_compression=packed)  # fmt: skip
    found = read_matrices(buffer.getvalue(), ("wanted", "one", "cell", "missing"))
    assert {name: value.tolist() for name, value in found.items()} == {
        "wanted": [[0, 1, 2], [3, 4, 5]], "one": [[7]],
    }  # fmt: skip


def test_numbers_with_the_high_byte_first_are_read() -> None:
    """As older Macs wrote them, by the format's own description; SciPy reads the same."""
    parts = struct.pack(">IIII", 6, 8, 6, 0) + struct.pack(">IIii", 5, 8, 1, 2)
    parts += struct.pack(">II", 1, 6) + b"wanted\0\0" + struct.pack(">IIdd", 9, 16, 258.0, -3.5)
    data = b"MATLAB 5.0".ljust(124) + b"\x01\x00MI" + struct.pack(">II", 14, len(parts)) + parts
    assert loadmat(io.BytesIO(data))["wanted"].tolist() == [[258.0, -3.5]]
    assert read_matrices(data, ("wanted",))["wanted"].tolist() == [[258.0, -3.5]]


@pytest.mark.parametrize("packed", [False, True])
def test_no_changed_byte_ends_the_program(packed: bool) -> None:
    """SciPy's own reader ends the process for some of these."""
    whole = outline(BOX, TRIANGLE, packed=packed)
    named = 0
    for offset in range(len(whole)):
        for byte in (0, 2, 14, 15, 127, 255):
            try:
                read_outline(whole[:offset] + bytes([byte]) + whole[offset + 1 :])
            except ValueError:
                named += 1
    assert named > 500


def test_an_image_that_is_damaged_is_not_taken_for_its_outline(home: Path) -> None:
    image = home / "data/test/leopard/image_0040.jpg"
    image.write_bytes(image.read_bytes()[:300])
    with pytest.raises(DataError) as caught:
        run(home)
    assert caught.value.problem.startswith(f"{image}: ")
    heard = StageListener(lines=[])
    assert run(home, tolerant=True, progress=heard) == Annotated(9, 1)
    assert [line for line in heard.lines or () if line.startswith("test/leopard/image_0040.jpg has no box: ")]


def test_only_images_of_caltech_have_its_outlines(home: Path) -> None:
    image = home / "data/test/leopard/image_0040.jpg"
    image.rename(image.with_name("DSC_0040.jpg"))
    assert run(home) == Annotated(9, 1)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_folder_without_splits_has_a_box_for_every_image(home: Path, seed: int) -> None:
    for label in ("leopard", "Faces_easy"):
        (home / "whole" / label).mkdir(parents=True)
        for path in (home / "data").glob(f"*/{label}/*.jpg"):
            path.rename(home / "whole" / label / path.name)
    assert annotate(home / "whole", home / "Annotations", seed) == Annotated(10, 0)


def test_boxes_that_were_changed_stay(home: Path) -> None:
    run(home)
    file = home / "data/annotations.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    document["categories"].append({"id": 3, "name": "head"})
    file.write_text(json.dumps(document), encoding="utf-8")
    before = file.read_bytes()
    with pytest.raises(TakenError) as caught:
        run(home)
    assert "name another file" not in caught.value.remedy
    assert file.read_bytes() == before


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


@pytest.mark.parametrize(
    ("label", "folder"),
    [("airplanes", "Airplanes_Side_2"), ("airplane", "Airplanes_Side_2"), ("Faces", "Faces_2"),
     ("face", "Faces_2"), ("Motorbikes", "Motorbikes_16"),
     ("motorbike", "Motorbikes_16"), ("leopard", "Leopards"), ("Ants", "ant")],
)  # fmt: skip
def test_the_folder_of_a_class_is_found_under_its_other_name(home: Path, label: str, folder: str) -> None:
    for split in ("train", "val", "test"):
        (home / "data" / split / "leopard").rename(home / "data" / split / label)
    (home / "Annotations/Leopards").rename(home / "Annotations/there")
    for other in ("Airplanes_Side_2", "Faces_2", "Motorbikes_16", "Leopards"):
        (home / "Annotations" / other).mkdir(exist_ok=True)
    for path in (home / "Annotations/there").iterdir():
        path.rename(home / "Annotations" / folder / path.name)
    assert run(home) == Annotated(10, 0)
