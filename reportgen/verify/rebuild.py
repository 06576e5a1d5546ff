"""A verified report with all that did not come along, arrays and document, for those who grade it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from reportgen.contract.reader import ARRAYS_FOLDER, load_results
from reportgen.grading.report import Rebuilt
from reportgen.outline.kind import ReportKind
from reportgen.store.packing import pack_arrays
from reportgen.submission import RESULTS_FILE
from reportgen.text import plural
from reportgen.verify.tolerances import Finding, Verification

_DOCUMENT = ("text", "pages", "page")
"""Subjects of the document, of which a report has handed in one at least."""

_LONGEST = 200


@contextmanager
def open_rebuild(found: Verification, kind: ReportKind | None = None) -> Iterator[Rebuilt]:
    """The recomputation of a report, as far as it may be used instead of the report.

    What it is of its sections, :func:`find_doubted` says: those that are doubted or could not be recomputed
    are named, with the reason. Nothing of it may if anything else differs, as the images or a page: then it
    is of another report, and here nobody releases what is held. The document is there if that of the report
    was confirmed. Its files lie in a folder of their own, until the block is left.
    """
    rebuild, differing = found.rebuild, found.of("differs")
    doubted = find_doubted(found.rows, rebuild.arrays) if rebuild else {}
    elsewhere = [row for row in differing if not _is_inside(row, doubted)]
    if elsewhere:
        many = plural(len(differing), "value differs", "values differ")
        first = elsewhere[0].pointer[:_LONGEST]
        yield Rebuilt(reason=f"and the recomputation is of another report: {many}, first {first}")
        return
    if rebuild is None:
        yield Rebuilt(reason="and it was not recomputed")
        return
    with tempfile.TemporaryDirectory(prefix="reportgen-rebuilt-") as name:
        folder = Path(name)
        document = reconcile_document(rebuild.submitted, rebuild.recomputed, rebuild.arrays, doubted)
        # What is doubted does not even lie on the disk, where the tests of a rubric may look for files.
        certain = {section: named for section, named in rebuild.arrays.items() if section not in doubted}
        write_rebuild(folder, document, certain)
        problem = _find_problem([row for row in found.rows if row.subject in _DOCUMENT], differing)
        unsure = {section: f"{row.pointer[:_LONGEST]} is not confirmed" for section, row in doubted.items()}
        page = "" if problem else rebuild.html
        yield Rebuilt(load_results(folder, kind), page, problem, {**unsure, **rebuild.missing})


_DOUBTFUL = {"numbers": ("differs", "not recomputable"), "arrays": ("differs",)}
"""Arrays that did not come along say nothing against the numbers."""


def find_doubted(rows: Sequence[Finding], sections: Container[str]) -> dict[str, Finding]:
    """The sections whose recomputed numbers may not replace those that were handed in, each with the first
    reason: a number that differs or could not be recomputed, or an array that differs.

    It is decided by section, since checks compare numbers and arrays of one, to the last digit: those of two
    machines must not be mixed in it, and a forged section says nothing of the others.
    """
    doubted: dict[str, Finding] = {}
    for row in rows:
        if row.section in sections and row.status in _DOUBTFUL.get(row.subject, ()):
            # The first reason is the one that is reported.
            doubted.setdefault(row.section, row)
    return doubted


def _is_inside(row: Finding, sections: Container[str]) -> bool:
    """Whether a row is about numbers or arrays of one of these sections."""
    return row.section in sections


def reconcile_document(
    submitted: Mapping[str, Any],
    recomputed: Mapping[str, Any],
    sections: Container[str],
    doubted: Container[str],
) -> dict[str, Any]:
    """The numbers that are graded. In a section that is not doubted they are the recomputed ones: equal
    within the tolerances, and those of its arrays to the last digit, which checks ask for.

    A doubted section stays as it was handed in, but for the description of its arrays, which are the
    recomputed ones; and so does what lies outside of ``sections``, as the names of the authors. A section
    that was not handed in stays missing.
    """
    reconciled = dict(submitted)
    for name, values in recomputed.items():
        own = submitted.get(name)
        if name not in sections or name not in submitted:
            continue
        if name not in doubted:
            reconciled[name] = values
        elif isinstance(own, dict) and ARRAYS_FOLDER in values:
            reconciled[name] = {**own, ARRAYS_FOLDER: values[ARRAYS_FOLDER]}
    return reconciled


def _find_problem(document: list[Finding], differing: Sequence[Finding]) -> str:
    """Why the document that was rendered again may not replace the one that was handed in; "" if it may."""
    if differing:
        return f"{differing[0].pointer[:_LONGEST]} differs"
    unsure = [row for row in document if row.status != "confirmed"]
    if unsure:
        return f"it could not be compared with the one that was handed in: {unsure[0].reason[:_LONGEST]}"
    if not any(row.subject in ("pages", "page") for row in document):
        return "no document was handed in"
    return ""


def write_rebuild(
    folder: Path, document: Mapping[str, Any], arrays: Mapping[str, Mapping[str, NDArray[Any]]]
) -> None:
    """Write a build folder, but for the page, the PDF and the figures, into an empty folder.

    ``arrays`` are by section and name. Raises ``OSError`` if it cannot be written.
    """
    (folder / ARRAYS_FOLDER).mkdir(parents=True)
    for section, named in arrays.items():
        (folder / ARRAYS_FOLDER / f"{section}.npz").write_bytes(pack_arrays(named))
    # Characters that no encoding has, which a stranger's report may hold, are escaped.
    (folder / RESULTS_FILE).write_text(json.dumps(document, indent=1), encoding="utf-8")
