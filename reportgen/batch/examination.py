"""A submitted report beside its recomputation: what differs, what of both is graded, and its grading."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.batch.copies import hash_pieces
from reportgen.batch.job import Job, localise
from reportgen.batch.outcome import Author, Mark, Outcome, find_finished, list_recorded_files
from reportgen.batch.parts import BUILD_FOLDER
from reportgen.contract.reader import ARRAYS_FOLDER
from reportgen.engine.stages.context import HTML_FILE, PDF_FILE
from reportgen.outline.kind import ReportKind
from reportgen.pointer import find_value
from reportgen.store.files import StorageError, link_or_copy, write_atomically, writing
from reportgen.submission import RESULTS_FILE
from reportgen.text import plural, printable

if TYPE_CHECKING:
    from reportgen.grading.report import Supplement
    from reportgen.grading.score import Grades
    from reportgen.progress import Progress
    from reportgen.verify import Verification
    from reportgen.verify.tolerances import Finding
    from reportgen.verify.verification import Examination


JSON_FILE, TEXT_FILE, PAGE_FILE = "verification.json", "verification.txt", "verification.html"
"""What was found; the page only if there is something to look at."""

_LONGEST_REASON = 300

_FEWEST_LETTERS = 40
"""Letters from which equal pieces of commentary of two groups are no chance."""


def examine_report(submission: Path, data: Path, job: Job, folder: Path, progress: Progress) -> Examination:
    """Recompute a submitted report from ``data``, and write what was found to ``folder``.

    Raises ``UserError`` if the report or the data cannot be read, ``StorageError`` if nothing can be written.
    """
    # Imported where a group is worked on: to read a class, or to find nothing to do, loads nothing heavy.
    from dataclasses import replace

    from reportgen.settings import Settings
    from reportgen.templates import open_templates
    from reportgen.verify import describe, render_findings, write_json
    from reportgen.verify.verification import examine

    config = job.config
    # Made and not read: a report.toml in the current folder may be a stranger's.
    own = Settings(weights=config.weights, cache=Path(config.cache), cache_limit_mb=config.cache_limit_mb)
    found = examine(submission, data, settings=own, outline=config.outline, progress=progress, pictures=True)
    # By name, so that the files are the same wherever the class lies.
    public = replace(found.verification, submission=submission.name, data=data.name)
    texts = {JSON_FILE: write_json(public), TEXT_FILE: "\n".join(describe(public)) + "\n"}
    if not (public.confirmed and public.complete):
        # Before it is a page, which may hold the characters of a path in another form.
        rows = (replace(row, reason=localise(row.reason, job, folder)) for row in public.rows)
        texts[PAGE_FILE] = render_findings(replace(public, rows=tuple(rows)), open_templates())
    for name, text in texts.items():
        # A report may hold characters that no encoding has.
        write_atomically(folder / name, localise(text, job, folder).encode("utf-8", "backslashreplace"))
    return found


def take_examination(previous: Path, folder: Path) -> Outcome:
    """Bring the recomputation of a run before to ``folder``, and return what was found out with it.

    Raises ``StorageError`` if the previous run's files are not as they were.
    """
    finished = find_finished(previous)
    if finished is None:
        raise StorageError("The report of the previous run was changed meanwhile.", "Run the batch again.")
    with writing(folder):
        # What is recorded and nothing else: somebody may have put files beside it.
        for name in list_recorded_files(previous):
            if name in (JSON_FILE, TEXT_FILE, PAGE_FILE) or name.startswith(f"{BUILD_FOLDER}/"):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                link_or_copy(previous / name, folder / name)
    old = finished[0]
    return Outcome(
        verification=old.verification,
        verified=old.verified,
        differs=old.differs,
        look=old.look,
        hold=old.hold,
        traits=old.traits,
    )


def judge(found: Verification) -> str:
    """The verification in few words."""
    differing, missing = found.of("differs"), found.of("not recomputable")
    if differing:
        return f"{plural(len(differing), 'differs', 'differ')}: {_subjects(found)}"
    if missing:
        reason = next((row.reason for row in missing if row.reason), "")
        text = f"nothing differs; {len(missing)} could not be recomputed"
        return f"{text}: {printable(reason)[:_LONGEST_REASON]}" if reason else text
    return CONFIRMED


CONFIRMED = "confirmed"
"""The words for a report in which nothing is left to look at."""

_DOCUMENT = ("attachment", "text", "pages", "page", "figures")
"""Subjects that are the document itself; of others it is the recomputation that is graded."""


def needs_review(found: Verification) -> bool:
    """Whether nothing differs, but a part of the document that was handed in could not be compared."""
    left = found.of("not recomputable")
    return found.confirmed and any(row.subject in _DOCUMENT for row in left)


def find_hold(found: Examination) -> str:
    """Why the grades of a report are for the instructor to release, "" if nothing is against them.

    A difference is one reason. Another is a section that could not be recomputed at all: nothing but the
    report itself speaks for its numbers. The third is a page that only what the report says of itself, such
    as its versions, may explain: it is this page that is graded. Of a PDF the page rendered again is.
    """
    differing = found.verification.of("differs")
    if differing:
        counted = f"{plural(len(differing), 'finding', 'findings')}: {_subjects(found.verification)}"
        return _name_mistake(differing) + counted
    missing = found.recomputed.missing
    if missing:
        reason = printable(next(iter(missing.values())))[:_LONGEST_REASON].rstrip(".")
        return f"{plural(len(missing), 'part', 'parts')} could not be recomputed: {reason}"
    if any(row.subject == "page" for row in found.verification.of("not recomputable")):
        # Without the row's reason: it quotes the page, and is also read where groups have no names.
        return _UNCONFIRMED
    return ""


_UNCONFIRMED = f"{HTML_FILE} could not be confirmed, and is what would be graded: look at how it differs"


def _name_mistake(differing: Iterable[Finding]) -> str:
    """That the report is not the one that was asked for, if so: a thousand other findings follow from it."""
    for row in differing:
        # What it calls itself is a stranger's text, and this one is also read where groups have no names.
        if row.pointer == "/kind/name":
            return f"a report of another kind than {row.recomputed}, which was asked for; "
    return ""


def _subjects(found: Verification) -> str:
    return ", ".join(dict.fromkeys(row.subject for row in found.of("differs")))


def lay_out_reference(found: Examination, folder: Path) -> None:
    """Write to ``folder`` what the instructor's images make of the report: a build folder without figures.

    Which numbers are the recomputed ones, :func:`reconcile_document` says, as for a single report. All arrays
    are, also those of a section that is doubted: the instructor may release it.
    """
    from reportgen.verify.rebuild import find_doubted, reconcile_document, write_rebuild

    submitted, recomputed = dict(found.submitted.results.document), found.recomputed
    doubted = find_doubted(found.verification.rows, recomputed.arrays)
    document = reconcile_document(submitted, recomputed.document, recomputed.arrays, doubted)
    with writing(folder):
        write_rebuild(folder, document, recomputed.arrays)
        if found.rendered.html:
            page = found.rendered.html.encode("utf-8", "backslashreplace")
            (folder / HTML_FILE).write_bytes(page)


def lay_out_graded(submission: Path, reference: Path, folder: Path) -> Path:
    """The folder that is graded: the reference, with the page and the PDF that were handed in, if they were.

    A group that handed in a PDF has its page rendered from its own results: the verification compared the
    PDF with a print of just that. The PDF brings the commentary, which is in its settings and nowhere else.
    """
    from reportgen.verify.submitted import find_documents

    pdf, page = find_documents(submission)
    rendered = reference / HTML_FILE
    if pdf is None and page is None and not rendered.exists():
        return reference
    shown = rendered if page is None and pdf is not None else page
    with writing(folder):
        (folder / ARRAYS_FOLDER).mkdir(parents=True)
        for name in (RESULTS_FILE, *(f"{ARRAYS_FOLDER}/{file.name}" for file in _arrays_of(reference))):
            # A second name and no copy: the arrays of a report can have 50 MB.
            link_or_copy(reference / name, folder / name)
        # A stranger's link could lead to any file of this machine.
        if shown is not None and shown.is_file() and not shown.is_symlink():
            (folder / HTML_FILE).write_bytes(shown.read_bytes())
        if pdf is not None and not pdf.is_symlink():
            link_or_copy(pdf, folder / PDF_FILE)
    return folder


def _arrays_of(folder: Path) -> list[Path]:
    return sorted((folder / ARRAYS_FOLDER).iterdir())


def read_words(found: Examination) -> dict[str, str]:
    """The SHA-256 of each longer piece of the report's commentary, by slot, whatever its white space."""
    plain = {slot: " ".join(text.casefold().split()) for slot, text in _list_commentary(found).items()}
    return {
        slot: hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
        for slot, text in plain.items()
        if len(text) >= _FEWEST_LETTERS
    }


def read_pieces(found: Examination) -> tuple[str, ...]:
    """Hashes of all pieces of the report's commentary, see :func:`reportgen.batch.copies.hash_pieces`."""
    from reportgen.grading.commentary import leave_plain

    return hash_pieces(leave_plain(text) for text in _list_commentary(found).values())


def _list_commentary(found: Examination) -> dict[str, str]:
    settings = found.submitted.settings
    written = settings.commentary.model_dump() if settings else {}
    return {slot: str(text) for slot, text in written.items()}


def read_authors(found: Examination) -> tuple[Author, ...]:
    """The authors as the report names them, with their roll numbers."""
    authors = found.submitted.results.report.authors
    plain = (Author(" ".join(each.name.split()), " ".join(each.roll_number.split())) for each in authors)
    return tuple(author for author in plain if author.name)


GRADES_FILES = {
    "gradescope": "gradescope.json",
    "csv": "grades.csv",
    "json": "grades.json",
    "markdown": "grades.md",
}
"""Kinds of exports and their files."""


@dataclass(frozen=True)
class GradedReport:
    """The outcome of grading, and what the instructor should know of the report."""

    outcome: Outcome
    notes: tuple[str, ...]


def find_rubrics(job: Job) -> list[Path]:
    """The rubrics of a job: those of the class, or those of its sections."""
    from reportgen.grading.shipped import shipped_rubrics

    return [Path(name) for name in job.config.rubrics] or shipped_rubrics(job.config.outline.kind)


def mark(report: Path, job: Job, folder: Path, progress: Progress) -> GradedReport:
    """Grade a report and write its points to ``folder``, without times, which differ from run to run.

    Raises ``UserError`` if the report cannot be read or a rubric not be used.
    """
    from reportgen.contract.reader import load_results
    from reportgen.grading.exports import Exports, write_exports
    from reportgen.grading.policy import LATE, UNDATED
    from reportgen.grading.run import grade
    from reportgen.grading.score import NOT_CHECKABLE, describe_sum

    kind = job.config.outline.kind
    with progress.stage("Grading"):
        found = grade(report, find_rubrics(job), show=False, kind=kind, supplement=_supplement(job))
        grades = _make_reproducible(found, job, folder)
    write_exports(grades, Exports(**{kind: folder / name for kind, name in GRADES_FILES.items()}))
    document = load_results(report, kind).document
    correct, total = _count_correct(document, kind)
    marks = tuple(
        Mark(item.name, f"{item.score:f}", f"{item.points:f}", item.status) for item in grades.criteria
    )
    # Nobody is to take for lost what could not be checked.
    undecided = describe_sum(grades, " points") if grades.open_points else ""
    outcome = Outcome(
        score=f"{grades.score:f}",
        points=f"{grades.points:f}",
        marks=marks,
        correct=correct,
        total=total,
        undecided=undecided,
        checked=f"{grades.checked:f}",
        not_checkable=f"{grades.not_checkable:f}",
        not_graded=f"{grades.not_graded:f}",
    )
    undated = any(item.name == LATE and item.status == NOT_CHECKABLE for item in grades.criteria)
    said = (*filter(None, [undecided]), *([UNDATED] if undated else []), *grades.gaps)
    return GradedReport(outcome, (*said, *document["dataset"]["warnings"]))


def _supplement(job: Job) -> Supplement:
    """What a person knows of the group beside its report."""
    from reportgen.grading.report import ManualPoints, Supplement

    manual = {
        typed.criterion: ManualPoints(Decimal(typed.points), Decimal(typed.of), typed.comment)
        for typed in job.manual
    }
    return Supplement(datetime.fromisoformat(job.submitted) if job.submitted else None, manual)


def _make_reproducible(grades: Grades, job: Job, folder: Path) -> Grades:
    """The grades without times and without paths of this machine."""
    criteria = tuple(
        replace(
            item,
            cases=tuple(
                replace(case, seconds=0.0, message=localise(case.message, job, folder)) for case in item.cases
            ),
        )
        for item in grades.criteria
    )
    gaps = tuple(localise(gap, job, folder) for gap in grades.gaps)
    return replace(grades, subject=job.name, criteria=criteria, seconds=0.0, gaps=gaps)


def _count_correct(document: Mapping[str, Any], kind: ReportKind) -> tuple[int, int]:
    """The two counts of the first section with a headline, as test images and those of them that are right;
    zeros if there is none.
    """
    if kind.headline is None or kind.headline[0].name not in document:
        return 0, 0
    section, line = kind.headline
    count, total = (
        find_value(document, f"/{section.name}{pointer}", "the report")
        for pointer in (line.count, line.total)
    )
    return int(count), int(total)
