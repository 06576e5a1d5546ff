"""A report that explains two layers: recomputed with both, and numbers of the second are looked at, too."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from forging import print_never, small_network
from sharing import MakeOnce
from stand_in import make_home, print_nothing

from reportgen.engine import pipeline
from reportgen.settings import load_settings
from reportgen.verify import Verification, verify

SETTINGS = """
weights = "embedded"
sections = ["neurons"]
layers = ["block5_conv4", "block1_conv1"]
[show]
neurons = 1
"""


@pytest.fixture(scope="module")
def home(make_once: MakeOnce) -> Path:
    def fill(folder: Path) -> None:
        home = make_home(folder / "home")
        (home / "report.toml").write_text(SETTINGS, encoding="utf-8")
        with small_network(print_never), pytest.MonkeyPatch.context() as patch:
            patch.setattr("reportgen.engine.stages.pdf.print_pdf", print_nothing)
            pipeline.build(load_settings(folder=home), home / "data")
        (home / "build/report.pdf").unlink()

    return make_once("two-layers", fill) / "home"


def look_at(home: Path, build: Path) -> Verification:
    # The settings of the grader name no layers: those of the report are known from its results.
    own = load_settings(folder=home).model_copy(update={"layers": ()})
    with small_network(print_never):
        return verify(build, home / "data", settings=own)


def test_two_layers_are_confirmed_and_a_number_of_the_second_is_found(home: Path, tmp_path: Path) -> None:
    honest = look_at(home, home / "build")
    assert honest.of("differs") == []
    confirmed = {row.pointer for row in honest.of("confirmed")}
    pointer = "/neurons/more/0/top/cat/0/value"
    assert pointer in confirmed

    forged = shutil.copytree(home / "build", tmp_path / "build")
    document = json.loads((forged / "results.json").read_text(encoding="utf-8"))
    assert document["neurons"]["more"][0]["layer"] == "block1_conv1"
    document["neurons"]["more"][0]["top"]["cat"][0]["value"] *= 1.01
    (forged / "results.json").write_text(json.dumps(document), encoding="utf-8")

    found = look_at(home, forged)

    assert pointer in {row.pointer for row in found.of("differs") if row.subject == "numbers"}
    assert not found.confirmed
