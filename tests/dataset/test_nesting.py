"""A data set one folder too deep is found; if there are several, they are named."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from PIL import Image

from reportgen.dataset.inventory import take_inventory
from reportgen.dataset.scan import scan
from reportgen.errors import DataError

SPLIT = [f"{split}/{label}/1.png" for split in ("train", "val", "test") for label in ("cat", "dog")]
UNSPLIT = [f"{label}/{i}.png" for label in ("cat", "dog") for i in range(3)]
KAGGLE = [
    f"{split}_set/{split}_set/{label}/{label}.{i}.jpg"
    for split in ("training", "test")
    for label in ("cats", "dogs")
    for i in range(7)
]


def write_images(root: Path, files: Iterable[str]) -> None:
    for i, file in enumerate(files):
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (32, 32), (i % 256, len(file), 0)).save(path, format="PNG")


@pytest.mark.parametrize("files", [SPLIT, UNSPLIT])
@pytest.mark.parametrize("inner", ["animals", "archive/animals", "a/b/c"])
def test_a_data_set_too_deep_is_found_and_told(tmp_path: Path, files: list[str], inner: str) -> None:
    write_images(tmp_path / inner, files)
    (tmp_path / "README.md").write_text("Unpacked from an archive.")
    (tmp_path / "__MACOSX/animals/train/cat").mkdir(parents=True)
    found, named = scan(tmp_path, 671), scan(tmp_path / inner, 671)
    assert found.fingerprint == named.fingerprint
    assert found.images == named.images
    assert found.warnings == named.warnings
    (note,) = take_inventory(tmp_path, 671).survey.notes
    assert str(tmp_path / inner) in note
    assert take_inventory(tmp_path / inner, 671).survey.notes == []
    assert all(found.path(image).is_file() for image in found.images)


def test_it_is_not_looked_for_without_end(tmp_path: Path) -> None:
    write_images(tmp_path / "a/b/c/d", SPLIT)
    with pytest.raises(DataError, match="a: is the only class"):
        scan(tmp_path, 0)


def test_several_are_named_and_none_is_chosen(tmp_path: Path) -> None:
    write_images(tmp_path / "animals", SPLIT)
    write_images(tmp_path / "plants", UNSPLIT)
    with pytest.raises(DataError) as caught:
        scan(tmp_path, 0)
    assert caught.value.problems == ("animals: is a data set of its own", "plants: is a data set of its own")
    assert f"--data {tmp_path}/animals" in caught.value.remedy


def test_ones_own_goes_before_what_the_project_downloads(tmp_path: Path) -> None:
    for name in ("caltech101", "sample", "animals"):
        write_images(tmp_path / name, SPLIT)
    assert take_inventory(tmp_path, 0).root == tmp_path / "animals"


def test_a_folder_that_leads_back_is_not_a_second_data_set(tmp_path: Path) -> None:
    write_images(tmp_path / "animals", SPLIT)
    (tmp_path / "again").symlink_to(tmp_path / "animals")
    (tmp_path / "animals/up").symlink_to(tmp_path)
    assert take_inventory(tmp_path, 0).root.samefile(tmp_path / "animals")


def test_a_set_of_kaggle_is_read_as_it_was_unpacked(tmp_path: Path) -> None:
    write_images(tmp_path, KAGGLE)
    (tmp_path / "training_set/training_set/cats/_DS_Store").write_bytes(b"x")
    manifest = scan(tmp_path, 671)
    assert manifest.classes == ("cats", "dogs")
    assert {image.file for image in manifest.images} == set(KAGGLE)
    assert manifest.counts() == {split: dict.fromkeys(("cats", "dogs"), n) for split, n in
                                 (("train", 5), ("val", 2), ("test", 7))}  # fmt: skip
    assert manifest.warnings[:2] == (
        "training_set/training_set: taken as train",
        "test_set/test_set: taken as test",
    )


def test_one_folder_between_the_split_and_its_classes_is_passed_through(tmp_path: Path) -> None:
    write_images(tmp_path, [file.replace("/", "/images/", 1) for file in SPLIT])
    manifest = scan(tmp_path, 0)
    assert manifest.classes == ("cat", "dog")
    assert manifest.warnings == tuple(
        f"{split}/images: taken as {split}" for split in ("train", "val", "test")
    )


def test_a_folder_in_the_only_class_is_no_data_set(tmp_path: Path) -> None:
    write_images(tmp_path, [f"{split}/cat/more/1.png" for split in ("train", "val", "test")])
    with pytest.raises(DataError, match="train/cat/more: is a folder inside a class folder"):
        scan(tmp_path, 0)
