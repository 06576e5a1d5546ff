"""Networks that a group trained itself are trained again; what they handed in of them decides nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from forging import Home, as_json, pointers, print_never, small_network, snapshot
from sharing import MakeOnce
from stand_in import counting, counting_epochs, make_home

from reportgen.engine import pipeline
from reportgen.settings import load_settings
from reportgen.verify import Verification, verify

EPOCHS = 3
SETTINGS = f"""
report = "architectures"
sections = ["architectures"]

[training]
epochs = {EPOCHS}

[[architectures]]
name = "narrow"
layers = [{{ layer = "conv", filters = 1, size = 56, stride = 56 }}, {{ layer = "flatten" }}]

[[architectures]]
name = "wide"
layers = [{{ layer = "conv", filters = 3, size = 56, stride = 56 }}, {{ layer = "flatten" }}]
"""


@pytest.fixture(scope="module")
def home(make_once: MakeOnce) -> Home:
    def fill(folder: Path) -> None:
        home = make_home(folder / "home")
        (home / "report.toml").write_text(SETTINGS, encoding="utf-8")
        with counting():
            assert pipeline.build(load_settings(folder=home), home / "data").problem is None

    return Home(make_once("trained", fill) / "home", make_once)


@pytest.fixture(autouse=True)
def _nothing_is_written(home: Home) -> Iterator[None]:
    before = snapshot(home.folder)
    yield
    assert snapshot(home.folder) == before


def look(home: Home, submission: Path, cache: Path | None = None) -> Verification:
    """Verify in this process; ``cache``: of another machine, which has not trained these networks."""
    settings = home.settings if cache is None else home.settings.model_copy(update={"cache": cache})
    with small_network(print_never):
        return verify(submission, home.data, settings=settings)


def forge(home: Home, folder: Path, alter: Callable[[Any], None]) -> Path:
    """A copy of the results alone, altered."""
    document = home.results()
    alter(document)
    folder.mkdir()
    file = folder / "results.json"
    file.write_bytes(as_json(document))
    return file


def test_the_networks_are_trained_again_and_the_verdict_says_so(home: Home, tmp_path: Path) -> None:
    folder = shutil.copytree(home.build, tmp_path / "build")
    # Were they read, this would show.
    (folder / "network.weights.h5").write_bytes(b"no weights at all")
    with counting_epochs() as epochs:
        found = look(home, folder, tmp_path / "cache")
    # The first convolution has 56 × 56 × 3 weights and a bias a filter; 4 × 4 places go into two classes.
    assert epochs == {9_409 + 34: EPOCHS, 3 * 9_409 + 98: EPOCHS}
    assert pointers(found, "numbers") | pointers(found, "arrays") == set()
    said = [note for note in found.notes if note.startswith("Networks trained from random weights:")]
    assert len(said) == 1
    assert "come from training here" in said[0]
    assert [note for note in found.notes if "network.weights.h5 has other bytes" in note]


def history(document: Any) -> Any:
    return document["architectures"]["networks"][0]["history"]


def praise_loss(document: Any) -> None:
    history(document)["val_loss"][1] *= 0.999


def praise_training(document: Any) -> None:
    accuracies = history(document)["accuracy"]
    accuracies[-1] = 1.0 if accuracies[-1] < 1 else 0.5


def move_one(document: Any) -> None:
    """One image that is counted in another cell."""
    matrix = document["architectures"]["networks"][0]["train"]["confusion"]
    row = next(row for row in matrix if row[0])
    row[0], row[1] = row[0] - 1, row[1] + 1


@pytest.mark.parametrize(
    ("alter", "location"),
    [
        (praise_loss, "history/val_loss/1"),
        (praise_training, f"history/accuracy/{EPOCHS - 1}"),
        (move_one, "train/confusion"),
    ],
)
def test_numbers_that_training_does_not_give_are_found(
    home: Home, tmp_path: Path, alter: Callable[[Any], None], location: str
) -> None:
    assert pointers(look(home, forge(home, tmp_path / "honest", lambda _: None))) == set()
    found = look(home, forge(home, tmp_path / "forged", alter))
    assert not found.confirmed
    wrong = f"/architectures/networks/0/{location}"
    assert any(each == wrong or each.startswith(f"{wrong}/") for each in pointers(found))


def test_a_loss_may_differ_by_what_the_order_of_sums_makes(home: Home, tmp_path: Path) -> None:
    def round_otherwise(document: Any) -> None:
        history(document)["val_loss"][1] *= 1 + 1e-8

    assert pointers(look(home, forge(home, tmp_path / "rounded", round_otherwise))) == set()
