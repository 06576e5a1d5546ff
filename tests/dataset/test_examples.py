"""Which image of each class is explained."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.dataset.annotations import Manifest
from reportgen.dataset.inventory import choose_examples
from reportgen.errors import SettingsError
from reportgen.results import SPLITS, ImageFile

NAMES = {"train": ["owl.png", "tit.png"], "val": ["jay.png"], "test": ["kite.png", "owl.png"]}


@pytest.fixture
def manifest() -> Manifest:
    images = tuple(
        ImageFile(file=f"{split}/{label}/{name}", split=split, label=label, sha256="0" * 64)
        for split in SPLITS
        for label in ("bird", "bison")
        for name in NAMES[split]
    )
    return Manifest(
        root=Path("data"),
        paths={},
        classes=("bird", "bison"),
        images=images,
        layout="split",
        validation_taken=False,
        colour_managed=0,
        drawn_by_program=False,
        annotations=None,
        duplicates=(),
        warnings=(),
    )


def files(manifest: Manifest, chosen: dict[str, str]) -> dict[str, str]:
    return {label: image.file for label, image in choose_examples(manifest, chosen, "test").items()}


def test_default_is_the_first_image_of_a_split(manifest: Manifest) -> None:
    assert list(files(manifest, {}).items()) == [
        ("bird", "test/bird/kite.png"),
        ("bison", "test/bison/kite.png"),
    ]
    for split in ("train", "val", "test"):
        found = choose_examples(manifest, {}, split)
        for label in ("bird", "bison"):
            expected = next(each for each in manifest.images if (each.label, each.split) == (label, split))
            assert found[label] == expected


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("jay.png", "val/bison/jay.png"),
        ("train/bison/tit.png", "train/bison/tit.png"),
        ("train/bison/owl.png", "train/bison/owl.png"),
    ],
)
def test_path_or_unambiguous_name_is_found_in_its_class(manifest: Manifest, wanted: str, found: str) -> None:
    assert files(manifest, {"bison": wanted}) == {"bird": "test/bird/kite.png", "bison": found}


def test_ambiguous_name_is_an_error_with_all_paths(manifest: Manifest) -> None:
    with pytest.raises(SettingsError) as caught:
        choose_examples(manifest, {"bird": "owl.png"}, "test")
    assert caught.value.problem == (
        "example_images.bird = 'owl.png': several images have this name: "
        "train/bird/owl.png, test/bird/owl.png"
    )


@pytest.mark.parametrize(
    ("wanted", "near"), [("kit.png", "kite.png"), ("test/bird/kit.png", "test/bird/kite.png")]
)
def test_unknown_file_is_an_error_with_the_nearest(manifest: Manifest, wanted: str, near: str) -> None:
    with pytest.raises(SettingsError) as caught:
        choose_examples(manifest, {"bird": wanted}, "test")
    assert caught.value.problem.startswith(
        f"example_images.bird = '{wanted}': class 'bird' has no such image (did you mean '{near}'?)"
    )


def test_image_of_another_class_is_an_error(manifest: Manifest) -> None:
    with pytest.raises(SettingsError, match="class 'bird' has no such image"):
        choose_examples(manifest, {"bird": "test/bison/kite.png"}, "test")


def test_unknown_class_is_an_error_with_the_nearest(manifest: Manifest) -> None:
    with pytest.raises(SettingsError) as caught:
        choose_examples(manifest, {"bizon": "jay.png"}, "test")
    assert caught.value.problem == "example_images: there is no class 'bizon' (did you mean 'bison'?)"
    assert "bird, bison" in caught.value.remedy
