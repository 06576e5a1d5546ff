"""A submission as data, and its PDF, page and other files beside those rendered and printed again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen.dataset.names import capped
from reportgen.document.reader import parse_page
from reportgen.engine.stages.context import HTML_FILE, PDF_FILE
from reportgen.errors import UserError
from reportgen.pdf.printer import print_pdf
from reportgen.pointer import join_pointer
from reportgen.progress import Progress
from reportgen.results import SCHEMA_VERSION
from reportgen.submission import FIGURES_FOLDER
from reportgen.verify.differences import Difference, Excuses, compare_words, find_excuses
from reportgen.verify.markup import compare_markup
from reportgen.verify.own_words import strip_own
from reportgen.verify.pdf_comparison import compare_pdfs, flows_alike, open_reprint, refuse_pdf
from reportgen.verify.pdf_document import PdfDocument, PdfError, open_pdf
from reportgen.verify.printed_numbers import MAX_BYTES, compare_text
from reportgen.verify.recomputation import Recomputed
from reportgen.verify.rendering import Rendered, replace_letters
from reportgen.verify.sheets import SheetCollector, compare_figures, compare_pages, share_lost
from reportgen.verify.submitted import SubmittedReport
from reportgen.verify.tolerances import Finding, Findings, Subject

_NAMED = 8
"""Places that differ and are excused, and are named beside the first."""


def compare_documents(
    submitted: SubmittedReport,
    recomputed: Recomputed,
    rendered: Rendered,
    progress: Progress,
    collector: SheetCollector | None = None,
) -> Findings:
    """Rows for the text of the documents, and for pages and pictures as far as they can be compared.

    ``collector`` keeps pictures of the pages that differ.
    """
    if submitted.page is not None:
        yield from _compare_html(submitted.page, submitted, recomputed, rendered)
    if submitted.pdf is not None:
        try:
            yield from _compare_pdf(submitted.pdf, submitted, recomputed, rendered, progress, collector)
        # What cannot be opened and drawn, reportgen did not print.
        except PdfError as error:
            yield Finding("pages", PDF_FILE, "differs", reason=error.problem)
    if submitted.folder is not None:
        yield from _compare_files(submitted.folder, submitted, recomputed, rendered)


def _compare_html(
    file: Path, submitted: SubmittedReport, recomputed: Recomputed, rendered: Rendered
) -> Findings:
    html = read_page(file)
    if html is None:
        yield Finding("page", HTML_FILE, "differs", reason=f"it has more than {MAX_BYTES} bytes")
        return
    # As in ours: what else there is of words that cannot be printed here is compared.
    html = replace_letters(html, rendered.lacking)
    page = parse_page(html)
    expected = rendered.page.printed if rendered.page and _same_program(submitted, recomputed) else None
    yield from compare_text(page.printed, expected, submitted.results.document)
    if rendered.page is None or (rendered.failed and not rendered.whole):
        yield _explain_missing("page", HTML_FILE, submitted, recomputed, rendered)
        return
    found = compare_markup(html, rendered.html, known_words=submitted.settings is not None)
    differences = [*_suspect_templates(HTML_FILE, found.share), *found.differences]
    if not rendered.whole:
        # Fonts and figures that are not here change elements, but no word.
        pages = (page, rendered.page)
        if submitted.settings is None:
            pages = (parse_page(strip_own(html)), parse_page(strip_own(rendered.html)))
        differences += compare_words(HTML_FILE, pages[0].words, pages[1].words)
    excuses = find_excuses((submitted.results, submitted.settings), recomputed, rendered)
    yield from _judge("page", HTML_FILE, differences, excuses)


_MOST = 0.5

_TEMPLATES = (
    "more than half of it is written in another way, as by other templates (name yours with --templates)"
)


def _suspect_templates(name: str, share: float) -> Iterator[Difference]:
    """A hint for whoever verifies reports of templates of their own; it explains no difference."""
    if share > _MOST:
        yield Difference(name, _TEMPLATES)


def read_page(file: Path) -> str | None:
    """A stranger's page as text, None if it is larger than any report."""
    with file.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    # Bytes that are not UTF-8 are a difference to report, and no reason to stop.
    return data.decode("utf-8", "replace") if len(data) <= MAX_BYTES else None


def _compare_pdf(
    file: Path,
    submitted: SubmittedReport,
    recomputed: Recomputed,
    rendered: Rendered,
    progress: Progress,
    collector: SheetCollector | None,
) -> Findings:
    expected = rendered.page.printed if rendered.page and _same_program(submitted, recomputed) else None
    with open_pdf(file) as pdf:
        names = rendered.page.rows if rendered.page else None
        printed = pdf.printed(_pointers(dict(submitted.results.document)), names)
        yield from compare_text(printed, expected, submitted.results.document)
        # Before printing, which may fail here: a program is refused whatever this machine can print.
        refused = list(refuse_pdf(file))
        reprinted = b""
        if rendered.page is None or (rendered.failed and not rendered.whole):
            yield _explain_missing("pages", PDF_FILE, submitted, recomputed, rendered)
        else:
            try:
                with progress.stage("Printing the PDF again"):
                    # Without attachments, which change no page.
                    html = rendered.html
                    reprinted = print_pdf(html, whole_fonts=True) if rendered.whole_fonts else print_pdf(html)
            # A print that fails says something of this machine, and nothing of the report.
            except UserError as error:
                yield Finding("pages", PDF_FILE, "not recomputable", reason=error.problem)
        if not reprinted:
            yield from (each.finding("pages") for each in refused)
            return
        with progress.stage("Comparing the pages"), open_pdf(reprinted) as other:
            papers = _Opened(file, pdf), _Opened(reprinted, other)
            yield from _compare_pdf_objects(papers, submitted, recomputed, rendered, refused, collector)


@dataclass(frozen=True)
class _Opened:
    """A PDF, and what PDFium draws of it."""

    data: Path | bytes
    pages: PdfDocument


def _compare_pdf_objects(
    papers: tuple[_Opened, _Opened],
    submitted: SubmittedReport,
    recomputed: Recomputed,
    rendered: Rendered,
    refused: Sequence[Difference],
    collector: SheetCollector | None,
) -> Findings:
    """Rows for each difference between the two PDFs, and for each page without any."""
    theirs, ours = papers
    pdf, other = theirs.pages, ours.pages
    versions = submitted.results.provenance.versions
    producer = f"WeasyPrint {versions.get('weasyprint', '')}"
    with open_reprint(ours.data) as reprint:
        objects = list(compare_pdfs(theirs.data, reprint, producer))
        excuses = find_excuses(
            (submitted.results, submitted.settings),
            recomputed,
            rendered,
            lambda: flows_alike(theirs.data, reprint),
        )
    if collector is not None:
        collector.note((*refused, *objects), excuses.cover)
    pages = list(compare_pages(pdf, other, collector))
    # What is refused in any report is found by the comparison once more.
    named = {each.location for each in objects}
    unexplained = _suspect_templates(PDF_FILE, share_lost(pdf, other))
    differences = [*unexplained, *(each for each in refused if each.location not in named), *objects, *pages]
    yield from _judge("pages", PDF_FILE, differences, excuses)
    # The location of whatever lies on a page begins with the page.
    changed = {each.location.partition(",")[0] for each in differences}
    for number in range(len(pdf)):
        if (name := f"page {number + 1}") not in changed and number < len(other):
            yield Finding("pages", name, "confirmed")


def _explain_missing(
    subject: Subject, name: str, submitted: SubmittedReport, recomputed: Recomputed, rendered: Rendered
) -> Finding:
    """Why a document has nothing to be compared with: what the same program refuses, it never printed."""
    if rendered.failed and _same_program(submitted, recomputed):
        reason = f"{rendered.reason}; so it did not come from them"
        return Finding(subject, name, "differs", reason=reason)
    return Finding(subject, name, "not recomputable", reason=rendered.reason)


def _same_program(submitted: SubmittedReport, recomputed: Recomputed) -> bool:
    """Whether the report says that this version of reportgen made it. Another one prints other numbers, and
    has other words for what is no number.
    """
    results = submitted.results
    same = results.provenance.versions.get("reportgen") == recomputed.versions["reportgen"]
    return same and results.schema_version == SCHEMA_VERSION


def _judge(subject: Subject, name: str, differences: Sequence[Difference], excuses: Excuses) -> Findings:
    """A row for each difference that nothing excuses, and one for all others; one if there are none."""
    excused = [each for each in differences if excuses.cover(each)]
    rows = [each.finding(subject) for each in differences if not excuses.cover(each)]
    if excused:
        first = excused[0].finding(subject)
        summary = f"{len(excused)} of {len(differences)} differences, the first: {first.pointer}"
        summary += f" ({first.reason})" if first.reason else ""
        others = list(dict.fromkeys(each.location for each in excused[1:] if each.location != first.pointer))
        summary += f"; also {', '.join(capped(others, _NAMED))}" if others else ""
        reason = f"{excuses.reason(excused[0])}: {summary}"
        values = first.submitted, first.recomputed
        rows.append(Finding(subject, name, "not recomputable", *values, reason))
    # Of a PDF the caller adds a row for each page without a difference.
    if rows or subject == "page":
        yield from rows or [Finding(subject, name, "confirmed")]


def _pointers(value: Any, steps: tuple[str | int, ...] = ()) -> Iterator[str]:
    if steps:
        yield join_pointer(steps)
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in items:
        yield from _pointers(item, (*steps, step))


def _compare_files(
    folder: Path, submitted: SubmittedReport, recomputed: Recomputed, rendered: Rendered
) -> Findings:
    figures = folder / FIGURES_FOLDER
    # Without the folder none is shown to anybody: as with the arrays, what did not come along is no forgery.
    if figures.exists() and rendered.figures is None:
        yield Finding("figures", f"{FIGURES_FOLDER}/", "not recomputable", reason=rendered.reason)
    elif figures.exists() and rendered.figures is not None:
        excuses = find_excuses((submitted.results, submitted.settings), recomputed, rendered)
        yield from judge_figures(figures, rendered.figures, excuses)
    for name in recomputed.files:
        if has_same_bytes(folder, name, recomputed):
            yield Finding("arrays", name, "confirmed")


def judge_figures(
    folder: Path, expected: Mapping[str, bytes], excuses: Excuses, limit: int = MAX_BYTES
) -> Findings:
    """Rows for the files in ``figures/``: the same pictures are in the page, and what explains them there
    explains them here.
    """
    found = list(compare_figures(folder, expected, limit))
    yield from (row for row in found if isinstance(row, Finding))
    differences = [each for each in found if isinstance(each, Difference)]
    yield from _judge("figures", f"{FIGURES_FOLDER}/", differences, excuses)


def has_same_bytes(folder: Path, name: str, recomputed: Recomputed) -> bool | None:
    """Whether a further file of a section is the recomputed one byte for byte, None if there are not both.

    Strangers' weights are not opened; on another machine honest ones have other bytes.
    """
    file, wanted = folder / name, recomputed.files[name]
    if not file.is_file():
        return None
    # The size first: a stranger's file may be larger than the memory.
    return file.stat().st_size == len(wanted) and file.read_bytes() == wanted
