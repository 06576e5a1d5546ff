"""The folder that a rubric is applied to: the recomputed numbers, and the documents that were handed in."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import pytest

from reportgen.batch.examination import lay_out_graded
from reportgen.grading.commentary import read_commentary


def write_pdf(file: Path, words: str) -> Path:
    """A PDF with settings attached, in which these are the authors' words."""
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        settings = f'[commentary]\ntransfer = "{words}"\n'.encode()
        pdf.attachments["report.toml"] = pikepdf.AttachedFileSpec(pdf, settings, filename="report.toml")
        pdf.save(file)
    return file


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    folder = tmp_path / "build"
    (folder / "arrays").mkdir(parents=True)
    (folder / "results.json").write_text("recomputed")
    (folder / "arrays/a.npz").write_text("recomputed")
    (folder / "report.html").write_text("rendered again")
    return folder


def test_of_a_pdf_the_words_count_beside_the_page_that_is_rendered_again(
    tmp_path: Path, reference: Path
) -> None:
    """Red if the PDF stays behind: then no commentary of a class can be checked."""
    pdf = write_pdf(tmp_path / "REPORT.PDF", "Our words.")
    graded = lay_out_graded(pdf, reference, tmp_path / "graded")
    assert read_commentary(graded) == {"transfer": "Our words."}
    assert (graded / "report.html").read_text() == "rendered again"
    assert (graded / "results.json").read_text() == (graded / "arrays/a.npz").read_text() == "recomputed"


def test_of_a_build_folder_page_and_words_are_those_handed_in(tmp_path: Path, reference: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    write_pdf(given / "report.pdf", "Our words.")
    (given / "report.html").write_text("handed in")
    (given / "results.json").write_text("handed in")
    graded = lay_out_graded(given, reference, tmp_path / "graded")
    assert read_commentary(graded) == {"transfer": "Our words."}
    assert (graded / "report.html").read_text() == "handed in"
    assert (graded / "results.json").read_text() == "recomputed"


def test_where_no_document_came_along_none_is_graded(tmp_path: Path, reference: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    (given / "results.json").write_text("handed in")
    graded = lay_out_graded(given, reference, tmp_path / "graded")
    assert sorted(path.name for path in graded.iterdir()) == ["arrays", "results.json"]
