"""The two layouts of a data folder, and one clear error for every usual mistake in them."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from PIL import Image

from reportgen.dataset.layout import default_data_folder
from reportgen.dataset.scan import scan
from reportgen.errors import DataError

SPLIT_FILES = [
    f"{split}/{label}/{i}.png"
    for split, count in (("train", 3), ("val", 1), ("test", 2))
    for label in ("cat", "dog")
    for i in range(count)
]
CLUTTER = [
    "README.md",
    ".DS_Store",
    "train/.hidden",
    "train/notes.txt",
    "val/cat/Thumbs.db",
    "test/dog/desktop.ini",
    "test/dog/._0.png",
    ".cache/x/y",
    "__MACOSX/train/cat/._0.png",
]


def write_images(root: Path, files: Iterable[str]) -> None:
    """Images of 32 × 32 pixels, each of another colour."""
    for i, file in enumerate(files):
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (32, 32), (i % 256, i // 256, 0)).save(path, format="PNG")


def problems(root: Path) -> tuple[str, ...]:
    with pytest.raises(DataError) as caught:
        scan(root, 0)
    assert str(root) in caught.value.remedy
    return caught.value.problems


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A good data folder with splits: 3, 1 and 2 images of cat and of dog."""
    write_images(tmp_path, SPLIT_FILES)
    return tmp_path


def test_folder_with_splits_is_taken_as_it_is(data: Path) -> None:
    manifest = scan(data, 0)
    assert manifest.layout == "split"
    assert manifest.classes == ("cat", "dog")
    assert manifest.counts() == {
        "train": {"cat": 3, "dog": 3},
        "val": {"cat": 1, "dog": 1},
        "test": {"cat": 2, "dog": 2},
    }
    assert [image.file for image in manifest.images] == SPLIT_FILES
    assert all(image.file == f"{image.split}/{image.label}/{image.file[-5:]}" for image in manifest.images)
    assert manifest.warnings == ()


def test_clutter_is_ignored(data: Path) -> None:
    for file in CLUTTER:
        (data / file).parent.mkdir(parents=True, exist_ok=True)
        (data / file).write_text("clutter")
    manifest = scan(data, 0)
    assert [image.file for image in manifest.images] == SPLIT_FILES
    assert manifest.warnings == ()


@pytest.mark.parametrize("count", [3, 4, 9, 89, 90, 100])
def test_folder_without_splits_is_split_by_the_seed(tmp_path: Path, count: int) -> None:
    names = [f"{i:03}.png" for i in range(count)]
    write_images(tmp_path, [f"{label}/{name}" for label in ("ant", "bee") for name in names])
    manifest = scan(tmp_path, 671)
    train, held_out = {3: (1, 1), 4: (2, 1), 9: (5, 2), 89: (51, 19), 90: (50, 20), 100: (50, 20)}[count]
    expected = []
    for split, start, stop in [
        ("train", 0, train),
        ("val", train, train + held_out),
        ("test", train + held_out, train + 2 * held_out),
    ]:
        for label in ("ant", "bee"):
            shuffled = sorted(names)
            random.Random(f"671:{label}").shuffle(shuffled)
            expected += [(split, label, f"{label}/{name}") for name in sorted(shuffled[start:stop])]
    assert manifest.layout == "unsplit"
    assert [(image.split, image.label, image.file) for image in manifest.images] == expected
    counts = f"{train}/{held_out}/{held_out}"
    assert manifest.warnings == (
        "The folder has no splits; the program made train/val/test with seed 671: "
        f"ant {counts}, bee {counts}",
        *(f"{label}: 10 of its 100 images are not used" for label in ("ant", "bee") if count == 100),
    )


def test_another_seed_splits_differently(tmp_path: Path) -> None:
    write_images(tmp_path, [f"{label}/{i}.png" for label in ("ant", "bee") for i in range(30)])
    first, again, other = (scan(tmp_path, seed).images for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_data_sets_beside_the_classes_are_no_classes(tmp_path: Path) -> None:
    write_images(tmp_path, [f"{label}/{i}.png" for label in ("ant", "bee") for i in range(3)])
    write_images(tmp_path / "sample", SPLIT_FILES)
    assert scan(tmp_path, 0).classes == ("ant", "bee")


def test_folders_beside_the_splits_are_not_used(data: Path) -> None:
    write_images(data, ["scraps/a.png", "sample/train/cat/a.png"])
    assert scan(data, 0).warnings == ("scraps: not used; it is next to train, val and test",)


def test_class_may_be_called_training(tmp_path: Path) -> None:
    write_images(tmp_path, [f"{label}/{i}.png" for label in ("racing", "training") for i in range(3)])
    assert scan(tmp_path, 0).classes == ("racing", "training")


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        scan(tmp_path / "photos", 0)
    assert caught.value.problems == (f"{tmp_path}/photos: there is no such folder",)


def test_file_instead_of_folder(tmp_path: Path) -> None:
    (tmp_path / "photos.zip").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"photos\.zip: this is a file, not a folder"):
        scan(tmp_path / "photos.zip", 0)


def test_empty_folder(tmp_path: Path) -> None:
    assert problems(tmp_path) == ("There are no class folders with images.",)


def test_empty_splits(tmp_path: Path) -> None:
    for split in ("train", "val", "test"):
        (tmp_path / split).mkdir()
    assert set(problems(tmp_path)) == {f"{split}: has no class folders" for split in ("train", "val", "test")}


@pytest.mark.parametrize("prefixes", [("",), ("train/", "val/", "test/")])
def test_one_class_only(tmp_path: Path, prefixes: tuple[str, ...]) -> None:
    write_images(tmp_path, [f"{prefix}cat/{i}.png" for prefix in prefixes for i in range(3)])
    assert problems(tmp_path) == ("cat: is the only class; at least 2 are needed",)


def test_class_missing_from_a_split(data: Path) -> None:
    (data / "val/dog/0.png").unlink()
    (data / "val/dog").rmdir()
    assert problems(data) == ("val/dog: is missing, but there is a class 'dog' in train and test",)


def test_missing_split(data: Path) -> None:
    (data / "train").rename(data / ".train")
    assert problems(data) == ("train: this folder is missing",)


def test_missing_test_split_is_an_error_that_knows_a_way_out(data: Path) -> None:
    (data / "test").rename(data / ".test")
    assert problems(data) == (
        "test: this folder is missing; if val holds the images to test on, rename it to test: validation "
        "images are then taken from the training images",
    )


@pytest.mark.parametrize("clutter", [[], [".DS_Store", "Thumbs.db"]])
def test_empty_class(data: Path, clutter: list[str]) -> None:
    (data / "test/cow").mkdir()
    (data / "val/dog/0.png").unlink()
    for name in clutter:
        (data / "val/dog" / name).touch()
    write_images(data, ["train/cow/1.png", "val/cow/1.png"])
    assert problems(data) == ("val/dog: has no images", "test/cow: has no images")


def test_class_too_small_to_be_split(tmp_path: Path) -> None:
    write_images(tmp_path, ["ant/1.png", "ant/2.png", "ant/3.png", "bee/1.png", "bee/2.png"])
    assert problems(tmp_path) == ("bee: has too few images to be split, 2; at least 3 are needed",)


@pytest.mark.parametrize("location", ["", "train/"])
def test_images_outside_the_class_folders(data: Path, location: str) -> None:
    write_images(data, [f"{location}{name}" for name in ("c.txt", "b.JPG", "a.png", "d.tiff")])
    expected = "is outside the class folders, like 2 more files beside it; move it into that of its class"
    assert problems(data) == (f"{location}a.png: {expected}",)


def test_folder_inside_a_class_folder(data: Path) -> None:
    write_images(data, ["train/cat/more/1.png"])
    expected = "is a folder inside a class folder; images must be in the class folder itself"
    assert problems(data) == (f"train/cat/more: {expected}",)


def test_several_problems_are_reported_together(data: Path) -> None:
    write_images(data, ["val/cat/more/1.png"])
    (data / "train/cat/1.png").write_bytes(b"")
    (data / "test/dog/0.png").write_text("not an image")
    assert problems(data) == (
        "val/cat/more: is a folder inside a class folder; images must be in the class folder itself",
        "train/cat/1.png: is empty (0 bytes)",
        "test/dog/0.png: is text, not an image (“not an image”)",
    )


def test_many_problems_are_counted(data: Path) -> None:
    for i in range(25):
        (data / f"train/cat/bad{i:02}.png").touch()
    lines = problems(data)
    assert len(lines) == 21
    assert lines[19:] == ("train/cat/bad19.png: is empty (0 bytes)", "and 5 more")


@pytest.mark.parametrize(
    "name",
    [
        " ",
        "a\nb",
        "a\x1b[2J",
        pytest.param(
            os.fsdecode(b"caf\xe9"),
            marks=pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no such file names"),
        ),
    ],
)
def test_class_name_that_cannot_be_printed(data: Path, name: str) -> None:
    for split in ("train", "val", "test"):
        (data / split / "cat").rename(data / split / name)
    lines = problems(data)
    assert sum("rename it" in line for line in lines) == 3
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ((), "sample"),
        (["README.md", "cat/.gitkeep", ".cache/x"], "sample"),
        (["sample/train/cat/1.png", "caltech101/train/cat/1.png"], "sample"),
        (["sample/1.png", "caltech101/1.png", "other/train/cat/1.png"], ""),
        (["other/README.txt", "other/train/cat/1.png"], ""),
        (["other/cat/1.png", "other/dog/1.png"], ""),
        (["cat/README.txt"], "sample"),
        (["cat/more/1.png"], "sample"),
        (["cat/1.png"], ""),
        (["cat/1.png", "sample/train/cat/1.png"], ""),
        (["test/cat/1.png"], ""),
        (["validation/cat/1.png"], ""),
    ],
)
def test_own_images_go_before_the_sample(tmp_path: Path, files: Iterable[str], expected: str) -> None:
    for file in files:
        path = tmp_path / "data" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert default_data_folder(tmp_path) == tmp_path / "data" / expected


NAMES = {"train": "Training", "val": "valid", "test": "test_set"}


def test_splits_may_have_other_names_which_are_told_and_kept(data: Path) -> None:
    for split, name in NAMES.items():
        (data / split).rename(data / name)
    manifest = scan(data, 0)
    assert [image.split for image in manifest.images] == [file.split("/")[0] for file in SPLIT_FILES]
    assert [image.file for image in manifest.images] == [
        f"{NAMES[file.split('/')[0]]}/{file.split('/', 1)[1]}" for file in SPLIT_FILES
    ]
    assert manifest.warnings == tuple(f"{name}: taken as {split}" for split, name in NAMES.items())


def test_two_names_of_one_split_are_an_error_naming_both(data: Path) -> None:
    write_images(data, ["Validation/cat/1.png", "Validation/dog/1.png"])
    assert problems(data) == ("Validation: is the validation split, and so is val; keep one of them",)


@pytest.mark.parametrize(("count", "taken"), [(2, 1), (6, 1), (7, 2), (18, 5), (70, 20), (100, 28)])
def test_without_validation_a_seeded_share_of_the_training_images_is_taken(
    tmp_path: Path, count: int, taken: int
) -> None:
    names = [f"{i:03}.png" for i in range(count)]
    write_images(tmp_path, [f"train/{label}/{name}" for label in ("ant", "bee") for name in names])
    write_images(tmp_path, [f"test/{label}/x.bmp" for label in ("ant", "bee")])
    manifest = scan(tmp_path, 671)
    for label in ("ant", "bee"):
        shuffled = sorted(names)
        random.Random(f"671:{label}").shuffle(shuffled)
        expected = {f"train/{label}/{name}" for name in shuffled[:taken]}
        assert {image.file for image in manifest.of("val") if image.label == label} == expected
        kept = {image.file for image in manifest.of("train") if image.label == label}
        assert kept == {f"train/{label}/{name}" for name in names} - expected
    assert manifest.layout == "split"
    assert manifest.validation_taken
    assert manifest.warnings[0] == (
        "The folder has no validation split; the program took validation images from the training images "
        f"with seed 671: ant {taken} of {count}, bee {taken} of {count}"
    )
    assert scan(tmp_path, 671).images == manifest.images


def test_another_seed_takes_others(tmp_path: Path) -> None:
    write_images(tmp_path, [f"train/{label}/{i}.png" for label in ("ant", "bee") for i in range(30)])
    write_images(tmp_path, [f"test/{label}/x.bmp" for label in ("ant", "bee")])
    assert scan(tmp_path, 1).of("val") != scan(tmp_path, 2).of("val")


def test_given_validation_is_not_touched(data: Path) -> None:
    assert not scan(data, 0).validation_taken


def test_a_class_of_one_training_image_has_none_to_give(tmp_path: Path) -> None:
    write_images(tmp_path, ["train/ant/1.png", "train/bee/1.png", "train/bee/2.png", "test/ant/1.png"])
    write_images(tmp_path, ["test/bee/9.bmp"])
    assert problems(tmp_path) == (
        "train/ant: has one image, so none can be taken for validation; 2 are needed",
    )


def test_a_class_may_be_called_train_among_others(tmp_path: Path) -> None:
    write_images(tmp_path, [f"{label}/{i}.png" for label in ("car", "plane", "train") for i in range(3)])
    manifest = scan(tmp_path, 0)
    assert (manifest.layout, manifest.classes) == ("unsplit", ("car", "plane", "train"))


def test_split_folders_without_classes_are_not_taken_for_classes(tmp_path: Path) -> None:
    write_images(
        tmp_path,
        [
            f"{split}/{label}.{i}.png"
            for split in ("train", "test")
            for label in ("cat", "dog")
            for i in range(3)
        ],
    )
    assert (
        "train/cat.0.png: is outside the class folders, like 5 more files beside it" in problems(tmp_path)[0]
    )


CLUTTER_OF_SYSTEMS = [
    *("train/@eaDir/1.png@SynoEAStream", "#recycle/train/1.png", "train/cat/Icon\r", "val/cat/ehthumbs.db"),
    *("train/.ipynb_checkpoints/1-checkpoint.png", "train/cat/.ipynb_checkpoints/1-checkpoint.png"),
    *("$RECYCLE.BIN/x.png", "System Volume Information/x", "lost+found/x"),
    *("test/dog/._1.png", "test/dog/_DS_Store"),
]  # fmt: skip


def test_clutter_of_systems_is_ignored(data: Path) -> None:
    for file in CLUTTER_OF_SYSTEMS:
        (data / file).parent.mkdir(parents=True, exist_ok=True)
        (data / file).write_bytes(b"clutter")
    manifest = scan(data, 0)
    assert [image.file for image in manifest.images] == SPLIT_FILES
    assert manifest.warnings == ()


def test_notes_beside_the_images_are_passed_over_and_told(data: Path) -> None:
    (data / "train/cat/labels.csv").write_text("1,2")
    assert scan(data, 0).warnings == ("train/cat/labels.csv is no image by its name and was passed over",)
    (data / "test/dog/README").write_text("Mine.")
    manifest = scan(data, 0)
    assert [image.file for image in manifest.images] == SPLIT_FILES
    assert manifest.warnings == (
        "train/cat/labels.csv and 1 more files are no images by their names and were passed over",
    )


COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"
DISTINCT = sys.platform != "darwin"


def test_names_are_compared_and_given_composed(tmp_path: Path) -> None:
    """As on a disk that was written by macOS and by Linux."""
    write_images(tmp_path, ["train/dog/1.png", "val/dog/1.png", "test/dog/1.png"])
    write_images(
        tmp_path,
        [f"train/{DECOMPOSED}/1.png", f"val/{COMPOSED}/2.png", f"test/{DECOMPOSED}/{DECOMPOSED}.png"],
    )
    manifest = scan(tmp_path, 0)
    assert manifest.classes == (COMPOSED, "dog")
    assert [image.file for image in manifest.images if image.label == COMPOSED] == [
        f"train/{COMPOSED}/1.png",
        f"val/{COMPOSED}/2.png",
        f"test/{COMPOSED}/{COMPOSED}.png",
    ]
    assert all(manifest.path(image).is_file() for image in manifest.images)


@pytest.mark.skipif(not DISTINCT, reason="macOS takes both for one name")
def test_two_spellings_of_one_name_are_an_error(data: Path) -> None:
    write_images(
        data,
        [
            f"train/{COMPOSED}/1.png",
            f"train/{DECOMPOSED}/1.png",
            f"val/{COMPOSED}/1.png",
            f"test/{COMPOSED}/1.png",
        ],
    )
    assert problems(data) == (
        f"train/{COMPOSED}: is there twice, with é and the like written in two ways; rename one",
    )


def test_case_makes_another_class_and_the_error_says_so(data: Path) -> None:
    (data / "val/dog").rename(data / "val/Dog")
    assert problems(data)[1] == (
        "val/dog: is missing, but there is a class 'dog' in train and test; 'Dog' in val is written otherwise"
    )
