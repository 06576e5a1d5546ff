"""Other filter sizes, strides, paddings and numbers of filters, from the settings to the points."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from finished_report import WINDOWS

from reportgen.contract.reader import load_results
from reportgen.grading.run import grade
from reportgen.grading.shipped import RUBRIC_FILE
from reportgen.outline.kind import Outline, find_section
from reportgen.settings import load_settings
from reportgen.verify.choices import compare_settings, derive_settings

pytestmark = pytest.mark.slow

SECTIONS = ("convolution", "conv_stack")
RUBRICS = [find_section(name).folder / RUBRIC_FILE for name in SECTIONS]
OUTLINE = Outline(sections=SECTIONS)


@pytest.fixture(scope="module")
def page(windows: Path) -> BeautifulSoup:
    return BeautifulSoup((windows / "report.html").read_text(encoding="utf-8"), "lxml")


def words_of(page: BeautifulSoup, selector: str) -> str:
    (found,) = page.select(selector)
    return " ".join(found.get_text().split())


@pytest.mark.long
def test_the_results_have_the_sizes_of_the_settings(windows: Path) -> None:
    results = json.loads((windows / "results.json").read_text(encoding="utf-8"))
    # By hand: 224 − 5 + 2 = 221 = 2 · 110 + 1; 224 − 4 + 4 = 224 = 3 · 74 + 2; 75 − 2 = 73.
    assert [each["observed_shape"] for each in results["convolution"]["classes"].values()] == [[111, 111]] * 3
    first, second = results["conv_stack"]["layers"]
    assert (first["observed_shape"], first["kernel_shape"]) == ([75, 75, 3], [4, 4, 1, 3])
    assert (second["observed_shape"], second["kernel_shape"]) == ([74, 74, 12], [2, 2, 3, 12])
    assert all(check["passed"] for check in results["checks"])


def test_the_document_says_that_sizes_are_rounded_down(page: BeautifulSoup) -> None:
    formulas = [str(image["alt"]) for image in page.select("p.display img")]
    assert formulas == [
        f"{side}2 = {formula}"
        for formula in (
            "floor(({0}1 − F + 2P) / S) + 1 = floor((224 − 5 + 2·1) / 2) + 1 = 111",
            "floor(({0}1 − F + 2P) / S) + 1 = floor((224 − 4 + 2·2) / 3) + 1 = 75",
            "({0}1 − F + 2P) / S + 1 = (75 − 2 + 2·0) / 1 + 1 = 74",
        )
        for side, formula in (("W", formula.format("W")), ("H", formula.format("H")))
    ]
    said = "The division leaves a remainder and is rounded down"
    assert words_of(page, "#convolution").count(said) == 1
    assert words_of(page, "#conv-stack").count(said) == 1


def test_no_more_maps_are_shown_than_there_are(page: BeautifulSoup) -> None:
    names = ("filters_1", "maps_1_0", "filters_2", "maps_2_0")
    assert [len(page.select(f"#figure-{name} .tile")) for name in names] == [3, 1 + 3, 10, 1 + 10]
    assert "All 3, each 4 × 4 × 1." in words_of(page, "#figure-filters_1 figcaption")
    assert "and all 3 maps after ReLU" in words_of(page, "#figure-maps_1_0 figcaption")
    # Three slices, which are of no colours.
    reported = words_of(page, "#figure-filters_2 figcaption")
    assert "The first 10 of 12, each 2 × 2 × 3, as a tile of its 3 slices" in reported


def test_the_settings_come_back_from_the_results(windows: Path) -> None:
    results: Any = load_results(windows / "results.json")
    attached: Any = load_settings(windows.parent / "report.toml")
    derived: Any = derive_settings(results, None, OUTLINE)
    assert derived.convolution == attached.convolution
    assert derived.conv_stack == attached.conv_stack
    reported = {row.pointer: row.status for row in compare_settings(results, attached, OUTLINE.kind)}
    keys = ("convolution.stride", "conv_stack.filters", "conv_stack.filter_size", "conv_stack.padding")
    assert [reported[f"report.toml: {key}"] for key in keys] == ["confirmed"] * 4


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("stride = 2", "stride = 1", "convolution.stride"),
        ("filter_size = 5", "filter_size = 3", "convolution.filter_size"),
        ("padding = 1", "padding = 0", "convolution.padding"),
        ("filters = [3, 12]", "filters = [3, 13]", "conv_stack.filters"),
        ("filter_size = [4, 2]", "filter_size = [2, 4]", "conv_stack.filter_size"),
        ("stride = [3, 1]", "stride = [1, 1]", "conv_stack.stride"),
        ("padding = [2, 0]", "padding = [0, 0]", "conv_stack.padding"),
    ],
)
def test_settings_that_the_results_contradict_are_found(
    windows: Path, tmp_path: Path, old: str, new: str, key: str
) -> None:
    assert WINDOWS.count(old) == 1
    (tmp_path / "report.toml").write_text(WINDOWS.replace(old, new), encoding="utf-8")
    results, attached = load_results(windows / "results.json"), load_settings(tmp_path / "report.toml")
    rows = compare_settings(results, attached, OUTLINE.kind)
    assert [row.pointer for row in rows if row.status == "differs"] == [f"report.toml: {key}"]


def lost_points(folder: Path) -> set[str]:
    grades = grade(folder, RUBRICS, show=False)
    assert len(grades.criteria) == 9
    return {one.name for one in grades.criteria if one.score < one.points}


def test_the_rubric_has_nothing_against_other_settings(windows: Path) -> None:
    assert lost_points(windows) == set()


def set_stride(document: Any) -> None:
    document["convolution"]["stride"] = 3


def set_padding(document: Any) -> None:
    # 221 and 223 over 2 are 110 and 111.
    document["convolution"]["padding"] = 2


def set_vast_padding(document: Any) -> None:
    # Zeros for which no machine has the memory: terabytes.
    document["convolution"]["padding"] = 1_000_000


def set_filter_size(document: Any) -> None:
    # 224 − 4 + 2 = 222, half of it 111.
    document["convolution"]["filter_size"] = 4


def set_vast_filters(document: Any) -> None:
    document["convolution"]["filter_size"] = 1_000_000
    document["conv_stack"]["layers"][1]["filters"] = 1_000_000_000


def grow_map(document: Any) -> None:
    next(iter(document["convolution"]["classes"].values()))["observed_shape"][1] += 1


def set_filters(document: Any) -> None:
    document["conv_stack"]["layers"][1]["filters"] = 13


def grow_layer(document: Any) -> None:
    document["conv_stack"]["layers"][1]["observed_shape"][1] += 1


def break_chain(document: Any) -> None:
    document["conv_stack"]["layers"][0]["observed_shape"] = [76, 76, 3]


def deepen_kernel(document: Any) -> None:
    document["conv_stack"]["layers"][1]["kernel_shape"][2] = 4


Q1_SIZES = {"Q1 Size by the formula", "Q1 Observed size by the formula"}
Q1_MAPS, KAIMING = "Q1 Feature maps are the filter's", "Q1, Q2 Kaiming initialisation"
Q2_OBSERVED, Q2_CHAIN = "Q2 Observed sizes by the formula", "Q2 Second layer takes what the first gives"


@pytest.mark.parametrize(
    ("plant", "lost"),
    [
        (set_stride, {*Q1_SIZES, Q1_MAPS}),
        (set_padding, {*Q1_SIZES, Q1_MAPS}),
        (set_vast_padding, {*Q1_SIZES, Q1_MAPS}),
        (set_filter_size, {*Q1_SIZES, "Q1 Filter of the stated size", KAIMING}),
        (set_vast_filters, {*Q1_SIZES, "Q1 Filter of the stated size", Q2_OBSERVED, KAIMING}),
        (grow_map, {"Q1 Observed size by the formula"}),
        (set_filters, {Q2_OBSERVED, KAIMING}),
        (grow_layer, {Q2_OBSERVED}),
        (break_chain, {Q2_OBSERVED, Q2_CHAIN}),
        (deepen_kernel, {"Q2 Filters reach through all channels"}),
    ],
)
def test_a_planted_fault_costs_the_points_of_its_criteria(
    windows: Path, tmp_path: Path, plant: Callable[[Any], None], lost: set[str]
) -> None:
    forged = tmp_path / "build"
    shutil.copytree(windows, forged)
    document = json.loads((forged / "results.json").read_text(encoding="utf-8"))
    plant(document)
    (forged / "results.json").write_text(json.dumps(document), encoding="utf-8")
    assert lost_points(forged) == lost
