from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from stage_listener import StageListener

from reportgen.acquire import sample
from reportgen.acquire.drawing.butterfly import sketch_butterfly
from reportgen.acquire.drawing.kangaroo import sketch_kangaroo
from reportgen.acquire.drawing.leopard import sketch_leopard
from reportgen.acquire.drawing.outline import Pair, Placement, Size, Sketch
from reportgen.acquire.drawing.scenery import Scene
from reportgen.acquire.sample import draw_picture, draw_sample, paint_picture
from reportgen.dataset.annotations import read_annotations
from reportgen.errors import UserError

CLASSES = ("butterfly", "kangaroo", "leopard")
SKETCHES = {"butterfly": sketch_butterfly, "kangaroo": sketch_kangaroo, "leopard": sketch_leopard}
Edges = tuple[int, int, int, int]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """One image a class and split: the first of those that are drawn otherwise."""
    monkeypatch.setattr(sample, "_SPLITS", {"train": 1, "val": 1, "test": 1})


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".record.json"
    }


def annotations_of(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))
    return loaded


def edges(displayed: NDArray[np.bool_]) -> Edges:
    """Left, top, right, bottom (exclusive) of the pixels that are True, one by one."""
    locations = [(x, y) for y, row in enumerate(displayed.tolist()) for x, value in enumerate(row) if value]
    xs, ys = [x for x, _ in locations], [y for _, y in locations]
    return min(xs), min(ys), max(xs) + 1, max(ys) + 1


def shown_edges(pixels: NDArray[np.uint8]) -> Edges:
    return edges(np.asarray(pixels.max(axis=2) > 0))


def night(size: Size, towards_light: Pair = (0.6, -0.8)) -> Scene:
    """A wholly black scene: there is no picture without the animal, every coloured pixel is its own."""
    return Scene(np.zeros((size[1], size[0], 3), np.float32), 0.5 * size[1], towards_light)


def test_counts_names_and_formats(drawn: Path) -> None:
    expected = {
        f"{split}/{label}/image_{number:04d}.jpg"
        for split, count in (("train", 20), ("val", 8), ("test", 8))
        for label in CLASSES
        for number in range(1, count + 1)
    }
    files = files_of(drawn)
    assert set(files) == expected | {"annotations.json"}
    sizes = set()
    for name in expected:
        with Image.open(drawn / name) as image:
            assert (image.format, image.mode) == ("JPEG", "RGB")
            assert 200 <= min(image.size) <= max(image.size) <= 400
            sizes.add(image.size)
    assert len(sizes) > 80
    assert len({hashlib.sha256(data).digest() for data in files.values()}) == 109


def test_every_image_has_one_box_for_its_animal_and_one_for_its_head(drawn: Path) -> None:
    coco = annotations_of(drawn)
    assert coco["info"]["drawn_by_program"] is True
    assert {"description", "version"} < set(coco["info"])
    names = {category["id"]: category["name"] for category in coco["categories"]}
    assert sorted(names.values()) == ["butterfly", "head", "kangaroo", "leopard"]
    files = {image["id"]: image["file_name"] for image in coco["images"]}
    labels = Counter((files[mark["image_id"]], names[mark["category_id"]]) for mark in coco["annotations"])
    expected = {(name, label) for name in files.values() for label in (name.split("/")[1], "head")}
    assert labels == dict.fromkeys(expected, 1)
    assert len(files) == len(set(files.values())) == 108
    assert len({mark["id"] for mark in coco["annotations"]}) == 216
    for mark in coco["annotations"]:
        assert mark["area"] == mark["bbox"][2] * mark["bbox"][3]
        assert mark["iscrowd"] == 0


def test_the_report_reads_the_annotations(drawn: Path) -> None:
    annotations = read_annotations(drawn / "annotations.json")
    assert annotations.drawn_by_program
    for path in drawn.glob("*/*/*.jpg"):
        name = path.relative_to(drawn).as_posix()
        with Image.open(path) as image:
            assert annotations.sizes[name] == image.size
        animal, head = annotations.boxes(name, path.parent.name)
        assert animal is not None
        assert head is not None


def test_the_animal_fills_a_fair_share_and_holds_its_head(drawn: Path) -> None:
    coco = annotations_of(drawn)
    marks = iter(coco["annotations"])
    for image in coco["images"]:
        (ax, ay, aw, ah), (hx, hy, hw, hh) = next(marks)["bbox"], next(marks)["bbox"]
        assert 0.2 <= aw * ah / (image["width"] * image["height"]) <= 0.75
        assert ax <= hx < hx + hw <= ax + aw
        assert ay <= hy < hy + hh <= ay + ah
        assert hw * hh < 0.4 * aw * ah


@pytest.mark.parametrize("label", CLASSES)
@pytest.mark.parametrize("flip", [False, True])
def test_boxes_are_tight_to_what_is_painted(label: str, flip: bool) -> None:
    size = (260, 230)
    for seed in range(3):
        sketch = SKETCHES[label](np.random.default_rng(seed))
        at = (120.0, 110.0) if label == "butterfly" else ((200.0, 40.0) if flip else (60.0, 40.0))
        placement = Placement(1.3, at, angle=3.0 * seed, flip=flip)
        painted = paint_picture(sketch, placement, night(size), np.random.default_rng(9))
        head = paint_picture(Sketch((), sketch.head, True), placement, night(size), np.random.default_rng(9))
        animal = painted.animal
        assert shown_edges(painted.pixels) == (animal.left, animal.top, animal.right, animal.bottom)
        face = painted.head
        assert shown_edges(head.pixels) == (face.left, face.top, face.right, face.bottom)


def test_a_box_ends_where_the_picture_ends() -> None:
    sketch = sketch_leopard(np.random.default_rng(4))
    painted = paint_picture(sketch, Placement(2.8, (-40, -30)), night((222, 140)), np.random.default_rng(0))
    animal, head = painted.animal, painted.head
    assert shown_edges(painted.pixels) == (0, 0, 222, 140)
    assert (animal.left, animal.top, animal.right, animal.bottom) == (0, 0, 222, 140)
    assert (head.top, head.right) == (0, 222)
    assert head.left > 100
    assert head.bottom < 100


def test_the_animal_changes_nothing_outside_its_box_but_for_its_shadow() -> None:
    size = (300, 260)
    day = Scene(np.full((size[1], size[0], 3), 180, np.float32), 130.0, (0.6, -0.8))
    for label, sketch_animal in SKETCHES.items():
        sketch = sketch_animal(np.random.default_rng(2))
        at = (150.0, 130.0) if label == "butterfly" else (90.0, 60.0)
        pixels = {}
        for grounded in (False, True):
            standing = Sketch(sketch.body, sketch.head, grounded)
            painted = paint_picture(standing, Placement(1.5, at), day, np.random.default_rng(3))
            pixels[grounded] = painted.pixels.astype(int)
        box = painted.animal
        middle = ((box.left + box.right) / 2, (box.top + box.bottom) / 2)
        speck = Sketch((), (sketch.head[-1],), False)
        empty = paint_picture(speck, Placement(0.01, middle), day, np.random.default_rng(3)).pixels.astype(
            int
        )
        outside = np.ones(empty.shape[:2], bool)
        outside[box.top : box.bottom, box.left : box.right] = False
        assert np.array_equal(pixels[False][outside], empty[outside])
        shade = (empty - pixels[True])[outside]
        assert shade.min() == 0
        assert shade.max() > 20


def test_boxes_in_the_file_are_where_the_animals_are(
    tmp_path: Path, few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample, "paint_scene", lambda size, _rng: night(size))
    draw_sample(tmp_path / "sample")
    coco = annotations_of(tmp_path / "sample")
    files = {image["id"]: image["file_name"] for image in coco["images"]}
    for mark in coco["annotations"][::2]:
        with Image.open(tmp_path / "sample" / files[mark["image_id"]]) as image:
            displayed = np.asarray(image).max(axis=2) > 16
        x, y, width, height = mark["bbox"]
        assert edges(displayed) == pytest.approx((x, y, x + width, y + height), abs=2)


@pytest.mark.long
def test_the_same_seed_gives_the_same_bytes(drawn: Path, tmp_path: Path, few: None) -> None:
    draw_sample(tmp_path / "one")
    draw_sample(tmp_path / "two", seed=671)
    draw_sample(tmp_path / "other", seed=672)
    one, two, other = (files_of(tmp_path / name) for name in ("one", "two", "other"))
    assert one == two
    assert set(one) == set(other)
    assert not {name for name in one if one[name] == other[name]}
    whole = files_of(drawn)
    images = {name: data for name, data in one.items() if name.endswith(".jpg")}
    assert len(images) == 9
    assert images == {name: whole[name] for name in images}  # whatever was drawn in between


def test_pixels_do_not_depend_on_the_hash_seed(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom reportgen.acquire import sample\n"
        "sample._SPLITS = {'train': 1}\nsample.draw_sample(Path(sys.argv[1]))\n"
    )
    for seed in ("1", "2"):
        command = [sys.executable, "-c", code, str(tmp_path / seed)]
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, check=True)
    first, second = files_of(tmp_path / "1"), files_of(tmp_path / "2")
    assert len(first) == 4
    assert first == second


@pytest.mark.long
@pytest.mark.parametrize("label", CLASSES)
def test_animals_face_both_ways(label: str) -> None:
    sides = set()
    for seed in range(8):
        drawing = draw_picture(SKETCHES[label], np.random.default_rng(seed))
        sides.add(drawing.head.left + drawing.head.right > drawing.animal.left + drawing.animal.right)
    assert sides == {False, True}


def test_progress_counts_the_images(tmp_path: Path, few: None) -> None:
    listener = StageListener()
    draw_sample(tmp_path / "sample", progress=listener)
    assert listener.stages == [("Drawing the sample data", 9, [1] * 9)]
    assert listener.ended == 1


def test_progress_knows_of_108_images(tmp_path: Path) -> None:
    stopping = _Stopping(after=0)
    with pytest.raises(KeyboardInterrupt):
        draw_sample(tmp_path / "sample", progress=stopping)
    assert stopping.stages == [("Drawing the sample data", 108, [])]


def test_a_drawing_that_is_broken_off_leaves_nothing(tmp_path: Path, few: None) -> None:
    stopping = _Stopping(after=4)
    with pytest.raises(KeyboardInterrupt):
        draw_sample(tmp_path / "data" / "sample", progress=stopping)
    assert stopping.stages[0][2] == [1] * 4
    assert list((tmp_path / "data").iterdir()) == []


def test_an_empty_folder_is_filled(tmp_path: Path, few: None) -> None:
    (tmp_path / "sample").mkdir()
    draw_sample(tmp_path / "sample")
    assert len(files_of(tmp_path / "sample")) == 10
    assert [path.name for path in tmp_path.iterdir()] == ["sample"]


def as_drawn_by_the_first_version(folder: Path) -> None:
    """Without a record."""
    draw_sample(folder)
    (folder / ".record.json").unlink()


@pytest.mark.long
@pytest.mark.parametrize("draw", [draw_sample, as_drawn_by_the_first_version])
@pytest.mark.parametrize("seed", [671, 5])
def test_sample_images_are_drawn_again_and_what_lies_beside_them_stays(
    tmp_path: Path, few: None, draw: Callable[[Path], None], seed: int
) -> None:
    folder = tmp_path / "sample"
    draw(folder)
    mine = {"train/leopard/mine.jpg": b"mine", "notes.txt": b"mine", ".gitignore": b"*"}
    for name, data in mine.items():
        (folder / name).write_bytes(data)
    draw_sample(folder, seed)
    draw_sample(tmp_path / "fresh", seed)
    assert files_of(folder) == {**files_of(tmp_path / "fresh"), **mine}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fresh", "sample"]


@pytest.mark.long
@pytest.mark.parametrize("draw", [draw_sample, as_drawn_by_the_first_version])
@pytest.mark.parametrize("name", ["train/leopard/image_0001.jpg", "annotations.json"])
def test_a_drawn_file_that_was_changed_is_not_drawn_over(
    tmp_path: Path, few: None, draw: Callable[[Path], None], name: str
) -> None:
    folder = tmp_path / "sample"
    draw(folder)
    changed = folder / name
    changed.write_bytes(changed.read_bytes().replace(b"leopard", b"panther") + b"\n")
    before = files_of(folder)
    with pytest.raises(UserError, match=name):
        draw_sample(folder, 5)
    assert files_of(folder) == before


def test_a_folder_with_nothing_but_a_gitignore_is_filled(tmp_path: Path, few: None) -> None:
    folder = tmp_path / "sample"
    folder.mkdir()
    (folder / ".gitignore").write_bytes(b"*")
    draw_sample(folder)
    assert len(files_of(folder)) == 11


@pytest.mark.parametrize("mine", ["sample", "sample/mine", "sample/.hidden/mine"])
def test_what_is_there_is_kept(tmp_path: Path, mine: str) -> None:
    folder = tmp_path / "sample"
    (tmp_path / mine).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / mine).write_text("mine")
    before = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))
    with pytest.raises(UserError) as caught:
        draw_sample(folder)
    assert str(folder) in caught.value.problem
    assert caught.value.remedy
    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*")) == before


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    folder = tmp_path / "file" / "sample"
    with pytest.raises(UserError) as caught:
        draw_sample(folder)
    assert str(folder) in caught.value.problem
    assert "there is a file where a folder is needed" in caught.value.problem
    assert caught.value.remedy


def test_a_negative_seed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="-3"):
        draw_sample(tmp_path / "sample", seed=-3)


class _Stopping(StageListener):
    """Breaks off like the user would, once so many images are drawn (0: before the first)."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def stage(self, title: str, total: int | None = None) -> Any:
        context = super().stage(title, total)
        return _Counting(context, self.after)


class _Counting:
    def __init__(self, context: Any, after: int) -> None:
        self.context, self.left = context, after

    def __enter__(self) -> Callable[[int], None]:
        advance: Callable[[int], None] = self.context.__enter__()
        if self.left == 0:
            raise KeyboardInterrupt

        def count(items: int) -> None:
            advance(items)
            self.left -= items
            if self.left == 0:
                raise KeyboardInterrupt

        return count

    def __exit__(self, *details: Any) -> None:
        self.context.__exit__(*details)
