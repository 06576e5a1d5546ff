"""The class whose maps are made is the one that the settings name, or the one that an image is taken for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr
from stand_in import counting, make_home

from reportgen.engine import pipeline
from reportgen.settings import load_settings


def build(home: Path, of: str) -> tuple[Any, dict[str, Any]]:
    """The numbers and the arrays of the section."""
    lines = f"""
weights = "embedded"
sections = ["transfer", "methods"]
[methods]
of = "{of}"
shown = ["grad_cam", "guided_grad_cam", "gradient_x_input"]
"""
    (home / "report.toml").write_text(lines, encoding="utf-8")
    with counting():
        assert pipeline.build(load_settings(folder=home), home / "data").problem is None
    with np.load(home / "build/arrays/methods.npz") as archive:
        arrays = dict(archive)
    return json.loads((home / "build/results.json").read_text(encoding="utf-8"))["methods"], arrays


@pytest.mark.long
def test_maps_are_of_the_class_that_is_named(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    usual, maps = build(home, "predicted")
    named = {label: build(home, label) for label in ("cat", "dog")}
    assert (usual["of"], named["dog"][0]["of"]) == ("predicted", "dog")
    for i, (label, image) in enumerate(usual["classes"].items()):
        taken = image["predicted"]
        (other,) = {"cat", "dog"} - {taken}
        assert image["explained"] == taken
        for wanted, (found, own) in named.items():
            # What the network takes the image for does not depend on what is asked.
            assert (found["classes"][label]["predicted"], found["classes"][label]["explained"]) == (
                taken,
                wanted,
            )
            same = np.array_equal(own[f"maps_{i}"], maps[f"maps_{i}"])
            assert same == (wanted == taken), (label, wanted)
        # The first image's maps were made for the other class, too, which are those of its own build.
        assert image["second"] == (None if i else other)
        for k, own in enumerate(image["maps"]):
            rank = None if i else spearmanr(maps["maps_0"][k], named[other][1]["maps_0"][k], axis=None)[0]
            assert own["other_class"] == (None if i else pytest.approx(rank, abs=1e-4))
        # The class that an image is taken for is the one with the larger output.
        scores = {wanted: found["classes"][label]["score"] for wanted, (found, _) in named.items()}
        assert scores[taken] == image["score"] > scores[other]
