"""The fingerprint changes with everything that the numbers of a report depend on, and with nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from reportgen.dataset.scan import scan

ANNOTATIONS = '{"images": [], "categories": [], "annotations": []}'


def paint(path: Path, red: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (32, 32), (red, 0, 0)).save(path)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two images of cat and of dog in each split."""
    for i, split in enumerate(("train", "val", "test")):
        for j, file in enumerate(("cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png")):
            paint(tmp_path / "data" / split / file, 10 * i + j)
    return tmp_path / "data"


def swap(one: Path, other: Path) -> None:
    one_content, other_content = one.read_bytes(), other.read_bytes()
    one.write_bytes(other_content)
    other.write_bytes(one_content)


def change_content(data: Path) -> None:
    paint(data / "val/cat/1.png", 200)


def change_name(data: Path) -> None:
    (data / "val/cat/1.png").rename(data / "val/cat/0.png")


def change_class(data: Path) -> None:
    swap(data / "val/cat/1.png", data / "val/dog/1.png")


def change_split(data: Path) -> None:
    swap(data / "val/cat/1.png", data / "test/cat/1.png")


def add_image(data: Path) -> None:
    paint(data / "val/cat/3.png", 200)


def remove_image(data: Path) -> None:
    (data / "val/cat/2.png").unlink()


def add_annotations(data: Path) -> None:
    (data / "annotations.json").write_text(ANNOTATIONS)


CHANGES = [
    change_content,
    change_name,
    change_class,
    change_split,
    add_image,
    remove_image,
    add_annotations,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_fingerprint_changes(data: Path, change: object) -> None:
    before = scan(data, 0).fingerprint
    assert callable(change)
    change(data)
    assert scan(data, 0).fingerprint != before


def test_fingerprint_changes_with_the_annotations(data: Path) -> None:
    (data / "annotations.json").write_text(ANNOTATIONS)
    before = scan(data, 0).fingerprint
    (data / "annotations.json").write_text(
        ANNOTATIONS.replace("{", '{"info": {"drawn_by_program": true}, ', 1)
    )
    assert scan(data, 0).fingerprint != before


def test_fingerprint_does_not_depend_on_place_or_time(data: Path) -> None:
    before = scan(data, 0).fingerprint
    assert len(before) == 64
    (data / "README.md").write_text("notes")
    (data / "val/cat/1.png").touch()
    data.rename(data.parent / "moved")
    assert scan(data.parent / "moved", 0).fingerprint == before


def test_fingerprint_changes_with_the_split_alone(data: Path) -> None:
    manifest = scan(data, 0)
    moved = manifest.images[3].model_copy(update={"split": "val"})
    images = (*manifest.images[:3], moved, *manifest.images[4:])
    assert manifest.images[3].split == "train"
    assert replace(manifest, images=images).fingerprint != manifest.fingerprint


def test_path_leads_to_the_image(data: Path) -> None:
    manifest = scan(data, 0)
    assert manifest.path(manifest.of("val")[0]) == data / "val/cat/1.png"
