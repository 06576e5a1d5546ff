"""Data as people have it are reported on in their own words, and verified like any others."""

from __future__ import annotations

import html
import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from forging import Home
from icc import ADOBE_GAMMA, ADOBE_RGB, gamma_curve, matrix_profile
from PIL import Image
from sharing import MakeOnce
from stand_in import SETTINGS, counting, draw_image

from reportgen.engine import pipeline
from reportgen.settings import load_settings

pytestmark = [pytest.mark.slow, pytest.mark.long]

COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"
MANAGED = "animals/Training/dog/1.png"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, make_once: MakeOnce) -> Home:
    """Two classes of 4/0/2 images, one folder too deep, in splits of other names, one class decomposed."""
    home = tmp_path_factory.mktemp("unusual")
    seed = 50
    for split, count in (("Training", 4), ("test_set/test_set", 2)):
        for label in (DECOMPOSED, "dog"):
            for number in range(count):
                seed += 1
                draw_image(home / f"data/animals/{split}/{label}/{number}.png", seed)
    profile = matrix_profile(ADOBE_RGB, gamma_curve(ADOBE_GAMMA))
    with Image.open(home / "data" / MANAGED) as image:
        image.save(home / "data" / MANAGED, icc_profile=profile)
    (home / "data/animals/Training/dog/notes.txt").write_text("Mine.")
    (home / "report.toml").write_text(SETTINGS, encoding="utf-8")
    with counting():
        built = pipeline.build(load_settings(folder=home), home / "data")
    assert built.problem is None
    return Home(home, make_once)


def test_the_results_say_what_was_done(home: Home) -> None:
    dataset = home.results()["dataset"]
    assert dataset["classes"] == [COMPOSED, "dog"]
    assert dataset["layout"] == "split"
    assert dataset["validation_taken"] is True
    assert dataset["colour_managed"] == 1
    assert dataset["counts"] == {
        "train": {COMPOSED: 3, "dog": 3},
        "val": {COMPOSED: 1, "dog": 1},
        "test": {COMPOSED: 2, "dog": 2},
    }
    assert dataset["warnings"] == [
        "Training: taken as train",
        "test_set/test_set: taken as test",
        "The folder has no validation split; the program took validation images from the training images "
        f"with seed 671: {COMPOSED} 1 of 4, dog 1 of 4",
        "Training/dog/notes.txt is no image by its name and was passed over",
    ]
    assert all(DECOMPOSED not in text for text in json.dumps(dataset, ensure_ascii=False).split('"'))


def test_the_page_says_it_in_words(home: Home) -> None:
    page = (home.build / "report.html").read_text(encoding="utf-8")
    words = " ".join(html.unescape(re.sub(r"<(script|style).*?</\1>|<[^>]*>", "", page, flags=re.S)).split())
    assert "the validation images were taken from the training images with a seeded shuffle" in words
    assert "1 of the 12 images came with a colour profile and was brought to sRGB" in words
    assert f"test_set/test_set/{COMPOSED}/0.png" in words


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS gives names as it likes")
@pytest.mark.parametrize("folder", ["", "animals"])
def test_the_report_is_confirmed_wherever_the_data_lie(home: Home, tmp_path: Path, folder: str) -> None:
    copy = shutil.copytree(home.data, tmp_path / "images")
    pdf = shutil.copy(home.pdf, tmp_path)
    found = home.verify(Path(pdf), copy / folder, printing=False)
    assert found.of("differs") == []
    assert {row.subject for row in found.of("not recomputable")} <= {"pages"}


def test_a_link_among_a_strangers_data_is_not_followed(home: Home, tmp_path: Path) -> None:
    from reportgen.intake import IntakeError

    copy = shutil.copytree(home.data, tmp_path / "images")
    (copy / MANAGED).unlink()
    (copy / MANAGED).symlink_to(home.data / MANAGED)
    with pytest.raises(IntakeError, match="is a symbolic link"):
        home.verify(home.pdf, copy, printing=False)
