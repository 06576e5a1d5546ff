"""What a scan finds out about the images themselves, and what it tells meanwhile."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from reportgen.dataset.inventory import take_inventory
from reportgen.dataset.scan import check_images, scan
from reportgen.errors import DataError
from reportgen.progress import Advance, Silent
from reportgen.results import Duplicate

Colour = tuple[int, int, int]


class Listener:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.heard: list[str | int | None] = []

    @contextmanager
    def stage(self, title: str, total: int | None = None) -> Iterator[Advance]:
        self.heard += [title, total]
        yield self.heard.append
        self.heard.append("end")

    def say(self, message: str) -> None:
        self.heard.append(message)


def write_image(root: Path, file: str, colour: Colour, size: tuple[int, int] = (32, 32)) -> None:
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def annotate(root: Path, sizes: Mapping[str, tuple[int, int]], *, drawn: bool = False) -> None:
    images = [
        {"id": i, "file_name": file, "width": width, "height": height}
        for i, (file, (width, height)) in enumerate(sizes.items())
    ]
    content = {"info": {"drawn_by_program": drawn}, "images": images, "categories": [], "annotations": []}
    (root / "annotations.json").write_text(json.dumps(content))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A good data folder: one image of cat and of dog in each split, red from 0 to 5."""
    for i, split in enumerate(("train", "val", "test")):
        write_image(tmp_path, f"{split}/cat/1.png", (2 * i, 0, 0))
        write_image(tmp_path, f"{split}/dog/1.png", (2 * i + 1, 0, 0))
    return tmp_path


def test_hashes_are_those_of_the_files(data: Path) -> None:
    manifest = scan(data, 0)
    assert [image.file for image in manifest.of("val")] == ["val/cat/1.png", "val/dog/1.png"]
    for image in manifest.images:
        content = manifest.path(image).read_bytes()
        assert image.sha256 == hashlib.sha256(content).hexdigest()


def test_progress_counts_every_file(data: Path) -> None:
    listener = Listener()
    scan(data, 0, listener)
    assert listener.heard == ["Reading the images", 6, 1, 1, 1, 1, 1, 1, "end"]


def test_order_is_that_of_code_points_in_splits_in_order(data: Path) -> None:
    for name in ("10.png", "2.png", "B.png", "a.png", "Ä.png"):
        write_image(data, f"test/cat/{name}", (0, ord(name[0]) % 256, len(name)))
    names = [image.file for image in scan(data, 0).images]
    assert names[:4] == ["train/cat/1.png", "train/dog/1.png", "val/cat/1.png", "val/dog/1.png"]
    assert [name.removeprefix("test/cat/") for name in names[4:-1]] == [
        "1.png",
        "10.png",
        "2.png",
        "B.png",
        "a.png",
        "Ä.png",
    ]


def test_images_in_several_splits_are_leakage(data: Path) -> None:
    for file in ("test/cat/2.png", "train/cat/2.png", "test/cat/3.png"):
        write_image(data, file, (9, 9, 9))
    manifest = scan(data, 0)
    files = ["train/cat/2.png", "test/cat/2.png", "test/cat/3.png"]
    sha256 = hashlib.sha256((data / files[0]).read_bytes()).hexdigest()
    assert manifest.duplicates == (Duplicate(sha256=sha256, files=files),)
    assert manifest.warnings == (f"Leakage: the same image is in more than one split: {', '.join(files)}",)


def test_copies_within_a_split_are_counted_but_no_leakage(data: Path) -> None:
    for i, file in enumerate(["train/cat/2.png", "train/cat/3.png", "train/dog/4.png"]):
        write_image(data, file, (9, 9, 9))
        write_image(data, f"test/cat/{i + 2}.png", (8, 8, i // 2))
    manifest = scan(data, 0)
    assert manifest.duplicates == ()
    assert manifest.warnings == (
        "3 of the images are exact copies of another one in the same split, "
        "such as train/cat/2.png and train/cat/3.png",
    )


def test_much_leakage_is_summarised(data: Path) -> None:
    for i in range(13):
        for split in ("train", "val"):
            write_image(data, f"{split}/cat/{i:02}.png", (0, 0, i + 1))
    manifest = scan(data, 0)
    assert len(manifest.duplicates) == 13
    assert len(manifest.warnings) == 11
    assert manifest.warnings[-1] == "and 3 more images that are in more than one split"


@pytest.mark.parametrize(
    ("size", "small"), [((1, 1), True), ((31, 500), True), ((500, 31), True), ((32, 32), False)]
)
def test_small_images_work_but_are_told(data: Path, size: tuple[int, int], small: bool) -> None:
    write_image(data, "val/dog/2.png", (0, 0, 99), size)
    line = f"val/dog/2.png is {size[0]}×{size[1]} pixels, enlarged to 224×224"
    assert scan(data, 0).warnings == ((line,) if small else ())


def test_bad_file_is_an_error_even_if_the_split_leaves_it_out(tmp_path: Path) -> None:
    for i in range(100):
        for label in ("ant", "bee"):
            write_image(tmp_path, f"{label}/{i:03}.png", (i, len(label), ord(label[0])))
    used = {image.file for image in scan(tmp_path, 0).images}
    unused = next(f"ant/{i:03}.png" for i in range(100) if f"ant/{i:03}.png" not in used)
    (tmp_path / unused).write_bytes(b"")
    with pytest.raises(DataError) as caught:
        scan(tmp_path, 0)
    assert caught.value.problems == (f"{unused}: is empty (0 bytes)",)


def test_annotations_are_read_and_say_who_drew(data: Path) -> None:
    assert scan(data, 0).annotations is None
    for drawn in (False, True):
        annotate(data, {"train/cat/1.png": (32, 32)}, drawn=drawn)
        manifest = scan(data, 0)
        assert manifest.annotations is not None
        assert manifest.drawn_by_program is drawn
        assert manifest.warnings == ()


def test_malformed_annotations_stand_among_the_other_problems(data: Path) -> None:
    (data / "val/cat/1.png").write_bytes(b"")
    (data / "annotations.json").write_text("{}")
    with pytest.raises(DataError) as caught:
        scan(data, 0)
    assert caught.value.problems == (
        "val/cat/1.png: is empty (0 bytes)",
        "annotations.json: images: Field required",
        "annotations.json: categories: Field required",
        "annotations.json: annotations: Field required",
    )


def test_strangers_annotations_outside_the_folder_are_an_error(
    data: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    annotate(other, {})
    (data / "annotations.json").symlink_to(other / "annotations.json")
    assert scan(data, 0).annotations is not None
    with pytest.raises(DataError, match=r"annotations\.json: is a link out of the data folder"):
        check_images(take_inventory(data, 0, strict=True), {}, Silent())


def test_annotations_of_other_files_are_told(data: Path) -> None:
    annotate(data, {"cat/1.png": (32, 32)})
    assert scan(data, 0).warnings == ("annotations.json names none of the images, so no box is used",)


def test_annotated_shape_that_the_image_has_not_is_told(data: Path) -> None:
    write_image(data, "test/cat/2.png", (0, 0, 99), (60, 40))
    write_image(data, "test/cat/3.png", (0, 0, 98), (60, 40))
    annotate(data, {"test/cat/2.png": (40, 60), "test/cat/3.png": (600, 400)})
    assert scan(data, 0).warnings == (
        "annotations.json: test/cat/2.png is 40×60 pixels there but 60×40 when opened, "
        "so its boxes may be wrong",
    )
