"""The page for each group: points and reasons as the grades have them, and nothing that is held."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from bs4 import BeautifulSoup
from graded_class import BY_HAND, COMMAND, GradedClass

from reportgen.batch import feedback
from reportgen.batch.attempt import LocalRunner
from reportgen.batch.class_file import Group
from reportgen.batch.feedback import Recipient, make_page, write_feedback
from reportgen.batch.outcome import Outcome
from reportgen.batch.run import Options, run_batch
from reportgen.batch.tables import GroupResult
from reportgen.pdf import printer

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
    reported = text_of(paper)
    assert "Noether & Co" in reported
    assert "Vision, CNN" in reported
    assert "Size <b>" in reported
    # 6.5 of the 12.5 are for a person to give, and neither reached nor lost.
    assert "0 of 6 points" in reported
    assert "6.5 not graded yet" in reported
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


def held(folder: Path, *, released: bool, anonymous: bool = False) -> Recipient:
    outcome = Outcome(score="4", points="5", hold="1 finding: numbers", notes=("A note",))
    (folder / "verification.json").write_text(json.dumps(FOUND), encoding="utf-8")
    (folder / "verification.html").write_text("x", encoding="utf-8")
    row = GroupResult(Group("A", None, "a"), outcome, None, {}, released=released)
    return Recipient("A", row, None if anonymous else folder, folder / "grades.json")


def test_what_is_held_has_findings_and_no_points(tmp_path: Path) -> None:
    page = make_page(held(tmp_path, released=False), "CNN")
    assert (page.score, page.criteria, page.notes) == ("", [], ())
    assert (page.status, page.reason) == ("held", "1 finding: numbers")
    (row,) = page.differences
    assert (row.location, row.submitted, row.recomputed) == ("numbers, /b<i>", "[1]", "")
    assert "\u202e" not in row.reason
    assert page.findings == f"../groups/{tmp_path.name}/verification.html"
    assert make_page(held(tmp_path, released=True), "CNN").score == "4"
    unnamed = make_page(held(tmp_path, released=False, anonymous=True), "CNN")
    assert (unnamed.differences, unnamed.findings) == ([], "")


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often something was printed; the PDFs are no real ones."""
    count: Counter[str] = Counter()

    def print_pdf(html: str) -> bytes:
        count["pdf"] += 1
        return f"{count['pdf']} {len(html)}".encode()

    monkeypatch.setattr(printer, "print_pdf", print_pdf)
    return count


@pytest.mark.parametrize(
    ("name", "newer"),
    [
        ("printer_versions", lambda: {"pango": "9.9", "harfbuzz-subset": "9.9"}),
        ("versions_for", lambda _libraries: {"weasyprint": "99"}),
        ("code_of", lambda _module: {"reportgen/pdf/printer.py": "0"}),
    ],
)
def test_a_page_is_printed_again_by_another_printer_and_else_kept(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    printed: Counter[str],
    name: str,
    newer: Callable[..., object],
) -> None:
    row = GroupResult(Group("A", None, "a"), Outcome("absent"), None, {})
    addressee = Recipient("A", row, None, tmp_path / "none.json")

    def again() -> int:
        write_feedback([addressee], "Vision", tmp_path)
        assert [path.name for path in sorted((tmp_path / "feedback").glob("[!.]*"))] == ["a.html", "a.pdf"]
        return printed["pdf"]

    assert [again(), again()] == [1, 1]
    monkeypatch.setattr(feedback, name, newer)
    assert [again(), again()] == [2, 2]
    assert (tmp_path / "feedback/a.pdf").read_bytes().startswith(b"2 ")
