"""How the pages are filled: for two classes and for eight, with names longer than any line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pikepdf
import pypdfium2
import pytest
from numpy.typing import NDArray
from stand_in import counting, draw_image

from reportgen.engine import pipeline
from reportgen.settings import load_settings

pytestmark = [pytest.mark.slow, pytest.mark.prints, pytest.mark.long]

DPI = 120
MM = DPI / 25.4
LEFT, RIGHT, TOP, BOTTOM = 33, 210 - 33, 20, 297 - 18
"""The edges of the text on a page, in millimetres."""

LONG = "A class name of many words that no cell of any table was ever made for 0123456789"
UNBROKEN = "Pneumonoultramicroscopicsilicovolcanoconiosis_and_names_without_a_space_in_them"
NAMES = (LONG, UNBROKEN, "σκύλος", "зебра", 'a <b> "bold" & co', *(f"class {n}" for n in range(3)))

SETTINGS = f"""
weights = "embedded"
course = "{LONG}"
assignment = "{LONG}"
group = "{UNBROKEN}{UNBROKEN}"
date = 2026-01-31

[[authors]]
name = "{UNBROKEN}"
roll_number = "{UNBROKEN[:60]}"

[guided_backprop]
neurons = ["zero", "percentile:10", "median", "top:1", "top:5", "percentile:90"]

[commentary]
transfer = "{UNBROKEN}{UNBROKEN} and `{UNBROKEN}{UNBROKEN}`"
"""


@dataclass(frozen=True)
class PdfContent:
    """A printed report: what is inked on each page, the text of each, and (page, top edge in mm) of the
    bookmarks of sections and of what is below them, but for the captions of figures, which are under what
    they name; pages count from 0.
    """

    inked: list[NDArray[np.bool_]]
    texts: list[str]
    sections: list[tuple[int, float]]
    headings: list[tuple[int, float]]


def read(file: Path) -> PdfContent:
    with pypdfium2.PdfDocument(file) as document:
        inked = [page.render(scale=DPI / 72).to_numpy()[..., :3].min(axis=2) < 245 for page in document]
        texts = [page.get_textpage().get_text_bounded() for page in document]
    with pikepdf.open(file) as pdf, pdf.open_outline() as outline:
        pages = {page.obj.objgen: n for n, page in enumerate(pdf.pages)}
        sections = [location(item, pages) for item in outline.root]
        below = [child for item in outline.root for child in item.children]
        headings = [location(child, pages) for child in below if not child.title.startswith("Fig.")]
    return PdfContent(inked, texts, sections, headings)


def location(item: pikepdf.OutlineItem, pages: dict[tuple[int, int], int]) -> tuple[int, float]:
    page, _, _, y, _ = cast("Any", item.destination)
    return pages[page.objgen], 297 - float(y) / 72 * 25.4


@pytest.fixture(scope="module", params=["few classes", "many classes"])
def printed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> PdfContent:
    home = tmp_path_factory.mktemp("layout")
    count = 2 if request.param == "few classes" else len(NAMES)
    for n, name in enumerate(NAMES[:count]):
        for split, images in {"train": 2, "val": 1, "test": 2}.items():
            for k in range(images):
                draw_image(home / "data" / split / name / f"{split} {k}.png", 100 * n + 10 * len(split) + k)
    (home / "report.toml").write_text(SETTINGS, encoding="utf-8")
    with counting():
        built = pipeline.build(load_settings(folder=home), home / "data")
    assert built.problem is None
    return read(built.path("report.pdf"))


def test_no_page_is_half_empty_unless_a_section_starts_on_the_next(printed: PdfContent) -> None:
    starts = {page for page, _ in printed.sections}
    filled = {}
    for n, inked in enumerate(printed.inked[:-1]):
        rows = np.flatnonzero(inked[round(TOP * MM) : round((BOTTOM + 1) * MM)].any(axis=1))
        assert rows.size, f"page {n + 1} is empty"
        if n + 1 not in starts:
            filled[n + 1] = float(rows.max() / MM / (BOTTOM - TOP))
    assert len(filled) > 5
    assert {page: share for page, share in filled.items() if share < 0.55} == {}


def test_nothing_reaches_beyond_the_text(printed: PdfContent) -> None:
    for n, inked in enumerate(printed.inked):
        columns = np.flatnonzero(inked.any(axis=0)) / MM
        rows = np.flatnonzero(inked.any(axis=1)) / MM
        assert columns.min() > LEFT - 0.8, f"page {n + 1}"
        assert columns.max() < RIGHT + 0.8, f"page {n + 1}"
        assert rows.min() > 8, f"page {n + 1}"
        assert rows.max() < 297 - 8, f"page {n + 1}"


def test_below_every_heading_there_is_room_for_what_it_heads(printed: PdfContent) -> None:
    assert len(printed.headings) > 10
    assert [page for page, top in printed.headings if top > BOTTOM - 14] == []


def test_a_table_that_goes_on_says_again_what_its_columns_are(printed: PdfContent) -> None:
    heads = {
        "true here": ("Claim", "Outcome"),
        r"\d\) \d+\.\d+ \S+ \d+ \d+–\d": ("Class", "Position", "Output", "Contribution", "Rank", "Patch"),
    }
    pages = [(text, words) for row, words in heads.items() for text in printed.texts if re.search(row, text)]
    # Of few classes both may fit their page.
    many = len(printed.texts) > 30
    assert len(pages) >= len(heads) + many, "neither of the two tables goes on any longer"
    assert [text[:80] for text, words in pages if any(word not in text for word in words)] == []


def test_gradients_that_go_on_say_again_what_they_are(printed: PdfContent) -> None:
    gradients = [text for text in printed.texts if "percentile of positive outputs" in text]
    assert len(gradients) >= 2
    for text in gradients:
        # The head is said again where a table goes on.
        assert text.count("Neuron position") >= 1
    # Of the six neurons of each class two were chosen by a percentile, and none is lost.
    assert sum(text.count("percentile of positive outputs") for text in gradients) % 2 == 0


def test_the_sources_take_no_more_than_a_page(printed: PdfContent) -> None:
    (first, top) = printed.sections[-1]
    last = printed.inked[-1]
    bottom = float(np.flatnonzero(last[: round((BOTTOM + 1) * MM)].any(axis=1)).max() / MM)
    assert (len(printed.inked) - 1 - first) * (BOTTOM - TOP) + bottom - top <= BOTTOM - TOP


def test_every_page_says_which_it_is(printed: PdfContent) -> None:
    count = len(printed.texts)
    wrong = [n for n, text in enumerate(printed.texts, 1) if f"page {n} of {count}" not in text]
    assert wrong == []
