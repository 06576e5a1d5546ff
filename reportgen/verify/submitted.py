"""A submitted report: what is opened, and whether its parts belong together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reportgen.contract.reader import LoadedResults, load_results
from reportgen.diff.values import ABSENT, ListChange, Tolerance, compare_values
from reportgen.engine.stages.context import HTML_FILE, PDF_FILE, RESULTS_FILE
from reportgen.errors import SettingsError
from reportgen.intake import check_folder, read_settings
from reportgen.outline.kind import Outline, find_kind
from reportgen.settings import SETTINGS_FILE, Settings
from reportgen.submission import SubmissionError, open_submission, read_attachments
from reportgen.text import printable
from reportgen.verify.tolerances import Finding, Findings

# The report on 266 photographs has 3.5 MB, one on 12 classes 76 pages.
MAX_PAPER_BYTES = 200 * 2**20

_NO_SETTINGS = "it is missing; reportgen attaches it to every PDF"


@dataclass(frozen=True)
class SubmittedReport:
    """A submission: its results, the files ``pdf`` (PDF) and ``page`` (HTML) as far as they came along,
    the settings attached to the PDF, what it should be made of, and what is odd about the attachments.
    """

    path: Path
    results: LoadedResults
    pdf: Path | None
    page: Path | None
    settings: Settings | None
    outline: Outline
    rows: tuple[Finding, ...]

    @property
    def unknown(self) -> tuple[str, ...]:
        """The names of its sections that it is not checked for."""
        return tuple(name for name in self.results.kind.sections if name not in self.outline.kind)

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of the sections that it must have and does not."""
        return tuple(name for name in self.outline.kind.names if not self.results.has(name))

    @property
    def folder(self) -> Path | None:
        """The build folder, None for a PDF."""
        return self.path if self.path.is_dir() else None


def open_submitted(path: Path, outline: Outline | None) -> SubmittedReport:
    """Open a PDF, a build folder or a ``results.json``; ``outline``: the sections that it must have.

    Raises ``IntakeError`` if a folder holds links or too much, ``SubmissionError`` or ``PointerError`` if
    there are no results in it that can be read.
    """
    if path.is_dir():
        check_folder(path)
    results = load_results(path, outline.kind if outline else None)
    try:
        results.model_dump(mode="json")
        # What the report claims of them, too: a share of more images than there are has no interval.
        kind = results.report_kind
        kind.decide_claims({name: getattr(results, name) for name in kind.names if results.has(name)})
    # What a build wrote could be derived; these are the errors of arithmetic with impossible counts.
    except (ArithmeticError, ValueError, LookupError) as error:
        raise SubmissionError(
            f"{path}: its numbers contradict each other, and nothing follows from them: {str(error)[:200]}.",
            "Ask for the report as reportgen wrote it.",
        ) from None
    outline = outline or _outline_of(results)
    pdf, page = find_documents(path)
    rows: list[Finding] = []
    settings = None
    if pdf is not None:
        known = all(name in outline.kind for name in results.kind.sections)
        settings, attached = _look_at(pdf, outline, known=known)
        rows += attached
        if path.is_dir():
            rows += _compare_attached(pdf, results)
    return SubmittedReport(path, results, pdf, page, settings, outline, tuple(rows))


def _outline_of(results: LoadedResults) -> Outline:
    """The outline of those of its sections that are installed here, perhaps none."""
    kind = results.report_kind
    default = find_kind()
    if kind == default:
        return Outline()
    return Outline(kind.name, kind.names)


def find_documents(path: Path) -> tuple[Path | None, Path | None]:
    """The PDF and the page of a submission, as far as they came along."""
    if path.is_dir():
        pdf, page = path / PDF_FILE, path / HTML_FILE
        return pdf if pdf.is_file() else None, page if page.is_file() else None
    with path.open("rb") as stream:
        # Readers look for the header in the first 1024 bytes, too.
        printed = b"%PDF-" in stream.read(1024)
    return (path if printed else None), None


def take_state(path: Path) -> dict[str, tuple[int, int, int]]:
    """Number, size and time of the last change of the main files of a submission, by name; of none of them if
    one cannot be looked at, which is reported where it is opened.
    """
    try:
        files = [path / name for name in (RESULTS_FILE, HTML_FILE, PDF_FILE)] if path.is_dir() else [path]
        # The inode, too: a build replaces its files, perhaps by some of equal size in one tick of the clock.
        found = {file.name: file.stat() for file in files if file.is_file()}
    except OSError:
        return {}
    return {name: (each.st_ino, each.st_size, each.st_mtime_ns) for name, each in found.items()}


def require_state(path: Path, before: dict[str, tuple[int, int, int]]) -> None:
    """Raise ``SubmissionError`` if the main files are no longer as :func:`take_state` found them.

    Recomputing takes minutes. The numbers of one build beside the page of the next would be a difference.
    """
    after = take_state(path)
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    if changed:
        raise SubmissionError(
            f"{path}: {', '.join(changed)} changed while the report was verified.",
            "Verify it again when nothing writes to it, or verify a copy.",
        )


def _look_at(pdf: Path, outline: Outline, *, known: bool) -> tuple[Settings | None, list[Finding]]:
    """The settings that a PDF brings along; those of a section that is not ``known`` here cannot be read."""
    if (size := pdf.stat().st_size) > MAX_PAPER_BYTES:
        raise SubmissionError(
            f"{pdf}: {size} bytes, more than the {MAX_PAPER_BYTES} that a report may have.",
            "Name a report that reportgen wrote.",
        )
    attachments = read_attachments(pdf, (RESULTS_FILE, SETTINGS_FILE))
    rows = [
        Finding(
            "attachment",
            # A stranger chose the name, and its length.
            printable(name)[:200],
            "differs",
            reason="reportgen attaches no such file; it was not read",
        )
        for name in attachments.others
    ]
    if SETTINGS_FILE not in attachments.read:
        return None, [*rows, Finding("attachment", SETTINGS_FILE, "differs", reason=_NO_SETTINGS)]
    if not known:
        reason = "it is of sections that are not installed here"
        return None, [*rows, Finding("attachment", SETTINGS_FILE, "not recomputable", reason=reason)]
    try:
        where = f"{pdf}, attachment {SETTINGS_FILE}"
        settings = read_settings(attachments.read[SETTINGS_FILE], where, outline)
    except SettingsError as error:
        # It names keys, and a stranger's have any length.
        return None, [*rows, Finding("attachment", SETTINGS_FILE, "differs", reason=error.problem[:500])]
    return settings, [*rows, Finding("attachment", SETTINGS_FILE, "confirmed")]


def _compare_attached(pdf: Path, results: LoadedResults) -> Findings:
    """Whether the PDF of a build folder carries the results that are next to it."""
    try:
        attached = open_submission(pdf).results
    except SubmissionError as error:
        yield Finding("attachment", PDF_FILE, "differs", reason=error.problem)
        return
    changes = list(_changes(results, attached))
    for pointer, value, other in changes:
        reason = f"{RESULTS_FILE} in the folder and the one attached to {PDF_FILE} differ here"
        yield Finding("attachment", pointer, "differs", value, other, reason)
    if not changes:
        yield Finding("attachment", RESULTS_FILE, "confirmed")


def _changes(results: LoadedResults, attached: object) -> Iterator[tuple[str, object, object]]:
    # Without tolerance: one build wrote both.
    for entry in compare_values(dict(results.document), attached, Tolerance()):
        if isinstance(entry, ListChange):
            yield entry.pointer, f"{entry.old_length} items", f"{entry.new_length} items"
        else:
            old, new = (None if value is ABSENT else value for value in (entry.old, entry.new))
            yield entry.pointer, old, new
