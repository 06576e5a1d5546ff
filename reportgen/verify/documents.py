"""Compares PDF, page and other files of a submission with those rendered and printed again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from reportgen.contract.lookup import join_pointer
from reportgen.engine.stages.context import HTML_FILE, PDF_FILE
from reportgen.errors import UserError
from reportgen.pdf.printer import print_pdf
from reportgen.progress import Progress
from reportgen.submission import FIGURES_FOLDER
from reportgen.verify.finding import Finding, Findings, Status, Subject
from reportgen.verify.page import MAX_BYTES, Page, compare_text, read_page
from reportgen.verify.pages import compare_figures, compare_page, compare_pages
from reportgen.verify.pdf_document import PdfError, open_paper
from reportgen.verify.recomputation import Recomputed
from reportgen.verify.rendering import Rendered
from reportgen.verify.submitted import SubmittedReport

_VERSIONS = "rendered again with other versions than the report's, {}"
_COMMENTARY = (
    "the commentary is not known without the attached report.toml; apart from it or because of it, {}"
)
_TEMPLATES = "it was not made with the shipped templates, or changed as a whole: {}"


def compare_documents(
    submitted: SubmittedReport, recomputed: Recomputed, rendered: Rendered, progress: Progress
) -> Findings:
    """Rows for the text of the documents, and for pages and pictures as far as they can be compared."""
    if submitted.page is not None:
        yield from _compare_html(submitted.page, submitted, recomputed, rendered)
    if submitted.pdf is not None:
        try:
            yield from _compare_pdf(submitted.pdf, submitted, recomputed, rendered, progress)
        except PdfError as error:
            yield Finding("pages", PDF_FILE, "differs", reason=error.problem)
    if submitted.folder is not None:
        yield from _compare_files(submitted.folder, recomputed, rendered)


def _compare_html(
    file: Path, submitted: SubmittedReport, recomputed: Recomputed, rendered: Rendered
) -> Findings:
    page = _read(file)
    if page is None:
        yield Finding("page", HTML_FILE, "differs", reason=f"it has more than {MAX_BYTES} bytes")
        return
    expected = rendered.page.printed if rendered.page else None
    yield from compare_text(page.printed, expected, submitted.results.document)
    if rendered.page is None or not rendered.whole:
        yield _explain_missing("page", HTML_FILE, submitted, recomputed, rendered)
        return
    rows = list(compare_page(page, rendered.page))
    changed = {row.pointer for row in rows if row.status == "differs"}
    whole = {"text", "styles and scripts"} <= changed
    yield from _judge("page", HTML_FILE, rows, _excuse(submitted, recomputed, whole=whole))


def _read(file: Path) -> Page | None:
    with file.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    return read_page(data.decode("utf-8", "replace")) if len(data) <= MAX_BYTES else None


def _compare_pdf(
    file: Path, submitted: SubmittedReport, recomputed: Recomputed, rendered: Rendered, progress: Progress
) -> Findings:
    expected = rendered.page.printed if rendered.page else None
    with open_paper(file) as pdf:
        printed = pdf.printed(_pointers(dict(submitted.results.document)))
        yield from compare_text(printed, expected, submitted.results.document)
        if not rendered.whole:
            yield _explain_missing("pages", PDF_FILE, submitted, recomputed, rendered)
            return
        try:
            with progress.stage("Printing the PDF again"):
                reprinted = print_pdf(rendered.html)
        except UserError as error:
            yield Finding("pages", PDF_FILE, "not recomputable", reason=error.problem)
            return
        with progress.stage("Comparing the pages"), open_paper(reprinted) as other:
            rows = list(compare_pages(pdf, other))
        changed = {row.pointer.partition(",")[0] for row in rows if row.status == "differs"}
        whole = len(changed) >= len(pdf) > 1
        yield from _judge("pages", PDF_FILE, rows, _excuse(submitted, recomputed, whole=whole))


def _explain_missing(
    subject: Subject, name: str, submitted: SubmittedReport, recomputed: Recomputed, rendered: Rendered
) -> Finding:
    """Why a document has nothing to be compared with: what the same program refuses, it never printed."""
    same = submitted.results.provenance.versions.get("reportgen") == recomputed.versions["reportgen"]
    status: Status = "differs" if rendered.failed and same else "not recomputable"
    return Finding(subject, name, status, reason=rendered.reason)


def _excuse(submitted: SubmittedReport, recomputed: Recomputed, *, whole: bool) -> str:
    """Why a document that differs from the one rendered again may still be honest, or ""."""
    if dict(submitted.results.provenance.versions) != dict(recomputed.versions):
        return _VERSIONS
    if submitted.settings is None:
        return _COMMENTARY
    return _TEMPLATES if whole else ""


def _judge(subject: Subject, name: str, rows: Sequence[Finding], excuse: str) -> Findings:
    """The rows as they are if nothing differs or nothing excuses it; else those confirmed and one more."""
    differing = [row for row in rows if row.status == "differs"]
    if not differing or not excuse:
        yield from rows
        return
    yield from (row for row in rows if row.status == "confirmed")
    first = differing[0]
    summary = f"{len(differing)} of {len(rows)} comparisons fail, the first at {first.pointer}"
    summary += f" ({first.reason})" if first.reason else ""
    yield Finding(
        subject, name, "not recomputable", first.submitted, first.recomputed, excuse.format(summary)
    )


def _pointers(value: Any, steps: tuple[str | int, ...] = ()) -> Iterator[str]:
    if steps:
        yield join_pointer(steps)
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in items:
        yield from _pointers(item, (*steps, step))


def _compare_files(folder: Path, recomputed: Recomputed, rendered: Rendered) -> Findings:
    if rendered.figures is None:
        yield Finding("figures", f"{FIGURES_FOLDER}/", "not recomputable", reason=rendered.reason)
    else:
        yield from compare_figures(folder / FIGURES_FOLDER, rendered.figures, MAX_BYTES)
    for name in recomputed.files:
        if has_same_bytes(folder, name, recomputed):
            yield Finding("arrays", name, "confirmed")


def has_same_bytes(folder: Path, name: str, recomputed: Recomputed) -> bool | None:
    """Whether a further file of a section is the recomputed one byte for byte, None if there are not both.

    Strangers' weights are not opened; on another machine honest ones have other bytes.
    """
    file, wanted = folder / name, recomputed.files[name]
    if not file.is_file():
        return None
    return file.stat().st_size == len(wanted) and file.read_bytes() == wanted
