"""File names of eighty letters: they are shortened in the middle, and nothing of a page is pushed aside."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from browser import browser as browser
from bs4 import BeautifulSoup
from playwright.sync_api import Browser
from stand_in import COUNTS, LABELS, SETTINGS, counting, draw_image

from reportgen.engine import pipeline
from reportgen.settings import load_settings

pytestmark = [pytest.mark.slow, pytest.mark.prints]

STEM = "PneumonoultramicroscopicsilicovolcanoconiosisWithoutAnySpaceInItAndWithANumber_"
MM = 72 / 25.4
SECTIONS = ("convolution", "conv_stack", "transfer", "neurons", "guided_backprop", "errors")


@pytest.fixture(scope="module")
def built(full: bool, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the sections that print file names; if ``full``, of all."""
    home = tmp_path_factory.mktemp("names")
    for n, label in enumerate(LABELS):
        for split, count in COUNTS.items():
            for k in range(count):
                name = f"{STEM[:75]}{k}.png"
                assert len(name) == 80
                draw_image(home / "data" / split / label / name, 50 * n + 10 * len(split) + k)
    chosen = "" if full else f"sections = {json.dumps(SECTIONS)}\n"
    (home / "report.toml").write_text(chosen + SETTINGS, encoding="utf-8")
    with counting():
        report = pipeline.build(load_settings(folder=home), home / "data")
    assert report.problem is None
    return report.folder


@pytest.fixture(scope="module")
def names(built: Path) -> list[str]:
    """The names of all images, with their folders, as the results have them."""
    results = json.loads((built / "results.json").read_text(encoding="utf-8"))
    return [image["file"] for image in results["dataset"]["images"]]


def fits(displayed: str, name: str) -> bool:
    """Whether what is shown is the beginning and the end of a name, with what tells files apart."""
    before, ellipsis, after = displayed.partition("…")
    both_ends = name.startswith(before) and name.endswith(after) and len(before) > 10 < len(after)
    return bool(ellipsis) and both_ends and len(displayed) < 50


def test_names_are_shortened_in_the_middle_and_whole_where_they_are_asked_for(
    built: Path, names: list[str]
) -> None:
    page = BeautifulSoup((built / "report.html").read_text(encoding="utf-8"), "lxml")
    spans = page.select("span.file:not(#sources *)")
    displayed = [(span.get_text(), str(span.get("title", ""))) for span in spans if ".png" in span.get_text()]
    assert len(displayed) > 20
    assert [each for each in displayed if each[1] not in names or not fits(*each)] == []
    # Of one folder, files that differ in their last digit only stay apart.
    assert len({text for text, _ in displayed}) == len({title for _, title in displayed}) > 3
    # The table of the sources and the list of the images have the names as they are.
    assert {span.get_text() for span in page.select("#sources p.files .file")} == {
        name.split("/")[-1] for name in names
    }


@pytest.mark.parametrize("width", [390, 1366])
def test_nothing_of_the_page_is_wider_than_its_place(
    built: Path, names: list[str], browser: Browser, width: int
) -> None:
    tab = browser.new_page(viewport={"width": width, "height": 800})
    tab.goto((built / "report.html").as_uri())
    surface = tab.get_by_label("The confusion matrix: choose a cell to see its images")
    surface.focus()
    for key in ("Enter", "ArrowRight", "Enter"):
        tab.keyboard.press(key)
        if tab.locator("[data-explorer=confusion] .file").count():
            break
    opened = tab.locator("[data-explorer=confusion] .file")
    assert opened.count() > 0
    reported = opened.evaluate_all("all => all.map((span) => [span.textContent, span.title])")
    assert [
        each for each in reported if each[1] not in names or not fits(each[0], each[1].split("/")[-1])
    ] == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    # Words that stick out of what holds them lie on their neighbours.
    beyond = tab.locator("main .file").evaluate_all(
        """all => all.filter((span) => span.getClientRects().length && !span.closest(".scroll"))
          .filter((span) => Math.max(...[...span.getClientRects()].map((box) => box.right))
            > span.parentElement.closest("p, div, figcaption, td, th, li").getBoundingClientRect().right + 1)
          .map((span) => span.outerHTML)"""
    )
    tab.close()
    assert beyond == []


def test_nothing_of_the_paper_is_beyond_its_margin(built: Path) -> None:
    with pypdfium2.PdfDocument(built / "report.pdf") as paper:
        for n, page in enumerate(paper, start=1):
            inked = page.render(scale=1).to_numpy()[..., :3].min(axis=2) < 200
            columns = np.flatnonzero(inked.any(axis=0)) / MM
            assert 32 < columns.min() < columns.max() < 178, f"page {n}"
        text = "".join(page.get_textpage().get_text_bounded() for page in paper)
    # Wherever a line ends.
    unbroken = text.replace("\r", "").replace("\n", "").replace("\ufffe", "")
    assert "…" in unbroken
    assert STEM[:60] not in unbroken
