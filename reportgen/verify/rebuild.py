"""A verified report with all that did not come along, arrays and document, for those who grade it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
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
    """The recomputation of a report, as far as it may be used in place of the report.

    Nothing of it may be if anything differs: then it is another report. Sections that could not be recomputed
    are named, and the document is there if that of the report was confirmed. Its files lie in a folder of
    their own, until the block is left.
    """
    rebuild, differing = found.rebuild, found.of("differs")
    if differing:
        first = differing[0]
        many = plural(len(differing), "value differs", "values differ")
        yield Rebuilt(
            reason=f"and the recomputation is of another report: {many}, first {first.pointer[:_LONGEST]}"
        )
        return
    if rebuild is None:
        yield Rebuilt(reason="and it was not recomputed")
        return
    with tempfile.TemporaryDirectory(prefix="reportgen-rebuilt-") as name:
        folder = Path(name)
        write_rebuild(folder, merge_documents(rebuild.submitted, rebuild.recomputed), rebuild.arrays)
        document = [row for row in found.rows if row.subject in _DOCUMENT]
        problem = _find_problem(document)
        yield Rebuilt(
            load_results(folder, kind), "" if problem else rebuild.html, problem, dict(rebuild.missing)
        )


def _find_problem(document: list[Finding]) -> str:
    """Why the document rendered again may not be used in place of the submitted one; "" if it may."""
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


def merge_documents(submitted: Mapping[str, Any], recomputed: Mapping[str, Any]) -> dict[str, Any]:
    """The recomputed numbers, so that they are those of the arrays to the last digit; all others, as the
    names of the authors, are those that were handed in.
    """
    partial = ("provenance", "dataset")
    merged = {
        name: {**submitted[name], **value} if name in partial and name in submitted else value
        for name, value in recomputed.items()
    }
    return {**submitted, **merged}
