"""What the second report's page says of its networks, read back from the page."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from bs4 import BeautifulSoup
from sharing import MakeOnce
from stand_in import counting, make_home, printing_nothing

from reportgen.engine import pipeline
from reportgen.settings import load_settings

SETTINGS = """
report = "architectures"
sections = ["architectures", "transfer", "comparison"]

[training]
epochs = 4

[[architectures]]
name = "narrow"
layers = [{ layer = "conv", filters = 1, size = 50, stride = 56 }, { layer = "flatten" }]

[[architectures]]
name = "wide"
layers = [{ layer = "conv", filters = 3, size = 50, stride = 56 }, { layer = "flatten" }]
"""


class Built(NamedTuple):
    page: BeautifulSoup
    results: Any

    def words(self, selector: str) -> str:
        """The text of what is selected, in single spaces."""
        return " ".join(" ".join(each.get_text().split()) for each in self.page.select(selector))


@pytest.fixture(scope="module")
def built(make_once: MakeOnce) -> Built:
    def fill(folder: Path) -> None:
        home = make_home(folder / "home")
        (home / "report.toml").write_text(SETTINGS, encoding="utf-8")
        with counting(), printing_nothing():
            assert pipeline.build(load_settings(folder=home), home / "data").problem is None

    build = make_once("networks page", fill) / "home/build"
    page = BeautifulSoup((build / "report.html").read_text(encoding="utf-8"), "html.parser")
    return Built(page, json.loads((build / "results.json").read_text(encoding="utf-8")))


@pytest.mark.long
def test_a_size_that_is_rounded_down_is_worked_out(built: Built) -> None:
    (formula,) = built.page.select("#architectures p.display img.math")
    # (224 − 50) / 56 is 3.1: of both networks, whichever is the best.
    assert formula["alt"] == "W2 = floor((W1 − F + 2P) / S) + 1 = floor((224 − 50 + 2·0) / 56) + 1 = 4"


def test_the_epoch_that_was_kept_stands_beside_those_that_were_run(built: Built) -> None:
    rows = built.page.select("#architectures table.short tbody tr")
    networks = built.results["architectures"]["networks"]
    assert len(rows) == len(networks) == 2
    for row, network in zip(rows, networks, strict=True):
        losses = network["history"]["val_loss"]
        assert row.select("td")[0].get_text() == f"{int(np.argmin(losses)) + 1} of {len(losses)}"


def test_the_abstract_says_whether_vgg19_is_better(built: Built) -> None:
    numbers = built.results["comparison"]
    alone = sorted((numbers["only_own"], numbers["only_vgg19"]))
    tosses = sum(alone)
    p = min(1, 2 * sum(math.comb(tosses, k) for k in range(alone[0] + 1)) / 2**tosses)
    said = built.words(".abstract")
    # Of four test images nothing can be told: even if one network alone recognised all, p were 0.125.
    assert "These test images do not show that VGG19 is better than the best network trained here" in said
    assert f"(p = {p:#.2g}".rstrip(".") in said
