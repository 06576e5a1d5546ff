"""What the report says of shortcuts: of a planted frame that the network may use, and of data with none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bs4 import BeautifulSoup
from numpy.typing import NDArray
from PIL import Image
from stand_in import counting, printing_nothing

from reportgen.contract.reader import load_results
from reportgen.dataset.decode import decode
from reportgen.engine import pipeline
from reportgen.models.backbone import Backbone
from reportgen.settings import load_settings

COUNTS = {"train": 8, "val": 4, "test": 5}
SETTINGS = 'weights = "embedded"\nsections = ["transfer", "shortcuts"]\n[shortcuts]\nimages = 7\n'


class Built:
    """A finished report: its words, its results, and the pixels that the network was given."""

    def __init__(self, home: Path, *, framed: bool) -> None:
        rng = np.random.default_rng(12)
        for split, count in COUNTS.items():
            for label in ("cat", "dog"):
                for number in range(count):
                    pixels = rng.integers(90, 160, (8, 8, 3)).repeat(28, 0).repeat(28, 1)
                    pixels += rng.integers(-20, 20, pixels.shape)
                    if framed and label == "dog":
                        pixels[4:-4, 4:-4] += 1000
                        pixels[pixels < 1000] = 10
                        pixels[4:-4, 4:-4] -= 1000
                    file = home / f"data/{split}/{label}/{number}.png"
                    file.parent.mkdir(parents=True, exist_ok=True)
                    Image.fromarray(pixels.astype(np.uint8)).save(file)
        (home / "report.toml").write_text(SETTINGS, encoding="utf-8")
        self.home, self.given = home, list[NDArray[np.uint8]]()
        with counting(), printing_nothing(), pytest.MonkeyPatch.context() as patch:
            real = Backbone.look

            def look(network: Backbone, batches: Iterator[Any]) -> Iterator[Any]:
                for batch in batches:
                    self.given.extend(batch)
                    yield from real(network, iter([batch]))

            patch.setattr(Backbone, "look", look)
            assert pipeline.build(load_settings(folder=home), home / "data").problem is None
        self.results = load_results(home / "build")
        page = BeautifulSoup((home / "build/report.html").read_text("utf-8"), "html.parser")
        self.words = {
            part: " ".join(found.get_text().split())
            for part in ("shortcuts", "findings", "appendix")
            if (found := page.find(id=part)) is not None
        }
        self.front = " ".join(page.find("header").get_text().split())  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def framed(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return Built(tmp_path_factory.mktemp("framed"), framed=True)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return Built(tmp_path_factory.mktemp("plain"), framed=False)


@pytest.mark.long
def test_a_planted_frame_is_named_and_counted(framed: Built) -> None:
    text = framed.words["shortcuts"]
    assert "A cue that hardly shows the object tells the classes apart better than chance" in text
    assert "A dark or light frame surrounds 0 of 17 images of cat and 17 of 17 images of dog" in text
    assert "given away by the outermost ring" in text
    assert "The class can be told from what hardly shows the object" in framed.words["findings"]
    assert "the class can be told by what hardly shows the object" in framed.words["appendix"]
    # The plainer fact of the two comes first.
    assert "A frame gives a class away: 17 of 17 images of dog have a dark frame, and 0 of 17" in framed.front


@pytest.mark.long
def test_without_anything_planted_the_contrary_is_said(plain: Built) -> None:
    assert plain.results.shortcuts.found == []
    text = plain.words["shortcuts"]
    assert "No cue that hardly shows the object provably tells the classes apart better than chance" in text
    assert "given away by" not in text
    assert "frame have" not in text
    assert "hardly shows" not in plain.words.get("findings", "")
    assert "None of the cues that were tried provably gives the class away" in plain.words["appendix"]
    assert "can be told" not in plain.front
    assert "gives a class away" not in plain.front


def test_the_network_is_given_images_with_another_ring_and_the_same_inside(framed: Built) -> None:
    section = framed.results.shortcuts
    assert section.asked == len(section.tested) == 7
    assert len(framed.given) == 2 * sum(COUNTS.values()) + 7
    for pixels, trial in zip(framed.given[-7:], section.tested, strict=True):
        whole = decode(framed.home / "data" / trial.file)
        colour = np.rint(whole[4:-4, 4:-4].reshape(-1, 3).astype(float).mean(0)).tolist()
        np.testing.assert_array_equal(pixels[4:-4, 4:-4], whole[4:-4, 4:-4])
        for ring in (pixels[:4], pixels[-4:], pixels[:, :4], pixels[:, -4:]):
            assert np.unique(ring.reshape(-1, 3), axis=0).tolist() == [colour]


def test_images_as_they_are_are_taken_for_what_the_section_on_training_says(framed: Built) -> None:
    results = framed.results
    files = [image.file for image in results.dataset.images if image.split == "test"]
    likely = results.array("transfer", "probabilities_test")
    for trial in results.shortcuts.tested:
        assert trial.as_it_is == results.dataset.classes[likely[files.index(trial.file)].argmax()]
    kept = results.array("shortcuts", "probabilities_without_ring")
    assert kept.shape == (7, 2)
    np.testing.assert_allclose(kept.sum(axis=1), 1, rtol=1e-6)
