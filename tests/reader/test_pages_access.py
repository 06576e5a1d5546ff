"""Pages beside the report, as instructors, groups and authors read them: axe-core finds nothing on them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from small_results import document
from test_access import violations

import reportgen.watch
from reportgen.batch.class_file import Class, Group
from reportgen.batch.outcome import Mark, Outcome
from reportgen.batch.summary import sum_up
from reportgen.batch.tables import GroupResult
from reportgen.diff import compare
from reportgen.document.class_pages import (
    CriterionRow,
    Difference,
    FeedbackPage,
    render_feedback,
    render_overview,
)
from reportgen.document.comparison_pages import Drawing, Sheet, Sheets, render_difference
from reportgen.submission import Submission
from reportgen.templates import open_templates, templates_folder
from reportgen.verify import Finding, Verification, render_findings

pytestmark = pytest.mark.slow

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def overview() -> str:
    """One group with points, one that is held, one without grades; two of them with images in common."""
    marks = (Mark("Q1", "1.5", "4", "passed"), Mark("Q2", "0", "6", "failed"))
    outcomes = [
        Outcome(score="1.5", points="10", marks=marks, correct=1, total=4),
        Outcome(score="1.5", points="10", marks=marks, hold="1 finding: numbers", notes=("A note",)),
        Outcome("crash", "The program failed"),
    ]
    rows = [
        GroupResult(Group(name, Path("x"), name), row, None, images, report="build/report.html")
        for name, row, images in zip("abc", outcomes, [{"f": "1", "g": "2"}, {"f": "1"}, {}], strict=True)
    ]
    return render_overview(
        sum_up(Class(tuple(row.group for row in rows), (), title="Class"), rows), open_templates()
    )


def feedback() -> str:
    page = FeedbackPage(
        "Noether",
        "CNN",
        status="held",
        reason="1 finding: numbers",
        score="4",
        points="10",
        criteria=[
            CriterionRow("Q1", "4", "4", "✓", "passed"),
            CriterionRow("Q2", "0", "5", "✗", "failed", "512 is not 513"),
            CriterionRow("Q3", "–", "1", "?", "not graded yet"),
        ],
        left_out=1,
        differences=[Difference("/a", "1", "2", "allowed: 1e-6")],
        more=3,
        notes=["A note"],
        findings="verification.html",
    )
    return render_feedback(page, open_templates())


def difference() -> str:
    """A changed number, a changed seed, an image that is gone, and a figure of two pictures."""
    old = {"schema_version": "1.0", **json.loads(json.dumps(document()))}
    new = json.loads(json.dumps(old))
    new["provenance"]["seed"] = 2
    new["transfer"]["training"]["learning_rate"] = 0.04
    new["transfer"]["confusion"]["test"] = [[4, 0], [2, 2]]
    figures = {"confusion.png": PIXEL}, {"confusion.png": PIXEL + b" "}
    sides = (Submission(*side) for side in zip(("first", "second"), (old, new), figures, strict=True))
    return render_difference(compare(*sides), open_templates())


def verification() -> str:
    rows = (
        Finding("numbers", "/a/test", "differs", 0.92, 0.75, "allowed: 1e-06"),
        Finding("numbers", "/b", "not recomputable", reason="no weights"),
        Finding("page", "<p> in line 12", "differs", '<p class="a">', '<p class="b">', "another"),
        Finding("arrays", "/a/x", "confirmed"),
    )
    drawing = Drawing(PIXEL, 100, 140)
    sheets = Sheets((Sheet(1, drawing, drawing, ((10, 10, 20, 20),)), Sheet(2, None, drawing, ())), (3,))
    found = Verification("report.pdf", "images", rows, sheets=sheets, notes=("3 numbers in own words",))
    return render_findings(found, open_templates())


def watching() -> str:
    """What surrounds the report, with an error and a reminder in it, and its style sheets."""
    page = files(reportgen.watch).joinpath("page.html").read_text(encoding="utf-8")
    styles = templates_folder().joinpath("palette.css").read_text(encoding="utf-8")
    styles += files(reportgen.watch).joinpath("page.css").read_text(encoding="utf-8")
    page = page.replace('role="alert">', 'role="alert">report.toml: no key → Correct it.')
    page = page.replace('role="status">', 'role="status">Still empty: authors.')
    return page.replace('<iframe id="report"', '<iframe srcdoc="<!doctype html><title>R</title>"').replace(
        "</head>", f"<style>{styles}</style></head>"
    )


FRAMED = ("landmark-one-main:", "page-has-heading-one:")
"""What the report has, also where it is in a frame, into which nothing is put here to look at it."""

PAGES: dict[str, Callable[[], str]] = {
    "overview": overview,
    "feedback": feedback,
    "diff": difference,
    "verification": verification,
    "watch": watching,
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    for name, make in PAGES.items():
        (folder / f"{name}.html").write_text(make(), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in PAGES}


def look(page: Page, file: Path) -> list[str]:
    page.goto(file.as_uri())
    for details in page.locator("details").all():
        details.evaluate("details => { details.open = true; }")
    found = violations(page, within="html")
    framed = FRAMED if page.locator("iframe").count() else ()
    return [said for said in found if not said.startswith(framed)]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1400, 390])
def test_axe_finds_nothing_on_any_page(
    browser: Browser, written: dict[str, Path], width: int, dark: bool
) -> None:
    options: dict[str, Any] = {"color_scheme": "dark" if dark else "light"}
    page = browser.new_page(viewport={"width": width, "height": 800}, **options)
    found = {name: look(page, file) for name, file in written.items()}
    page.close()
    assert {name: said for name, said in found.items() if said} == {}


@pytest.mark.long
def test_what_is_wrong_would_be_found_on_each(browser: Browser, written: dict[str, Path]) -> None:
    page = browser.new_page()
    for file in written.values():
        page.goto(file.as_uri())
        page.evaluate(
            "document.body.insertAdjacentHTML('beforeend', '<img src=\"data:,\"><p><button></button>')"
        )
        assert {said.split(":")[0] for said in violations(page, within="html")} >= {
            "image-alt",
            "button-name",
        }
    page.close()
