"""The page for each group: points and reasons as the grades have them, and nothing that is held."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from bs4 import BeautifulSoup
from graded_class import BY_HAND, COMMAND, GradedClass

from reportgen.batch.attempt import LocalRunner
from reportgen.batch.class_file import Group
from reportgen.batch.feedback import Addressee, make_page
from reportgen.batch.job import Outcome
from reportgen.batch.run import Options, run_batch
from reportgen.batch.tables import GroupResult

RUBRIC = (
    BY_HAND
    + """
[[check]]
criterion = "Size <b>"
points = 6
pointer = "/transfer/feature_size"
expected = 513
"""
)


def run(scene: GradedClass, *, anonymous: bool = False) -> None:
    chosen = replace(scene.scene.chosen, rubrics=(scene.rubric,), course="Vision", assignment="CNN")
    options = Options(command=COMMAND, feedback=True, anonymous=anonymous)
    run_batch(chosen, scene.out, LocalRunner(2), scene.view, options)


def text_of(file: Path) -> str:
    pdf = pypdfium2.PdfDocument(file)
    text = "\n".join(page.get_textpage().get_text_range() for page in pdf)
    pdf.close()
    return " ".join(text.split())


@pytest.mark.slow
@pytest.mark.prints
def test_page_and_pdf_tell_what_the_grades_tell(tmp_path: Path) -> None:
    scene = GradedClass(tmp_path, "Noether & Co", rubric=RUBRIC)
    run(scene)
    page, paper = (scene.out / f"feedback/noether-co.{kind}" for kind in ("html", "pdf"))
    soup = BeautifulSoup(page.read_bytes(), "html.parser")
    cells = [[cell.get_text(" ", strip=True) for cell in row.find_all(["th", "td"])] for row in soup("tr")]
    grades = json.loads((scene.out / "groups/noether-co/grades.json").read_bytes())
    for item in grades["criteria"]:
        (row,) = [row for row in cells if row[0] == item["name"]]
        assert row[1:3] == [item["score"], item["points"]]
        assert item["status"] in row[3]
    assert [row for row in cells if len(row) == 1 and "512" in row[0]], "the reason"
    assert soup.h1 is not None
    assert soup.h1.get_text() == "Noether & Co"
    told = text_of(paper)
    assert "Noether & Co" in told
    assert "Vision, CNN" in told
    assert "Size <b>" in told
    assert f"{grades['score']} of {grades['points']} points" in told
    with pikepdf.open(paper) as pdf:
        assert pdf.Root.Lang == "en"
    # Nothing is written again that would be the same; what somebody wrote into it is kept.
    before = (page.stat().st_mtime_ns, paper.stat().st_mtime_ns)
    run(scene)
    assert (page.stat().st_mtime_ns, paper.stat().st_mtime_ns) == before
    page.write_text("mine", encoding="utf-8")
    run(scene)
    assert (scene.out / "feedback/noether-co-edited-1.html").read_text() == "mine"
    assert "Noether" in page.read_text(encoding="utf-8")
    # By number, nobody is named, and what named somebody is gone but for what a person wrote.
    run(scene, anonymous=True)
    files = sorted(path.name for path in (scene.out / "feedback").glob("[!.]*"))
    assert files == ["noether-co-edited-1.html", "number-001.html", "number-001.pdf"]
    assert "noether" not in (scene.out / "feedback/number-001.html").read_text(encoding="utf-8").casefold()
    assert "512" not in text_of(scene.out / "feedback/number-001.pdf")


KEYS = ("subject", "pointer", "status", "submitted", "recomputed", "reason")
ROWS = (
    ("numbers", "/a", "confirmed", 1, 1, ""),
    ("numbers", "/b<i>", "differs", [1], None, "why\u202e"),
)
FOUND = {"rows": [dict(zip(KEYS, row, strict=True)) for row in ROWS]}


def held(folder: Path, *, released: bool, anonymous: bool = False) -> Addressee:
    outcome = Outcome(score="4", points="5", hold="1 finding: numbers", notes=("A note",))
    (folder / "verification.json").write_text(json.dumps(FOUND), encoding="utf-8")
    (folder / "verification.html").write_text("x", encoding="utf-8")
    row = GroupResult(Group("A", None, "a"), outcome, None, {}, released=released)
    return Addressee("A", row, None if anonymous else folder, folder / "grades.json")


def test_what_is_held_has_findings_and_no_points(tmp_path: Path) -> None:
    page = make_page(held(tmp_path, released=False), "CNN")
    assert (page.score, page.criteria, page.notes) == ("", [], ())
    assert (page.status, page.reason) == ("held", "1 finding: numbers")
    (row,) = page.differences
    assert (row.place, row.submitted, row.recomputed) == ("numbers, /b<i>", "[1]", "")
    assert "\u202e" not in row.reason
    assert page.findings == f"../groups/{tmp_path.name}/verification.html"
    assert make_page(held(tmp_path, released=True), "CNN").score == "4"
    unnamed = make_page(held(tmp_path, released=False, anonymous=True), "CNN")
    assert (unnamed.differences, unnamed.findings) == ([], "")
